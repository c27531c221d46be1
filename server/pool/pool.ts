import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Account, Health, Outcome } from './account.ts'
import { type Affinity, type AffinityStats, createAffinity } from './affinity.ts'
import { afterOutcome, afterSignInLost, availableAt, type HealthPolicy, isFinal } from './health.ts'
import { noSeat, restEnd } from './no-seat.ts'
import { createOutage } from './outage.ts'
import { createCommon } from './purse.ts'
import { createWaitingLine } from './queue.ts'
import type { Asked, Consideration, Lease, SeatRequest } from './seat-request.ts'
import { createSeats } from './seats.ts'
import { type Strategy, selectSeat } from './select.ts'
import {
  afterRefusal,
  afterShake,
  afterSteady,
  afterWord,
  mayPass,
  shakesEnd,
  type Trouble,
  troublesOf,
  wasTold,
} from './shakes.ts'
import { anyServes, markChosen, type Survey, survey } from './survey.ts'
import { afterGoodWord, countTry, isFull, startTrial } from './trial.ts'
import { countStart, type Held, hasNoRoom, isShaken, type RoomLimits, type Verdict } from './verdict.ts'

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

export type Pool = ReturnType<typeof createPool>
export type PoolStats = { readonly accounts: number; readonly waiting: number; readonly affinity: AffinityStats }

type Waiting = { readonly request: SeatRequest; readonly since: number }

const none: ReadonlySet<string> = new Set()

