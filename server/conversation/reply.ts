import { err, ok, type Result } from '../lib/result.ts'
import type { Source } from '../lib/source.ts'
import type { FinishReason } from './ending.ts'
import type { GatewayError } from './error.ts'
import type { ReplyEvent, Usage } from './event.ts'
import type { Citation, SearchOutcome } from './search.ts'

/** A whole reply: the same stream as ever, folded at its end. */
export type Reply = {
  readonly blocks: readonly ReplyBlock[]
  readonly reason: FinishReason
  readonly stopSequence?: string
  readonly usage: Usage
}

export type ReplyBlock =
  | {
      readonly type: 'text'
      readonly text: string
      readonly isRefusal?: true
      readonly citations?: readonly Citation[]
    }
  | { readonly type: 'reasoning'; readonly text: string; readonly signature?: string }
  | { readonly type: 'redacted-reasoning'; readonly base64: string }
  /** `json` is the input's JSON text, `{}` when the model gave none. */
  | { readonly type: 'tool-call'; readonly id: string; readonly name: string; readonly json: string }
  | { readonly type: 'search'; readonly id: string; readonly query: string; readonly outcome: SearchOutcome }

/** Folds a stream of event batches into one reply; an `error` event, or an end without `finish`, is an error. */
export async function foldReply(source: Source<readonly ReplyEvent[]>): Promise<Result<Reply, GatewayError>> {
  const blocks: ReplyBlock[] = []
  let open: { id: string; name: string; text: string; isRefusal?: true } = { id: '', name: '', text: '' }
  let citations: Citation[] = []
  let folded: Result<Reply, GatewayError> | undefined
  const take = (event: ReplyEvent): void => {
    switch (event.type) {
      case 'reply-start':
        break
      case 'text-start':
        open = { id: '', name: '', text: '', ...(event.isRefusal && { isRefusal: true }) }
        break
      case 'reasoning-start':
        open = { id: '', name: '', text: '' }
        break
      case 'tool-call-start':
        open = { id: event.id, name: event.name, text: '' }
        break
      case 'text-delta':
      case 'reasoning-delta':
        open.text += event.text
        break
      case 'tool-call-delta':
        open.text += event.json
        break
      case 'text-end':
        blocks.push({
          type: 'text',
          text: open.text,
          ...(open.isRefusal && { isRefusal: true }),
          ...(citations.length > 0 && { citations }),
        })
        citations = []
        break
      case 'citation':
        citations.push(event.citation)
        break
      case 'search-call':
        break // told again with its result
      case 'search-result':
        blocks.push({ type: 'search', id: event.callId, query: event.query, outcome: event.outcome })
        break
      case 'reasoning-end':
        blocks.push({
          type: 'reasoning',
          text: open.text,
          ...(event.signature === undefined ? {} : { signature: event.signature }),
        })
        break
      case 'redacted-reasoning':
        blocks.push({ type: 'redacted-reasoning', base64: event.base64 })
        break
      case 'tool-call-end':
        blocks.push({ type: 'tool-call', id: open.id, name: open.name, json: open.text === '' ? '{}' : open.text })
        break
      case 'finish':
        folded = ok({
          blocks,
          reason: event.reason,
          usage: event.usage,
          ...(event.stopSequence === undefined ? {} : { stopSequence: event.stopSequence }),
        })
        break
      case 'error':
        folded = err(event.error)
    }
  }
  await source.run((batch) => {
    for (const event of batch) if (folded === undefined) take(event)
    return folded === undefined
  })
  return folded ?? err({ kind: 'broken-reply', message: 'The reply ended without a closing event.' })
}
