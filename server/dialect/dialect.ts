import type { TSchema } from '@sinclair/typebox'
import type { Conversation } from '../conversation/conversation.ts'
import type { GatewayError } from '../conversation/error.ts'
import type { ReplyEvent } from '../conversation/event.ts'
import type { AddNote } from '../conversation/note.ts'
import type { Reply } from '../conversation/reply.ts'
import type { Result } from '../lib/result.ts'

/**
 * A client-facing API: one schema and a few pure functions. Encoding a stream is a synchronous state machine fed one event
 * at a time (docs/decisions.md says why). `Form` is what a request says about the form of its answer: only the dialect that
 * made it reads it, so the functions are methods, by which a list may hold dialects of different forms.
 */
export type Dialect<Form = unknown> = {
  /** As it stands in logs, records and metrics. */
  readonly name: string
  /** Whose it is: what is said in headers goes by it. */
  readonly family: 'anthropic' | 'openai'
  /** The API shows reasoning only to a caller that asked for thinking, in the body or by the model's name. */
  readonly reasoningIfAsked?: true
  /** What we read of the request; unknown members are allowed everywhere. */
  readonly body: TSchema
  /** Validates and converts a parsed JSON body. Errors and notes name the field in the caller's spelling. */
  decode(body: unknown, note?: AddNote, callerId?: string): Result<DecodedRequest<Form>, GatewayError>
  createEncoder(context: ReplyContext<Form>): StreamEncoder
  encodeReply(reply: Reply, context: ReplyContext<Form>): object
  encodeError(error: GatewayError, context: ErrorContext): EncodedError
}

export type DecodedRequest<Form> = { readonly conversation: Conversation; readonly form: Form }

export type StreamEncoder = {
  /** The SSE text of an event, `''` when it has no form of its own. After `finish` or `error` nothing more is fed. */
  readonly encode: (event: ReplyEvent) => string
  /** Whole frames that keep an idle stream alive, at any time before the end: before, between and after events. */
  readonly keepAlive: () => string
}

export type ReplyContext<Form> = {
  /** Without prefix: the dialect adds `msg_`, `chatcmpl-` or `resp_`. */
  readonly id: string
  /** Echoed: the model as the caller spelled it. */
  readonly model: string
  /** Epoch ms at which the request arrived. */
  readonly createdAt: number
  readonly requestId: string
  readonly form: Form
}

export type ErrorContext = { readonly requestId: string }
/** `headers` are those that are part of the API's meaning: `retry-after`, `x-should-retry`. */
export type EncodedError = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: object
}
