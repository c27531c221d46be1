import { useMutation, useQuery } from '@tanstack/solid-query'
import { createSignal, For, Show } from 'solid-js'
import type { KeyView } from '../../../../server/admin/contract/keys.ts'
import { errorText } from '../../api/error-text.ts'
import { logQueries, logsApi } from '../../api/logs.ts'
import { dataOf, queries } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { SelectField } from '../../components/field.tsx'
import { ErrorState, Skeleton } from '../../components/states.tsx'
import { Switch } from '../../components/switch.tsx'
import { Time } from '../../components/time-ago.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { parseTime } from '../../lib/format.ts'

const lengths = [1, 8, 24, 72, 168] as const

/** Which keys' prompts and replies are kept, and until when. */
export default function CapturesDialog(props: { readonly open: boolean; readonly onClose: () => void }) {
  const { t, format } = useI18n()
  const [hours, setHours] = createSignal(1)
  const keys = useQuery(() => ({ ...queries.keys(), enabled: props.open }))
  const captures = useQuery(() => ({ ...logQueries.captures(), enabled: props.open }))
  const untilOf = (key: KeyView): number | undefined => {
    const rule = dataOf(captures)?.captures.find(({ api_key_id, active }) => active && api_key_id === key.id)
    return parseTime(rule?.until)
  }
  const change = useMutation(() => ({
    mutationFn: ({ key, on }: { key: KeyView; on: boolean }): Promise<unknown> =>
      on ? logsApi.startCapture(key.id, hours()) : logsApi.stopCapture(key.id),
    onSettled: () => captures.refetch(),
  }))
  return (
    <Dialog open={props.open} onClose={props.onClose} title={t('logs.capture.title')} wide>
      <p class="text-text-2">{t('logs.capture.lead')}</p>
      <SelectField
        label={t('logs.capture.hours')}
        value={String(hours())}
        options={lengths.map((length) => ({
          value: String(length),
          text: t(`logs.capture.for.${length}`),
        }))}
        onChange={(length) => setHours(Number(length))}
      />
      <Show
        when={dataOf(keys)}
        fallback={
          <Show when={keys.error} fallback={<Skeleton rows={3} label={t('common.loading')} />}>
            <ErrorState
              text={t('logs.capture.failed')}
              detail={errorText(keys.error, t)}
              retry={t('common.retry')}
              onRetry={() => void keys.refetch()}
            />
          </Show>
        }
      >
        {(list) => (
          <ul class="flex flex-col rounded-lg border border-border">
            <For each={list().keys} fallback={<li class="px-3 py-2 text-text-3">{t('logs.capture.noKeys')}</li>}>
              {(key) => (
                <li class="flex items-center justify-between gap-3 border-border border-b px-3 py-1.5 last:border-b-0">
                  <span class="min-w-0">
                    <span class="wrap-anywhere">{key.name}</span>{' '}
                    <code class="font-mono text-12 text-text-3">
                      {key.prefix}…{key.last4}
                    </code>
                    <Show when={untilOf(key)}>
                      {(until) => (
                        <span class="numbers block text-12 text-warning">
                          <Time at={until()}>{t('logs.capture.until', { time: format().dateTime(until()) })}</Time>
                        </span>
                      )}
                    </Show>
                  </span>
                  <Switch
                    label={t('logs.capture.switch', { name: key.name })}
                    checked={untilOf(key) !== undefined}
                    onChange={(on) => change.mutate({ key, on })}
                  />
                </li>
              )}
            </For>
          </ul>
        )}
      </Show>
      <p class="text-12 text-text-3">{t('logs.capture.note')}</p>
      <Show when={change.error}>{(error) => <Banner tone="danger">{errorText(error(), t)}</Banner>}</Show>
      <div class="flex justify-end">
        <Button look="primary" onClick={() => props.onClose()}>
          {t('common.done')}
        </Button>
      </div>
    </Dialog>
  )
}
