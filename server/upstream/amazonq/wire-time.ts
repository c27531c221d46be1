import { timeOfText } from '../../lib/real-day.ts'

// Above this a number is milliseconds already: as seconds it would lie beyond the year 5000.
const millisecondsFrom = 100_000_000_000

/**
 * A time as the provider and its clients write it, as epoch ms: epoch seconds (fractional or not), epoch milliseconds, or
 * RFC 3339 with up to nanoseconds. Undefined when it is none of these.
 */
export function timeOf(value: unknown): number | undefined {
  if (typeof value === 'number') return timeOfNumber(value)
  if (typeof value !== 'string' || value === '') return undefined
  if (/^\d+(\.\d+)?$/.test(value)) return timeOfNumber(Number(value))
  const at = timeOfText(value.replace(/(\.\d{3})\d+/, '$1'))
  return Number.isNaN(at) ? undefined : at
}

function timeOfNumber(value: number): number | undefined {
  if (!Number.isFinite(value) || value <= 0) return undefined
  return Math.round(value >= millisecondsFrom ? value : value * 1000)
}
