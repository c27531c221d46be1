import type { Periods } from '../lib/calendar.ts'
import type { Shortage } from './limit-fault.ts'
import type { LimitName, Subject } from './limits.ts'
import { isOfMonth, type SubjectState, usedForGood } from './subject-state.ts'

/** A subject has come to a share of a limit of a day or a month. */
export type Reached = {
  readonly subject: Pick<Subject, 'kind' | 'id'>
  readonly limit: LimitName
  readonly percent: 80 | 100
  readonly used: number
  readonly max: number
  /** The day or month it is of. */
  readonly period: string
}

/** Limits of a minute or of calls at a time come and go: nobody wants to be told. */
const lasting = ['requestsPerDay', 'tokensPerDay', 'tokensPerMonth', 'microUsdPerMonth', 'creditsPerMonth'] as const

/** What has been reached since this was asked last, each share of each limit once a period; a limit that was changed begins anew. */
export function newlyReached({ kind, id, limits }: Subject, state: SubjectState, periods: Periods): readonly Reached[] {
  let reached: Reached[] | undefined
  for (const limit of lasting) {
    const max = limits[limit]
    if (max === undefined) continue
    const used = usedForGood(limit, state)
    if (used < max * 0.8) continue
    const percent = used >= max ? 100 : 80
    const period = isOfMonth(limit) ? periods.month : periods.day
    if (note(state, limit, `${period} ${max}`, percent)) {
      reached ??= []
      reached.push({ subject: { kind, id }, limit, percent, used, max, period })
    }
  }
  return reached ?? none
}

/** A call that does not fit into the last of a limit any more, whatever others give back: to whoever is kept out it is used up. */
export function usedUp(
  { standing: { subject, limit, max, used, reserved }, needs }: Shortage,
  state: SubjectState,
  periods: Periods,
): Reached | undefined {
  const settled = used - reserved
  if (!lasting.some((one) => one === limit) || settled < max * 0.8 || settled + needs <= max) return undefined
  const period = isOfMonth(limit) ? periods.month : periods.day
  if (!note(state, limit, `${period} ${max}`, 100)) return undefined
  return { subject, limit, percent: 100, used: settled, max, period }
}

const none: readonly Reached[] = []

/** True when it was not told yet. */
function note(state: SubjectState, limit: LimitName, of: string, percent: number): boolean {
  const told = state.told?.get(limit)
  if (told !== undefined && told.of === of && told.percent >= percent) return false
  state.told ??= new Map()
  state.told.set(limit, { of, percent })
  return true
}
