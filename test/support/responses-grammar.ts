import { framesOf } from './grammar.ts'

type Json = Readonly<Record<string, unknown>>

/** An item while it is written: which part events it may have, and what its deltas have said so far. */
type Open = {
  readonly id: string
  readonly index: number
  readonly type: string
  readonly text: string
  readonly annotations: readonly unknown[]
  readonly stage: number
}

/** Per kind of item: its delta events, the event that repeats the whole, and the part around them, where it has one. */
const families: Readonly<
  Record<
    string,
    {
      readonly event: string
      readonly whole: string
      readonly part?: string
      readonly where: readonly string[]
      readonly textOf: (item: Json) => unknown
    }
  >
> = {
  message: {
    event: 'response.output_text',
    whole: 'text',
    part: 'response.content_part',
    where: ['content_index'],
    textOf: (item) => (item.content as readonly Json[])[0]?.text,
  },
  reasoning: {
    event: 'response.reasoning_summary_text',
    whole: 'text',
    part: 'response.reasoning_summary_part',
    where: ['summary_index'],
    textOf: (item) => (item.summary as readonly Json[])[0]?.text ?? '',
  },
  function_call: {
    event: 'response.function_call_arguments',
    whole: 'arguments',
    where: [],
    textOf: (item) => item.arguments,
  },
  custom_tool_call: {
    event: 'response.custom_tool_call_input',
    whole: 'input',
    where: [],
    textOf: (item) => item.input,
  },
}

/** A search is told in steps; one that failed lacks the last. */
const searchSteps = ['in_progress', 'searching', 'completed']
const isCall = ({ type }: Json): boolean => String(type).endsWith('_call') && type !== 'web_search_call'

const endings = ['response.completed', 'response.incomplete', 'response.failed']

/** What is wrong with a Responses stream, or undefined. */
export function openaiResponsesFault(sse: string): string | undefined {
  const frames = framesOf(sse)
  const done: Json[] = []
  let responseId: unknown
  let open: Open | undefined
  let stage: 'new' | 'created' | 'running' | 'done' = 'new'
  for (const [position, frame] of frames.entries()) {
    const data = JSON.parse(frame.data) as Json
    const type = String(data.type)
    const at = `frame ${position} (${type})`
    if (frame.event !== type) return `${at}: the event line is not the type of its data`
    if (data.sequence_number !== position) return `${at}: sequence_number ${data.sequence_number}`
    if (stage === 'done') return `${at}: nothing may follow`
    if (type === 'keepalive') continue
    if (type === 'response.created' || type === 'response.in_progress' || endings.includes(type)) {
      const response = data.response as Json
      const fault = responseFault(response)
      if (fault !== undefined) return `${at}: ${fault}`
      responseId ??= response.id
      if (response.id !== responseId) return `${at}: the id changed`
      if (type === 'response.created' && stage !== 'new') return `${at}: not at the start`
      if (type === 'response.in_progress' && stage !== 'created') return `${at}: out of order`
      if (!endings.includes(type)) {
        if (response.status !== 'in_progress') return `${at}: status ${response.status}`
        stage = type === 'response.created' ? 'created' : 'running'
        continue
      }
      if (stage !== 'running') return `${at}: out of order`
      if (type !== `response.${response.status}`) return `${at}: status ${response.status}`
      if (open !== undefined && type !== 'response.failed') return `${at}: item ${open.index} is still open`
      if ((response.error === null) !== (type !== 'response.failed')) return `${at}: error and status disagree`
      if ((response.incomplete_details === null) !== (type !== 'response.incomplete')) return `${at}: no reason`
      if (type !== 'response.failed' && !(response.usage as Json | null)?.total_tokens) return `${at}: no usage`
      if (JSON.stringify(response.output) !== JSON.stringify(done))
        return `${at}: output is not the items that were done`
      stage = 'done'
      continue
    }
    if (stage !== 'running') return `${at}: out of order`
    const fault = itemFault(type, data, open, done)
    if (typeof fault === 'string') return `${at}: ${fault}`
    open = fault.open
  }
  return stage === 'done' ? undefined : 'the stream has no terminal event'
}

