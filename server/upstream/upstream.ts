import type { Conversation } from '../conversation/conversation.ts'
import type { GatewayError } from '../conversation/error.ts'
import type { UpstreamEvent } from '../conversation/event.ts'
import type { ModelInfo } from '../conversation/model.ts'
import type { AddNote } from '../conversation/note.ts'
import type { Locate } from '../conversation/subject.ts'
import type { Result } from '../lib/result.ts'
import type { Source } from '../lib/source.ts'

/** One call to a provider for one account. */
export type UpstreamCall = {
  readonly accountId: string
  readonly conversation: Conversation
  /** The resolved model of this account's list. */
  readonly model: ModelInfo
  /** UUID, stable for one caller conversation (keeps the provider's prompt cache warm). */
  readonly conversationId: string
  /** UUID, the same for every attempt of one logical call. */
  readonly invocationId: string
  /** Counts from 1. */
  readonly attempt: number
  /** False once the account may not be called any more; asked again after waiting for its token. */
  readonly isCurrent?: () => boolean
  /** Told what was changed to send the request, and how its reply was taken; at any time before the reply's last event is read. */
  readonly note?: AddNote
  /** Finds the caller's own member for whatever the provider is found to refuse. */
  readonly locate?: Locate
}

/** A demand of the provider's that a request breaks, as the caller is told of it. */
export type Finding = {
  readonly rule: string
  /** `reported`: it once was so, or somebody says so; as a rule the provider lets it pass. */
  readonly sure: 'known' | 'reported'
  readonly demands: string
  /** In the caller's own request and spelling; absent: it does not stand there. */
  readonly field?: string
  /** What was found there. */
  readonly is: string
  /** What would be done about it, where that changes nothing of what the request says. */
  readonly repair?: string
}

/** What a call would be, without the account that would make it. */
export type Preview = {
  /** Without secrets and the data of images; long texts and lists are cut. */
  readonly body: unknown
  /** Of the whole. */
  readonly bytes: number
  readonly findings: readonly Finding[]
  /** False: there was too much to look at for all rules. */
  readonly isWhole: boolean
}

export type UpstreamReply = {
  /** The provider's request id, when it gave one. */
  readonly providerRequestId?: string
  /** Batches of events; ends after exactly one `finish` or `error`. Wanting no more, or dropping it, cancels the call. */
  readonly events: Source<readonly UpstreamEvent[]>
}

/**
 * A provider. `send` resolves once the first content event has arrived (or the reply ended): until then every failure is
 * an error value that may be retried elsewhere; after it failures are one `error` event.
 */
export type Upstream = {
  readonly send: (call: UpstreamCall, signal: AbortSignal) => Promise<Result<UpstreamReply, GatewayError>>
  /** What `send` would make of it; nothing is sent, and no account is asked for anything. */
  readonly preview: (
    call: Pick<UpstreamCall, 'conversation' | 'model' | 'note' | 'locate'>,
  ) => Promise<Result<Preview, GatewayError>>
}
