import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { remainingCredits, shareLeft } from '../conversation/quota.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Account, Health, Outcome } from './account.ts'
import { type Affinity, type AffinityStats, createAffinity } from './affinity.ts'
import { afterOutcome, afterSignInLost, availableAt, type HealthPolicy, isFinal } from './health.ts'
import { noSeat } from './no-seat.ts'
import { createOutage } from './outage.ts'
import { createWaitingLine } from './queue.ts'
import { type Strategy, selectSeat } from './select.ts'
import { afterRefusal, afterShake, afterSteady, mayPass } from './shakes.ts'
import {
  countStart,
  type Held,
  hasNoRoom,
  mayServe,
  type Offer,
  type RoomLimits,
  type Verdict,
  verdictOn,
} from './verdict.ts'

export type PoolSettings = {
  readonly strategy: Strategy
  readonly health: HealthPolicy
  readonly room: RoomLimits
  /** Share of each quota, 0 to 1, that `quota_aware` keeps for when there is no other. */
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
  /** The only accounts it may get, those of its caller's key; absent: any. */
  readonly only?: ReadonlySet<string>
  /** Accounts this request must not get again. */
  readonly exclude: ReadonlySet<string>
  /** Accounts to take only if there is no other. */
  readonly avoid: ReadonlySet<string>
  /** Epoch ms until which it may wait for a seat. */
  readonly waitUntil: number
}

/** Why each candidate was or was not taken, in the order looked at; bounded, but always with the one that was. */
export type Consideration = { readonly accountId: string; readonly verdict: Verdict }
/** `conversation`: its earlier turns went there. */
export type ChosenBy = 'conversation' | Strategy

export type Lease = {
  readonly accountId: string
  /** UUID, stable for one caller conversation while it stays on this account. */
  readonly conversationId: string
  readonly waitedMs: number
  readonly considered: readonly Consideration[]
  /** What decided for this account. */
  readonly by: ChosenBy
  /** The call has begun to answer: the account is well, whatever becomes of the reply. */
  readonly confirm: () => void
  /** Whether the account may still be called: it was not switched off, removed or lost since. */
  readonly isCurrent: () => boolean
  /** Gives the seat back; only the first call counts. */
  readonly release: (outcome: Outcome) => void
}

export type Pool = ReturnType<typeof createPool>
export type PoolStats = { readonly accounts: number; readonly waiting: number; readonly affinity: AffinityStats }

/** As much of a request as the verdict on an account depends on. */
export type Asked = Pick<SeatRequest, 'modelId' | 'only' | 'exclude'>
type Waiting = { readonly request: SeatRequest; readonly since: number }

const maxConsidered = 64
/** How long others wait for the word of the one call that tries an account after its rest. */
const probeMs = 5_000

