/** Numbers, dates and times in one language. Formatters are made once: making them is the slow part. */
export type Format = ReturnType<typeof createFormat>

const steps = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const

const byteSteps = ['GiB', 'MiB', 'KiB'].map((name, index) => ({ name, size: 1024 ** (3 - index) }))

/** `justNow` is said of what was less than a minute ago: a word of the dictionary. */
export function createFormat(locale: string, justNow: () => string) {
  // Chinese texts stand off from digits; Intl does not do that.
  const isChinese = locale.startsWith('zh')
  const spaced = (text: string): string => (isChinese ? text.replace(/(\d)(?=\p{Script=Han})/gu, '$1 ') : text)
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 })
  const priced = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency: 'USD',
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: 0,
    maximumFractionDigits: 6,
  })
  const month = new Intl.DateTimeFormat(locale, { year: 'numeric', month: 'long', timeZone: 'UTC' })
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 })
  const seconds = new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: 'second',
    unitDisplay: 'short',
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  })
  const milliseconds = new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: 'millisecond',
    unitDisplay: 'short',
    maximumFractionDigits: 0,
  })
  const unit = (name: string): Intl.NumberFormat =>
    new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'short', maximumFractionDigits: 0 })
  const units = { day: unit('day'), hour: unit('hour'), minute: unit('minute'), second: unit('second') }
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' })
  const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' })
  const exact = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'long' })
  const second = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' })
  const date = new Intl.DateTimeFormat(locale, { month: 'short', day: 'numeric' })
  const time = new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit' })
  // Of a log: narrow, and in one order with the log of the server.
  const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'medium', hourCycle: 'h23' })
  const moment = new Intl.DateTimeFormat(locale, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  })
  const stretch = new Intl.DateTimeFormat(locale, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  })
  const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 })
  const share = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })
  const money = new Intl.NumberFormat(locale, { style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol' })
  const plural = new Intl.PluralRules(locale)
  const collator = new Intl.Collator(locale, { numeric: true })
  const list = new Intl.ListFormat(locale, { type: 'conjunction' })
  return {
    number: (value: number) => number.format(value),
    /** A price in dollars, with as many decimals as it has. */
    price: (value: number) => priced.format(value),
    /** The month that a time (epoch ms, UTC) lies in. */
    month: (at: number) => month.format(at),
    /** `ratio` 0-1. */
    percent: (ratio: number) => percent.format(ratio),
    /** The same with one more digit: "99.2 %". */
    share: (ratio: number) => share.format(ratio),
    /** "41.2M", "4120万". */
    compact: (value: number) => (Math.abs(value) < 1 ? number : compact).format(value),
    usd: (value: number) => money.format(value),
    /** "240 ms" below a second, else "6.2 sec". */
    duration: (ms: number) => spaced(ms < 1000 ? milliseconds.format(ms) : seconds.format(ms / 1000)),
    /** How much time is left, rounded up: "12 min", and seconds in the last minute only. */
    left: (ms: number) => {
      for (const [name, size] of steps) {
        if (ms > size) return spaced(units[name].format(Math.ceil(ms / size)))
      }
      return spaced(units.second.format(Math.max(0, Math.ceil(ms / 1000))))
    },
    /** "1.5 MiB". */
    bytes: (value: number) => {
      const step = byteSteps.find(({ size }) => value >= size)
      return step ? `${number.format(value / step.size)} ${step.name}` : `${number.format(value)} B`
    },
    dateTime: (at: number) => dateTime.format(at),
    /** To the second. */
    second: (at: number) => second.format(at),
    /** To the second, with the zone: for who asks exactly when. */
    exact: (at: number) => exact.format(at),
    date: (at: number) => date.format(at),
    time: (at: number) => time.format(at),
    /** To the second; with the day where that is not today. */
    moment: (at: number) =>
      new Date(at).toDateString() === new Date().toDateString() ? clock.format(at) : moment.format(at),
    /** "Nov 28, 14:00 – 14:15" */
    range: (from: number, to: number) => stretch.formatRange(from, to),
    /** Which of two texts a count takes, where a language has two. */
    form: (count: number): 'one' | 'other' => (plural.select(count) === 'one' ? 'one' : 'other'),
    list: (items: readonly string[]) => list.format(items),
    /** Order of two names. */
    compare: (one: string, other: string) => collator.compare(one, other),
    /** "3 min ago", "in 6 days"; what is less than a minute off is "now" or `justNow`. */
    relative: (at: number, now: number) => {
      const distance = at - now
      for (const [unit, size] of steps) {
        if (Math.abs(distance) >= size) return spaced(relative.format(Math.trunc(distance / size), unit))
      }
      return distance > 0 ? relative.format(0, 'second') : justNow()
    },
  }
}

/** 582 -> "9:42", 3700 -> "1:01:40". */
export function countdown(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds))
  const pad = (value: number): string => String(value).padStart(2, '0')
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor((whole % 3600) / 60)
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`
}

/** "simulated-17@example.com" -> "si***-17@example.com": the ends tell accounts apart. What is masked already stays as it is. */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@')
  if (at < 1 || email.includes('*')) return email
  const third = Math.floor(at / 3)
  return `${email.slice(0, Math.min(2, third))}***${email.slice(at - Math.min(3, third))}`
}

/** RFC 3339 -> epoch ms, undefined for null, the word `never` and anything else that is no time. */
export function parseTime(text: string | null | undefined): number | undefined {
  if (!text) return undefined
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : at
}
