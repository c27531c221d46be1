import { Show } from 'solid-js'
import type { StandingView } from '../../../../server/admin/contract/used.ts'
import { Meter } from '../../components/meter.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { parseTime } from '../../lib/format.ts'
import { amountShown } from './standing-text.ts'
import { ratioOf } from './user-state.ts'

const levels = { free: 'normal', near: 'warning', reached: 'danger' } as const

/** How one limit stands: what is used of it, and with `now` when it begins anew. */
export function StandingMeter(props: { standing: StandingView; now?: number | undefined }) {
  const { t, format } = useI18n()
  const shown = (value: number): string => amountShown(props.standing.limit, value, format())
  const percent = (): string => format().percent(ratioOf(props.standing))
  const name = (): string => t(`users.standing.${props.standing.limit}`)
  const resets = (): string | undefined => {
    const at = parseTime(props.standing.resets_at)
    return at && props.now ? t('users.resetsIn', { time: format().relative(at, props.now) }) : undefined
  }
  return (
    <div class="numbers flex flex-col gap-1">
      <div class="flex justify-between gap-2 text-12">
        <span class="min-w-0 truncate">{name()}</span>
        <span class="shrink-0 text-text-2">
          {t('users.used', { used: shown(props.standing.used), max: shown(props.standing.max) })}
        </span>
      </div>
      <Meter
        ratio={ratioOf(props.standing)}
        level={levels[props.standing.state]}
        label={t('users.meter', { name: name(), percent: percent() })}
      />
      <Show when={resets()}>{(text) => <span class="text-12 text-text-3">{text()}</span>}</Show>
    </div>
  )
}
