import type { ReplyEvent } from '../../conversation/event.ts'
import type { Reply } from '../../conversation/reply.ts'
import type { SearchOutcome } from '../../conversation/search.ts'
import type { ReplyContext, StreamEncoder } from '../dialect.ts'
import { compact, createCompactionEncoder } from './compaction.ts'
import { failureOf } from './error.ts'
import type { Form } from './form.ts'
import { createFrames } from './frames.ts'
import {
  type ItemWriter,
  type Pen,
  writeCall,
  writeMessage,
  writeReasoning,
  writeRedactedReasoning,
  writeRefusal,
  writeSearch,
} from './item-writers.ts'
import {
  type Ending,
  encodeOutput,
  type ItemStatus,
  incompleteReason,
  needsMessage,
  responseOf,
  shownResponse,
} from './output.ts'

/** One Responses stream. Deltas are the hot path: everything around their text is made once per item. */
export const createEncoder = (context: ReplyContext<Form>): StreamEncoder =>
  context.form.compaction === undefined
    ? new ResponsesEncoder(context)
    : createCompactionEncoder(context, context.form.compaction)

/** A class: each delta passes it (docs/performance.md). */
class ResponsesEncoder implements StreamEncoder {
  private readonly pen: Pen
  private writer: ItemWriter | undefined
  /** A text that has ended: only what follows tells whether it was cut, so its last frames wait for that. */
  private held: ItemWriter | undefined
  /** The reply said why there is no answer: with that it is complete. */
  private refused = false

  constructor(context: ReplyContext<Form>) {
    this.pen = { context, frames: createFrames(context), items: [] }
  }

  keepAlive(): string {
    return this.pen.frames.keepAlive()
  }

  encode(event: ReplyEvent): string {
    const { pen } = this
    switch (event.type) {
      case 'reply-start':
        return pen.frames.open()
      case 'text-delta':
      case 'reasoning-delta':
        return this.writer?.feed(event.text) ?? ''
      case 'tool-call-delta':
        return this.writer?.feed(event.json) ?? ''
      case 'text-start':
        if (event.isRefusal) this.refused = true
        return this.settle() + this.start(event.isRefusal ? writeRefusal(pen) : writeMessage(pen))
      case 'text-end':
        this.held = this.writer
        return ''
      case 'reasoning-start':
        return this.settle() + this.start(writeReasoning(pen))
      case 'reasoning-end':
        return this.writer?.close('completed', event.signature) ?? ''
      case 'redacted-reasoning':
        return this.settle() + writeRedactedReasoning(pen, event.base64)
      case 'tool-call-start':
        return this.settle() + this.start(writeCall(pen, event.id, event.name))
      case 'tool-call-end':
        return this.writer?.close('completed') ?? ''
      case 'search-call':
        return this.settle() + this.start(writeSearch(pen, event.id, event.query))
      case 'search-result':
        return this.searched(event.outcome)
      case 'citation':
        this.writer?.cite?.(event.citation)
        return ''
      case 'finish': {
        const ending = endingOf(event, this.refused)
        const last = this.settle(ending.status === 'completed' ? 'completed' : 'incomplete')
        return last + (needsMessage(pen.items, ending) ? emptyMessage(pen) : '') + this.finish(ending)
      }
      case 'error': {
        const { error, usage } = event
        const ending = { status: 'failed', error: failureOf(error), ...(usage && { usage }) } as const
        // Who left is not told, and has nothing to come back to.
        return pen.frames.open() + this.settle('incomplete') + this.finish(ending, error.kind !== 'cancelled')
      }
    }
  }

  private settle(status: ItemStatus = 'completed'): string {
    const last = this.held?.close(status) ?? ''
    this.held = undefined
    return last
  }

  private searched(outcome: SearchOutcome): string {
    this.writer?.found?.(outcome)
    return this.writer?.close('completed') ?? ''
  }

  private start(writer: ItemWriter): string {
    this.writer = writer
    return writer.opening
  }

  private finish(ending: Ending, keeps = true): string {
    const { context, frames, items } = this.pen
    const response = responseOf(context, ending, items)
    if (keeps) context.form.keep?.(response)
    const shown = JSON.stringify(shownResponse(response, context.form.sealsReasoning))
    return frames.frame(`response.${ending.status}`, `"response":${shown}`)
  }
}

/** A whole response. */
export function encodeReply(reply: Reply, context: ReplyContext<Form>): object {
  const { form } = context
  if (form.compaction !== undefined) return compact(reply, context, form.compaction)
  const ending = endingOf(
    reply,
    reply.blocks.some((block) => block.type === 'text' && block.isRefusal),
  )
  const response = responseOf(context, ending, encodeOutput(reply.blocks, ending, context))
  form.keep?.(response)
  return shownResponse(response, form.sealsReasoning)
}

function endingOf({ reason, usage }: Pick<Reply, 'reason' | 'usage'>, refused: boolean): Ending {
  const incomplete = refused ? undefined : incompleteReason(reason)
  return { status: incomplete === undefined ? 'completed' : 'incomplete', reason: incomplete, usage }
}

function emptyMessage(pen: Pen): string {
  const message = writeMessage(pen)
  return message.opening + message.close('completed')
}
