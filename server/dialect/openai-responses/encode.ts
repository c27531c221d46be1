import type { ReplyEvent } from '../../conversation/event.ts'
import type { Reply } from '../../conversation/reply.ts'
import type { ReplyContext, StreamEncoder } from '../dialect.ts'
import { compact, createCompactionEncoder } from './compaction.ts'
import { failureOf } from './error.ts'
import type { Form, OutputItem } from './form.ts'
import { createFrames } from './frames.ts'
import {
  type ItemWriter,
  type Pen,
  writeCall,
  writeMessage,
  writeReasoning,
  writeRedactedReasoning,
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
export function createEncoder(context: ReplyContext<Form>): StreamEncoder {
  const { form } = context
  if (form.compaction !== undefined) return createCompactionEncoder(context, form.compaction)
  const frames = createFrames(context)
  const items: OutputItem[] = []
  const pen: Pen = { context, frames, items }
  let open: ItemWriter | undefined
  /** A text that has ended: only what follows tells whether it was cut, so its last frames wait for that. */
  let held: ItemWriter | undefined

  const settle = (status: ItemStatus = 'completed'): string => {
    const last = held?.close(status) ?? ''
    held = undefined
    return last
  }
  const start = (writer: ItemWriter): string => {
    open = writer
    return writer.opening
  }
  const feed = (text: string): string => open?.feed(text) ?? ''
  const finish = (ending: Ending, keeps = true): string => {
    const response = responseOf(context, ending, items)
    if (keeps) form.keep?.(response)
    const shown = JSON.stringify(shownResponse(response, form.sealsReasoning))
    return frames.frame(`response.${ending.status}`, `"response":${shown}`)
  }

  const encode = (event: ReplyEvent): string => {
    switch (event.type) {
      case 'reply-start':
        return frames.open()
      case 'text-delta':
      case 'reasoning-delta':
        return feed(event.text)
      case 'tool-call-delta':
        return feed(event.json)
      case 'text-start':
        return settle() + start(writeMessage(pen))
      case 'text-end':
        held = open
        return ''
      case 'reasoning-start':
        return settle() + start(writeReasoning(pen))
      case 'reasoning-end':
        return open?.close('completed', event.signature) ?? ''
      case 'redacted-reasoning':
        return settle() + writeRedactedReasoning(pen, event.base64)
      case 'tool-call-start':
        return settle() + start(writeCall(pen, event.id, event.name))
      case 'tool-call-end':
        return open?.close('completed') ?? ''
      case 'finish': {
        const ending = endingOf(event)
        const last = settle(ending.status === 'completed' ? 'completed' : 'incomplete')
        return last + (needsMessage(items, ending) ? emptyMessage(pen) : '') + finish(ending)
      }
      case 'error': {
        const ending = { status: 'failed', error: failureOf(event.error) } as const
        // Who left is not told, and has nothing to come back to.
        return frames.open() + settle('incomplete') + finish(ending, event.error.kind !== 'cancelled')
      }
    }
  }
  return { encode, keepAlive: frames.keepAlive }
}

/** A whole response. */
export function encodeReply(reply: Reply, context: ReplyContext<Form>): object {
  const { form } = context
  if (form.compaction !== undefined) return compact(reply, context, form.compaction)
  const ending = endingOf(reply)
  const response = responseOf(context, ending, encodeOutput(reply.blocks, ending, context))
  form.keep?.(response)
  return shownResponse(response, form.sealsReasoning)
}

function endingOf({ reason, usage }: Pick<Reply, 'reason' | 'usage'>): Ending {
  const incomplete = incompleteReason(reason)
  return { status: incomplete === undefined ? 'completed' : 'incomplete', reason: incomplete, usage }
}

function emptyMessage(pen: Pen): string {
  const message = writeMessage(pen)
  return message.opening + message.close('completed')
}
