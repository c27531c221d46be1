import type { ErrorKind, GatewayError } from '../conversation/error.ts'
import { type Backoff, backoffMs } from '../lib/backoff.ts'

/**
 * Passing faults seen through one account of late. They are nobody's fault for certain, so the account keeps its health, but
 * while they last it is taken only when no other is free: one account whose every call fails must not keep its full share.
 * Not kept over a restart.
 */
export type Shakes = {
  /** All calls: lost connections, server errors, empty or broken replies, silence. */
  all: Shake | undefined
  /** Calls for one model: no capacity, or refused to this account. */
  readonly byModel: Map<string, Shake>
}
type Shake = { readonly until: number; readonly faults: number; readonly refused?: boolean }

const rest: Backoff = { baseMs: 1_000, maxMs: 60_000 }
/** Silence costs a caller much more than an error does. */
const silent: Backoff = { baseMs: 30_000, maxMs: 300_000 }
/** A plan may be raised; until then the same answer would come again. */
const refusedMs = 3_600_000
const maxModels = 100

const scopes: { readonly [Kind in ErrorKind]?: 'all' | 'model' } = {
  'service-throttled': 'all',
  'upstream-failed': 'all',
  'upstream-unreachable': 'all',
  'empty-reply': 'all',
  'broken-reply': 'all',
  timeout: 'all',
  'model-overloaded': 'model',
}

/** Whether a failure of this kind may pass by itself, and is nobody's for certain. */
export const mayPass = (kind: ErrorKind): boolean => scopes[kind] !== undefined

/** The account's shakes after a failure; the same when the failure is none of a passing kind. */
export function afterShake(
  shakes: Shakes | undefined,
  { kind, retryAfterMs = 0 }: GatewayError,
  modelId: string,
  now: number,
  random: number,
): Shakes | undefined {
  const scope = scopes[kind]
  if (scope === undefined) return shakes
  const next = shakes ?? { all: undefined, byModel: new Map() }
  const last = scope === 'all' ? next.all : next.byModel.get(modelId)
  const faults = (last?.faults ?? 0) + 1
  const pauseMs = Math.max(retryAfterMs, backoffMs(kind === 'timeout' ? silent : rest, faults, random))
  const shake = { until: Math.max(now + pauseMs, last?.until ?? 0), faults }
  if (scope === 'all') next.all = shake
  else remember(next, modelId, shake)
  return next
}

/** The provider refused this model to the account. */
export function afterRefusal(shakes: Shakes | undefined, modelId: string, now: number): Shakes {
  const next = shakes ?? { all: undefined, byModel: new Map() }
  remember(next, modelId, { until: now + refusedMs, faults: 1, refused: true })
  return next
}

/** A call for the model went well. */
export function afterSteady(shakes: Shakes | undefined, modelId: string): Shakes | undefined {
  if (shakes === undefined) return undefined
  shakes.all = undefined
  shakes.byModel.delete(modelId)
  return shakes.byModel.size === 0 ? undefined : shakes
}

export function isShaky({ all, byModel }: Shakes, modelId: string, now: number): 'no' | 'shaky' | 'refused' {
  const own = byModel.get(modelId)
  if (own !== undefined && own.until > now) return own.refused === true ? 'refused' : 'shaky'
  return all !== undefined && all.until > now ? 'shaky' : 'no'
}

function remember({ byModel }: Shakes, modelId: string, shake: Shake): void {
  byModel.delete(modelId)
  byModel.set(modelId, shake)
  if (byModel.size > maxModels) for (const oldest of byModel.keys()) return void byModel.delete(oldest)
}
