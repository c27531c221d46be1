/** A zone that the list may leave out, as it is written: UTC, Asia/Calcutta, +08:00. Undefined: there is none of that name. */
export function zoneNamed(typed: string): string | undefined {
  const name = typed.trim()
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return name
  } catch {
    return undefined
  }
}
