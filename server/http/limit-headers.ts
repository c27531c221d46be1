import { type Level, remainingOf } from '../access/limits.ts'
import { exposedHeaders } from './exposed-headers.ts'

type Family = 'anthropic' | 'openai'

const requestLimits = ['requestsPerMinute', 'requestsPerDay']
const tokenLimits = ['tokensPerDay', 'tokensPerMonth']

/** The names each family of clients looks for. */
const headerNames = [
  ...['requests', 'tokens'].flatMap((what) =>
    ['limit', 'remaining', 'reset'].map((figure) => `anthropic-ratelimit-${what}-${figure}`),
  ),
  ...['requests', 'tokens'].flatMap((what) =>
    ['limit', 'remaining', 'reset'].map((figure) => `x-ratelimit-${figure}-${what}`),
  ),
].join(', ')

/**
 * How the caller's limits stand, in its API's own headers: of requests and of tokens the one of which the least is left. None
 * for a caller without limits.
 */
export function limitHeaders(standings: readonly Level[], family: Family, now: number): Record<string, string> {
  if (standings.length === 0) return {}
  const headers: Record<string, string> = {}
  for (const [what, limits] of [
    ['requests', requestLimits],
    ['tokens', tokenLimits],
  ] as const) {
    const tightest = leastLeft(standings.filter(({ limit }) => limits.includes(limit)))
    if (tightest === undefined) continue
    const resetsAt = Math.max(now, tightest.resetsAt ?? now)
    const figures = { limit: String(tightest.max), remaining: String(Math.floor(remainingOf(tightest))) }
    const reset = family === 'anthropic' ? rfc3339(resetsAt) : duration(resetsAt - now)
    for (const [figure, value] of Object.entries({ ...figures, reset })) {
      headers[family === 'anthropic' ? `anthropic-ratelimit-${what}-${figure}` : `x-ratelimit-${figure}-${what}`] =
        value
    }
  }
  if (Object.keys(headers).length === 0) return headers
  return { ...headers, 'access-control-expose-headers': `${exposedHeaders}, ${headerNames}` }
}

const leastLeft = (standings: readonly Level[]): Level | undefined =>
  standings.reduce<Level | undefined>(
    (least, one) => (least === undefined || remainingOf(one) < remainingOf(least) ? one : least),
    undefined,
  )

/** To the second, rounded up: at that time it is so. */
const rfc3339 = (at: number): string => new Date(Math.ceil(at / 1000) * 1000).toISOString().replace('.000Z', 'Z')

/** As OpenAI writes them: `120ms`, `6m0s`, `23h59m12s`. */
function duration(ms: number): string {
  if (ms < 1_000) return `${Math.ceil(ms)}ms`
  const seconds = Math.ceil(ms / 1_000)
  const hours = Math.floor(seconds / 3_600)
  const minutes = Math.floor((seconds % 3_600) / 60)
  const rest = `${seconds % 60}s`
  if (hours > 0) return `${hours}h${minutes}m${rest}`
  return minutes > 0 ? `${minutes}m${rest}` : rest
}
