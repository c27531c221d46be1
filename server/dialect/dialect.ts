import type { TSchema } from '@sinclair/typebox'
import type { Conversation } from '../conversation/conversation.ts'
import type { GatewayError } from '../conversation/error.ts'
import type { ReplyEvent } from '../conversation/event.ts'
import type { AddNote } from '../conversation/note.ts'
import type { Reply } from '../conversation/reply.ts'
import type { Result } from '../lib/result.ts'

export type DialectName = 'anthropic' | 'openai-chat'

/**
 * A client-facing API: one schema and a few pure functions. Encoding a stream is a synchronous state machine fed one event
 * at a time (docs/decisions.md says why): it returns the SSE text to write, `''` when an event has no form of its own.
 */
export type Dialect = {
  readonly name: DialectName
  /** What we read of the request; unknown members are allowed everywhere. */
  readonly body: TSchema
  /** Validates and converts a parsed JSON body. Errors and notes name the field in the caller's spelling. */
  readonly decode: (body: unknown, note?: AddNote) => Result<DecodedRequest, GatewayError>
  readonly createEncoder: (context: ReplyContext) => StreamEncoder
  readonly encodeReply: (reply: Reply, context: ReplyContext) => object
  readonly encodeError: (error: GatewayError, context: ErrorContext) => EncodedError
  /** A whole frame that keeps an idle stream alive before or between events. */
  readonly keepAlive: string
}

/** `streamOptions` are the dialect's own wishes about the answer's form; they come back in `ReplyContext`. */
export type DecodedRequest = { readonly conversation: Conversation; readonly streamOptions: StreamOptions }
export type StreamOptions = {
  readonly includeUsage: boolean
  /** The caller used Chat Completions' older `functions`: the answer's one call goes into `function_call`. */
  readonly legacyFunctions?: boolean
}

/** One SSE text per event. After `finish` or `error` nothing more is fed. */
export type StreamEncoder = (event: ReplyEvent) => string

export type ReplyContext = {
  /** Without prefix: the dialect adds `msg_` or `chatcmpl-`. */
  readonly id: string
  /** Echoed: the model as the caller spelled it. */
  readonly model: string
  /** Epoch ms at which the request arrived. */
  readonly createdAt: number
  readonly requestId: string
  readonly streamOptions: StreamOptions
}

export type ErrorContext = { readonly requestId: string }
/** `headers` are those that are part of the API's meaning: `retry-after`, `x-should-retry`. */
export type EncodedError = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: object
}
