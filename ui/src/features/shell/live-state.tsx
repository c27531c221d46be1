import { Show } from 'solid-js'
import type { StatusView } from '../../../../server/admin/contract/events.ts'
import { liveness } from '../../api/liveness.ts'
import { useI18n } from '../../i18n/i18n.tsx'

const dots = {
  live: 'bg-success',
  connecting: 'bg-meter-warning',
  polling: 'bg-meter-warning',
  off: 'bg-control',
} as const

/** Whether what is shown is what holds now, how much goes on, and which version it is. */
export function LiveState(props: {
  readonly status: StatusView | undefined
  readonly version: string | undefined
  readonly narrow: boolean
  readonly always?: boolean
}) {
  const { t, format } = useI18n()
  const state = (): string => t(`live.${liveness()}`)
  const active = (): number => props.status?.counters.in_flight ?? 0
  const title = (): string =>
    [state(), props.status && t('live.active', { count: format().number(active()) }), props.version]
      .filter(Boolean)
      .join(' · ')
  const text = (): string => (props.always ? '' : props.narrow ? 'sr-only' : 'sr-only xl:not-sr-only')
  return (
    <p
      title={title()}
      class={`numbers flex items-center justify-center gap-2 text-12 text-text-2 ${props.narrow ? '' : 'xl:justify-start xl:px-2'}`}
    >
      <span class={`forced-fill size-2 shrink-0 rounded-full ${dots[liveness()]}`} aria-hidden="true" />
      <span class={text()}>
        {state()}
        <Show when={props.status}>
          <span class="text-text-3"> · {t('live.active', { count: format().number(active()) })}</span>
        </Show>
        <Show when={props.version}>
          <span class="block text-text-3">{props.version}</span>
        </Show>
      </span>
    </p>
  )
}
