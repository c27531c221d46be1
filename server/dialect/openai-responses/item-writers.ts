import type { ReplyBlock } from '../../conversation/reply.ts'
import { textInJson } from '../../lib/json.ts'
import type { ReplyContext } from '../dialect.ts'
import type { Form, OutputItem } from './form.ts'
import type { Frames } from './frames.ts'
import { createFreeformReader } from './freeform.ts'
import { originOf } from './names.ts'
import { encodeItem, type ItemStatus, itemId, shownItem, statusOfCall, summaryPart, textPart } from './output.ts'

/** What all items of one stream are written with; `items` are those that are done. */
export type Pen = {
  readonly context: ReplyContext<Form>
  readonly frames: Frames
  readonly items: OutputItem[]
}

/** One item while it is written. `feed` is the hot path. */
export type ItemWriter = {
  readonly opening: string
  readonly feed: (text: string) => string
  /** `status` is for texts: whether a call was cut short shows in its input. */
  readonly close: (status: ItemStatus, signature?: string) => string
}

export function writeMessage(pen: Pen): ItemWriter {
  const id = itemId('text', pen.context.id, pen.items.length)
  const item = startItem(pen, id, 'response.output_text', ',"content_index":0', ',"logprobs":[]')
  const part = (step: string, text: string): string =>
    item.frame(`response.content_part.${step}`, `"part":${JSON.stringify(textPart(text))}`)
  return {
    opening:
      item.added({ id, type: 'message', status: 'in_progress', role: 'assistant', content: [] }) + part('added', ''),
    feed: item.feed,
    close: (status) => {
      const text = item.written()
      const whole = item.frame('response.output_text.done', `"text":${JSON.stringify(text)},"logprobs":[]`)
      return whole + part('done', text) + item.done({ type: 'text', text }, status)
    },
  }
}

/** Its words only when the caller asked for them; the item with its proof in any case. */
export function writeReasoning(pen: Pen): ItemWriter {
  const id = itemId('reasoning', pen.context.id, pen.items.length)
  const item = startItem(pen, id, 'response.reasoning_summary_text', ',"summary_index":0')
  const part = (step: string, text: string): string =>
    item.frame(`response.reasoning_summary_part.${step}`, `"part":${JSON.stringify(summaryPart(text))}`)
  const isShown = pen.context.form.showsReasoning
  let hidden = ''
  return {
    opening: item.added({ id, type: 'reasoning', summary: [] }),
    feed: (text) => {
      if (isShown) return text === '' ? '' : (item.written() === '' ? part('added', '') : '') + item.feed(text)
      hidden += text
      return ''
    },
    close: (status, signature) => {
      const text = isShown ? item.written() : hidden
      const block = { type: 'reasoning', text, ...(signature === undefined ? {} : { signature }) } as const
      if (!isShown || text === '') return item.done(block, status)
      const whole = item.frame('response.reasoning_summary_text.done', `"text":${JSON.stringify(text)}`)
      return whole + part('done', text) + item.done(block, status)
    },
  }
}

export function writeRedactedReasoning(pen: Pen, base64: string): string {
  const id = itemId('reasoning', pen.context.id, pen.items.length)
  const item = startItem(pen, id, '', '')
  return (
    item.added({ id, type: 'reasoning', summary: [] }) + item.done({ type: 'redacted-reasoning', base64 }, 'completed')
  )
}

export function writeCall(pen: Pen, id: string, name: string): ItemWriter {
  return originOf(name, pen.context.form.names).kind === 'custom'
    ? writeFreeformCall(pen, { id, name })
    : writeFunctionCall(pen, { id, name })
}

type Call = { readonly id: string; readonly name: string }
const callBlock = ({ id, name }: Call, json: string): ReplyBlock => ({ type: 'tool-call', id, name, json })

function writeFunctionCall(pen: Pen, call: Call): ItemWriter {
  const { length: index } = pen.items
  const event = 'response.function_call_arguments'
  const item = startItem(pen, itemId('function', pen.context.id, index), event, '')
  return {
    opening: item.added(encodeItem(callBlock(call, ''), index, 'in_progress', pen.context)),
    feed: item.feed,
    close: () => {
      const none = item.written() === '' ? item.feed('{}') : ''
      const json = item.written()
      const whole = item.frame(`${event}.done`, `"arguments":${JSON.stringify(json)}`)
      return none + whole + item.done(callBlock(call, json), statusOfCall(json))
    },
  }
}

function writeFreeformCall(pen: Pen, call: Call): ItemWriter {
  const { length: index } = pen.items
  const event = 'response.custom_tool_call_input'
  const item = startItem(pen, itemId('custom', pen.context.id, index), event, '')
  const reader = createFreeformReader()
  let json = ''
  return {
    opening: item.added(encodeItem(callBlock(call, ''), index, 'in_progress', pen.context)),
    feed: (fragment) => {
      json += fragment
      return item.feed(reader.push(fragment))
    },
    close: () => {
      const rest = item.feed(reader.end().rest)
      const whole = item.frame(`${event}.done`, `"input":${JSON.stringify(item.written())}`)
      const block = callBlock(call, json === '' ? '{}' : json)
      return rest + whole + item.done(block, statusOfCall(json === '' ? '{}' : json))
    },
  }
}

/** `event` names the family of the item's deltas, `where` their part within it; everything around a delta is made here. */
function startItem({ context, frames, items }: Pen, id: string, event: string, where: string, extra = '') {
  const { length: index } = items
  const { next } = frames
  const place = `"item_id":"${id}","output_index":${index}${where}`
  const head = `event: ${event}.delta\ndata: {"type":"${event}.delta",${place},"delta":"`
  const tail = `"${extra},"sequence_number":`
  let written = ''
  return {
    written: (): string => written,
    feed: (text: string): string => {
      if (text === '') return ''
      written += text
      return `${head}${textInJson(text)}${tail}${next()}}\n\n`
    },
    frame: (type: string, members: string): string => frames.frame(type, `${place},${members}`),
    added: (item: object): string =>
      frames.frame('response.output_item.added', `"output_index":${index},"item":${JSON.stringify(item)}`),
    done: (block: ReplyBlock, status: ItemStatus): string => {
      const item = encodeItem(block, index, status, context)
      items.push(item)
      const shown = JSON.stringify(shownItem(item, context.form.sealsReasoning))
      return frames.frame('response.output_item.done', `"output_index":${index},"item":${shown}`)
    },
  }
}
