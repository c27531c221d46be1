import { keyTraces, maxKeyLength } from '../access/key.ts'
import { counted, type Limits, nothing, type Used } from '../access/limits.ts'
import type { KeyRecord, UserRecord } from '../store/store.ts'
import type { Renamed } from './ids.ts'
import type { Cells } from './values.ts'

export type UserIn = {
  readonly user: UserRecord
  /** Absent: the row had none. */
  readonly key?: KeyRecord
  readonly total: { readonly tokens?: number; readonly requests?: number; readonly microUsd?: number }
}

const limitColumns = {
  rate_limit_rpm: 'requestsPerMinute',
  request_quota: 'requestsPerDay',
  daily_quota: 'tokensPerDay',
  monthly_quota: 'tokensPerMonth',
} as const satisfies Record<string, keyof Limits>

/** A user row as ours, with its one key, which goes on being accepted. */
export function readUser(cells: Cells, id: string, keyId: string, now: number): UserIn {
  const given = cells.time('created_at') ?? cells.time('updated_at')
  if (given === undefined) cells.repair('created_at was missing: the time of the import')
  const createdAt = Math.min(given ?? now, now)
  const limits = limitsOf(cells)
  const [email, notes] = [cells.text('email', 255)?.trim(), cells.text('notes', 10_000)]
  const name = cells.text('name', 255)?.trim()
  if (name === undefined || name === '') cells.repair('it had no name')
  // A column that is there and empty is false to the original; one that is not was added by it as true.
  const enabled = cells.flag('enabled') ?? !cells.isColumn('enabled')
  if (cells.isColumn('enabled') && !cells.has('enabled')) cells.repair('enabled was empty: the user is switched off')
  const key = keyOf(cells)
  const user: UserRecord = {
    id,
    name: name === undefined || name === '' ? id : name,
    enabled: enabled && limits !== 'unreadable',
    priority: cells.flag('is_vip') === true ? 1 : 0,
    ...(email === undefined || email === '' ? {} : { email }),
    ...(notes === undefined ? {} : { notes }),
    ...(limits === 'unreadable' || limits === undefined ? {} : { limits }),
    createdAt,
    updatedAt: Math.min(cells.time('updated_at') ?? createdAt, now),
  }
  if (limits === 'unreadable') cells.repair('a limit could not be read: the user is switched off until it is set')
  const [tokens, requests, usd] = [
    cells.count('total_tokens_used'),
    cells.count('total_requests'),
    cells.amount('total_cost_usd'),
  ]
  return {
    user,
    ...(key === undefined
      ? {}
      : { key: { id: keyId, name: 'default', ...traces(key), enabled: true, userId: id, createdAt } }),
    total: {
      ...(tokens === undefined ? {} : { tokens }),
      ...(requests === undefined ? {} : { requests }),
      ...(usd === undefined ? {} : { microUsd: Math.round(usd * 1e6) }),
    },
  }
}

/** Of very short keys nothing is shown: they would be shown whole. */
export function traces(key: string): Pick<KeyRecord, 'hash' | 'prefix' | 'last4'> {
  return key.length < 8 ? { ...keyTraces(key), prefix: '', last4: '' } : keyTraces(key)
}

function keyOf(cells: Cells): string | undefined {
  const key = cells.text('api_key', 65_536)
  if (key === undefined) {
    cells.repair('it had no API key: make one')
    return undefined
  }
  const fault = keyFault(key)
  if (fault !== undefined) cells.repair(fault)
  return key
}

/** Every key goes on being what it was; these had better be replaced. */
export function keyFault(key: string): string | undefined {
  if (key.length > maxKeyLength)
    return `its API key has more than ${maxKeyLength} characters and is not accepted: make another`
  if (/[^\x21-\x7e]/.test(key)) return 'its API key holds characters no client can send: make another'
  return key.length < 8 ? 'its API key is short enough to be guessed: make another' : undefined
}

/** 0, less and nothing are no limit; what cannot be read must not become none. */
function limitsOf(cells: Cells): Limits | 'unreadable' | undefined {
  const entries: [string, number][] = []
  for (const [column, name] of Object.entries(limitColumns)) {
    const value = cells.count(column)
    if (value === undefined && cells.has(column) && cells.raw(column) !== '') return 'unreadable'
    if (value !== undefined && value > 0) entries.push([name, value])
  }
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

/** The original's one price, micro-dollars a token. */
export const inputMicroUsd = 5
export const outputMicroUsd = 25

/** `onCut`: it was more than can be counted. */
export function usedOf(inputTokens: number, outputTokens: number, requests: number, onCut: () => void): Used {
  return cutTo(
    {
      ...nothing,
      requests,
      inputTokens,
      outputTokens,
      inputMicroUsd: inputTokens * inputMicroUsd,
      outputMicroUsd: outputTokens * outputMicroUsd,
    },
    onCut,
  )
}

export const wasCut = 'tokens or their cost were more than can be counted, and were cut'

export function cutTo(used: Used, onCut: () => void): Used {
  const cut = counted(used)
  if (Object.entries(used).some(([name, value]) => value > cut[name as keyof Used])) onCut()
  return cut
}

/** One day of one user. */
export type DayIn = { readonly userId: string; readonly day: string; readonly used: Used }

export function readDay(cells: Cells, users: Renamed): DayIn | string {
  const named = cells.text('user_id')?.trim()
  if (named === undefined) return 'it names no user'
  const userId = users.of(named)
  const text = cells.text('date')?.trim() ?? ''
  const day = /^\d{4}-\d{2}-\d{2}/.exec(text)?.[0] ?? dayOf(cells.time('date'))
  if (day === undefined) return 'it names no day'
  if (day !== text) cells.repair('date was a whole time')
  const [input = 0, output = 0] = [cells.count('input_tokens'), cells.count('output_tokens')]
  const total = cells.count('total_tokens') ?? input + output
  if (total > input + output) cells.repair('total_tokens was more than its parts: the rest counts as input')
  return {
    userId,
    day,
    used: usedOf(Math.max(input, total - output), output, cells.count('request_count') ?? 0, () =>
      cells.repair(wasCut),
    ),
  }
}

const shanghaiMs = 8 * 3_600_000
const dayOf = (at: number | undefined): string | undefined =>
  at === undefined ? undefined : new Date(at + shanghaiMs).toISOString().slice(0, 10)

/**
 * What a user has used in all. The original keeps tokens and dollars in one sum each; by its one price the two tell input and
 * output apart. Where they do not fit, the days' own split is kept and the rest counts as input.
 */
export function totalOf({ tokens, requests, microUsd }: UserIn['total'], days: Used, onCut: () => void): Used {
  const ofDays = days.inputTokens + days.outputTokens
  const all = tokens === undefined || (tokens === 0 && ofDays > 0) ? ofDays : tokens
  const count = requests === undefined || (requests === 0 && days.requests > 0) ? days.requests : requests
  const output =
    microUsd === undefined ? Number.NaN : (microUsd - inputMicroUsd * all) / (outputMicroUsd - inputMicroUsd)
  if (output >= -0.5 && output <= all + 0.5) {
    const whole = Math.min(all, Math.max(0, Math.round(output)))
    return usedOf(all - whole, whole, count, onCut)
  }
  const kept = Math.min(all, days.outputTokens)
  return usedOf(all - kept, kept, count, onCut)
}
