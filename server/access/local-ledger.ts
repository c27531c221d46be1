import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { Calendar, Periods } from '../lib/calendar.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Admitted, Ask, GuestCall, GuestNews, Ledger, UsageBook } from './ledger.ts'
import { addressFault, limitFault, type Shortage } from './limit-fault.ts'
import { costOf, minus, nothing, plus, type Subject, toldLimits, type Used } from './limits.ts'
import { newlyReached, type Reached, usedUp } from './reached.ts'
import {
  enterCall,
  entryShortages,
  hasLimits,
  hasMetered,
  isIdle,
  leaveCall,
  meteredLimits,
  newState,
  type SubjectState,
  shareOf,
  standingsOf,
  turnPage,
  usedOfMetered,
} from './subject-state.ts'
import { createUsageWriter } from './usage-writer.ts'
import { createWindow } from './window.ts'

export type LocalLedgerDeps = {
  readonly book: UsageBook
  readonly calendar: Calendar
  readonly effects: Pick<Effects, 'now' | 'after'>
  /** Counters could not be written; they are kept and written later. */
  readonly onFailure: (error: unknown) => void
  /** A subject has come to 80 % or to the end of a limit of a day or a month; told once for each. */
  readonly onReached?: (reached: Reached) => void
  /** Subjects remembered beyond those with calls under way. */
  readonly maxSubjects?: number
}

/** A reply shorter than this is not worth a call: what is left under a limit must allow for it, or for all that was asked. */
const leastOutputTokens = 256
const minuteMs = 60_000

type Seat = { readonly subject: Subject; readonly state: SubjectState }

