import { useQuery } from '@tanstack/solid-query'
import { createEffect, createSignal, on, onCleanup, Show } from 'solid-js'
import type { StatusView } from '../../../../server/admin/contract/events.ts'
import { isAway } from '../../api/away.ts'
import { liveness } from '../../api/liveness.ts'
import { dataOf, queries } from '../../api/queries.ts'
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
  /** What was told last says nothing of now while nobody tells or is asked. */
  const status = (): StatusView | undefined =>
    !isAway() && (liveness() === 'live' || liveness() === 'polling') ? props.status : undefined
  const active = (): number => status()?.counters.in_flight ?? 0
  const title = (): string =>
    [state(), status() && t('live.active', { count: format().number(active()) }), props.version]
      .filter(Boolean)
      .join(' · ')
  const text = (): string => (props.always ? '' : props.narrow ? 'sr-only' : 'sr-only xl:not-sr-only')
  return (
    <div class={`numbers text-12 text-text-2 ${props.narrow ? '' : 'xl:px-2'}`}>
      <p
        title={title()}
        class={`flex items-center justify-center gap-2 ${props.always ? '' : props.narrow ? '' : 'xl:justify-start'}`}
      >
        <span class={`forced-fill size-2 shrink-0 rounded-full ${dots[liveness()]}`} aria-hidden="true" />
        <span class={text()}>
          {state()}
          <Show when={status()}>
            <span class="text-text-3"> · {t('live.active', { count: format().number(active()) })}</span>
          </Show>
        </span>
      </p>
      <div
        class={`gap-x-2 text-text-3 ${props.always ? 'flex items-center justify-center' : props.narrow ? 'hidden' : 'hidden xl:block xl:pl-4'}`}
      >
        <ProviderLatency />
        <span class="block">{props.version}</span>
      </div>
    </div>
  )
}

/** After what the page itself needs. */
const patienceMs = 3_000

/** Until there is a figure nothing stands here, and none from before the server was away; a press asks again. */
function ProviderLatency() {
  const { t, format } = useI18n()
  const [due, setDue] = createSignal(false)
  const timer = setTimeout(() => setDue(true), patienceMs)
  onCleanup(() => clearTimeout(timer))
  const latency = useQuery(() => ({ ...queries.latency(), enabled: due() && !isAway() }))
  const [since, setSince] = createSignal(0)
  createEffect(
    on(isAway, (away, before) => {
      if (away || !before) return
      setSince(Date.now())
      if (due()) void latency.refetch()
    }),
  )
  const current = () =>
    !isAway() && !latency.isError && latency.dataUpdatedAt >= since() ? dataOf(latency) : undefined
  return (
    <Show when={current()}>
      {(found) => (
        <button
          type="button"
          title={t('live.measure')}
          onClick={() => void latency.refetch()}
          class={`-mx-1 block rounded-sm px-1 hover:bg-surface-2 max-md:min-h-11 ${found().status === 'error' ? 'text-danger' : found().status === 'poor' ? 'text-warning' : ''}`}
          classList={{ 'opacity-60': latency.isFetching }}
        >
          {found().status === 'error'
            ? t('live.providerAway')
            : t('live.provider', { time: format().duration(found().latency) })}
        </button>
      )}
    </Show>
  )
}
