/** Whether a month of a year (1 to 12) has such a day. */
export function isRealDay(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false
  // Of four hundred years each has the days of any other four hundred; those before 100 would count as of 1900.
  return day <= new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()
}

/** Epoch ms of a text, NaN for none: what `Date.parse` reads, but a day that does not exist is no other day. */
export function timeOfText(text: string): number {
  const [, year, month, day] = /^\s*(\d{4})-(\d\d)-(\d\d)/.exec(text) ?? []
  return day !== undefined && !isRealDay(Number(year), Number(month), Number(day)) ? Number.NaN : Date.parse(text)
}
