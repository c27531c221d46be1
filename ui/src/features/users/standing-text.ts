import type { StandingView } from '../../../../server/admin/contract/used.ts'
import type { Format } from '../../lib/format.ts'

const micro = 1_000_000

/** An amount of a limit, as it is shown: money as money, many tokens in short. */
export function amountShown(limit: StandingView['limit'], value: number, format: Format): string {
  if (limit === 'monthly_spend_micro_usd') return format.usd(value / micro)
  return value < 10_000 ? format.number(value) : format.compact(value)
}
