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
type Shake = {
  /** Epoch ms of the latest fault. */
  readonly at: number
  readonly until: number
  readonly faults: number
  readonly refused?: boolean
  /** The provider itself named the time: nobody calls before, not even for want of another account. */
  readonly told?: GatewayError
}

const rest: Backoff = { baseMs: 1_000, maxMs: 60_000 }
/** Silence costs a caller much more than an error does. */
const silent: Backoff = { baseMs: 30_000, maxMs: 300_000 }
/** A plan may be raised; until then the same answer would come again. */
const refusedMs = 3_600_000
const maxModels = 100
/** No single answer may take an account away for longer. */
const maxToldMs = 3_600_000

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

/** The account's shakes after the failure of a call that began at `startedAt`; the same when it is none of a passing kind. */
export function afterShake(
  shakes: Shakes | undefined,
  error: GatewayError,
  modelId: string,
  startedAt: number,
  now: number,
  random: number,
): Shakes | undefined {
  const { kind } = error
  const scope = scopes[kind]
  if (scope === undefined) return shakes
  const toldMs = Math.min(maxToldMs, error.retryAfterMs ?? 0)
  const next = shakes ?? { all: undefined, byModel: new Map() }
  const last = scope === 'all' ? next.all : next.byModel.get(modelId)
  // Calls that were under way at the last fault belong to it: one moment of trouble is one fault.
  const isNews = last === undefined || startedAt >= last.at
  const faults = (last?.faults ?? 0) + (isNews ? 1 : 0)
  const pauseMs = toldMs > 0 ? toldMs : backoffMs(kind === 'timeout' ? silent : rest, faults, random)
  const until = now + pauseMs
  const told = toldMs > 0 ? { told: error } : {}
  const shake =
    last !== undefined && last.until > until ? { ...last, at: now, faults } : { at: now, until, faults, ...told }
  if (scope === 'all') next.all = shake
  else remember(next, modelId, shake)
  return next
}

/** The provider refused this model to the account. */
export function afterRefusal(shakes: Shakes | undefined, modelId: string, now: number): Shakes {
  const next = shakes ?? { all: undefined, byModel: new Map() }
  remember(next, modelId, { at: now, until: now + refusedMs, faults: 1, refused: true })
  return next
}

/** A call for the model that began at `startedAt` went well: faults from before are over. */
export function afterSteady(shakes: Shakes | undefined, modelId: string, startedAt: number): Shakes | undefined {
  if (shakes === undefined) return undefined
  if (shakes.all !== undefined && shakes.all.at < startedAt) shakes.all = undefined
  const own = shakes.byModel.get(modelId)
  if (own !== undefined && own.at < startedAt) shakes.byModel.delete(modelId)
  return shakes.all === undefined && shakes.byModel.size === 0 ? undefined : shakes
}

/** `told`: the provider said when to come back, and that is not yet. */
export function standing(
  { all, byModel }: Shakes,
  modelId: string,
  now: number,
): 'steady' | 'shaky' | 'refused' | 'told' {
  const own = byModel.get(modelId)
  if (own !== undefined && own.until > now) {
    if (own.refused === true) return 'refused'
    if (own.told !== undefined) return 'told'
  }
  if (all !== undefined && all.until > now) return all.told === undefined ? 'shaky' : 'told'
  return own !== undefined && own.until > now ? 'shaky' : 'steady'
}

/** What the provider said with the time it named, and that time; the later of the two that hold for the model. */
export function toldUntil(
  { all, byModel }: Shakes,
  modelId: string,
  now: number,
): { readonly until: number; readonly error: GatewayError } | undefined {
  const told = [all, byModel.get(modelId)].flatMap((shake) =>
    shake?.told !== undefined && shake.until > now ? [{ until: shake.until, error: shake.told }] : [],
  )
  return told.toSorted((one, other) => other.until - one.until)[0]
}

/** Epoch ms at which the next of them ends. */
export const shakesEnd = ({ all, byModel }: Shakes, now: number): number =>
  Math.min(
    ...[all, ...byModel.values()].map((shake) =>
      shake !== undefined && shake.until > now ? shake.until : Number.POSITIVE_INFINITY,
    ),
  )

function remember({ byModel }: Shakes, modelId: string, shake: Shake): void {
  byModel.delete(modelId)
  byModel.set(modelId, shake)
  if (byModel.size > maxModels) for (const oldest of byModel.keys()) return void byModel.delete(oldest)
}
