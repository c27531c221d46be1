import type { KeyPatch } from '../admin/contract/keys.ts'
import type { Command } from '../config/command.ts'
import { err, ok, type Result } from '../lib/result.ts'

/** What `--accounts` says; empty for `any`, undefined when it was not given. */
export function accountIdsOf({ accounts }: Command['options']): Result<string[] | undefined, string> {
  if (typeof accounts !== 'string') return ok(undefined)
  if (accounts.trim() === 'any') return ok([])
  const ids = accounts
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '')
  return ids.length > 0 ? ok(ids) : err('--accounts names no account; `any` stands for all.')
}

/** What `--enabled` says; undefined when it was not given. */
export function enabledOf({ enabled }: Command['options']): Result<boolean | undefined, string> {
  if (enabled === undefined) return ok(undefined)
  return enabled === 'yes' || enabled === 'no' ? ok(enabled === 'yes') : err('--enabled takes yes or no.')
}

const whole = { pattern: /^\d{1,15}$/, words: 'a whole number', factor: 1 }
const decimal = { pattern: /^\d{1,9}(?:\.\d{1,6})?$/, words: 'a number', factor: 1 }

/** Each option with the member it sets. */
const limits = {
  rpm: ['rate_limit_rpm', whole],
  'requests-per-day': ['request_quota', whole],
  'tokens-per-day': ['daily_quota', whole],
  'tokens-per-month': ['monthly_quota', whole],
  'usd-per-month': ['monthly_spend_micro_usd', { ...decimal, factor: 1_000_000 }],
  'credits-per-month': ['monthly_credits', decimal],
  concurrency: ['concurrency', whole],
} as const satisfies Readonly<Record<string, readonly [keyof KeyPatch, typeof whole]>>

/** What the options say about a key's limits and rights; an error says what one must be. */
export function keyLimitsOf(options: Command['options']): Result<KeyPatch, string> {
  const patch: Record<string, unknown> = {}
  for (const [option, [member, { pattern, words, factor }]] of Object.entries(limits)) {
    const given = options[option]
    if (typeof given !== 'string') continue
    if (!pattern.test(given)) return err(`--${option} takes ${words}; 0 is no limit.`)
    patch[member] = factor === 1 ? Number(given) : Math.round(Number(given) * factor)
  }
  const { models, expires } = options
  if (typeof expires === 'string') patch.expires_at = expires === 'never' ? '' : expires
  if (typeof models === 'string') {
    const names = models.split(',').map((name) => name.trim())
    patch.models = models.trim() === 'any' ? [] : names.filter((name) => name !== '')
  }
  return ok(patch as KeyPatch) // the members of the table above
}

const repairs: ReadonlyMap<unknown, boolean | null> = new Map([
  ['yes', true],
  ['no', false],
  ['inherit', null],
])
const compressions = ['inherit', 'off', 'overflow', 'share'] as const

/** What the options say about how a key's requests are served. */
export function keyWaysOf(options: Command['options']): Result<Pick<KeyPatch, 'repair' | 'compression'>, string> {
  const repair = repairs.get(options.repair)
  if (options.repair !== undefined && repair === undefined) return err('--repair takes yes, no or inherit.')
  const compression = compressions.find((way) => way === options.compression)
  if (options.compression !== undefined && compression === undefined)
    return err('--compression takes inherit, off, overflow or share.')
  return ok({ ...(repair === undefined ? {} : { repair }), ...(compression === undefined ? {} : { compression }) })
}
