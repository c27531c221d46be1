import type { GatewayError } from '../conversation/error.ts'
import type { Result } from '../lib/result.ts'
import type { Barred } from './limit-fault.ts'
import type { Level, Rate, Standing, Subject, Used } from './limits.ts'

/** What a call may use at most, said before it is made. */
export type Ask = {
  readonly inputTokens: number
  /** The caller's own bound, else the model's. */
  readonly outputTokens: number
  readonly rate: Rate
}

/** A call that was let in. `settle` ends it, whatever became of it; only the first one counts. */
export type Admitted = {
  /** A limit of tokens, money or credits applies: no call before `reserve` has said yes. */
  readonly metered: boolean
  /**
   * Takes what the call may use out of every limit, or out of none. Granted may be fewer output tokens than asked for, never
   * more: the reply must not get longer.
   */
  readonly reserve: (ask: Ask) => Promise<Result<{ readonly outputTokens: number }, GatewayError>>
  /**
   * What earlier turns of a call with several have used takes the place of what is reserved for them; the next turn reserves
   * for itself.
   */
  readonly adjust: (used: Used) => void
  /** Notes what a call that goes out has used for sure, should this process end before it does. Never waits. */
  readonly begin: (sure: Pick<Used, 'inputTokens' | 'inputMicroUsd'>) => void
  /** Frees what was reserved and counts what was used; undefined: no call was made, and nothing is counted. */
  readonly settle: (used: Used | undefined) => void
  /** How the limits stand that every answer tells of. */
  readonly levels: () => readonly Level[]
}

/**
 * Holds the counters of keys and users. In this process, or shared by several gateways: a caller cannot tell. Each limit holds
 * however many calls come at once.
 */
export type Ledger = {
  /** Lets a call in under the limits of requests and concurrency of all its subjects, the key first. */
  readonly enter: (id: string, subjects: readonly Subject[]) => Promise<Result<Admitted, GatewayError>>
  /** How the limits of these stand, without letting anybody in. */
  readonly standings: (subjects: readonly Subject[]) => Promise<readonly Standing[]>
  /** Counts one request of an address against its own limit a day. */
  readonly countVisit: (address: string, perDay: number) => Promise<Result<void, Barred>>
  /** The subject is gone or its counters were changed in the store: what is remembered of it is read anew. */
  readonly forget: (id: string) => void
  /** Writes what has gathered. */
  readonly flush: () => Promise<void>
  /** What is not written yet. */
  readonly unwritten: () => UnwrittenUsage
  /** Whether the call was noted as open by this process. */
  readonly holds: (id: string) => boolean
  /** All a successor must know for the limits to hold, and from now on each beginning and end of a call here. */
  readonly handOver: (tell: GuestNews) => GuestState
  /** Takes over what a predecessor told. Its calls count as under way here; what they use is written there. */
  readonly host: (state: GuestState) => Promise<void>
  readonly guestEntered: (call: GuestCall) => Promise<void>
  readonly guestLeft: (id: string, used: Used | undefined) => void
  /** The predecessor is gone, and its calls with it. */
  readonly dismissGuests: () => void
  readonly stats: () => {
    readonly subjects: number
    readonly open: number
    readonly unwritten: number
    /** Number of the last batch that was written. */
    readonly written: number
  }
}

/** A call under way in the process that is being replaced. */
export type GuestCall = { readonly id: string; readonly subjects: readonly Subject[]; readonly reserved: Used }
export type GuestState = {
  readonly calls: readonly GuestCall[]
  /** Requests of the last minute, by subject. */
  readonly windows: readonly {
    readonly subject: string
    readonly starts: readonly (readonly [at: number, count: number])[]
  }[]
}
export type GuestNews = {
  readonly entered: (call: GuestCall) => void
  readonly settled: (id: string, used: Used | undefined) => void
}

/** A call under way, as it is kept for the case that this process ends first. */
export type OpenCall = {
  readonly id: string
  readonly keyId: string
  readonly userId?: string
  readonly at: number
  readonly inputTokens: number
  readonly inputMicroUsd: number
}

/** What is used of one subject in one period is added to its row there. */
export type Addition = { readonly subject: string; readonly period: string; readonly used: Used }

export type UsageBatch = {
  readonly add: readonly Addition[]
  readonly open: readonly OpenCall[]
  readonly close: readonly string[]
}

/** Numbers the batches of one process: the last one that was written stands beside the counters. */
export type UsageMark = { readonly epoch: string; readonly number: number }

/** What a process has not written, told so that what was written after all does not count twice. */
export type UnwrittenUsage = {
  /** Of the last batch that was begun. */
  readonly mark: UsageMark
  /** That batch, as long as nobody knows whether it was written. */
  readonly underWay?: UsageBatch
  readonly pending: UsageBatch
}

/** Where the counters are kept. */
export type UsageBook = {
  /** What a subject has used in each of these periods; those without a row are absent. */
  readonly read: (subject: string, periods: readonly string[]) => Promise<ReadonlyMap<string, Used>>
  /** All of it or nothing, in one transaction. On SQLite it has happened when the call returns its promise. */
  readonly write: (batch: UsageBatch, mark?: UsageMark) => Promise<void>
  readonly openCalls: () => Promise<readonly OpenCall[]>
}
