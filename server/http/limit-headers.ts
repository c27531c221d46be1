import { type Level, type LimitName, remainingOf } from '../access/limits.ts'
import { exposedHeaders } from './exposed-headers.ts'

type Family = 'anthropic' | 'openai'

type Names = { readonly limit: string; readonly remaining: string; readonly reset: string }

const requestLimits: readonly LimitName[] = ['requestsPerMinute', 'requestsPerDay']
const tokenLimits: readonly LimitName[] = ['tokensPerDay', 'tokensPerMonth']

const namesOf = (name: (figure: string) => string): Names => ({
  limit: name('limit'),
  remaining: name('remaining'),
  reset: name('reset'),
})
/** The names each family of clients looks for. */
const names = {
  anthropic: {
    requests: namesOf((figure) => `anthropic-ratelimit-requests-${figure}`),
    tokens: namesOf((figure) => `anthropic-ratelimit-tokens-${figure}`),
  },
  openai: {
    requests: namesOf((figure) => `x-ratelimit-${figure}-requests`),
    tokens: namesOf((figure) => `x-ratelimit-${figure}-tokens`),
  },
} as const satisfies Record<Family, unknown>

const allExposed = [
  exposedHeaders,
  ...Object.values(names).flatMap(({ requests, tokens }) => [...Object.values(requests), ...Object.values(tokens)]),
].join(', ')

/**
 * How the caller's limits stand, in its API's own headers: of requests and of tokens the one of which the least is left. None
 * for a caller without limits.
 */
export function addLimitHeaders(
  headers: Record<string, string>,
  levels: readonly Level[],
  family: Family,
  now: number,
): void {
  const requests = leastLeft(levels, requestLimits)
  const tokens = leastLeft(levels, tokenLimits)
  if (requests !== undefined) add(headers, names[family].requests, requests, family, now)
  if (tokens !== undefined) add(headers, names[family].tokens, tokens, family, now)
  if (requests !== undefined || tokens !== undefined) headers['access-control-expose-headers'] = allExposed
}

function add(headers: Record<string, string>, name: Names, level: Level, family: Family, now: number): void {
  const resetsAt = Math.max(now, level.resetsAt ?? now)
  headers[name.limit] = String(level.max)
  headers[name.remaining] = String(Math.floor(remainingOf(level)))
  headers[name.reset] = family === 'anthropic' ? rfc3339(resetsAt) : duration(resetsAt - now)
}

function leastLeft(levels: readonly Level[], limits: readonly LimitName[]): Level | undefined {
  let least: Level | undefined
  for (const level of levels) {
    if (!limits.includes(level.limit)) continue
    if (least === undefined || remainingOf(level) < remainingOf(least)) least = level
  }
  return least
}

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
