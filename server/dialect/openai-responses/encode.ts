import type { ReplyEvent } from '../../conversation/event.ts'
import type { Reply, ReplyBlock } from '../../conversation/reply.ts'
import { textInJson } from '../../lib/json.ts'
import type { ReplyContext, StreamEncoder } from '../dialect.ts'
import { compact, createCompactionEncoder } from './compaction.ts'
import { failureOf } from './error.ts'
import type { Form, KeptResponse, OutputItem } from './form.ts'
import { createFrames } from './frames.ts'
import { createFreeformReader, type FreeformReader } from './freeform.ts'
import { originOf } from './names.ts'
import {
  type Ending,
  encodeItem,
  encodeOutput,
  endingMembers,
  type ItemStatus,
  incompleteReason,
  itemId,
  needsMessage,
  responseHead,
  shownItem,
  shownResponse,
  statusOfCall,
  summaryPart,
  textPart,
} from './output.ts'

/** What is being written of the block that is open. */
type Open = { readonly index: number; readonly id: string; delta: string; tail: string; text: string; fed: boolean }

/** One Responses stream. Deltas are the hot path: everything around their text is made once per block. */
export function createEncoder(context: ReplyContext<Form>): StreamEncoder {
  const { form } = context
  if (form.compaction !== undefined) return createCompactionEncoder(context, form.compaction)
  const frames = createFrames(context)
  const { frame } = frames
  const items: OutputItem[] = []
  let open: Open = { index: 0, id: '', delta: '', tail: '', text: '', fed: false }
  let call = { id: '', name: '' }
  let freeform: FreeformReader | undefined
  /** Ends a text once what follows tells whether it was cut. */
  let held: ((status: ItemStatus) => string) | undefined

  const settle = (status: ItemStatus = 'completed'): string => {
    const text = held?.(status) ?? ''
    held = undefined
    return text
  }
  const at = (): string => `"item_id":"${open.id}","output_index":${open.index}`
  /** `kind` names the event family; `where` the part within the item. */
  const start = (id: string, kind: string, where: string, tail = ''): void => {
    open = { index: items.length, id, delta: '', tail: `"${tail},"sequence_number":`, text: '', fed: false }
    open.delta = `event: ${kind}.delta\ndata: {"type":"${kind}.delta",${at()}${where},"delta":"`
  }
  const feed = (text: string): string => {
    if (text === '') return ''
    open.fed = true
    open.text += text
    return `${open.delta}${textInJson(text)}${open.tail}${frames.next()}}\n\n`
  }
  const added = (item: object): string =>
    frame('response.output_item.added', `"output_index":${open.index},"item":${JSON.stringify(item)}`)
  const done = (block: ReplyBlock, status: ItemStatus): string => {
    const item = encodeItem(block, open.index, status, context)
    items.push(item)
    const shown = shownItem(item, form.sealsReasoning)
    return frame('response.output_item.done', `"output_index":${open.index},"item":${JSON.stringify(shown)}`)
  }

  const openText = (): string => {
    start(itemId('text', context.id, items.length), 'response.output_text', ',"content_index":0', ',"logprobs":[]')
    const item = { id: open.id, type: 'message', status: 'in_progress', role: 'assistant', content: [] }
    const part = JSON.stringify(textPart(''))
    return added(item) + frame('response.content_part.added', `${at()},"content_index":0,"part":${part}`)
  }
  const closeText = (status: ItemStatus): string => {
    const where = `${at()},"content_index":0`
    return (
      frame('response.output_text.done', `${where},"text":${JSON.stringify(open.text)},"logprobs":[]`) +
      frame('response.content_part.done', `${where},"part":${JSON.stringify(textPart(open.text))}`) +
      done({ type: 'text', text: open.text }, status)
    )
  }

  const openReasoning = (): string => {
    start(itemId('reasoning', context.id, items.length), 'response.reasoning_summary_text', ',"summary_index":0')
    return added({ id: open.id, type: 'reasoning', summary: [] })
  }
  const feedReasoning = (text: string): string => {
    if (!form.showsReasoning) open.text += text
    if (!form.showsReasoning || text === '') return ''
    const part = JSON.stringify(summaryPart(''))
    const opening = open.fed
      ? ''
      : frame('response.reasoning_summary_part.added', `${at()},"summary_index":0,"part":${part}`)
    return opening + feed(text)
  }
  const closeReasoning = (signature: string | undefined): string => {
    const { text } = open
    const where = `${at()},"summary_index":0`
    const summary = open.fed
      ? frame('response.reasoning_summary_text.done', `${where},"text":${JSON.stringify(text)}`) +
        frame('response.reasoning_summary_part.done', `${where},"part":${JSON.stringify(summaryPart(text))}`)
      : ''
    return summary + done({ type: 'reasoning', text, ...(signature === undefined ? {} : { signature }) }, 'completed')
  }

  const openCall = (id: string, name: string): string => {
    const { kind } = originOf(name, form.names)
    call = { id, name }
    freeform = kind === 'custom' ? createFreeformReader() : undefined
    start(
      itemId(kind, context.id, items.length),
      freeform ? 'response.custom_tool_call_input' : 'response.function_call_arguments',
      '',
    )
    const block = { type: 'tool-call', ...call, json: '' } as const
    return added(encodeItem(block, open.index, 'in_progress', context))
  }
  let json = ''
  const feedCall = (fragment: string): string => {
    if (freeform === undefined) return feed(fragment)
    json += fragment
    return feed(freeform.push(fragment))
  }
  const closeCall = (): string => {
    if (freeform === undefined) {
      const last = open.fed ? '' : feed('{}')
      const ended = frame('response.function_call_arguments.done', `${at()},"arguments":${JSON.stringify(open.text)}`)
      return last + ended + done({ type: 'tool-call', ...call, json: open.text }, statusOfCall(open.text))
    }
    const last = feed(freeform.end().rest)
    const ended = frame('response.custom_tool_call_input.done', `${at()},"input":${JSON.stringify(open.text)}`)
    const block = { type: 'tool-call', ...call, json: json === '' ? '{}' : json } as const
    json = ''
    return last + ended + done(block, statusOfCall(block.json))
  }

  const finish = (ending: Ending): string => {
    const response: KeptResponse = { ...responseHead(context), ...endingMembers(ending), output: items }
    form.keep?.(response)
    const shown = JSON.stringify(shownResponse(response, form.sealsReasoning))
    return frame(`response.${ending.status}`, `"response":${shown}`)
  }

  const encode = (event: ReplyEvent): string => {
    switch (event.type) {
      case 'reply-start':
        return frames.open()
      case 'text-start':
        return settle() + openText()
      case 'text-delta':
      case 'tool-call-delta':
        return event.type === 'text-delta' ? feed(event.text) : feedCall(event.json)
      case 'text-end':
        held = closeText
        return ''
      case 'reasoning-start':
        return settle() + openReasoning()
      case 'reasoning-delta':
        return feedReasoning(event.text)
      case 'reasoning-end':
        return closeReasoning(event.signature)
      case 'redacted-reasoning':
        return settle() + openReasoning() + done({ type: 'redacted-reasoning', base64: event.base64 }, 'completed')
      case 'tool-call-start':
        return settle() + openCall(event.id, event.name)
      case 'tool-call-end':
        return closeCall()
      case 'finish': {
        const reason = incompleteReason(event.reason)
        const status = reason === undefined ? 'completed' : 'incomplete'
        const last = settle(status)
        const empty = needsMessage(items, reason !== undefined) ? openText() + closeText('completed') : ''
        return last + empty + finish({ status, reason, usage: event.usage })
      }
      case 'error':
        return frames.open() + settle('incomplete') + finish({ status: 'failed', error: failureOf(event.error) })
    }
  }
  return { encode, keepAlive: frames.keepAlive }
}

/** A whole response. */
export function encodeReply(reply: Reply, context: ReplyContext<Form>): object {
  const { form } = context
  if (form.compaction !== undefined) return compact(reply, context, form.compaction)
  const reason = incompleteReason(reply.reason)
  const ending: Ending = { status: reason === undefined ? 'completed' : 'incomplete', reason, usage: reply.usage }
  const response: KeptResponse = {
    ...responseHead(context),
    ...endingMembers(ending),
    output: encodeOutput(reply, context),
  }
  form.keep?.(response)
  return shownResponse(response, form.sealsReasoning)
}
