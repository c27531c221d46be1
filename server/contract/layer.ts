import type { Conversation } from '../conversation/conversation.ts'
import type { GatewayError } from '../conversation/error.ts'
import type { Usage } from '../conversation/event.ts'
import type { AddNote } from '../conversation/note.ts'
import type { Result } from '../lib/result.ts'
import type { Purpose, Repair, SearchRecord } from '../relay/record.ts'
import type { RelayRequest } from '../relay/relay.ts'
import type { ReplyStream } from '../relay/reply-source.ts'

/** What a layer is told of a request besides the conversation. */
export type Asked = Omit<RelayRequest, 'conversation' | 'onEnd' | 'onModel' | 'charge' | 'session' | 'turn'>

/** As far as it decides what layers do. */
export type Asker = Pick<Asked, 'callerId' | 'accounts' | 'compression'>

/**
 * One promise of the client APIs that takes more than one call to keep. Layers lie upon one another, the first of the list
 * outermost; each sees the conversation as the layer above hands it down and the reply as the layer below gives it up.
 */
export type Layer = {
  /** Whether a turn needs it. Asked of every request: it looks at a member or two, makes nothing and never waits. */
  readonly wants: (conversation: Conversation, asked: Asker) => boolean
  /** It takes part wherever any layer is wanted: what it looks for may come of every turn. */
  readonly looksOn?: true
  /** The conversation of the turn `serve` would begin with, for who only asks: no turn is run and nothing is told. */
  readonly begin: (conversation: Conversation, asked: Asker) => Promise<Result<Conversation, GatewayError>>
  /** Whether it would shorten a conversation. */
  readonly outlook?: (conversation: Conversation, asker: Asker) => Promise<Outlook>
  /**
   * Serves one turn by as many model turns as it takes. Like `relay`: an error value while nothing has gone to the caller; once
   * it is `ok` the stream ends in one `finish` or `error`. The stream's blocks may have any numbers, `reply-start` may come
   * several times and the usage of `finish` is not read: whoever stands above all layers puts that in order.
   */
  readonly serve: (conversation: Conversation, turns: Turns) => Promise<Result<ReplyStream, GatewayError>>
}

/** Whether a long conversation would be made shorter. */
export type Outlook = {
  readonly setting: 'off' | 'overflow' | 'share'
  /** From so many tokens on, by our own estimate. */
  readonly fromTokens?: number
  readonly would: 'no' | 'use-kept-summary' | 'write-summary' | 'write-summary-if-refused' | 'refuse'
  /** So many would be replaced. */
  readonly messages?: number
}

/** What a layer works with, for one client request. */
export type Turns = {
  /**
   * Runs a model turn through the layers below and the relay: with the caller's accounts, limits, session and time. Turns run
   * one after the other. A turn is over when its stream's `run` has resolved (or its `drop` was called), not before: until then
   * it holds an account, and another turn could wait for that one for ever, so beginning one is a bug that throws. Whoever has
   * read enough of a stream lets its sink say `false` and awaits `run`. With a `purpose` it is a further turn, and marked so in
   * the record; one with purpose `summary` counts for limits and record, but not in the usage that the caller is shown, which
   * clients take for the size of their conversation.
   */
  readonly run: (conversation: Conversation, purpose?: Purpose) => Promise<Result<ReplyStream, GatewayError>>
  /** What the turns so far have used together, summaries left out; undefined: none has. A turn under way counts once its `finish` has passed. */
  readonly usage: () => Usage | undefined
  /** The account that served the last turn. */
  readonly accountId: () => string | undefined
  /** Takes a web search down for usage and record. */
  readonly searched: (record: SearchRecord) => void
  /** Searches so far that the provider was asked for, whatever came of them. */
  readonly searches: () => number
  /** Turns so far that went on from searches. */
  readonly rounds: () => number
  readonly asked: Asked
  /** For the request's record. */
  readonly tell: (repair: Repair) => void
  readonly note: AddNote
  /** Aborted once the caller has left; whichever turn runs then ends by itself. */
  readonly signal: AbortSignal
  /** Milliseconds since the request arrived. */
  readonly elapsed: () => number
}
