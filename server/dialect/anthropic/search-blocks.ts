import type { Part } from '../../conversation/conversation.ts'
import {
  type Citation,
  type SearchFault,
  type SearchOutcome,
  type SearchResult,
  searchText,
  searchToolName,
} from '../../conversation/search.ts'
import { cutText } from '../../lib/sound-text.ts'
import { isObject, type Loose } from '../validate.ts'

const errorCodes = {
  'invalid-input': 'invalid_tool_input',
  unavailable: 'unavailable',
  'uses-spent': 'max_uses_exceeded',
  'rate-limited': 'too_many_requests',
} as const satisfies Record<SearchFault, string>

const direct = { type: 'direct' } as const

export const searchCallBlock = (id: string, query: string | undefined): object => ({
  type: 'server_tool_use',
  id,
  name: 'web_search',
  input: query === undefined ? {} : { query },
  caller: direct,
})

export const searchResultBlock = (callId: string, outcome: SearchOutcome): object => ({
  type: 'web_search_tool_result',
  tool_use_id: callId,
  caller: direct,
  content: outcome.ok
    ? outcome.results.map((result) => ({
        type: 'web_search_result',
        title: result.title,
        url: result.url,
        page_age: result.publishedAt === undefined ? null : dateOf(result.publishedAt),
        encrypted_content: packed(result),
      }))
    : { type: 'web_search_tool_result_error', error_code: errorCodes[outcome.fault] },
})

/** `cited_text` is what the search gave of the page: what the page says beyond it was not seen. */
export const citationOf = ({ result }: Citation): object => ({
  type: 'web_search_result_location',
  url: result.url,
  title: result.title,
  cited_text: cutText(result.snippet, 150),
  encrypted_index: packed({ url: result.url }),
})

const dateOf = (publishedAt: number): string =>
  new Date(publishedAt).toLocaleDateString('en-US', { year: 'numeric', month: 'long', day: 'numeric', timeZone: 'UTC' })

/** What the API gives as sealed is the caller's to bring back unread. Ours is packed, not sealed: it holds no more than the caller may see. */
const packed = (content: object): string => Buffer.from(JSON.stringify(content)).toString('base64')

/** A search of an earlier turn, as the call it was to the model. */
export function pastSearchCall({ id, input }: Loose): readonly Part[] {
  if (typeof id !== 'string' || id === '') return []
  const query = isObject(input) && typeof input.query === 'string' ? input.query : ''
  return [{ type: 'tool-call', id, name: searchToolName, input: { query } }]
}

/** What it gave: with the excerpts where it was ours, else with titles and addresses, the rest being sealed for another server. */
export function pastSearchResult({ tool_use_id: callId, content }: Loose): readonly Part[] {
  const text = Array.isArray(content)
    ? searchText({ ok: true, results: content.flatMap(resultOf) })
    : errorText(content)
  const parts = [{ type: 'text', text }] as const
  if (typeof callId !== 'string' || callId === '') return Array.isArray(content) && content.length > 0 ? parts : []
  return [{ type: 'tool-result', callId, parts, isError: !Array.isArray(content) }]
}

function errorText(content: unknown): string {
  const code = isObject(content) ? content.error_code : undefined
  const fault = (Object.keys(errorCodes) as SearchFault[]).find((key) => errorCodes[key] === code)
  return searchText({ ok: false, fault: fault ?? 'unavailable' })
}

function resultOf(value: unknown): readonly SearchResult[] {
  if (!isObject(value) || typeof value.url !== 'string') return []
  const { url, title, encrypted_content: sealed } = value
  const { snippet, publishedAt } = unpacked(sealed)
  return [
    {
      url,
      title: typeof title === 'string' ? title : url,
      snippet: typeof snippet === 'string' ? snippet : '',
      ...(typeof publishedAt === 'number' && Math.abs(publishedAt) < 8.64e15 ? { publishedAt } : {}),
    },
  ]
}

function unpacked(text: unknown): Loose {
  if (typeof text !== 'string') return {}
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64').toString('utf8'))
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}
