import type { GuestCall, GuestState } from '../access/ledger.ts'
import type { Used } from '../access/limits.ts'
import type { GatewayError } from '../conversation/error.ts'
import type { Result } from '../lib/result.ts'

/** What the process that is being replaced goes on telling its successor. */
export type News =
  | { readonly type: 'state'; readonly state: GuestState }
  | { readonly type: 'entered'; readonly call: GuestCall }
  | { readonly type: 'settled'; readonly id: string; readonly used?: Used }
  | { readonly type: 'answer'; readonly callerId: string; readonly answer: unknown }

/** Where the old one listens, and which processes before it still finish what they have begun. */
export type Begun = { readonly port: number; readonly elders: readonly number[] }

/** The hand-over from one server to the next of the same data folder: one half is the old one's, one the new one's. */
export type SuccessionAccess = {
  /** Gives up the data folder to the process `pid`; from then on this one changes nothing of what two may not change. */
  readonly begin: (pid: number) => Promise<Result<Begun, string>>
  /** Opens the port for a second process. False: it was closed instead, to be taken. */
  readonly openPort: () => boolean
  /** Ends this server as a signal would, for a successor that cannot run beside it. */
  readonly leave: () => void
  /** Starts this program anew; resolves once the new process serves. */
  readonly restart: () => Promise<Result<{ readonly pid: number }, string>>
  readonly hear: (news: readonly News[]) => Promise<void>
  /** Has a usable token of the account stored; `token` is the one the asker has and cannot use. */
  readonly renew: (accountId: string, token: string | undefined) => Promise<Result<unknown, GatewayError>>
}
