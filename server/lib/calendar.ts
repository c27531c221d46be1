/** The day and the month of a moment in one time zone, as texts that sort: `2026-11-28`, `2026-11`. Ends are epoch ms. */
export type Periods = {
  readonly day: string
  readonly month: string
  readonly dayEndsAt: number
  readonly monthEndsAt: number
}

export type Calendar = (now: number) => Periods

const hourMs = 3_600_000

/** `timeZone`: an IANA name, asked at each look; empty: the system's. A look within the day of the last one costs nothing. */
export function createCalendar(timeZone: () => string): Calendar {
  let zone: string | undefined
  let format: Intl.DateTimeFormat | undefined
  let last: (Periods & { readonly from: number }) | undefined

  return (now) => {
    const wanted = timeZone()
    if (format === undefined || zone !== wanted) {
      zone = wanted
      format = formatOf(wanted)
      last = undefined
    }
    if (last !== undefined && now >= last.from && now < last.dayEndsAt) return last
    const day = dayIn(format, now)
    const month = day.slice(0, 7)
    const dayEndsAt = firstAfter(now, (at) => dayIn(format as Intl.DateTimeFormat, at) !== day)
    const monthEndsAt = firstAfter(
      dayEndsAt - 1,
      (at) => dayIn(format as Intl.DateTimeFormat, at).slice(0, 7) !== month,
    )
    last = { day, month, dayEndsAt, monthEndsAt, from: now }
    return last
  }
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const parts = { year: 'numeric', month: '2-digit', day: '2-digit' } as const
  try {
    return new Intl.DateTimeFormat('en-CA', { ...parts, ...(timeZone === '' ? {} : { timeZone }) })
  } catch {
    return new Intl.DateTimeFormat('en-CA', parts)
  }
}

function dayIn(format: Intl.DateTimeFormat, at: number): string {
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
  return `${parts.year}-${parts.month}-${parts.day}`
}

/** The first moment after `from` that is past the border: steps of at most a day, then halves. Days may have 23 or 25 hours. */
function firstAfter(from: number, isPast: (at: number) => boolean): number {
  let low = from
  let high = from + hourMs
  while (!isPast(high)) {
    low = high
    high += 12 * hourMs
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (isPast(middle)) high = middle
    else low = middle
  }
  return high
}
