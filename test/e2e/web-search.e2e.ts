import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { streamFault } from '../dialect/samples.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { framesOf } from '../support/grammar.ts'

// A search of the web by the executable: what is asked and what is seen of it, in the words of each API, whole and streamed.

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into member by member
type Json = any
type Bounds = { readonly maxUses?: number; readonly blocked?: readonly string[] }

/** What the caller sees of a search: its words, and the addresses it found or why it found none. */
type Shown = readonly [query: string, found: readonly string[] | string]

type Seen = {
  readonly searches: readonly Shown[]
  readonly text: string
  /** Addresses, in their order; those of the OpenAI APIs only where their place in the text is a link to them. */
  readonly cited: readonly string[]
  readonly end: string
  /** As the usage tells it; undefined: it does not. */
  readonly counted?: number
}

type Api = {
  readonly name: string
  readonly path: string
  /** Searches and their counts are seen here. */
  readonly shows: { readonly searches: boolean; readonly count: boolean }
  readonly fault: (name: 'uses-spent' | 'unavailable') => string
  readonly request: (text: string, bounds: Bounds) => object
  readonly read: (body: Json) => Seen
  /** The whole body that a stream amounts to. */
  readonly join: (events: readonly Json[]) => Json
}

const model = 'claude-sonnet-4.5'

/** The addresses of annotations whose place in the text is what they say. */
const citedIn = (text: string, annotations: readonly Json[]): readonly string[] =>
  annotations.flatMap(({ start_index, end_index, url, title }) =>
    [...text].slice(start_index, end_index).join('') === `[${title}](${url})` ? [url] : [],
  )

const apis: readonly Api[] = [
  {
    name: 'anthropic',
    path: '/v1/messages',
    shows: { searches: true, count: true },
    fault: (name) => (name === 'uses-spent' ? 'max_uses_exceeded' : 'unavailable'),
    request: (content, { maxUses, blocked }) => ({
      max_tokens: 4_000,
      messages: [{ role: 'user', content }],
      tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: maxUses, blocked_domains: blocked }],
    }),
    read: ({ content, stop_reason, usage }) => ({
      searches: content.flatMap((block: Json, index: number) => {
        if (block.type !== 'server_tool_use') return []
        const { type, tool_use_id, content: found } = content[index + 1]
        expect([type, tool_use_id]).toEqual(['web_search_tool_result', block.id])
        const isFound = Array.isArray(found)
        return [[block.input.query, isFound ? found.map(({ url }: Json) => url) : found.error_code]]
      }),
      text: content.map(({ text = '' }: Json) => text).join(''),
      cited: content.flatMap(({ citations = [] }: Json) => citations.map(({ url }: Json) => url)),
      end: stop_reason,
      counted: usage.server_tool_use?.web_search_requests ?? 0,
    }),
    join: (events) => {
      const content: Json[] = []
      let ending: Json
      for (const { type, index, content_block, delta, usage } of events) {
        if (type === 'content_block_start') content[index] = { ...content_block, json: '' }
        if (type === 'message_delta') ending = { ...delta, usage }
        if (type !== 'content_block_delta') continue
        const block = content[index]
        if (delta.type === 'text_delta') block.text += delta.text
        if (delta.type === 'input_json_delta') block.json += delta.partial_json
        if (delta.type === 'citations_delta') block.citations = [...(block.citations ?? []), delta.citation]
      }
      for (const block of content) if (block.json !== '') block.input = JSON.parse(block.json)
      return { content, ...ending }
    },
  },
  {
    name: 'openai-responses',
    path: '/v1/responses',
    shows: { searches: true, count: false },
    fault: () => 'failed',
    request: (input, { maxUses, blocked }) => ({
      input,
      include: ['web_search_call.action.sources'],
      tools: [{ type: 'web_search', ...(blocked && { filters: { blocked_domains: blocked } }) }],
      max_tool_calls: maxUses,
    }),
    read: ({ output, status }) => {
      const parts = output.flatMap((item: Json) => (item.type === 'message' ? item.content : []))
      return {
        searches: output.flatMap(({ type, status: how, action }: Json) =>
          type === 'web_search_call'
            ? [[action.query, how === 'completed' ? action.sources.map(({ url }: Json) => url) : how]]
            : [],
        ),
        text: parts.map(({ text }: Json) => text).join(''),
        cited: parts.flatMap(({ text, annotations }: Json) => citedIn(text, annotations)),
        end: status,
      }
    },
    join: (events) => events.at(-1).response,
  },
  {
    name: 'openai-chat',
    path: '/v1/chat/completions',
    shows: { searches: false, count: false },
    fault: () => '',
    // `web_search_options` has no bounds; an entry of the tools may.
    request: (content, { maxUses, blocked }) => ({
      messages: [{ role: 'user', content }],
      ...(maxUses === undefined && blocked === undefined
        ? { web_search_options: {} }
        : { tools: [{ type: 'web_search', max_uses: maxUses, blocked_domains: blocked }] }),
      stream_options: { include_usage: true },
    }),
    read: ({ choices: [{ message, finish_reason }] }) => ({
      searches: [],
      text: message.content,
      cited: citedIn(
        message.content,
        (message.annotations ?? []).map(({ url_citation }: Json) => url_citation),
      ),
      end: finish_reason,
    }),
    join: (events) => {
      const message: Json = { content: '' }
      let finish_reason: unknown
      for (const { choices } of events) {
        const [choice] = choices
        message.content += choice?.delta.content ?? ''
        if (choice?.delta.annotations !== undefined) message.annotations = choice.delta.annotations
        finish_reason = choice?.finish_reason ?? finish_reason
      }
      return { choices: [{ message, finish_reason }] }
    },
  },
]
const ways = apis.flatMap((api) => [
  { api, name: api.name, way: 'whole', stream: false },
  { api, name: api.name, way: 'streamed', stream: true },
])

