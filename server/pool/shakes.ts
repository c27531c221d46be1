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
  /** The provider itself named a time: nobody calls before it, not even for want of another account. */
  readonly told?: Told
}
export type Told = { readonly until: number; readonly error: GatewayError }

const rest: Backoff = { baseMs: 1_000, maxMs: 60_000 }
/** Silence costs a caller much more than an error does. */
const silent: Backoff = { baseMs: 30_000, maxMs: 300_000 }
/** A plan may be raised; until then the same answer would come again. */
const refusedMs = 3_600_000
const maxModels = 100
/** No single answer may take an account away for longer. */
const maxToldMs = 3_600_000

const scopes: { readonly [Kind in ErrorKind]?: 'all' | 'model' } = {
  'renewal-failed': 'all',
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
  const next = shakes ?? { all: undefined, byModel: new Map() }
  const last = scope === 'all' ? next.all : next.byModel.get(modelId)
  // Calls that were under way at the last fault belong to it: one moment of trouble is one fault.
  const isNews = last === undefined || startedAt >= last.at
  const faults = (last?.faults ?? 0) + (isNews ? 1 : 0)
  const toldMs = Math.min(maxToldMs, error.retryAfterMs ?? 0)
  const pauseMs = toldMs > 0 ? toldMs : backoffMs(kind === 'timeout' ? silent : rest, faults, random)
  const named = toldMs > 0 ? { until: now + toldMs, error } : undefined
  const told = later(last?.told, named)
  const shake = { at: now, until: Math.max(now + pauseMs, last?.until ?? 0), faults, ...(told && { told }) }
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

/** A call for the model has begun to be answered: nobody need wait for the named time any more. */
export function afterWord(shakes: Shakes | undefined, modelId: string): void {
  if (shakes === undefined) return
  if (shakes.all?.told !== undefined) shakes.all = untold(shakes.all)
  const own = shakes.byModel.get(modelId)
  if (own?.told !== undefined) shakes.byModel.set(modelId, untold(own))
}
const untold = ({ told: _, ...shake }: Shake): Shake => shake

/** A list of other models may hold one that was refused. */
export function afterOtherModels(shakes: Shakes | undefined): void {
  for (const [modelId, { refused }] of shakes?.byModel ?? []) if (refused === true) shakes?.byModel.delete(modelId)
}

/** `told`: the provider said when to come back, and that is not yet. `failing`: shaky for the third time in a row and more. */
export type Standing = 'steady' | 'shaky' | 'failing' | 'refused' | 'told'

export function standing(shakes: Shakes, modelId: string, now: number): Standing {
  const { all, byModel } = shakes
  const own = byModel.get(modelId)
  if (own?.refused === true && own.until > now) return 'refused'
  if (toldUntil(shakes, modelId, now) !== undefined) return 'told'
  const faults = Math.max(faultsOf(all, now), faultsOf(own, now))
  return faults === 0 ? 'steady' : faults < 3 ? 'shaky' : 'failing'
}
const faultsOf = (shake: Shake | undefined, now: number): number =>
  shake !== undefined && shake.until > now ? shake.faults : 0

/** What the provider said with the time it named, and that time; the later of the two that hold for the model. */
export function toldUntil({ all, byModel }: Shakes, modelId: string, now: number): Told | undefined {
  const told = later(all?.told, byModel.get(modelId)?.told)
  return told !== undefined && told.until > now ? told : undefined
}

/** Whether the provider named a time and nobody has been answered since, be it over or not. */
export const wasTold = ({ all, byModel }: Shakes, modelId: string): boolean =>
  all?.told !== undefined || byModel.get(modelId)?.told !== undefined

const later = (one: Told | undefined, other: Told | undefined): Told | undefined =>
  one === undefined || (other !== undefined && other.until >= one.until) ? other : one

/** What is the matter with an account that keeps its state, for the operator; `modelId` absent: with all of its calls. */
export type Trouble = {
  readonly kind: 'shaky' | 'told-to-wait' | 'model-refused'
  readonly modelId?: string
  readonly until: number
  readonly reason?: string
}

export function troublesOf(shakes: Shakes | undefined, now: number): readonly Trouble[] {
  if (shakes === undefined) return []
  const entries = [[undefined, shakes.all] as const, ...shakes.byModel]
  return entries.flatMap(([modelId, shake]): Trouble[] => {
    if (shake === undefined || shake.until <= now) return []
    const ofModel = modelId === undefined ? {} : { modelId }
    if (shake.refused === true) return [{ kind: 'model-refused', ...ofModel, until: shake.until }]
    const { told } = shake
    return told !== undefined && told.until > now
      ? [{ kind: 'told-to-wait', ...ofModel, until: told.until, reason: told.error.message }]
      : [{ kind: 'shaky', ...ofModel, until: shake.until }]
  })
}

/** Epoch ms of the next moment at which anything of it ends. */
export function shakesEnd({ all, byModel }: Shakes, now: number): number {
  let next = Number.POSITIVE_INFINITY
  for (const shake of [all, ...byModel.values()]) {
    for (const at of [shake?.until ?? 0, shake?.told?.until ?? 0]) if (at > now) next = Math.min(next, at)
  }
  return next
}

function remember({ byModel }: Shakes, modelId: string, shake: Shake): void {
  byModel.delete(modelId)
  byModel.set(modelId, shake)
  if (byModel.size > maxModels) for (const oldest of byModel.keys()) return void byModel.delete(oldest)
}
