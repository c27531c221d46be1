import { For, Show } from 'solid-js'
import type { RequestDetail } from '../../../../server/admin/contract/logs.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { timesOf } from './row-view.ts'

const parts = ['waiting', 'connecting', 'answering'] as const
const fills = { waiting: 'bg-control', connecting: 'bg-meter-warning', answering: 'bg-accent' } as const

/** Where the time went: in line, until the first word, while it was said. The text says the same. */
export function TimingBar(props: { readonly request: RequestDetail }) {
  const { t, format } = useI18n()
  const waited = (): number => props.request.route.attempts.reduce((sum, { waitedMs }) => sum + waitedMs, 0)
  const times = () => timesOf(props.request, waited())
  const wordless = (): boolean => !props.request.is_success && props.request.first_token_ms === undefined
  const shown = () => parts.filter((part) => times()[part] > 0)
  return (
    <Show when={props.request.route.attempts.length > 0 && props.request.duration_ms > 0}>
      <div class="flex w-full flex-col gap-1.5">
        <div class="flex h-2 w-full gap-px overflow-hidden rounded-full" aria-hidden="true">
          <For each={shown()}>
            {(part) => (
              <span class={`forced-fill min-w-0.5 ${fills[part]}`} style={{ 'flex-grow': String(times()[part]) }} />
            )}
          </For>
        </div>
        <ul class="numbers flex flex-wrap gap-x-4 text-12 text-text-2">
          <For each={shown()}>
            {(part) => (
              <li class="inline-flex items-center gap-1.5">
                <span class={`forced-fill size-2 rounded-full ${fills[part]}`} aria-hidden="true" />
                {t(part === 'connecting' && wordless() ? 'logs.time.wordless' : `logs.time.${part}`)}{' '}
                {format().duration(times()[part])}
              </li>
            )}
          </For>
        </ul>
      </div>
    </Show>
  )
}