let gateway: Gateway
/** None of its accounts can search. */
let unable: Gateway
/** Calls of the tests before. */
let before = { search: 0, chat: 0 }
beforeAll(async () => {
  gateway = await startGateway()
  unable = await startGateway({ accounts: [{ plan: 'power' }, { plan: 'power' }] })
  for (const account of unable.accounts) account.set({ calls: { InvokeMCP: 'feature-gate' } })
})
afterAll(async () => {
  await unable?.stop()
  await gateway?.stop()
})
beforeEach(() => {
  before = { search: asked('InvokeMCP').length, chat: asked('GenerateAssistantResponse').length }
})

const asked = (operation: string, of = gateway): readonly Json[] =>
  of.simulator.requests().filter((request) => request.operation === operation)
/** Queries the provider was asked for by this test. */
const searchedFor = (): readonly string[] =>
  asked('InvokeMCP')
    .slice(before.search)
    .map(({ body }) => body.params.arguments.query)
/** What the model was given in its last turn. */
const lastResults = (of = gateway): string => {
  const { body } = asked('GenerateAssistantResponse', of).at(-1)
  return JSON.stringify(body.conversationState.currentMessage.userInputMessage.userInputMessageContext.toolResults)
}

async function ask(api: Api, stream: boolean, text: string, bounds: Bounds = {}, of = gateway): Promise<Seen> {
  const { stream_options, ...body }: Json = api.request(text, bounds)
  const response = await fetch(of.url + api.path, {
    method: 'POST',
    headers: { authorization: `Bearer ${of.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, ...body, stream, ...(stream && { stream_options }) }),
  })
  const said = await response.text()
  if (response.status !== 200) throw new Error(`${response.status}: ${said}`)
  expect(said).not.toContain('internet_search')
  if (!stream) return api.read(JSON.parse(said))
  expect(streamFault(api, said)).toBeUndefined()
  const events = framesOf(said).flatMap(({ data }) => (data === '[DONE]' ? [] : [JSON.parse(data)]))
  return api.read(api.join(events))
}

const ends: readonly string[] = ['end_turn', 'completed', 'stop']
const page = (number: number, words: string): string =>
  `https://page${number}.simulated.example/${encodeURIComponent(words)}`
const pages = (words: string, ...numbers: readonly number[]): readonly string[] =>
  numbers.map((number) => page(number, words))

describe.each(ways)('$name, $way', ({ api, stream }) => {
  const shown = (...searches: readonly Shown[]) => (api.shows.searches ? searches : [])
  const counted = (count: number) => (api.shows.count ? count : undefined)

  test('a search, what it found, and an answer that cites it', async () => {
    const seen = await ask(api, stream, 'Search the web for bun sqlite.')
    expect(seen.searches).toEqual(shown(['bun sqlite', pages('bun sqlite', 1, 2, 3)]))
    expect(seen.cited).toEqual(pages('bun sqlite', 1, 2))
    expect(seen.text).toContain(page(1, 'bun sqlite'))
    expect(ends).toContain(seen.end)
    expect(seen.counted).toBe(counted(1))
    expect(searchedFor()).toEqual(['bun sqlite'])
  })

  test('one search after the other, the model having what the first one found', async () => {
    const seen = await ask(api, stream, '[[sim:search=first]][[sim:search=second]][[sim:rounds=2]]')
    expect(seen.searches).toEqual(shown(['first', pages('first', 1, 2, 3)], ['second', pages('second', 1, 2, 3)]))
    expect(searchedFor()).toEqual(['first', 'second'])
    expect(asked('GenerateAssistantResponse')).toHaveLength(before.chat + 3)
    expect(seen.counted).toBe(counted(2))
  })

  test('what the search is bounded to holds, and the model is told', async () => {
    const seen = await ask(api, stream, '[[sim:search=first]][[sim:search=second]]', { maxUses: 1 })
    expect(seen.searches).toEqual(shown(['first', pages('first', 1, 2, 3)], ['second', api.fault('uses-spent')]))
    expect(searchedFor()).toEqual(['first'])
    expect(lastResults()).toContain('no more searches are allowed')
    expect(seen.counted).toBe(counted(1))
    expect(ends).toContain(seen.end)
  })

  test('neither the caller nor the model sees a page of a blocked domain', async () => {
    const blocked = ['page1.simulated.example', 'https://*.page3.simulated.example/']
    const seen = await ask(api, stream, 'Search the web for bun', { blocked })
    expect(seen.searches).toEqual(shown(['bun', pages('bun', 2)]))
    expect(seen.cited).toEqual(pages('bun', 2))
    expect(lastResults()).toContain(page(2, 'bun'))
    expect(lastResults()).not.toMatch(/page[13]\.simulated/)
  })

  test('where no account can search it says so, tells the model, and answers', async () => {
    const seen = await ask(api, stream, 'Search the web for bun', {}, unable)
    expect(seen.searches).toEqual(shown(['bun', api.fault('unavailable')]))
    expect(lastResults(unable)).toContain('Do not make up results')
    expect(seen.text).not.toBe('')
    expect(seen.cited).toEqual([])
    expect(ends).toContain(seen.end)
    expect(seen.counted).toBe(counted(0))
  })
})

test('accounts that cannot search were asked once each, and serve chats as before', async () => {
  expect(asked('InvokeMCP', unable)).toHaveLength(2)
  const { accounts } = await unable.admin('GET', '/v2/accounts')
  expect((accounts as Json).map(({ state }: Json) => state)).toEqual(['ready', 'ready'])
  const metrics = await (await fetch(`${unable.url}/metrics`)).text()
  expect(metrics).toContain(`claude_server_searches_total{outcome="unavailable"} ${ways.length}`)
})
