import { useMutation, useQuery } from '@tanstack/solid-query'
import { createSignal, Show } from 'solid-js'
import { errorText } from '../../api/error-text.ts'
import { logsApi } from '../../api/logs.ts'
import { dataOf } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { TextField } from '../../components/field.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'

/** So many go only after a word was typed. */
const askedFrom = 10_000
const word = 'DELETE'

/** Deletes what is older than some days, after it was counted. */
export default function DeleteLogsDialog(props: {
  readonly open: boolean
  readonly onClose: () => void
  readonly onDone: () => void
}) {
  const { t, format } = useI18n()
  const [days, setDays] = createSignal('30')
  const [typed, setTyped] = createSignal('')
  const count = (): number | undefined => {
    const number = Number(days())
    return Number.isInteger(number) && number >= 1 && number <= 3650 ? number : undefined
  }
  const preview = useQuery(() => ({
    queryKey: ['log-cleanup', count()],
    queryFn: ({ signal }: { signal: AbortSignal }) => logsApi.cleanUp(count() ?? 30, true, signal),
    enabled: props.open && count() !== undefined,
    gcTime: 0,
    retry: false,
  }))
  const rows = (): number | undefined => (count() === undefined ? undefined : dataOf(preview)?.would_delete)
  const remove = useMutation(() => ({
    mutationFn: (keep: number) => logsApi.cleanUp(keep, false),
    onSuccess: ({ deleted }) => {
      showToast({ tone: 'info', text: t('logs.delete.done', { count: format().number(deleted) }) })
      setTyped('')
      props.onDone()
      props.onClose()
    },
  }))
  const needsWord = (): boolean => (rows() ?? 0) > askedFrom
  const mayDelete = (): boolean => (rows() ?? 0) > 0 && (!needsWord() || typed() === word)
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    const keep = count()
    if (keep !== undefined && mayDelete() && !remove.isPending) remove.mutate(keep)
  }
  return (
    <Dialog open={props.open} onClose={props.onClose} title={t('logs.delete.title')}>
      <form onSubmit={submit} class="flex flex-col gap-4" novalidate>
        <TextField
          label={t('logs.delete.days')}
          help={t('logs.delete.daysHelp')}
          inputmode="numeric"
          value={days()}
          onInput={(event) => setDays(event.currentTarget.value.trim())}
          error={count() === undefined ? t('logs.delete.daysFault') : undefined}
        />
        <p role="status" class="numbers">
          <Show
            when={rows() !== undefined}
            fallback={count() === undefined || preview.error ? '' : t('logs.delete.counting')}
          >
            {rows() === 0
              ? t('logs.delete.nothing')
              : t('logs.delete.preview', { count: format().number(rows() ?? 0) })}
          </Show>
        </p>
        <Show when={needsWord()}>
          <TextField
            label={t('logs.delete.type', { word })}
            value={typed()}
            onInput={(event) => setTyped(event.currentTarget.value.trim())}
          />
        </Show>
        <Show when={remove.error ?? preview.error}>
          {(error) => <Banner tone="danger">{errorText(error(), t)}</Banner>}
        </Show>
        <div class="flex flex-wrap justify-end gap-2">
          <Button onClick={() => props.onClose()}>{t('common.cancel')}</Button>
          <Button type="submit" look="danger" busy={remove.isPending} disabled={!mayDelete()}>
            {t('logs.delete.action')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
