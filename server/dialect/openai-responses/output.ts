import type { FinishReason } from '../../conversation/ending.ts'
import type { Usage } from '../../conversation/event.ts'
import type { ReplyBlock } from '../../conversation/reply.ts'
import type { Citation, SearchResult } from '../../conversation/search.ts'
import type { ReplyContext } from '../dialect.ts'
import type { Form, KeptResponse, OutputItem } from './form.ts'
import { textOf } from './freeform.ts'
import { originOf } from './names.ts'
import { sealReasoning } from './sealed-reasoning.ts'

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete'
export type ResponseStatus = 'in_progress' | 'completed' | 'incomplete' | 'failed'

/** Why a response is incomplete; `undefined`: it is complete. */
const incompleteReasons = {
  end: undefined,
  'tool-calls': undefined,
  'stop-sequence': undefined,
  'max-tokens': 'max_output_tokens',
  'context-full': 'max_output_tokens',
  paused: 'max_output_tokens',
  refusal: 'content_filter',
  filtered: 'content_filter',
} as const satisfies Record<FinishReason, string | undefined>

export const incompleteReason = (reason: FinishReason): string | undefined => incompleteReasons[reason]

const idPrefix = {
  text: 'msg',
  reasoning: 'rs',
  'redacted-reasoning': 'rs',
  function: 'fc',
  custom: 'ctc',
  search: 'ws',
} as const

/** Items carry their response's id, so that an item alone tells whose it is. */
export const itemId = (kind: keyof typeof idPrefix, responseId: string, index: number): string =>
  `${idPrefix[kind]}_${responseId}_${index}`

/** Of an item that the caller sent without an id. */
export const inputItemId = (responseId: string, index: number): string => `in_${responseId}_${index}`
export const isInputItemId = (itemId: string): boolean => itemId.startsWith('in_')

/** The id without prefix of the response that an item id of ours belongs to. */
export const responseIdOf = (itemId: string): string | undefined => /^[a-z]+_([A-Za-z0-9]+)_\d+$/.exec(itemId)?.[1]

export const refusalPart = (refusal: string): object => ({ type: 'refusal', refusal })
export const textPart = (text: string, citations: readonly Citation[] = []): object => ({
  type: 'output_text',
  annotations: citations.map(annotationOf),
  logprobs: [],
  text,
})

export const annotationOf = ({ result: { url, title }, start, end }: Citation): object => ({
  type: 'url_citation',
  start_index: start,
  end_index: end,
  url,
  title,
})

/** `sources` are told to who asked for them. */
export const searchAction = (query: string, sources?: readonly SearchResult[]): object => ({
  type: 'search',
  query,
  queries: [query],
  ...(sources === undefined ? {} : { sources: sources.map(({ url }) => ({ type: 'url', url })) }),
})
export const summaryPart = (text: string): object => ({ type: 'summary_text', text })

/** A block as an item, its reasoning sealed. `index` counts the items of one response. */
export function encodeItem(
  block: ReplyBlock,
  index: number,
  status: ItemStatus,
  { id, form }: Pick<ReplyContext<Form>, 'id' | 'form'>,
): OutputItem {
  switch (block.type) {
    case 'text': {
      const content = [block.isRefusal ? refusalPart(block.text) : textPart(block.text, block.citations)]
      return { id: itemId('text', id, index), type: 'message', status, role: 'assistant', content }
    }
    case 'search': {
      const { query, outcome } = block
      const sources = form.showsSources === true && outcome.ok ? outcome.results : undefined
      return {
        id: itemId('search', id, index),
        type: 'web_search_call',
        status: outcome.ok ? 'completed' : 'failed',
        action: searchAction(query, sources),
      }
    }
    case 'reasoning': {
      const { text, signature } = block
      return {
        id: itemId('reasoning', id, index),
        type: 'reasoning',
        summary: form.showsReasoning && text !== '' ? [summaryPart(text)] : [],
        ...(signature === undefined
          ? {}
          : { encrypted_content: sealReasoning({ type: 'reasoning', text, signature }) }),
      }
    }
    case 'redacted-reasoning':
      return {
        id: itemId('reasoning', id, index),
        type: 'reasoning',
        summary: [],
        encrypted_content: sealReasoning(block),
      }
    case 'tool-call': {
      const { kind, name, namespace } = originOf(block.name, form.names)
      const group = namespace === undefined ? {} : { namespace }
      const head = { id: itemId(kind, id, index), status, call_id: block.id, name, ...group }
      return kind === 'custom'
        ? { ...head, type: 'custom_tool_call', input: textOf(block.json) }
        : { ...head, type: 'function_call', arguments: block.json }
    }
  }
}

