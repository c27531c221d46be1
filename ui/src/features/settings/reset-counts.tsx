import { useMutation } from '@tanstack/solid-query'
import { createSignal, For } from 'solid-js'
import { care } from '../../api/care.ts'
import { errorText } from '../../api/error-text.ts'
import { useRefresh } from '../../api/queries.ts'
import { Button } from '../../components/button.tsx'
import { ConfirmDialog } from '../../components/dialog.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { Part } from './part.tsx'

type What = 'counters' | 'logs'
const kinds: readonly What[] = ['counters', 'logs']

/** Two things that cannot be undone, each by itself. */
export function ResetCounts() {
  const { t } = useI18n()
  const refresh = useRefresh()
  const [open, setOpen] = createSignal(false)
  const [what, setWhat] = createSignal<What>('counters')
  const reset = useMutation(() => ({
    mutationFn: (kind: What) => care.resetStats({ counters: kind === 'counters', requestLogs: kind === 'logs' }),
    onSuccess: async (_answer, kind) => {
      setOpen(false)
      showToast({ tone: 'info', text: t(`settings.danger.${kind}Done`) })
      await refresh('accounts')
    },
  }))
  return (
    <Part title={t('settings.danger.title')}>
      <For each={kinds}>
        {(kind) => (
          <div class="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
            <div class="min-w-0">
              <p class="font-medium">{t(`settings.danger.${kind}`)}</p>
              <p class="text-13 text-text-2">{t(`settings.danger.${kind}Lead`)}</p>
            </div>
            <Button
              onClick={() => {
                reset.reset()
                setWhat(kind)
                setOpen(true)
              }}
            >
              {t(`settings.danger.${kind}Action`)}
            </Button>
          </div>
        )}
      </For>
      <ConfirmDialog
        open={open()}
        onClose={() => setOpen(false)}
        title={t(`settings.danger.${what()}Title`)}
        text={`${t(`settings.danger.${what()}Lead`)} ${t('settings.danger.undone')}`}
        action={t(`settings.danger.${what()}Action`)}
        busy={reset.isPending}
        error={reset.error ? errorText(reset.error, t) : undefined}
        onConfirm={() => reset.mutate(what())}
      />
    </Part>
  )
}