/** Holds the accounts, their room for work and the line of those who wait for it. */
export function createPool(initial: PoolSettings, deps: PoolDeps) {
  const { effects } = deps
  const common = createCommon(() => settings.health.overage)
  const seats = createSeats(() => settings.health.overage, common, effects.now)
  const affinity: Affinity = createAffinity(initial.affinityMax, initial.affinityTtlMs, effects.now)
  const line = createWaitingLine<Waiting, Lease, GatewayError>(initial.maxWaiting, laneOf, priorityOf, effects)
  const outage = createOutage(effects.now)
  let settings = initial
  let turn = 0
  /** Epoch ms at which all who wait were last looked at: what has ended since is news to them. */
  let servedAt = 0
  let cancelWake: (() => void) | undefined

  const change = (id: string, next: (account: Account) => Health): void => {
    const held = seats.get(id)
    if (held === undefined) return
    const health = next(held.account)
    if (health === held.account.health) return
    // A new rest ends the trial after the last one.
    if ((health.until ?? 0) > effects.now()) held.trial = undefined
    held.account = { ...held.account, health }
    deps.onHealth(id, health)
    serveLine()
  }

  const look = (request: Asked, avoid: ReadonlySet<string> = none, ownId?: string): Survey =>
    survey(seats.candidates(request.only), request, avoid, ownId, settings.room, effects.now())

  function tryTake({ request, since }: Waiting): Lease | GatewayError | undefined {
    const now = effects.now()
    const tie = request.session === undefined || request.isNew === true ? undefined : affinity.find(request.session)
    const found = look(request, request.avoid, tie?.accountId)
    const { free, strained, shaky, failing, avoided, own, roomMayCome, told, considered } = found
    const isTied = ({ account }: Held): boolean => account.id === tie?.accountId
    // One that fails again and again is no better than a short wait for one that does not.
    const lastResort = roomMayCome && failing.length > 0 ? [] : [failing, avoided]
    const suitable = [free, strained, shaky, ...lastResort].find(({ length }) => length > 0) ?? []
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
      if (roomMayCome) return undefined
      const candidates = seats.candidates(request.only)
      const healsAt = Math.min(told?.until ?? Number.POSITIVE_INFINITY, restEnd(candidates, request, now))
      if (healsAt <= request.waitUntil) return undefined
      // Not worth the wait: passed on to the caller with what was said.
      if (told !== undefined) return { ...told.error, retryAfterMs: healsAt - now }
      return noSeat(candidates, request, now)
    }
    const { id } = held.account
    markChosen(considered, id)
    if (tie !== undefined && request.isRetry !== true) affinity.count(kept !== undefined)
    const conversationId = kept !== undefined && tie !== undefined ? tie.conversationId : effects.newUuid()
    // A moment without room, or of trouble, does not move a conversation for good.
    const moves = kept === undefined && !(own !== undefined && isMomentary(own.verdict, own.held, now))
    if (request.session !== undefined && (kept !== undefined || moves))
      affinity.tie(request.session, { accountId: id, conversationId })
    const by = kept === undefined ? settings.strategy : 'conversation'
    return lease(held, request, now, { waitedMs: now - since, conversationId, considered, by })
  }

  function lease(
    held: Held,
    { modelId, credits = 0 }: SeatRequest,
    now: number,
    about: Pick<Lease, 'waitedMs' | 'conversationId' | 'considered' | 'by'>,
  ): Lease {
    const { health } = held.account
    const rested = health.state !== 'ready' && health.until !== undefined
    if (rested || (held.shakes !== undefined && wasTold(held.shakes, modelId))) {
      held.trial ??= startTrial(health.kind === 'rate-limited')
    }
    const { trial } = held
    if (trial !== undefined) countTry(trial, now)
    let isSilent = true
    held.inFlight++
    const giveBack = held.purse?.take(credits)
    countStart(held, now)
    held.account = { ...held.account, lastUsedAt: now }
    let open = true
    const { id } = held.account
    const tell = (outcome: Outcome): void => {
      if (isSilent && trial !== undefined) {
        trial.out--
        if (outcome.type === 'success' && held.trial === trial) held.trial = afterGoodWord(trial)
      }
      isSilent = false
      change(id, (account) => afterOutcome(account, outcome, now, effects.now(), effects.random(), settings.health))
    }
    return {
      ...about,
      accountId: id,
      confirm: () => {
        if (!open) return
        outage.answered()
        afterWord(held.shakes, modelId)
        tell({ type: 'success' })
        serveLine()
      },
      isCurrent: () => {
        const current = seats.get(id)
        return current === held && held.account.enabled && !isFinal(held.account.health)
      },
      release: (outcome, cost = credits) => {
        if (!open) return
        open = false
        held.inFlight--
        giveBack?.(cost, effects.now())
        if (outcome.type === 'success') held.shakes = afterSteady(held.shakes, modelId, now)
        if (outcome.type === 'failure') {
          held.shakes = afterShake(held.shakes, outcome.error, modelId, now, effects.now(), effects.random())
          if (mayPass(outcome.error.kind)) outage.failed()
        }
        tell(outcome)
        deps.onOutcome(id, outcome)
        serveLine()
      },
    }
  }

  /** Serves whoever can be served; called whenever anything changes. */
  function serveLine(): void {
    if (line.size() === 0) return
    servedAt = effects.now()
    line.serve(tryTake)
    setAlarm()
  }

  function setAlarm(): void {
    cancelWake?.()
    cancelWake = undefined
    if (line.size() === 0) return
    const since = servedAt
    let next = Number.POSITIVE_INFINITY
    for (const held of seats.all()) {
      const at = availableAt(held.account, since)
      if (at !== undefined && at > since) next = Math.min(next, at)
      if (settings.room.startsPerMinute > 0 && held.startsUntil > since) next = Math.min(next, held.startsUntil)
      if (held.trial !== undefined && isFull(held.trial, since)) next = Math.min(next, held.trial.until)
      if (held.shakes !== undefined) next = Math.min(next, shakesEnd(held.shakes, since))
    }
    if (next !== Number.POSITIVE_INFINITY) cancelWake = effects.after(Math.max(1, next - effects.now()), serveLine)
  }

  return {
    put: (account: Account): void => {
      seats.put(account)
      serveLine()
    },
    remove: (id: string): void => {
      seats.remove(id)
      serveLine()
    },
    /** The ids of the models this account's live list offers; without a list it is taken to offer any. */
    setModels: (id: string, models: readonly string[]): void => {
      seats.setModels(id, models)
      serveLine()
    },
    /** The provider refused this model to this account. */
    forgetModel: (id: string, modelId: string): void => {
      const held = seats.get(id)
      if (held !== undefined) held.shakes = afterRefusal(held.shakes, modelId, effects.now())
      serveLine()
    },
    setSettings: (next: PoolSettings): void => {
      settings = next
      for (const { account } of seats.all()) seats.put(account)
      serveLine()
    },
    signInLost: (id: string, reason: string): void =>
      change(id, (account) => afterSignInLost(account, reason, effects.now())),
    get: (id: string): Account | undefined => seats.get(id)?.account,
    inFlight: (id: string): number => seats.get(id)?.inFlight ?? 0,
    troubles: (id: string): readonly Trouble[] => troublesOf(seats.get(id)?.shakes, effects.now()),
    list: (): readonly Account[] => seats.all().map(({ account }) => account),
    /** Why none of these accounts can serve now or later by itself; undefined while one can. */
    nobodyServes: (only: SeatRequest['only']): GatewayError | undefined => {
      const now = effects.now()
      const candidates = seats.candidates(only)
      const serves = ({ account }: Held): boolean => account.enabled && availableAt(account, now) !== undefined
      return candidates.some(serves) ? undefined : noSeat(candidates, { modelId: '', ...(only && { only }) }, now)
    },
    /** Whether an account is in service of which it must be known beforehand what a call may cost. */
    guardsCredits: (): boolean => seats.all().some(({ purse }) => purse !== undefined),
    /** Whether the provider fails everybody. */
    isOutage: outage.isOn,
    /** Whether any account but the excluded ones may serve the request, now or as soon as it has room. */
    hasOther: (request: Asked): boolean => anyServes(look(request)),
    /** How each candidate stands towards a request now; for the record of one that got no seat. */
    consider: (request: Asked): readonly Consideration[] => look(request).considered,
    stats: (): PoolStats => ({ accounts: seats.all().length, waiting: line.size(), affinity: affinity.stats() }),

    /** A seat at once, or after a wait in line of at most `request.waitUntil`; the error says why there is none. */
    acquire: async (request: SeatRequest, signal: AbortSignal): Promise<Result<Lease, GatewayError>> => {
      const waiting: Waiting = { request, since: effects.now() }
      if (line.size() === 0) servedAt = waiting.since
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
      setAlarm() // nothing has changed for those who wait already
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

const priorityOf = ({ request: { priority = 0 } }: Waiting): number => priority

/** How long a conversation waits for its own account's trouble to pass before it settles elsewhere. */
const patienceMs = 10_000

const isMomentary = (verdict: Verdict, { shakes }: Held, now: number): boolean =>
  hasNoRoom(verdict) || (isShaken(verdict) && shakes !== undefined && shakesEnd(shakes, now) - now < patienceMs)
