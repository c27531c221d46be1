import type { GatewayError } from '../conversation/error.ts'
import { ok, type Result } from '../lib/result.ts'
import { invalid } from './limits-form.ts'

const place = /\{(\d{1,9})\}/

/** `team-{001}` for three: `team-001`, `team-002`, `team-003`. A single name may do without a place for its number. */
export function numberedNames(pattern: string, count: number): Result<readonly string[], GatewayError> {
  const found = place.exec(pattern)
  if (found === null) {
    if (count === 1) return ok([pattern])
    return invalid(
      { reason: 'name-place', example: '{001}' },
      'name needs a place for the number, like {001}: where it begins, and how long it is.',
      'name',
    )
  }
  const digits = found[1] ?? ''
  const names = Array.from({ length: count }, (_, at) =>
    pattern.replace(place, () => String(Number(digits) + at).padStart(digits.length, '0')),
  )
  const longest = names.at(-1) ?? ''
  return longest.length > 255
    ? invalid({ reason: 'long', most: 255 }, 'name has at most 255 characters, its number included.', 'name')
    : ok(names)
}
