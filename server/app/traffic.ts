import type { Effects } from '../lib/effects.ts'
import type { Asked, SeatRequest } from '../pool/seat-request.ts'
import { createBreaker, modelBreaker, routeBreaker } from '../relay/breaker.ts'
import type { RelayDeps } from '../relay/relay.ts'
import { defaultRetryLimits } from '../relay/retry.ts'
import { createAmazonQ } from '../upstream/amazonq/client.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { Core } from './core.ts'
import type { LazyEstimator } from './estimator.ts'
import type { ModelRulesHolder } from './model-rules.ts'
import type { Roster } from './roster.ts'

const maxQueueMs = 60_000

export type TrafficRules = {
  readonly rules: ModelRulesHolder
  readonly estimator: LazyEstimator
  readonly rateOf: RelayDeps['rateOf']
}

/** What the relay works with: the accounts in service, their ways out and the provider. */
export function createTraffic(
  core: Core,
  { pool, shelf, accounting }: Roster,
  { rules, estimator, rateOf }: TrafficRules,
  effects: Effects,
): RelayDeps & Pick<Upstream, 'preview'> {
  const { outbound, settings, tokens } = core
  /** A way is closed when most of the accounts on it say so; what only some meet is theirs, or their network's. */
  const mostOf = (way: string): number => {
    const onIt = pool.list().filter(({ id, enabled }) => enabled && outbound.routeOf(id) === way).length
    return Math.max(2, Math.floor(onIt / 2) + 1)
  }
  const routes = createBreaker({ ...routeBreaker, sources: mostOf }, effects)
  /** Accounts whose way out is closed: their proxy is down, or their route rests. */
  const cutOff = (): ReadonlySet<string> => {
    const away = outbound.cutOff()
    if (routes.stats().resting === 0) return away
    const resting = pool.list().filter(({ id }) => routes.rests(outbound.routeOf(id)))
    return away.union(new Set(resting.map(({ id }) => id)))
  }
  return {
    effects,
    limits: defaultRetryLimits,
    maxQueueMs,
    resolve: (conversation, accounts, callerId, refused) =>
      shelf.resolve(conversation, accounts, rules.of(callerId), refused),
    acquire: (request: SeatRequest, signal: AbortSignal) => {
      const away = cutOff()
      return pool.acquire(away.size === 0 ? request : { ...request, avoid: request.avoid.union(away) }, signal)
    },
    hasOther: (request: Asked) => {
      const away = cutOff()
      return pool.hasOther(away.size === 0 ? request : { ...request, exclude: request.exclude.union(away) })
    },
    isOutage: pool.isOutage,
    consider: pool.consider,
    forgetModel: pool.forgetModel,
    guardsCredits: pool.guardsCredits,
    ...createAmazonQ({ settings, effects: core.effects, tokens, accounting }),
    models: createBreaker(modelBreaker, effects),
    routes,
    routeOf: outbound.routeOf,
    estimateInput: estimator.conversation,
    countTokens: estimator.text,
    rateOf,
  }
}
