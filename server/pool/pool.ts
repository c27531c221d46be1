import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { Quota } from '../conversation/quota.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Account, Health, Outcome } from './account.ts'
import { type Affinity, createAffinity } from './affinity.ts'
import { afterCheck, afterOutcome, afterQuota, afterSignInLost, availableAt, type HealthPolicy } from './health.ts'
import { createWaitingLine } from './queue.ts'
import { type Strategy, selectSeat } from './select.ts'

export type PoolSettings = {
  readonly strategy: Strategy
  readonly health: HealthPolicy
  /** Calls one account may start within a minute; 0: no limit. */
  readonly startsPerMinute: number
  readonly quotaReserve: number
  readonly maxWaiting: number
  readonly affinityMax: number
  readonly affinityTtlMs: number
}

export type PoolDeps = {
  readonly effects: Pick<Effects, 'now' | 'random' | 'after' | 'newUuid'>
  /** Told of every lasting change, to be stored; must not throw. */
  readonly onHealth: (accountId: string, health: Health) => void
  /** Told when a lease ends, for counters; must not throw. */
  readonly onOutcome: (accountId: string, outcome: Outcome) => void
}

export type SeatRequest = {
  /** Whose turn it is in the waiting line: the caller's key. */
  readonly callerId: string
  /** The provider's model id. */
  readonly modelId: string
  /** Names the caller's conversation; the same one goes to the same account while that is well. */
  readonly session?: string
  /** The conversation's first turn: it is remembered where it goes, but follows nobody. */
  readonly isNew?: boolean
  /** Accounts this request must not get again. */
  readonly exclude: ReadonlySet<string>
  /** Accounts to take only if there is no other. */
  readonly avoid: ReadonlySet<string>
  /** Epoch ms until which it may wait for a seat. */
  readonly waitUntil: number
}

/** Why each account was or was not taken, in the order looked at; bounded. */
export type Consideration = { readonly accountId: string; readonly verdict: Verdict }
export type Verdict = 'chosen' | 'free' | 'tried' | 'disabled' | 'no-model' | 'busy' | 'paced' | Health['state']

export type Lease = {
  readonly accountId: string
  /** UUID, stable for one caller conversation while it stays on this account. */
  readonly conversationId: string
  readonly waitedMs: number
  readonly considered: readonly Consideration[]
  /** Gives the seat back; only the first call counts. */
  readonly release: (outcome: Outcome) => void
}

export type Pool = ReturnType<typeof createPool>

/** A seat in our keeping; `starts` are epoch ms of the calls begun within the last minute, oldest first. */
type Held = {
  account: Account
  inFlight: number
  startsLastMinute: number
  starts: number[]
  models: Set<string> | undefined
}
type Waiting = { readonly request: SeatRequest; readonly since: number }

const minuteMs = 60_000
const maxConsidered = 64

