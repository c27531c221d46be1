import type { HealthCheck } from '../../../../server/admin/contract/health.ts'
import type { LatencyView } from '../../../../server/admin/contract/visitors.ts'

export type Check =
  | HealthCheck
  | {
      readonly name: 'clock' | 'provider'
      readonly level: HealthCheck['level']
      readonly reason: string
      readonly params: HealthCheck['params']
    }

/** Beyond this codes of second factors and time limits go wrong. */
const apartSeconds = 30

/** What only the browser can tell: whether its clock is the server's. The answer itself took a moment. */
export function clockCheck(serverNow: string, receivedAt: number): Check {
  const seconds = Math.round(Math.abs(Date.parse(serverNow) - receivedAt) / 1000)
  return seconds > apartSeconds
    ? { name: 'clock', level: 'warn', reason: 'apart', params: { seconds } }
    : { name: 'clock', level: 'pass', reason: 'right', params: {} }
}

export function providerCheck(latency: LatencyView | undefined): Check {
  const check = (level: HealthCheck['level'], reason: string, params: HealthCheck['params'] = {}): Check => ({
    ...{ name: 'provider', level, reason, params },
  })
  if (latency === undefined) return check('pass', 'asking')
  if (latency.status === 'error') return check('fail', 'away')
  return latency.status === 'poor'
    ? check('warn', 'slow', { ms: latency.latency })
    : check('pass', 'reached', { ms: latency.latency })
}

/** The page where what was found can be mended; undefined: not in the console. */
export function remedyOf({ name }: Check) {
  if (name === 'accounts') return { href: '/accounts', text: 'health.goto.accounts' } as const
  if (name === 'keys') return { href: '/users', text: 'health.goto.keys' } as const
  if (name === 'backup') return { href: '/backup', text: 'health.goto.backup' } as const
  if (name === 'provider') return { href: '/proxies', text: 'health.goto.proxies' } as const
  return undefined
}

const order = ['fail', 'warn', 'pass'] as const

/** What is wrong first. */
export const worstFirst = (checks: readonly Check[]): readonly Check[] =>
  checks.toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level))

export const countOf = (checks: readonly Check[], level: HealthCheck['level']): number =>
  checks.filter((check) => check.level === level).length