function responseFault(response: Json | undefined): string | undefined {
  if (!String(response?.id).startsWith('resp_')) return 'no id'
  if (response?.object !== 'response' || typeof response.created_at !== 'number') return 'no object or created_at'
  if (typeof response.model !== 'string' || !Array.isArray(response.output)) return 'no model or output'
  return undefined
}

function itemFault(
  type: string,
  data: Json,
  open: Open | undefined,
  done: Json[],
): string | { open: Open | undefined } {
  if (type === 'response.output_item.added') {
    const item = data.item as Json
    if (open !== undefined) return `item ${open.index} is still open`
    if (data.output_index !== done.length) return `output_index ${data.output_index}, expected ${done.length}`
    if (typeof item?.id !== 'string') return 'no id'
    if (item.type === 'message' && (item.role !== 'assistant' || item.status !== 'in_progress'))
      return 'no role or status'
    if (isCall(item) && !(item.call_id && item.name)) return 'no call_id or name'
    return { open: { id: item.id, index: done.length, type: String(item.type), text: '', annotations: [], stage: 0 } }
  }
  if (open === undefined) return 'no item is open'
  if (data.output_index !== open.index) return `output_index ${data.output_index}`
  const family = families[open.type]
  if (type === 'response.output_item.done') {
    const item = data.item as Json
    if (item.id !== open.id || item.type !== open.type) return 'another item'
    if (open.stage !== 0 && open.stage !== 3 && family?.part !== undefined) return 'its part is still open'
    if (family !== undefined && open.stage === 1) return 'its text is still open'
    if (family !== undefined && family.textOf(item) !== open.text) return 'the item is not what the deltas said'
    if (item.type === 'message' && open.stage === 0) return 'a message without a part'
    const annotations = item.type === 'message' ? (item.content as readonly Json[])[0]?.annotations : undefined
    if (JSON.stringify(annotations ?? []) !== JSON.stringify(open.annotations))
      return 'its annotations are not those that were told'
    if (isCall(item) && !(item.call_id && item.name && item.status)) return 'no call_id, name or status'
    if (open.type === 'web_search_call' && open.stage !== (item.status === 'failed' ? 2 : 3))
      return `its steps do not fit the status ${item.status}`
    done.push(item)
    return { open: undefined }
  }
  if (data.item_id !== open.id) return 'another item_id'
  if (open.type === 'web_search_call')
    return type === `response.web_search_call.${searchSteps[open.stage]}`
      ? { open: { ...open, stage: open.stage + 1 } }
      : 'out of order'
  if (family === undefined) return `unknown in a ${open.type}`
  if (family.where.some((member) => data[member] !== 0)) return `no ${family.where.join()}`
  const hasPart = family.part !== undefined
  switch (type) {
    case 'response.output_text.annotation.added':
      if (open.type !== 'message' || open.stage !== 1) return 'out of order'
      if (data.annotation_index !== open.annotations.length) return `annotation_index ${data.annotation_index}`
      return { open: { ...open, annotations: [...open.annotations, data.annotation] } }
    case `${family.part}.added`:
      if (open.stage !== 0) return 'a second part'
      return { open: { ...open, stage: 1 } }
    case `${family.event}.delta`:
      if (typeof data.delta !== 'string' || open.stage > 1 || (hasPart && open.stage !== 1)) return 'out of order'
      return { open: { ...open, stage: 1, text: open.text + data.delta } }
    case `${family.event}.done`:
      if (open.stage !== 1 && (hasPart || open.stage !== 0)) return 'out of order'
      if (data[family.whole] !== open.text) return 'not what the deltas said'
      return { open: { ...open, stage: hasPart ? 2 : 3 } }
    case `${family.part}.done`:
      if (open.stage !== 2 || (data.part as Json).text !== open.text) return 'out of order'
      return { open: { ...open, stage: 3 } }
    default:
      return `unknown in a ${open.type}`
  }
}