/** The ledger of one process: counters in memory, written to the book in small batches. */
export function createLocalLedger({
  book,
  calendar,
  effects,
  onFailure,
  onReached,
  maxSubjects = 20_000,
}: LocalLedgerDeps): Ledger {
  /** In the order of their last use. */
  const idle = new Map<string, SubjectState>()
  /** Never forgotten while calls are under way. */
  const busy = new Map<string, SubjectState>()
  const loading = new Map<string, Promise<SubjectState>>()
  const writer = createUsageWriter(book.write, effects, onFailure)
  const calls = new Map<string, () => GuestCall>()
  /** Of the process this one replaces. */
  const guests = new Map<string, { readonly seats: readonly Seat[]; readonly call: GuestCall }>()
  let successor: GuestNews | undefined

  const known = (id: string): SubjectState | undefined => busy.get(id) ?? idle.get(id)
  const keepIdle = (id: string, state: SubjectState): void => {
    idle.delete(id)
    idle.set(id, state)
    if (idle.size <= maxSubjects) return
    for (const oldest of idle.keys()) return void idle.delete(oldest)
  }

  const load = async (id: string): Promise<SubjectState> => {
    await writer.flush() // what was forgotten a moment ago may not be written yet
    const periods = calendar(effects.now())
    const rows = await book.read(id, [periods.day, periods.month])
    const state = newState(periods, rows.get(periods.day), rows.get(periods.month))
    keepIdle(id, state)
    return state
  }
  const stateOf = (id: string): SubjectState | Promise<SubjectState> => {
    const state = known(id)
    if (state !== undefined) return state
    const started = loading.get(id) ?? load(id).finally(() => loading.delete(id))
    loading.set(id, started)
    return started
  }
  /** Those of the subjects that have limits, as they stand now. */
  const seatsOf = async (subjects: readonly Subject[]): Promise<readonly Seat[]> => {
    const limited = subjects.filter(hasLimits)
    // Until all are known at once: one read earlier may have been forgotten meanwhile.
    while (limited.some(({ id }) => known(id) === undefined)) for (const { id } of limited) await stateOf(id)
    const periods = calendar(effects.now())
    return limited.flatMap((subject) => {
      const state = known(subject.id)
      if (state === undefined) return []
      turnPage(state, periods)
      return [{ subject, state }]
    })
  }

  /** For one that had no limits when its call came in, and has some now. */
  const count = (id: string, used: Used, periods: Periods): void => {
    const state = known(id)
    if (state === undefined) return
    turnPage(state, periods)
    state.ofDay = plus(state.ofDay, used)
    state.ofMonth = plus(state.ofMonth, used)
  }

  const occupy = ({ subject, state }: Seat): void => {
    idle.delete(subject.id)
    busy.set(subject.id, state)
  }
  /** Takes the end of a call into the counters of this process; gives the day and month it ended in. */
  const leave = (seats: readonly Seat[], ids: readonly string[], reserved: Used, used: Used | undefined): Periods => {
    const periods = calendar(effects.now())
    for (const { subject, state } of seats) {
      turnPage(state, periods)
      leaveCall(state, reserved, used)
      if (onReached !== undefined && used !== undefined) newlyReached(subject, state, periods).forEach(onReached)
      if (!isIdle(state)) continue
      busy.delete(subject.id)
      keepIdle(subject.id, state)
    }
    for (const subject of ids)
      if (used !== undefined && !seats.some((seat) => seat.subject.id === subject)) count(subject, used, periods)
    return periods
  }
  /** `isNew`: no window counts it yet. */
  const receive = async (call: GuestCall, isNew: boolean): Promise<void> => {
    const seats = await seatsOf(call.subjects)
    const now = effects.now()
    for (const seat of seats) {
      const { state, subject } = seat
      if (isNew && subject.limits.requestsPerMinute !== undefined) {
        state.window ??= createWindow(minuteMs)
        state.window.add(now)
      }
      state.inFlight++
      state.reserved = plus(state.reserved, call.reserved)
      occupy(seat)
    }
    guests.set(call.id, { seats, call })
  }
  const guestLeft = (id: string, used: Used | undefined): void => {
    const guest = guests.get(id)
    if (!guests.delete(id) || guest === undefined) return
    const { seats, call } = guest
    leave(
      seats,
      call.subjects.map((subject) => subject.id),
      call.reserved,
      used,
    )
  }

  const refuse = (shortages: readonly Shortage[]): GatewayError | undefined => {
    const now = effects.now()
    for (const shortage of onReached === undefined ? [] : shortages) {
      const state = known(shortage.standing.subject.id)
      const reached = state === undefined ? undefined : usedUp(shortage, state, calendar(now))
      if (reached !== undefined) onReached?.(reached)
    }
    // The one that lasts longest: to come back earlier would be in vain.
    const faults = shortages.map((shortage) => limitFault(shortage, now))
    const wait = ({ retryAfterMs = Number.POSITIVE_INFINITY }: GatewayError): number => retryAfterMs
    return faults.reduce<GatewayError | undefined>(
      (worst, fault) => (worst === undefined || wait(fault) > wait(worst) ? fault : worst),
      undefined,
    )
  }

  function admitted(id: string, subjects: readonly Subject[], seats: readonly Seat[]): Admitted {
    const ids = subjects.map((subject) => subject.id)
    const keyId = subjects.find(({ kind }) => kind === 'key')?.id ?? ''
    const userId = subjects.find(({ kind }) => kind === 'user')?.id
    let reserved: Used = { ...nothing, requests: 1 }
    let over = false
    let begun = false
    calls.set(id, () => ({ id, subjects, reserved }))
    successor?.entered({ id, subjects, reserved })
    return {
      metered: subjects.some(hasMetered),
      reserve: async (ask) => {
        if (over) return err(gatewayError('cancelled', 'The caller left.'))
        const granted = grant(seats, ask)
        if (!granted.ok) return err(refuse(granted.error) ?? gatewayError('limit-reached', 'A limit is reached.'))
        const cost = { ...costOf(ask.inputTokens, granted.value, ask.rate), requests: 0 }
        for (const { state } of seats) state.reserved = plus(state.reserved, cost)
        reserved = plus(reserved, cost)
        return ok({ outputTokens: granted.value })
      },
      adjust: (used) => {
        if (over) return
        const now = { ...used, requests: reserved.requests }
        for (const { state } of seats) state.reserved = plus(minus(state.reserved, reserved), now)
        reserved = now
      },
      begin: (sure) => {
        if (begun || over) return
        begun = true
        writer.open({ id, keyId, ...(userId === undefined ? {} : { userId }), at: effects.now(), ...sure })
      },
      settle: (used) => {
        if (over) return
        over = true
        calls.delete(id)
        const periods = leave(seats, ids, reserved, used)
        if (begun) writer.close(id)
        if (used !== undefined)
          for (const subject of ids) writer.add(subject, [periods.day, periods.month, 'all'], used)
        if (begun || used !== undefined) writer.nudge()
        successor?.settled(id, used)
      },
      levels: () => {
        if (seats.length === 0) return []
        const now = effects.now()
        const periods = calendar(now)
        return seats.flatMap(({ subject, state }) => standingsOf(subject, state, periods, now, toldLimits))
      },
    }
  }

  function grant(
    seats: readonly Seat[],
    { inputTokens, outputTokens, rate }: Ask,
  ): Result<number, readonly Shortage[]> {
    const now = effects.now()
    const periods = calendar(now)
    const least = Math.min(outputTokens, leastOutputTokens)
    const needed = costOf(inputTokens, least, rate)
    const perToken: Readonly<Record<(typeof meteredLimits)[number], number>> = {
      tokensPerDay: 1,
      tokensPerMonth: 1,
      microUsdPerMonth: rate.outputMicroUsdPerMillion / 1_000_000,
      creditsPerMonth: rate.outputCredits,
    }
    let granted = outputTokens
    const shortages: Shortage[] = []
    for (const { subject, state } of seats) {
      turnPage(state, periods)
      for (const limit of meteredLimits) {
        const max = subject.limits[limit]
        if (max === undefined) continue
        const used = usedOfMetered(limit, state)
        const needs = shareOf(limit, needed)
        if (used + needs > max) {
          const standing = standingsOf(subject, state, periods, now).find((one) => one.limit === limit)
          if (standing !== undefined) shortages.push({ standing, needs, settled: used - standing.reserved })
          continue
        }
        const more =
          perToken[limit] === 0 ? Number.POSITIVE_INFINITY : Math.floor((max - used - needs) / perToken[limit])
        granted = Math.min(granted, least + more)
      }
    }
    return shortages.length > 0 ? err(shortages) : ok(granted)
  }

  return {
    enter: async (id, subjects) => {
      const seats = await seatsOf(subjects)
      const now = effects.now()
      const periods = calendar(now)
      const fault = refuse(seats.flatMap(({ subject, state }) => entryShortages(subject, state, periods, now)))
      if (fault !== undefined) return err(fault)
      for (const seat of seats) {
        enterCall(seat.state, seat.subject, now)
        occupy(seat)
      }
      return ok(admitted(id, subjects, seats))
    },
    standings: async (subjects) => {
      const seats = await seatsOf(subjects)
      const now = effects.now()
      return seats.flatMap(({ subject, state }) => standingsOf(subject, state, calendar(now), now))
    },
    countVisit: async (address, perDay) => {
      const id = `ip:${address}`
      await stateOf(id)
      const periods = calendar(effects.now())
      const remembered = known(id)
      if (remembered !== undefined) keepIdle(id, remembered)
      const state = remembered ?? newState(periods)
      turnPage(state, periods)
      if (state.ofDay.requests >= perDay) {
        const message = `Requests from this address are limited to ${perDay} per day.`
        const resetsAt = periods.dayEndsAt
        return err(addressFault(message, { limit: 'requestsPerDay', max: perDay, resetsAt }, effects.now()))
      }
      const visit = { ...nothing, requests: 1 }
      state.ofDay = plus(state.ofDay, visit)
      writer.add(id, [periods.day], visit)
      writer.nudge()
      return ok(undefined)
    },
    forget: (id) => {
      // One with calls under way keeps what it knows: its counters are the newer ones.
      idle.delete(id)
    },
    flush: writer.flush,
    unwritten: writer.rest,
    holds: writer.holds,
    handOver: (tell) => {
      successor = tell
      const now = effects.now()
      return {
        calls: [...[...calls.values()].map((call) => call()), ...[...guests.values()].map(({ call }) => call)],
        windows: [...busy, ...idle].flatMap(([subject, { window }]) => {
          const starts = window?.told(now) ?? []
          return starts.length === 0 ? [] : [{ subject, starts }]
        }),
      }
    },
    host: async ({ calls: theirs, windows }) => {
      for (const call of theirs) await receive(call, false)
      for (const { subject, starts } of windows) {
        const state = await stateOf(subject)
        state.window ??= createWindow(minuteMs)
        for (const [at, count] of starts) state.window.add(at, count)
      }
    },
    guestEntered: (call) => receive(call, true),
    guestLeft,
    dismissGuests: () => {
      for (const id of guests.keys()) guestLeft(id, undefined)
    },
    stats: () => ({
      ...{ subjects: idle.size + busy.size, open: calls.size },
      ...{ unwritten: writer.unwritten(), written: writer.written() },
    }),
  }
}

/**
 * Counts the calls that an earlier process left under way: it ended before they did, so what they had used for sure is all that
 * is known. Nothing stays reserved.
 */
export async function countLeftCalls(
  book: UsageBook,
  calendar: Calendar,
  isOurs: (id: string) => boolean = () => false,
): Promise<number> {
  const left = (await book.openCalls()).filter(({ id }) => !isOurs(id))
  const add = left.flatMap(({ keyId, userId, at, inputTokens, inputMicroUsd }) => {
    const { day, month } = calendar(at)
    const used = { ...nothing, requests: 1, inputTokens, inputMicroUsd }
    return [keyId, ...(userId === undefined ? [] : [userId])].flatMap((subject) =>
      [day, month, 'all'].map((period) => ({ subject, period, used })),
    )
  })
  if (left.length > 0) await book.write({ add, open: [], close: left.map(({ id }) => id) })
  return left.length
}