/** Holds the accounts, their room for work and the line of those who wait for it. */
export function createPool(initial: PoolSettings, deps: PoolDeps) {
  const { effects } = deps
  const seats = new Map<string, Held>()
  /** The same, in the order they were put. */
  let everySeat: Held[] = []
  const affinity: Affinity = createAffinity(initial.affinityMax, initial.affinityTtlMs, effects.now)
  const line = createWaitingLine<Waiting, Lease, GatewayError>(initial.maxWaiting, laneOf, effects)
  let settings = initial
  let turn = 0
  const outage = createOutage(effects.now)
  let cancelWake: (() => void) | undefined

  const put = (account: Account): void => {
    const { quota } = account
    const quotaLeft = shareLeft(quota)
    const creditsLeft = quota === undefined ? undefined : remainingCredits(quota)
    const held = seats.get(account.id)
    if (held === undefined) {
      const fresh: Held = {
        account,
        inFlight: 0,
        startsLastMinute: 0,
        quotaLeft,
        creditsLeft,
        starts: [],
        startsUntil: Number.POSITIVE_INFINITY,
        probeUntil: 0,
        shakes: undefined,
        offer: undefined,
      }
      seats.set(account.id, fresh)
      everySeat.push(fresh)
    } else {
      held.account = account
      held.quotaLeft = quotaLeft
      held.creditsLeft = creditsLeft
    }
    serveLine()
  }

  /** An equal list that some account has already, else a new one. */
  const offerOf = (models: readonly string[]): Offer => {
    const key = models.join('\n')
    return everySeat.find(({ offer }) => offer?.key === key)?.offer ?? { key, models: new Set(models) }
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

  /** The accounts a request may get; the others are no candidates. */
  const candidatesOf = (only: SeatRequest['only']): readonly Held[] =>
    only === undefined ? everySeat : [...only].flatMap((id) => seats.get(id) ?? [])

  /** Looks at each candidate; `each` is told the verdict. */
  function judge(request: Asked, now: number, each: (held: Held, verdict: Verdict) => void): void {
    let offer: Offer | undefined
    let offersModel = true
    for (const held of candidatesOf(request.only)) {
      if (held.offer !== offer) {
        offer = held.offer
        offersModel = offer === undefined || offer.models.has(request.modelId)
      }
      each(held, verdictOn(held, request.modelId, offersModel, request.exclude, settings.room, now))
    }
  }

  function tryTake({ request, since }: Waiting): Lease | GatewayError | undefined {
    const now = effects.now()
    const considered: Consideration[] = []
    const free: Held[] = []
    const strained: Held[] = []
    const shaky: Held[] = []
    const avoided: Held[] = []
    const tie = request.session === undefined || request.isNew === true ? undefined : affinity.find(request.session)
    let tieStands: Verdict | undefined
    let roomMayCome = false
    judge(request, now, (held, verdict) => {
      const { id } = held.account
      if (considered.length < maxConsidered) considered.push({ accountId: id, verdict })
      if (tie !== undefined && tie.accountId === id) tieStands = verdict
      if (verdict === 'free' || verdict === 'strained' || verdict === 'shaky') {
        if (request.avoid.size > 0 && request.avoid.has(id)) avoided.push(held)
        else if (verdict === 'free') free.push(held)
        else if (verdict === 'strained') strained.push(held)
        else shaky.push(held)
      } else if (hasNoRoom(verdict)) roomMayCome = true
    })
    const isTied = ({ account }: Held): boolean => account.id === tie?.accountId
    const suitable = [free, strained, shaky].find(({ length }) => length > 0) ?? avoided
    // Its own account comes first even when strained: another one has none of its prompt cache.
    const kept = tie === undefined ? undefined : (suitable.find(isTied) ?? strained.find(isTied))
    const held =
      kept ??
      selectSeat(settings.strategy, suitable, {
        now,
        random: effects.random(),
        turn: turn++,
        reserve: settings.quotaReserve,
      })
    if (held === undefined) {
      return roomMayCome
        ? undefined
        : noSeat(candidatesOf(request.only), request.modelId, request.only !== undefined, now)
    }
    const { id } = held.account
    markChosen(considered, id)
    if (tie !== undefined) affinity.count(kept !== undefined)
    const conversationId = kept !== undefined && tie !== undefined ? tie.conversationId : effects.newUuid()
    // A moment without room does not move a conversation for good.
    const moves = kept === undefined && !(tieStands !== undefined && hasNoRoom(tieStands))
    if (request.session !== undefined && (kept !== undefined || moves))
      affinity.tie(request.session, { accountId: id, conversationId })
    const by = kept === undefined ? settings.strategy : 'conversation'
    return lease(held, request.modelId, now, { waitedMs: now - since, conversationId, considered, by })
  }

  function lease(
    held: Held,
    modelId: string,
    now: number,
    about: Pick<Lease, 'waitedMs' | 'conversationId' | 'considered' | 'by'>,
  ): Lease {
    const probes = held.account.health.state !== 'ready' && held.account.health.until !== undefined
    if (probes) held.probeUntil = now + probeMs
    held.inFlight++
    countStart(held, now)
    held.account = { ...held.account, lastUsedAt: now }
    let open = true
    const { id } = held.account
    const tell = (outcome: Outcome): void => {
      if (probes) held.probeUntil = 0
      change(id, (account) => afterOutcome(account, outcome, now, effects.now(), effects.random(), settings.health))
    }
    return {
      ...about,
      accountId: id,
      confirm: () => {
        if (!open) return
        outage.answered()
        tell({ type: 'success' })
        serveLine()
      },
      isCurrent: () => {
        const current = seats.get(id)
        return current === held && held.account.enabled && !isFinal(held.account.health)
      },
      release: (outcome) => {
        if (!open) return
        open = false
        held.inFlight--
        if (outcome.type === 'success') held.shakes = afterSteady(held.shakes, modelId)
        if (outcome.type === 'failure') {
          held.shakes = afterShake(held.shakes, outcome.error, modelId, effects.now(), effects.random())
          if (mayPass(outcome.error.kind)) outage.failed()
        }
        tell(outcome)
        deps.onOutcome(id, outcome)
        serveLine()
      },
    }
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
    for (const held of everySeat) {
      const at = availableAt(held.account, now)
      if (at !== undefined && at > now) next = Math.min(next, at)
      if (settings.room.startsPerMinute > 0 && held.startsUntil > now) next = Math.min(next, held.startsUntil)
      if (held.probeUntil > now) next = Math.min(next, held.probeUntil)
    }
    if (next !== Number.POSITIVE_INFINITY) cancelWake = effects.after(Math.max(1, next - now), serveLine)
  }

  return {
    put,
    remove: (id: string): void => {
      seats.delete(id)
      everySeat = everySeat.filter(({ account }) => account.id !== id)
      serveLine()
    },
    /** The ids of the models this account's live list offers; without a list it is taken to offer any. */
    setModels: (id: string, models: readonly string[]): void => {
      const held = seats.get(id)
      if (held !== undefined) held.offer = offerOf(models)
      serveLine()
    },
    /** The provider refused this model to this account. */
    forgetModel: (id: string, modelId: string): void => {
      const held = seats.get(id)
      if (held !== undefined) held.shakes = afterRefusal(held.shakes, modelId, effects.now())
    },
    setSettings: (next: PoolSettings): void => {
      settings = next
      serveLine()
    },
    signInLost: (id: string, reason: string): void =>
      change(id, (account) => afterSignInLost(account, reason, effects.now())),
    get: (id: string): Account | undefined => seats.get(id)?.account,
    inFlight: (id: string): number => seats.get(id)?.inFlight ?? 0,
    list: (): readonly Account[] => everySeat.map(({ account }) => account),
    /** Why none of these accounts can serve now or later by itself; undefined while one can. */
    nobodyServes: (only: SeatRequest['only']): GatewayError | undefined => {
      const now = effects.now()
      const candidates = candidatesOf(only)
      const serves = ({ account }: Held): boolean => account.enabled && availableAt(account, now) !== undefined
      return candidates.some(serves) ? undefined : noSeat(candidates, '', only !== undefined, now)
    },
    /** Whether the provider fails everybody. */
    isOutage: outage.isOn,
    /** Whether any account but the excluded ones may serve the request, now or as soon as it has room. */
    hasOther: (request: Asked): boolean => {
      let found = false
      judge(request, effects.now(), (_, verdict) => {
        found ||= mayServe(verdict)
      })
      return found
    },
    /** How each candidate stands towards a request now; for the record of one that got no seat. */
    consider: (request: Asked): readonly Consideration[] => {
      const considered: Consideration[] = []
      judge(request, effects.now(), ({ account }, verdict) => {
        if (considered.length < maxConsidered) considered.push({ accountId: account.id, verdict })
      })
      return considered
    },
    stats: (): PoolStats => ({ accounts: seats.size, waiting: line.size(), affinity: affinity.stats() }),

    /** A seat at once, or after a wait in line of at most `request.waitUntil`; the error says why there is none. */
    acquire: async (request: SeatRequest, signal: AbortSignal): Promise<Result<Lease, GatewayError>> => {
      const waiting: Waiting = { request, since: effects.now() }
      const now =
        line.size() === 0 ? tryTake(waiting) : line.mayPass(request.callerId, waiting) ? tryTake(waiting) : undefined
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

/** Waiting requests that any seat suits alike. */
function laneOf({ request: { modelId, only, exclude, avoid } }: Waiting): string {
  const parts = [modelId]
  if (only !== undefined) parts.push('only', ...only)
  if (exclude.size > 0) parts.push('not', ...exclude)
  if (avoid.size > 0) parts.push('rather not', ...avoid)
  return parts.join('\n')
}

/** Notes which one was taken, past the bound if need be. */
function markChosen(considered: Consideration[], accountId: string): void {
  const at = considered.findIndex((entry) => entry.accountId === accountId)
  considered[at < 0 ? considered.length : at] = { accountId, verdict: 'chosen' }
}