/** An item as the caller gets it: sealed reasoning only when asked for. */
export function shownItem(item: OutputItem, sealsReasoning: boolean): OutputItem {
  if (item.type !== 'reasoning' || sealsReasoning || !('encrypted_content' in item)) return item
  const { encrypted_content: _, ...rest } = item
  return rest as OutputItem
}

/** A call whose input is no JSON was cut short. */
export function statusOfCall(json: string): ItemStatus {
  try {
    JSON.parse(json)
    return 'completed'
  } catch {
    return 'incomplete'
  }
}

/** Everything of a response object before its output. */
const responseHead = (context: ReplyContext<Form>): Readonly<Record<string, unknown>> & { readonly id: string } => ({
  id: `resp_${context.id}`,
  object: 'response',
  created_at: Math.floor(context.createdAt / 1000),
  model: context.model,
  ...context.form.echo,
})

export type Ending = {
  readonly status: ResponseStatus
  readonly error?: object
  readonly reason?: string | undefined
  readonly usage?: Usage
}

/** The members that tell how a response ended, or that it has not. */
const endingMembers = ({ status, error, reason, usage }: Ending): object => ({
  status,
  error: error ?? null,
  incomplete_details: reason === undefined ? null : { reason },
  usage: usage === undefined ? null : encodeUsage(usage),
})

export const responseOf = (
  context: ReplyContext<Form>,
  ending: Ending,
  output: readonly OutputItem[],
): KeptResponse => ({ ...responseHead(context), ...endingMembers(ending), output })

/** The items of a finished reply. */
export function encodeOutput(
  blocks: readonly ReplyBlock[],
  ending: Ending,
  context: ReplyContext<Form>,
): readonly OutputItem[] {
  const items = blocks.map((block, index) => {
    const isCut = ending.status === 'incomplete' && block.type === 'text' && index === blocks.length - 1
    const status = block.type === 'tool-call' ? statusOfCall(block.json) : isCut ? 'incomplete' : 'completed'
    return encodeItem(block, index, status, context)
  })
  const empty = { type: 'text', text: '' } as const
  return needsMessage(items, ending) ? [...items, encodeItem(empty, items.length, 'completed', context)] : items
}

/** An answer that says nothing at all is an empty message: agents ask again without one. */
export const needsMessage = (items: readonly OutputItem[], { status }: Ending): boolean =>
  status === 'completed' && items.every(({ type }) => type === 'reasoning' || type === 'web_search_call')

/** A whole response as it goes out. */
export const shownResponse = (response: KeptResponse, sealsReasoning: boolean): KeptResponse => ({
  ...response,
  output: response.output.map((item) => shownItem(item, sealsReasoning)),
})

// Here `input_tokens` includes what came from a cache, and the output includes the reasoning.
function encodeUsage(usage: Usage): object {
  return {
    input_tokens: usage.input.tokens,
    input_tokens_details: {
      cached_tokens: usage.cacheRead?.tokens ?? 0,
      cache_write_tokens: usage.cacheWrite?.tokens ?? 0,
    },
    output_tokens: usage.output.tokens,
    output_tokens_details: { reasoning_tokens: usage.reasoning?.tokens ?? 0 },
    total_tokens: usage.input.tokens + usage.output.tokens,
  }
}
