import type { Caller } from '../access/admit.ts'
import type { Admitted } from '../access/ledger.ts'
import type { Barred } from '../access/limit-fault.ts'
import type { Standing, Used } from '../access/limits.ts'
import type { Forecast, ForecastAsk } from '../contract/first-turn.ts'
import type { Conversation } from '../conversation/conversation.ts'
import type { GatewayError } from '../conversation/error.ts'
import type { AddNote, Notes } from '../conversation/note.ts'
import type { Effects } from '../lib/effects.ts'
import type { Result } from '../lib/result.ts'
import type { Summary } from '../relay/record.ts'
import type { RelayRequest } from '../relay/relay.ts'
import type { ReplyStream } from '../relay/reply-source.ts'
import type { BodyRoom } from './body-room.ts'
import type { Peer } from './peer.ts'

/** What is known of a request when it is over; `summary` is absent when it never reached the relay. */
export type RequestEnd = {
  readonly requestId: string
  readonly arrivedAt: number
  readonly dialect: string
  readonly keyId?: string
  readonly userId?: string
  readonly model: string
  readonly stream: boolean
  /** What the client saw. */
  readonly status: number
  readonly error?: GatewayError
  readonly summary?: Summary
  /** What it counts as against limits and in statistics; absent: no call was made. */
  readonly used?: Used
  readonly peer: Peer
  readonly userAgent: string
  readonly clientNote?: string
  readonly notes: Notes
  /** Why another model serves than the one named. */
  readonly modelReason?: string
  /** As the client names it. */
  readonly session?: string
}

/** Takes what one request said and got. */
export type Capture = {
  readonly prompt: (body: unknown) => void
  readonly reply: (text: string) => void
  readonly end: (requestId: string) => void
}

export type ClientDeps = {
  /** Undefined for nearly every key: nothing is kept. */
  readonly captureOf: (keyId: string) => Capture | undefined
  readonly effects: Effects
  readonly admit: (request: Request, peer: Peer) => Promise<Result<Caller, Barred>>
  /** Lets a known caller's call in under its limits. */
  readonly enter: (requestId: string, caller: Caller) => Promise<Result<Admitted, GatewayError>>
  readonly standings: (caller: Caller) => Promise<readonly Standing[]>
  /** What a finished call counts as; undefined: no call was made. */
  readonly usedOf: (summary: Summary) => Used | undefined
  readonly resolveDocuments: (
    conversation: Conversation,
    signal: AbortSignal,
    note?: AddNote,
    ask?: { readonly callerId?: string; readonly isDry?: boolean },
  ) => Promise<Result<Conversation, GatewayError>>
  readonly relay: (request: RelayRequest, signal: AbortSignal) => Promise<Result<ReplyStream, GatewayError>>
  /** What would become of a request; nothing is sent. */
  readonly dryRun: (ask: ForecastAsk) => Promise<Result<Forecast, GatewayError>>
  /** Who asks with an admin credential in a key's place, as the operator: heard for dry runs alone. */
  readonly admitOperator: (request: Request) => Promise<Result<Caller, GatewayError>>
  readonly onEnd: (end: RequestEnd) => void
  /** A reply stream was opened, or has ended. */
  readonly onStream: (open: boolean) => void
  /** True once the gateway is stopping: new work is refused. */
  readonly stopping: () => boolean
  readonly maxBodyBytes: number
  readonly bodyRoom: BodyRoom
  /** Response headers wait this long for the first content event; then they go out and the stream is kept alive. */
  readonly holdHeadersMs: number
  readonly keepAliveMs: number
}