/** Holds the accounts, their room for work and the line of those who wait for it. */
export function createPool(initial: PoolSettings, deps: PoolDeps) {
  const { effects } = deps
  const seats = new Map<string, Held>()
  const affinity: Affinity = createAffinity(initial.affinityMax, initial.affinityTtlMs, effects.now)
  const line = createWaitingLine<Waiting, Lease, GatewayError>(initial.maxWaiting, effects)
  let settings = initial
  let turn = 0
  let cancelWake: (() => void) | undefined

  const put = (account: Account): void => {
    const held = seats.get(account.id)
    if (held === undefined)
      seats.set(account.id, { account, inFlight: 0, startsLastMinute: 0, starts: [], models: undefined })
    else held.account = account
    serveLine()
  }

  const change = (id: string, next: (account: Account) => Health): void => {
    const held = seats.get(id)
    if (held === undefined) return
    const health = next(held.account)
    if (health === held.account.health) return
    held.account = { ...held.account, health }
    deps.onHealth(id, health)
    serveLine()
  }

  function verdictOf(held: Held, request: SeatRequest, now: number): Verdict {
    const { account } = held
    if (request.exclude.size > 0 && request.exclude.has(account.id)) return 'tried'
    if (!account.enabled) return 'disabled'
    if (held.models !== undefined && !held.models.has(request.modelId)) return 'no-model'
    if (account.health.state !== 'ready') {
      const at = availableAt(account, now)
      if (at === undefined || at > now) return account.health.state
    }
    if (held.inFlight >= account.maxInFlight) return 'busy'
    if (held.startsLastMinute > 0) forgetOldStarts(held, now)
    if (settings.startsPerMinute > 0 && held.startsLastMinute >= settings.startsPerMinute) return 'paced'
    return 'free'
  }

  function tryTake({ request, since }: Waiting): Lease | GatewayError | undefined {
    const now = effects.now()
    const considered: Consideration[] = []
    const free: Held[] = []
    const fallback: Held[] = []
    let busy = false
    for (const held of seats.values()) {
      const verdict = verdictOf(held, request, now)
      if (considered.length < maxConsidered) considered.push({ accountId: held.account.id, verdict })
      if (verdict === 'busy' || verdict === 'paced') busy = true
      if (verdict !== 'free') continue
      if (request.avoid.size > 0 && request.avoid.has(held.account.id)) fallback.push(held)
      else free.push(held)
    }
    const suitable = free.length > 0 ? free : fallback
    const tie = request.session === undefined || request.isNew === true ? undefined : affinity.find(request.session)
    const tied = tie === undefined ? undefined : suitable.find(({ account }) => account.id === tie.accountId)
    const held =
      tied ??
      selectSeat(settings.strategy, suitable, {
        now,
        random: effects.random(),
        turn: turn++,
        reserve: settings.quotaReserve,
      })
    if (held === undefined) return busy ? undefined : nobodyLeft(request, now)
    const chosen = considered.map((entry) =>
      entry.accountId === held.account.id ? { ...entry, verdict: 'chosen' as const } : entry,
    )
    const conversationId = tied !== undefined && tie !== undefined ? tie.conversationId : effects.newUuid()
    if (request.session !== undefined) affinity.tie(request.session, { accountId: held.account.id, conversationId })
    return lease(held, now, since, conversationId, chosen)
  }

  function lease(
    held: Held,
    now: number,
    since: number,
    conversationId: string,
    considered: readonly Consideration[],
  ): Lease {
    held.inFlight++
    held.starts.push(now)
    held.startsLastMinute = held.starts.length
    held.account = { ...held.account, lastUsedAt: now }
    let open = true
    const { id } = held.account
    return {
      accountId: id,
      conversationId,
      waitedMs: now - since,
      considered,
      release: (outcome) => {
        if (!open) return
        open = false
        held.inFlight--
        change(id, (account) => afterOutcome(account, outcome, now, effects.now(), effects.random(), settings.health))
        deps.onOutcome(id, outcome)
        serveLine()
      },
    }
  }

  /** No account could ever serve this request as things stand: says why, and when it may be worth another try. */
  function nobodyLeft(request: SeatRequest, now: number): GatewayError {
    const able = [...seats.values()].filter(
      ({ account, models }) => account.enabled && (models === undefined || models.has(request.modelId)),
    )
    if (seats.size === 0) {
      return gatewayError('no-account', 'No account has been added yet. Add one in the console or with `account add`.')
    }
    const returning = able
      .map(({ account }) => ({ state: account.health.state, at: availableAt(account, now) }))
      .filter((entry): entry is { state: Health['state']; at: number } => entry.at !== undefined && entry.at > now)
    const soonest = (state: Health['state']): number | undefined => {
      const times = returning.filter((entry) => entry.state === state).map(({ at }) => at - now)
      return times.length === 0 ? undefined : Math.min(...times)
    }
    const cooling = soonest('cooling')
    if (cooling !== undefined) {
      return gatewayError('pool-cooling', 'All accounts are resting after rate limits.', { retryAfterMs: cooling })
    }
    const exhausted = soonest('exhausted')
    if (exhausted !== undefined) {
      return gatewayError('pool-exhausted', 'The quota of all accounts is used up.', { retryAfterMs: exhausted })
    }
    if (able.some(({ account }) => availableAt(account, now) !== undefined)) {
      return gatewayError('upstream-failed', 'Every account was tried and none could answer.')
    }
    const anyWell = [...seats.values()].some(({ account }) => availableAt(account, now) !== undefined)
    if (able.length === 0 && anyWell) {
      return gatewayError('model-not-found', 'No account offers this model.', { field: 'model' })
    }
    return gatewayError(
      'no-healthy-account',
      'Every account needs attention (disabled, suspended, signed out or failing); see the Accounts page.',
    )
  }

  /** Serves whoever can be served, and sets the alarm for the next account that comes back. */
  function serveLine(): void {
    if (line.size() === 0) return
    line.serve(tryTake)
    cancelWake?.()
    cancelWake = undefined
    if (line.size() === 0) return
    const now = effects.now()
    let next = Number.POSITIVE_INFINITY
    for (const held of seats.values()) {
      const at = availableAt(held.account, now)
      if (at !== undefined && at > now) next = Math.min(next, at)
      const oldest = held.starts[0]
      if (oldest !== undefined && settings.startsPerMinute > 0) next = Math.min(next, oldest + minuteMs + 1)
    }
    if (next !== Number.POSITIVE_INFINITY) cancelWake = effects.after(Math.max(1, next - now), serveLine)
  }

  return {
    put,
    remove: (id: string): void => {
      seats.delete(id)
      serveLine()
    },
    /** The ids of the models this account's live list offers; without a list it is taken to offer any. */
    setModels: (id: string, models: readonly string[]): void => {
      const held = seats.get(id)
      if (held !== undefined) held.models = new Set(models)
      serveLine()
    },
    /** The provider refused this model to this account. */
    forgetModel: (id: string, modelId: string): void => {
      seats.get(id)?.models?.delete(modelId)
    },
    setSettings: (next: PoolSettings): void => {
      settings = next
      serveLine()
    },
    saveQuota: (id: string, quota: Quota): void => {
      const held = seats.get(id)
      if (held === undefined) return
      change(id, (account) => afterQuota(account, quota, effects.now(), settings.health))
      held.account = { ...held.account, quota }
    },
    signInLost: (id: string, reason: string): void =>
      change(id, (account) => afterSignInLost(account, reason, effects.now())),
    checked: (id: string): void => change(id, (account) => afterCheck(account, effects.now())),
    /** A call outside a lease (check, quota poll) failed: the same rules as for a lease. */
    failed: (id: string, error: GatewayError): void => {
      const now = effects.now()
      change(id, (account) =>
        afterOutcome(account, { type: 'failure', error }, now, now, effects.random(), settings.health),
      )
    },
    get: (id: string): Account | undefined => seats.get(id)?.account,
    inFlight: (id: string): number => seats.get(id)?.inFlight ?? 0,
    list: (): readonly Account[] => [...seats.values()].map(({ account }) => account),
    stats: () => ({ accounts: seats.size, waiting: line.size(), affinity: affinity.stats() }),

    /** A seat at once, or after a wait in line of at most `request.waitUntil`; the error says why there is none. */
    acquire: async (request: SeatRequest, signal: AbortSignal): Promise<Result<Lease, GatewayError>> => {
      const waiting: Waiting = { request, since: effects.now() }
      const now = line.size() === 0 ? tryTake(waiting) : line.mayPass(request.callerId) ? tryTake(waiting) : undefined
      if (now !== undefined) return 'release' in now ? ok(now) : err(now)
      const waited = line.wait(request.callerId, waiting, request.waitUntil, signal, (reason) =>
        reason === 'cancelled'
          ? gatewayError('cancelled', 'The caller left.')
          : gatewayError(
              'pool-busy',
              reason === 'full'
                ? 'Too many requests are waiting for an account.'
                : 'All accounts are busy; the wait for a free one took too long.',
              { retryAfterMs: 5_000 },
            ),
      )
      serveLine()
      return waited
    },
  }
}

function forgetOldStarts(held: Held, now: number): void {
  const { starts } = held
  let old = 0
  while (old < starts.length && (starts[old] ?? 0) <= now - minuteMs) old++
  if (old > 0) starts.splice(0, old)
  held.startsLastMinute = starts.length
}
