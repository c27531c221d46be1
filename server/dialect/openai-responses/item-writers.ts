import type { ReplyBlock } from '../../conversation/reply.ts'
import type { Citation, SearchOutcome } from '../../conversation/search.ts'
import { textInJson } from '../../lib/json.ts'
import type { ReplyContext } from '../dialect.ts'
import type { Form, OutputItem } from './form.ts'
import type { Frames } from './frames.ts'
import { createFreeformReader } from './freeform.ts'
import { originOf } from './names.ts'
import {
  annotationOf,
  encodeItem,
  type ItemStatus,
  itemId,
  refusalPart,
  searchAction,
  shownItem,
  statusOfCall,
  summaryPart,
  textPart,
} from './output.ts'

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
  /** Of a message: what its text refers to. */
  readonly cite?: (citation: Citation) => void
  /** Of a search: how it ended. */
  readonly found?: (outcome: SearchOutcome) => void
}

export const writeMessage = (pen: Pen): ItemWriter => new MessageWriter(pen)

/** Words on why there is no answer. */
export const writeRefusal = (pen: Pen): ItemWriter => new RefusalWriter(pen)

/** Its words only when the caller asked for them; the item with its proof in any case. */
export const writeReasoning = (pen: Pen): ItemWriter => new ReasoningWriter(pen)

export function writeRedactedReasoning(pen: Pen, base64: string): string {
  const item = new ItemFrames(pen, itemId('reasoning', pen.context.id, pen.items.length), '', '')
  const added = item.added({ id: item.id, type: 'reasoning', summary: [] })
  return added + item.done({ type: 'redacted-reasoning', base64 }, 'completed')
}

export const writeSearch = (pen: Pen, id: string, query: string): ItemWriter => new SearchWriter(pen, id, query)

export const writeCall = (pen: Pen, id: string, name: string): ItemWriter =>
  originOf(name, pen.context.form.names).kind === 'custom'
    ? new FreeformCallWriter(pen, { id, name })
    : new FunctionCallWriter(pen, { id, name })

/** The frames of one item. A class: each delta passes it (docs/performance.md). */
class ItemFrames {
  written = ''
  readonly index: number
  private readonly place: string
  private readonly head: string
  private readonly tail: string

  /** `event` names the family of the item's deltas, `where` their part within it; everything around a delta is made here. */
  constructor(
    protected readonly pen: Pen,
    readonly id: string,
    event: string,
    where: string,
    extra = '',
  ) {
    this.index = pen.items.length
    this.place = `"item_id":"${id}","output_index":${this.index}${where}`
    this.head = `event: ${event}.delta\ndata: {"type":"${event}.delta",${this.place},"delta":"`
    this.tail = `"${extra},"sequence_number":`
  }

  feed(text: string): string {
    if (text === '') return ''
    this.written += text
    return `${this.head}${textInJson(text)}${this.tail}${this.pen.frames.next()}}\n\n`
  }

  frame(type: string, members: string): string {
    return this.pen.frames.frame(type, members === '' ? this.place : `${this.place},${members}`)
  }

  added(item: object): string {
    const members = `"output_index":${this.index},"item":${JSON.stringify(item)}`
    return this.pen.frames.frame('response.output_item.added', members)
  }

  done(block: ReplyBlock, status: ItemStatus): string {
    const { context, frames, items } = this.pen
    const item = encodeItem(block, this.index, status, context)
    items.push(item)
    const shown = JSON.stringify(shownItem(item, context.form.sealsReasoning))
    return frames.frame('response.output_item.done', `"output_index":${this.index},"item":${shown}`)
  }
}

class MessageWriter extends ItemFrames implements ItemWriter {
  readonly opening: string
  private readonly citations: Citation[] = []

  constructor(pen: Pen) {
    const id = itemId('text', pen.context.id, pen.items.length)
    super(pen, id, 'response.output_text', ',"content_index":0', ',"logprobs":[]')
    const item = { id, type: 'message', status: 'in_progress', role: 'assistant', content: [] }
    this.opening = this.added(item) + this.part('added', '')
  }

  cite(citation: Citation): void {
    this.citations.push(citation)
  }

  close(status: ItemStatus): string {
    const text = this.written
    const { citations } = this
    const cited = citations
      .map((citation, index) => {
        const members = `"content_index":0,"annotation_index":${index},"annotation":${JSON.stringify(annotationOf(citation))}`
        return this.frame('response.output_text.annotation.added', members)
      })
      .join('')
    const whole = this.frame('response.output_text.done', `"text":${JSON.stringify(text)},"logprobs":[]`)
    const block = { type: 'text', text, ...(citations.length > 0 && { citations }) } as const
    return cited + whole + this.part('done', text) + this.done(block, status)
  }

  private part(step: string, text: string): string {
    return this.frame(`response.content_part.${step}`, `"part":${JSON.stringify(textPart(text, this.citations))}`)
  }
}

