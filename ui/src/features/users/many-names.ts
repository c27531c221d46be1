const place = /\{(\d{1,9})\}/

/** The first and the last name that a pattern gives; undefined where it has no place for a number. */
export function namesOfPattern(pattern: string, count: number): readonly [string, string] | undefined {
  const digits = place.exec(pattern)?.[1]
  if (digits === undefined) return undefined
  const at = (offset: number): string =>
    pattern.replace(place, () => String(Number(digits) + offset).padStart(digits.length, '0'))
  return [at(0), at(Math.max(1, count) - 1)]
}
