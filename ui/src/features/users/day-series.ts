import type { UserStats } from '../../../../server/admin/contract/users.ts'

type Day = UserStats['daily_usage'][number]
const dayMs = 86_400_000

const shownDays = 30

/** A column for each of the last days up to `today` (`2026-11-28`), or to a later one of the server's; a day without a row had no use. */
export function daysOf(days: readonly Day[], today: string) {
  const byDate = new Map(days.map((day) => [day.date, day]))
  const last = Date.parse(`${[today, ...byDate.keys()].toSorted().at(-1)}T00:00:00Z`)
  const shown = Array.from({ length: shownDays }, (_, at) =>
    new Date(last - (shownDays - 1 - at) * dayMs).toISOString().slice(0, 10),
  )
  const each = (value: (day: Day) => number): readonly number[] =>
    shown.map((date) => {
      const day = byDate.get(date)
      return day === undefined ? 0 : value(day)
    })
  return {
    times: shown.map((date) => new Date(`${date}T00:00:00`).getTime()),
    requests: each(({ request_count }) => request_count),
    tokens: each(({ total_tokens }) => total_tokens),
    cost: each(({ cost_usd }) => cost_usd),
  }
}