class RefusalWriter extends ItemFrames implements ItemWriter {
  readonly opening: string

  constructor(pen: Pen) {
    const id = itemId('text', pen.context.id, pen.items.length)
    super(pen, id, 'response.refusal', ',"content_index":0')
    const item = { id, type: 'message', status: 'in_progress', role: 'assistant', content: [] }
    this.opening = this.added(item) + this.part('added', '')
  }

  close(status: ItemStatus): string {
    const text = this.written
    const whole = this.frame('response.refusal.done', `"refusal":${JSON.stringify(text)}`)
    return whole + this.part('done', text) + this.done({ type: 'text', text, isRefusal: true }, status)
  }

  private part(step: string, text: string): string {
    return this.frame(`response.content_part.${step}`, `"part":${JSON.stringify(refusalPart(text))}`)
  }
}

class ReasoningWriter extends ItemFrames implements ItemWriter {
  readonly opening: string
  private hidden = ''

  constructor(pen: Pen) {
    const id = itemId('reasoning', pen.context.id, pen.items.length)
    super(pen, id, 'response.reasoning_summary_text', ',"summary_index":0')
    this.opening = this.added({ id, type: 'reasoning', summary: [] })
  }

  override feed(text: string): string {
    if (this.pen.context.form.showsReasoning)
      return text === '' ? '' : (this.written === '' ? this.part('added', '') : '') + super.feed(text)
    this.hidden += text
    return ''
  }

  close(status: ItemStatus, signature?: string): string {
    const isShown = this.pen.context.form.showsReasoning
    const text = isShown ? this.written : this.hidden
    const block = { type: 'reasoning', text, ...(signature === undefined ? {} : { signature }) } as const
    if (!isShown || text === '') return this.done(block, status)
    const whole = this.frame('response.reasoning_summary_text.done', `"text":${JSON.stringify(text)}`)
    return whole + this.part('done', text) + this.done(block, status)
  }

  private part(step: string, text: string): string {
    return this.frame(`response.reasoning_summary_part.${step}`, `"part":${JSON.stringify(summaryPart(text))}`)
  }
}

class SearchWriter extends ItemFrames implements ItemWriter {
  readonly opening: string
  private outcome: SearchOutcome = { ok: false, fault: 'unavailable' }

  constructor(
    pen: Pen,
    private readonly callId: string,
    private readonly query: string,
  ) {
    super(pen, itemId('search', pen.context.id, pen.items.length), searchEvent, '')
    const item = { id: this.id, type: 'web_search_call', status: 'in_progress', action: searchAction(query) }
    this.opening = this.added(item) + this.step('in_progress') + this.step('searching')
  }

  found(outcome: SearchOutcome): void {
    this.outcome = outcome
  }

  close(status: ItemStatus): string {
    const { callId: id, query, outcome } = this
    const step = outcome.ok ? this.step('completed') : ''
    return step + this.done({ type: 'search', id, query, outcome }, status)
  }

  private step(name: string): string {
    return this.frame(`${searchEvent}.${name}`, '')
  }
}
const searchEvent = 'response.web_search_call'

type Call = { readonly id: string; readonly name: string }
const callBlock = ({ id, name }: Call, json: string): ReplyBlock => ({ type: 'tool-call', id, name, json })

class FunctionCallWriter extends ItemFrames implements ItemWriter {
  readonly opening: string

  constructor(
    pen: Pen,
    private readonly call: Call,
  ) {
    super(pen, itemId('function', pen.context.id, pen.items.length), functionEvent, '')
    this.opening = this.added(encodeItem(callBlock(call, ''), this.index, 'in_progress', pen.context))
  }

  close(): string {
    const none = this.written === '' ? this.feed('{}') : ''
    const json = this.written
    const whole = this.frame(`${functionEvent}.done`, `"arguments":${JSON.stringify(json)}`)
    return none + whole + this.done(callBlock(this.call, json), statusOfCall(json))
  }
}
const functionEvent = 'response.function_call_arguments'

class FreeformCallWriter extends ItemFrames implements ItemWriter {
  readonly opening: string
  private readonly reader = createFreeformReader()
  private json = ''

  constructor(
    pen: Pen,
    private readonly call: Call,
  ) {
    super(pen, itemId('custom', pen.context.id, pen.items.length), freeformEvent, '')
    this.opening = this.added(encodeItem(callBlock(call, ''), this.index, 'in_progress', pen.context))
  }

  override feed(fragment: string): string {
    this.json += fragment
    return super.feed(this.reader.push(fragment))
  }

  close(): string {
    const rest = super.feed(this.reader.end().rest)
    const whole = this.frame(`${freeformEvent}.done`, `"input":${JSON.stringify(this.written)}`)
    const json = this.json === '' ? '{}' : this.json
    return rest + whole + this.done(callBlock(this.call, json), statusOfCall(json))
  }
}
const freeformEvent = 'response.custom_tool_call_input'
