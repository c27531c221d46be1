import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { type App, startApp } from '../../server/app/app.ts'
import { realEffects } from '../../server/lib/effects.ts'
import { type Simulator, startSimulator } from '../../server/simulator/simulator.ts'
import { quietLog, resolvedFor, version } from '../cli/cli.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into member by member
type Json = any

const password = 'correct horse battery'
const model = 'claude-sonnet-4.5'
const folder = mkdtempSync(path.join(tmpdir(), 'gateway-search-'))
let simulator: Simulator
let app: App
let anthropic: Anthropic
let openai: OpenAI
let call: (method: string, route: string, body?: unknown) => Promise<Json>

beforeAll(async () => {
  simulator = await startSimulator()
  const accounts = [simulator.accounts.add({ plan: 'power' }), simulator.accounts.add({ plan: 'power' })]
  const env = {
    ...{ DATA_DIR: folder, HOST: '127.0.0.1', PORT: '0', ADMIN_PASSWORD: password, SHUTDOWN_GRACE_SECONDS: '0' },
    ...{ UPSTREAM_Q_URL: simulator.url, UPSTREAM_OIDC_URL: simulator.url, UPSTREAM_KIRO_AUTH_URL: simulator.url },
  }
  const started = await startApp({
    config: resolvedFor([], env).config,
    effects: realEffects,
    log: quietLog(),
    version,
  })
  if (!started.ok) throw new Error(started.error.message)
  app = started.value
  const base = `http://127.0.0.1:${app.port}`
  call = async (method, route, body) => {
    const headers = { authorization: `Bearer ${password}`, 'content-type': 'application/json' }
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    const text = await (await fetch(base + route, init)).text()
    return route === '/metrics' ? text : JSON.parse(text)
  }
  for (const account of accounts) {
    const { method, clientId, clientSecret, refreshToken } = account.secrets()
    await call('POST', '/v2/accounts', { label: account.id, method, clientId, clientSecret, refreshToken })
  }
  const { key } = await call('POST', '/v2/keys', { name: 'search' })
  anthropic = new Anthropic({ baseURL: base, apiKey: key, maxRetries: 0 })
  openai = new OpenAI({ baseURL: `${base}/v1`, apiKey: key, maxRetries: 0 })
}, 240_000)
afterAll(async () => {
  await app.stop()
  await simulator.stop()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(() => {
  for (const account of simulator.accounts.list()) account.set({ calls: undefined })
})

const calls = (operation: string) => simulator.requests().filter((request) => request.operation === operation)
const lastSent = (): Json => calls('GenerateAssistantResponse').at(-1)?.body
const webSearch = { type: 'web_search_20250305', name: 'web_search' } as const
const caller = {
  name: 'web_search',
  description: 'The caller’s own',
  input_schema: { type: 'object', properties: { q: { type: 'string' } } },
} as const
const messages = async (content: string, tools: Json = [webSearch], more: object = {}): Promise<Anthropic.Message> =>
  anthropic.messages.create({
    ...{ model, max_tokens: 4_000, messages: [{ role: 'user', content }], tools },
    ...more,
  } as Anthropic.MessageCreateParamsNonStreaming)
const streamed = (content: string, tools: Json = [webSearch]): Promise<Anthropic.Message> =>
  anthropic.messages.stream({ model, max_tokens: 4_000, messages: [{ role: 'user', content }], tools }).finalMessage()
const types = ({ content }: Anthropic.Message): readonly string[] => content.map(({ type }) => type)
const found = (message: Anthropic.Message): Json =>
  message.content.flatMap((block) => (block.type === 'web_search_tool_result' ? [block.content] : []))

/** Rows are written in batches. */
async function recordOf({
  _request_id: id,
}: Anthropic.Message & { readonly _request_id?: string | null }): Promise<Json> {
  for (const end = performance.now() + 30_000; performance.now() < end; ) {
    const row = await call('GET', `/v2/logs/${id}`)
    if (row.route !== undefined) return row
    await Bun.sleep(25)
  }
  throw new Error('the request was not kept')
}

async function waitFor(look: () => Promise<unknown>, wanted: unknown): Promise<void> {
  let seen: unknown
  for (const end = performance.now() + 30_000; performance.now() < end; await Bun.sleep(25)) {
    seen = await look()
    if (Bun.deepEquals(seen, wanted)) return
  }
  expect(seen).toEqual(wanted)
}

describe('Messages', () => {
  for (const [way, ask] of [
    ['whole', messages],
    ['streamed', streamed],
  ] as const) {
    test(`${way}: the search, its pages and a text that cites them are the API's own blocks`, async () => {
      const message = await ask('Search the web for bun sqlite.')
      expect(types(message)).toEqual(['server_tool_use', 'web_search_tool_result', 'text'])
      const [use, result, text] = message.content as readonly Json[]
      expect(use).toMatchObject({ name: 'web_search', input: { query: 'bun sqlite' }, caller: { type: 'direct' } })
      expect(use.id).toStartWith('srvtoolu_')
      expect(result.tool_use_id).toBe(use.id)
      expect(result.content).toHaveLength(3)
      expect(result.content[0]).toMatchObject({
        type: 'web_search_result',
        title: 'Simulated page 1 about bun sqlite',
        url: 'https://page1.simulated.example/bun%20sqlite',
        page_age: expect.stringMatching(/^\w+ \d{1,2}, \d{4}$/),
      })
      expect(result.content[2].page_age).toBeNull()
      expect(text.citations.map(({ type, url }: Json) => [type, url])).toEqual([
        ['web_search_result_location', 'https://page1.simulated.example/bun%20sqlite'],
        ['web_search_result_location', 'https://page2.simulated.example/bun%20sqlite'],
      ])
      expect(text.citations[0].cited_text).toStartWith('This page is simulated')
      expect(message.stop_reason).toBe('end_turn')
      expect(message.usage.server_tool_use).toEqual({ web_search_requests: 1, web_fetch_requests: 0 })
    })
  }

  test('several rounds in one reply, and several searches in one round', async () => {
    const rounds = await streamed('[[sim:search=first]][[sim:search=second]][[sim:rounds=2]]')
    expect(types(rounds)).toEqual([
      ...['server_tool_use', 'web_search_tool_result', 'server_tool_use', 'web_search_tool_result', 'text'],
    ])
    const together = await messages('[[sim:search=first]][[sim:search=second]]')
    expect(types(together)).toEqual(types(rounds))
    expect(together.usage.server_tool_use?.web_search_requests).toBe(2)
  })

  test('what comes back in the next turn is the same conversation, its excerpts too', async () => {
    const first = await messages('Search the web for bun.')
    const before = lastSent()
    const next = [
      { role: 'user', content: 'Search the web for bun.' },
      { role: 'assistant', content: first.content },
      { role: 'user', content: 'Thanks' },
    ]
    await messages('', [webSearch], { messages: next })
    const { history } = lastSent().conversationState
    const was = before.conversationState
    expect(history.slice(0, 2)).toEqual(was.history)
    const { toolResults } = was.currentMessage.userInputMessage.userInputMessageContext
    expect(history[2].userInputMessage.userInputMessageContext.toolResults).toEqual(toolResults)
    expect(JSON.stringify(toolResults)).toContain('This page is simulated')
    // Without the tool nothing is left that the model could call.
    await messages('', undefined, { messages: next, tools: [] })
    const plain = lastSent()
    expect(JSON.stringify(plain)).not.toContain('internet_search')
    expect(JSON.stringify(plain)).toContain('This page is simulated')
  })

  test('a call of the caller’s own ends the turn, whatever its name, and the search stands beside it', async () => {
    const message = await streamed('[[sim:search=bun]][[sim:tools=1]]', [webSearch, { ...caller, name: 'look' }])
    expect(types(message)).toEqual(['server_tool_use', 'web_search_tool_result', 'tool_use'])
    expect(message.stop_reason).toBe('tool_use')
    const id = (message.content[2] as Anthropic.ToolUseBlock).id
    const answer = { type: 'tool_result', tool_use_id: id, content: 'seen' }
    const more = await messages('', [webSearch, { ...caller, name: 'look' }], {
      messages: [
        { role: 'user', content: '[[sim:search=bun]][[sim:tools=1]]' },
        { role: 'assistant', content: message.content },
        { role: 'user', content: [answer] },
      ],
    })
    expect(more.stop_reason).toBe('end_turn')
    await messages('Hello', [webSearch, caller])
    const { tools } = lastSent().conversationState.currentMessage.userInputMessage.userInputMessageContext
    const names = tools.map(({ toolSpecification }: Json) => toolSpecification.name)
    expect(names).toEqual([expect.stringMatching(/^web_search_\w{10}$/), 'internet_search'])
    await messages('Hello', [webSearch, { ...caller, name: 'Internet_Search' }])
    const clash = JSON.stringify(lastSent())
    expect(clash).toContain('"internet_search_2"')
  })

  test('a demand of any tool is met by a search', async () => {
    const tools = [webSearch, { ...caller, name: 'look' }]
    const before = calls('GenerateAssistantResponse').length
    const message = await messages('[[sim:search=bun]]', tools, { tool_choice: { type: 'any' } })
    expect(types(message)).toEqual(['server_tool_use', 'web_search_tool_result', 'text'])
    expect(calls('GenerateAssistantResponse').length - before).toBe(2)
  })

  test('max_uses holds, and the model is told', async () => {
    const message = await messages('[[sim:search=first]][[sim:search=second]]', [{ ...webSearch, max_uses: 1 }])
    expect(found(message)[1]).toEqual({ type: 'web_search_tool_result_error', error_code: 'max_uses_exceeded' })
    expect(message.usage.server_tool_use?.web_search_requests).toBe(1)
    expect(JSON.stringify(lastSent())).toContain('no more searches are allowed')
  })

  test('domains: only what is allowed, nothing that is blocked; both at once is refused by name', async () => {
    const only = await messages('Search the web for bun', [
      { ...webSearch, allowed_domains: ['page2.simulated.example'] },
    ])
    expect(found(only)[0].map(({ url }: Json) => url)).toEqual(['https://page2.simulated.example/bun'])
    const none = await messages('Search the web for bun', [{ ...webSearch, blocked_domains: ['simulated.example'] }])
    expect(found(none)).toEqual([[]])
    const both = { ...webSearch, allowed_domains: ['a.example'], blocked_domains: ['b.example'] }
    const refused = await messages('x', [both]).catch((error) => error)
    expect([refused.status, refused.message]).toEqual([400, expect.stringContaining('tools.0.blocked_domains')])
  })

  test('a search and an answer by a schema go together', async () => {
    const schema = {
      type: 'object',
      properties: { a: { type: 'string' } },
      required: ['a'],
      additionalProperties: false,
    }
    const message = await messages('[[sim:search=bun]]', [webSearch], {
      output_config: { format: { type: 'json_schema', schema } },
    })
    expect(types(message).slice(0, 2)).toEqual(['server_tool_use', 'web_search_tool_result'])
    const text = message.content.findLast((block) => block.type === 'text')
    expect(JSON.parse(text?.text ?? '')).toEqual({ a: expect.any(String) })
  })

  test('where the user is goes along in words', async () => {
    const user_location = { type: 'approximate', city: 'Köln', country: 'DE', timezone: 'Europe/Berlin' }
    await messages('Hello', [{ ...webSearch, user_location }])
    const sent = JSON.stringify(lastSent())
    expect(sent).toContain('The user is in Köln, DE, time zone Europe/Berlin')
  })

  test('a search that is demanded is done, by whichever words the model would rather answer', async () => {
    const forced = { tool_choice: { type: 'tool', name: 'web_search' } }
    const repaired = ['server_tool_use', 'web_search_tool_result', 'text']
    expect(types(await messages('[[sim:instead=No.]]', [webSearch], forced))).toEqual(repaired)
    expect(types(await messages('[[sim:instead=No.]]', [webSearch], { tool_choice: { type: 'any' } }))).toEqual(
      repaired,
    )
    const said = ({ status, message }: { status?: number; message: string }) => [
      status,
      /the tool (\w+) was not called/.exec(message)?.[1],
    ]
    expect(await messages('[[sim:always=No.]]', [webSearch], forced).catch(said)).toEqual([502, 'web_search'])
    const input = '[[sim:always=No.]]'
    for (const tool_choice of ['required', { type: 'web_search' }] as const) {
      const asked = { model, input, tools: [{ type: 'web_search' }], tool_choice } as const
      expect(await openai.responses.create(asked as Json).catch(said)).toEqual([502, 'web_search'])
      const stream = openai.responses.stream(asked as Json)
      const deltas: string[] = []
      for await (const event of stream) if (event.type === 'response.output_text.delta') deltas.push(event.delta)
      const { status, error } = await stream.finalResponse()
      expect([deltas, status, error?.message]).toEqual([[], 'failed', expect.stringContaining('the tool web_search')])
    }
  })

  test('an answer by a schema that is repaired after a demanded search needs no other search', async () => {
    const schema = { type: 'object', properties: { x: { type: 'string' } }, required: ['x'] }
    const message = await messages('[[sim:search=bun]][[sim:text=It is warm.]]', [webSearch], {
      tool_choice: { type: 'tool', name: 'web_search' },
      output_config: { format: { type: 'json_schema', schema } },
    })
    expect(types(message)).toEqual(['server_tool_use', 'web_search_tool_result', 'text'])
    expect(message.content.flatMap((block) => (block.type === 'text' ? [JSON.parse(block.text)] : []))).toEqual([
      { x: 'simulated' },
    ])
  })

  test('a demanded search is demanded of the model, and the demand is met by one', async () => {
    await messages('Search the web for bun', [webSearch], { tool_choice: { type: 'tool', name: 'web_search' } })
    const [first, second] = calls('GenerateAssistantResponse')
      .slice(-2)
      .map(({ body }) => JSON.stringify(body))
    expect(first).toContain('Call the tool \\"internet_search\\" in this reply.')
    expect(second?.match(/Call the tool/g) ?? []).toHaveLength(0)
    await messages('Hello', [webSearch], { tool_choice: { type: 'none' } })
    expect(JSON.stringify(lastSent())).not.toContain('internet_search')
  })

  test.each([
    ['no results', []],
    ['bun as text', expect.arrayContaining([expect.objectContaining({ type: 'web_search_result' })])],
    ['what fails', { type: 'web_search_tool_result_error', error_code: 'unavailable' }],
    ['what is broken', { type: 'web_search_tool_result_error', error_code: 'unavailable' }],
  ])('%s', async (query, content) => {
    const message = await streamed(`[[sim:search=${query}]]`)
    expect(found(message)).toEqual([content])
    expect(message.stop_reason).toBe('end_turn')
  })
})

describe('Responses', () => {
  const ask = { model, input: 'Search the web for bun sqlite.', tools: [{ type: 'web_search' as const }] }
  const check = (response: OpenAI.Responses.Response): void => {
    expect(response.output.map(({ type }) => type)).toEqual(['web_search_call', 'message'])
    const [search, message] = response.output as readonly Json[]
    expect(search).toMatchObject({ status: 'completed', action: { type: 'search', query: 'bun sqlite' } })
    const { text, annotations } = message.content[0]
    expect(annotations).toHaveLength(2)
    for (const { type, start_index, end_index, url, title } of annotations) {
      expect(type).toBe('url_citation')
      expect([...text].slice(start_index, end_index).join('')).toBe(`[${title}](${url})`)
    }
  }

  test('whole: the search is an item, and what the text links to is annotated', async () => {
    const response = await openai.responses.create({ ...ask, include: ['web_search_call.action.sources'] })
    check(response)
    expect((response.output[0] as Json).action.sources).toHaveLength(3)
    expect(response.output_text).toContain('https://page1.simulated.example')
  })

  test('streamed: with the events of a search', async () => {
    const stream = openai.responses.stream(ask)
    const events: Json[] = []
    for await (const event of stream) events.push(event)
    check(await stream.finalResponse())
    const names = events.map(({ type }) => type)
    expect(names.filter((name) => name.startsWith('response.web_search_call'))).toEqual([
      'response.web_search_call.in_progress',
      'response.web_search_call.searching',
      'response.web_search_call.completed',
    ])
    expect(names.filter((name) => name === 'response.output_text.annotation.added')).toHaveLength(2)
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index))
  })

  test('goes on from an answer with a search, kept or sent back', async () => {
    const first = await openai.responses.create(ask)
    const kept = await openai.responses.create({ model, input: 'Thanks', previous_response_id: first.id })
    expect(kept.status).toBe('completed')
    const input = [{ role: 'user', content: ask.input }, ...first.output, { role: 'user', content: 'Thanks' }]
    const sent = await openai.responses.create({ ...ask, input: input as OpenAI.Responses.ResponseInput })
    expect(sent.output.map(({ type }) => type)).toEqual(['message'])
  })

  test('a search that fails is an item that failed; max_tool_calls holds; a search without the web is none', async () => {
    const failed = await openai.responses.create({ ...ask, input: '[[sim:search=what fails]]' })
    expect(failed.output).toMatchObject([{ type: 'web_search_call', status: 'failed' }, { type: 'message' }])
    const input = '[[sim:search=first]][[sim:search=second]]'
    const bounded = await openai.responses.create({ ...ask, input, max_tool_calls: 1 })
    expect(bounded.output.map((item: Json) => item.status)).toEqual(['completed', 'failed', 'completed'])
    const tools = [{ type: 'web_search', external_web_access: false }] as Json
    const cached = await openai.responses.create({ ...ask, tools })
    expect(cached.output.map(({ type }) => type)).toEqual(['message'])
  })
})

describe('Chat Completions', () => {
  const ask = {
    model,
    messages: [{ role: 'user' as const, content: 'Search the web for bun sqlite.' }],
    web_search_options: {},
  }
  const check = (content: string, annotations: Json): void => {
    expect(annotations).toHaveLength(2)
    for (const { type, url_citation } of annotations) {
      expect(type).toBe('url_citation')
      const { start_index, end_index, url, title } = url_citation
      expect([...content].slice(start_index, end_index).join('')).toBe(`[${title}](${url})`)
    }
  }

  test('whole: what the text links to is annotated', async () => {
    const { choices } = await openai.chat.completions.create(ask)
    expect(choices[0]?.finish_reason).toBe('stop')
    check(choices[0]?.message.content ?? '', choices[0]?.message.annotations)
  })

  test('streamed', async () => {
    let content = ''
    const annotations: Json[] = []
    for await (const chunk of await openai.chat.completions.create({ ...ask, stream: true })) {
      const delta: Json = chunk.choices[0]?.delta
      content += delta?.content ?? ''
      annotations.push(...(delta?.annotations ?? []))
      expect(delta?.tool_calls).toBeUndefined()
    }
    check(content, annotations)
  })
})

describe('a model that searches, says what it found, calls the caller’s tool and searches on, in this order', () => {
  const link = '[Page](https://page1.simulated.example/bun)'
  const parameters = {
    type: 'object',
    properties: { q: { type: 'string' } },
    required: ['q'],
    additionalProperties: false,
  }
  const [before, after] = ['Let me search.', `See ${link}.`]
  beforeEach(() => {
    const search = (query: string) => ({ type: 'tool', name: 'internet_search', input: { query } }) as const
    simulator.enqueue({ steps: [{ type: 'text', text: before, split: true }, search('bun')] })
    const look = { type: 'tool', name: 'look', input: { q: 'x' } } as const
    simulator.enqueue({ steps: [{ type: 'text', text: after, split: true }, look, search('sqlite')] })
  })
  const kinds = (words: string, search: readonly string[], call: string) => [words, ...search, words, ...search, call]
  const given = (text: string, { start_index, end_index }: Json): string =>
    [...text].slice(start_index, end_index).join('')

  const ways = [
    { stream: false, strict: false, choice: 'auto' },
    { stream: false, strict: true, choice: 'auto' },
    { stream: false, strict: false, choice: 'any' },
    { stream: true, strict: false, choice: 'auto' },
    { stream: true, strict: true, choice: 'auto' },
    { stream: true, strict: true, choice: 'any' },
  ] as const
  test.each(ways)(
    'Messages: the call stands last, the citation in its text: %j',
    async ({ stream, strict, choice }) => {
      const tools = [webSearch, { name: 'look', input_schema: parameters, ...(strict && { strict }) }]
      const asked = {
        ...{ model, max_tokens: 4_000, messages: [{ role: 'user', content: 'Look.' }], tools },
        tool_choice: { type: choice },
      } as Anthropic.MessageCreateParamsNonStreaming
      const message = await (stream
        ? anthropic.messages.stream(asked).finalMessage()
        : anthropic.messages.create(asked))
      expect(types(message)).toEqual(kinds('text', ['server_tool_use', 'web_search_tool_result'], 'tool_use'))
      expect(
        message.content.flatMap((block) => (block.type === 'text' ? [[block.text, block.citations?.length ?? 0]] : [])),
      ).toEqual([
        [before, 0],
        [after, 1],
      ])
      expect(message.content.at(-1)).toMatchObject({ name: 'look', input: { q: 'x' } })
      expect(message.stop_reason).toBe('tool_use')
      for (const [index, block] of message.content.entries())
        if (block.type === 'server_tool_use')
          expect(message.content[index + 1]).toMatchObject({ tool_use_id: block.id })
    },
  )

  test.each(ways)('Responses: %j', async ({ stream, strict, choice }) => {
    const asked = {
      ...{ model, input: 'Look.', tool_choice: choice === 'any' ? 'required' : choice },
      tools: [{ type: 'web_search' }, { type: 'function', name: 'look', parameters, strict }],
    } as OpenAI.Responses.ResponseCreateParamsNonStreaming
    const { output } = await (stream
      ? openai.responses.stream(asked as Json).finalResponse()
      : openai.responses.create(asked))
    expect(output.map(({ type }) => type as string)).toEqual(kinds('message', ['web_search_call'], 'function_call'))
    const texts = output.flatMap((item: Json) => (item.type === 'message' ? item.content : []))
    expect(texts.map(({ text, annotations }) => [text, annotations.map((one: Json) => given(text, one))])).toEqual([
      [before, []],
      [after, [link]],
    ])
  })

  test.each(ways)('Chat Completions: %j', async ({ stream, strict, choice }) => {
    const asked = {
      ...{ model, messages: [{ role: 'user', content: 'Look.' }], web_search_options: {} },
      ...{ tools: [{ type: 'function', function: { name: 'look', parameters, strict } }] },
      tool_choice: choice === 'any' ? 'required' : choice,
    } as OpenAI.Chat.ChatCompletionCreateParamsNonStreaming
    let content = ''
    const annotations: Json[] = []
    const names: string[] = []
    const take = (part: Json): void => {
      content += part.content ?? ''
      annotations.push(...(part.annotations ?? []))
      names.push(...(part.tool_calls ?? []).flatMap((one: Json) => one.function.name ?? []))
    }
    if (stream)
      for await (const { choices } of await openai.chat.completions.create({ ...asked, stream })) {
        // Words behind a call would be taken for another message's.
        if (names.length > 0) expect(choices[0]?.delta.content ?? '').toBe('')
        take(choices[0]?.delta)
      }
    else take((await openai.chat.completions.create(asked)).choices[0]?.message)
    expect([content, names]).toEqual([`${before}\n\n${after}`, ['look']])
    expect(annotations.map(({ url_citation }) => given(content, url_citation))).toEqual([link])
  })
})

test('searches of a repairing turn are shown, and count for max_uses', async () => {
  const search = (query: string) => ({ type: 'tool', name: 'internet_search', input: { query } }) as const
  const look = (input: object) => ({ type: 'tool', name: 'look', input: input as Json }) as const
  for (const step of [search('one'), look({}), search('two'), look({ q: 'x' })]) simulator.enqueue({ steps: [step] })
  const schema = { type: 'object', properties: { q: { type: 'string' } }, required: ['q'], additionalProperties: false }
  const message = await streamed('Look.', [
    { ...webSearch, max_uses: 1 },
    { name: 'look', strict: true, input_schema: schema },
  ])
  const searchBlocks = ['server_tool_use', 'web_search_tool_result']
  expect(types(message)).toEqual([...searchBlocks, ...searchBlocks, 'tool_use'])
  expect(found(message)[1]).toEqual({ type: 'web_search_tool_result_error', error_code: 'max_uses_exceeded' })
  expect(message.content.at(-1)).toMatchObject({ name: 'look', input: { q: 'x' } })
})

describe('a later turn that does not fit says so with numbers, as the first does', () => {
  /** Too long by our own estimate, which counts it higher than the provider does: that lets the first turn pass. */
  const long = '#1 '.repeat(130_000)
  const lastTwo = () =>
    calls('GenerateAssistantResponse')
      .slice(-2)
      .map(({ status }) => status)
  const anthropicWords = /prompt is too long: [23]\d{5} tokens > 200000 maximum/
  const openaiWords =
    /maximum context length is 200000 tokens\. However, your messages resulted in [23]\d{5} tokens.*prompt is too long: [23]\d{5} tokens > 200000 maximum/
  const search = { type: 'tool', name: 'internet_search', input: { query: 'bun' } } as const
  const said = (error: { message?: string }) => String(error.message)

  test.each([
    ['search', false],
    ['search', true],
    ['repair', false],
    ['repair', true],
  ] as const)('%s, streamed: %p', async (what, stream) => {
    const begin = (): void => {
      simulator.enqueue({ steps: [what === 'search' ? search : { type: 'text', text: 'No.' }] })
      simulator.enqueue('too-long')
    }
    const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] }
    const repairs = what === 'repair'
    begin()
    const asked = {
      ...{ model, max_tokens: 4_000, messages: [{ role: 'user', content: long }], tools: [webSearch] },
      ...(repairs && { output_config: { format: { type: 'json_schema', schema } } }),
    } as Anthropic.MessageCreateParamsNonStreaming
    const ofMessages = await (stream
      ? anthropic.messages.stream(asked).finalMessage()
      : anthropic.messages.create(asked)
    ).then(() => '', said)
    expect(lastTwo()).toEqual([200, 400])
    expect(ofMessages).toMatch(anthropicWords)
    begin()
    const response = {
      ...{ model, input: long, tools: [{ type: 'web_search' }] },
      ...(repairs && { text: { format: { type: 'json_schema', name: 'x', schema } } }),
    } as OpenAI.Responses.ResponseCreateParamsNonStreaming
    const ofResponses = stream
      ? // Before the stream began it is a status.
        await openai.responses
          .stream(response as Json)
          .finalResponse()
          .then(
            ({ error }) => error,
            (error) => error,
          )
      : await openai.responses.create(response).catch((error) => error)
    expect(lastTwo()).toEqual([200, 400])
    expect(ofResponses).toMatchObject({ code: 'context_length_exceeded', message: expect.stringMatching(openaiWords) })
    begin()
    const completion = {
      ...{ model, messages: [{ role: 'user', content: long }], web_search_options: {} },
      ...(repairs && { response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } }),
    } as OpenAI.Chat.ChatCompletionCreateParamsNonStreaming
    const ofChat = await (stream
      ? openai.chat.completions.stream(completion as Json).done()
      : openai.chat.completions.create(completion)
    ).then(
      () => undefined,
      (error: Json) => error,
    )
    expect(lastTwo()).toEqual([200, 400])
    expect(ofChat).toMatchObject({ code: 'context_length_exceeded', message: expect.stringMatching(openaiWords) })
    await waitFor(async () => {
      const { logs } = await call('GET', '/v2/logs?limit=3')
      return logs.map(({ error_message }: Json) =>
        /\([23]\d{5} tokens by our own estimate, window 200000\)/.test(error_message),
      )
    }, [true, true, true])
  })
})

test('searches are counted, and stand in the record without their words', async () => {
  const count = async (): Promise<number> =>
    Number(/claude_server_searches_total\{outcome="ok"\} (\d+)/.exec(await call('GET', '/metrics'))?.[1] ?? 0)
  const before = await count()
  const message = await messages('Search the web for a very private thing')
  expect((await count()) - before).toBe(1)
  const record = await recordOf(message)
  expect(record.route.searches).toMatchObject([{ outcome: 'ok', results: 3 }])
  expect(JSON.stringify(record)).not.toContain('private')
  const failed = await recordOf(await messages('[[sim:search=a private thing fails]]'))
  expect(failed.route.searches).toMatchObject([{ outcome: 'unavailable', cause: expect.stringContaining('InvokeMCP') }])
  expect(JSON.stringify(failed)).not.toContain('private')
})

// Last: who cannot search is not asked again for a while.
describe('a model that searches and searches', () => {
  const search = (query: string) => ({ steps: [{ type: 'tool', name: 'internet_search', input: { query } }] }) as const
  /** Calls of the provider: turns of the model, and searches that were run. */
  const made = async (message: Anthropic.Message): Promise<readonly [turns: number, searches: number]> => {
    const { turns, searches } = (await recordOf(message)).route
    const run = searches.filter(({ outcome }: Json) => outcome !== 'uses-spent')
    return [turns.length, run.length]
  }
  const go = (count: number): void => {
    simulator.clearQueue()
    for (let at = 0; at < count; at++) simulator.enqueue(search(`query ${at}`))
  }
  afterAll(() => simulator.clearQueue())

  for (const [way, ask] of [
    ['whole', messages],
    ['streamed', streamed],
  ] as const) {
    test(`${way}: is told so after ten rounds, and the turn is paused when it goes on`, async () => {
      go(40)
      const message = await ask('Look it up.')
      if (ask === messages) expect(await made(message)).toEqual([12, 10])
      expect(message.stop_reason).toBe('pause_turn')
      expect(found(message).slice(0, 10).every(Array.isArray)).toBe(true)
      const spent = { type: 'web_search_tool_result_error', error_code: 'max_uses_exceeded' }
      expect(found(message).slice(10)).toEqual([spent, spent])
      expect(JSON.stringify(lastSent())).toContain('Do not call any tool in this reply.')
      simulator.clearQueue()
      // As the API has it: the caller gives it back as it is, and the model goes on.
      const more = await messages('', [webSearch], {
        messages: [
          { role: 'user', content: 'Look it up.' },
          { role: 'assistant', content: message.content },
        ],
      })
      expect(more.stop_reason).toBe('end_turn')
    })
  }

  test('ends at once where max_uses are spent, but answers if it will', async () => {
    go(40)
    const message = await messages('Look it up.', [{ ...webSearch, max_uses: 1 }])
    expect(await made(message)).toEqual([3, 1])
    expect(message.stop_reason).toBe('pause_turn')
    go(12)
    const answered = await messages('Look it up.')
    expect([answered.stop_reason, types(answered).at(-1)]).toEqual(['pause_turn', 'web_search_tool_result'])
    go(11)
    const last = await messages('Look it up.')
    expect([last.stop_reason, types(last).at(-1)]).toEqual(['end_turn', 'text'])
  })

  test('may still call a tool of the caller’s once it may search no more', async () => {
    go(2)
    simulator.enqueue({ steps: [{ type: 'tool', name: 'look', input: { q: 'x' } }] })
    const message = await messages('Look it up.', [
      { ...webSearch, max_uses: 1 },
      { ...caller, name: 'look' },
    ])
    expect([message.stop_reason, types(message).at(-1)]).toEqual(['tool_use', 'tool_use'])
    expect(JSON.stringify(lastSent())).not.toContain('Do not call any tool')
  })

  test('the rounds of a repair are of the same ten', async () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] }
    go(8)
    simulator.enqueue({ steps: [{ type: 'text', text: 'In words.' }] })
    for (let at = 0; at < 30; at++) simulator.enqueue(search(`more ${at}`))
    const message = await messages('Look it up.', [webSearch], {
      output_config: { format: { type: 'json_schema', schema } },
    })
    expect(await made(message)).toEqual([13, 10])
    expect(message.stop_reason).toBe('pause_turn')
  })

  test('is an incomplete response, and one that reached its length', async () => {
    go(40)
    const response = await openai.responses.create({
      ...{ model, input: 'Look it up.', tools: [{ type: 'web_search' }], max_tool_calls: 1 },
    } as OpenAI.Responses.ResponseCreateParamsNonStreaming)
    expect([response.status, response.incomplete_details]).toEqual(['incomplete', { reason: 'max_output_tokens' }])
    go(40)
    const { choices } = await openai.chat.completions.create({
      ...{ model, messages: [{ role: 'user', content: 'Look it up.' }], web_search_options: {} },
    })
    expect(choices[0]?.finish_reason).toBe('length')
  })

  test('with an input that is no JSON is told so, and goes on', async () => {
    const bad = { steps: [{ type: 'tool', name: 'internet_search', json: '{"query":' }] } as const
    for (const ask of [messages, streamed]) {
      simulator.clearQueue()
      simulator.enqueue(bad)
      simulator.enqueue(search('bun'))
      const message = await ask('Look it up.')
      expect(types(message)).toEqual([
        ...['server_tool_use', 'web_search_tool_result', 'server_tool_use', 'web_search_tool_result', 'text'],
      ])
      expect(found(message)[0]).toEqual({ type: 'web_search_tool_result_error', error_code: 'invalid_tool_input' })
      expect(message.stop_reason).toBe('end_turn')
    }
    const forced = { tool_choice: { type: 'tool', name: 'web_search' } }
    simulator.clearQueue()
    simulator.enqueue(bad)
    const message = await messages('Look it up.', [webSearch], forced)
    expect(found(message)[0]).toEqual({ type: 'web_search_tool_result_error', error_code: 'invalid_tool_input' })
    simulator.clearQueue()
  })

  test('no character is cut in two, neither of a query nor of what is cited', async () => {
    simulator.clearQueue()
    simulator.enqueue(search(`x${'😀'.repeat(150)}`))
    await messages('Look it up.')
    const sent = calls('InvokeMCP').at(-1)?.body as Json
    expect(sent.params.arguments.query).toBe(`x${'😀'.repeat(99)}`)
    // The excerpt quotes the query, and is cut within it.
    for (const start of ['b', 'bb']) {
      const query = `${start}${'😀'.repeat(90)}`
      simulator.enqueue(search(query))
      const link = `https://page1.simulated.example/${encodeURIComponent(query.slice(0, 40).replace(/[\ud800-\udbff]$/, ''))}`
      simulator.enqueue({ steps: [{ type: 'text', text: `See ${link}`, split: true }] })
      const [{ cited_text }, ...others] = (await messages('Look it up.')).content.flatMap(
        (block: Json) => block.citations ?? [],
      )
      expect([cited_text.isWellFormed(), cited_text.length >= 149, others]).toEqual([true, true, []])
    }
  })
})

describe('what the provider says of one query', () => {
  const wrong = {
    status: 400,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ __type: 'ValidationException', message: 'Query contains invalid characters.' }),
  } as const
  test('turns no account’s search off', async () => {
    simulator.enqueue(wrong, { operation: 'InvokeMCP', times: 2 })
    const refused = await messages('[[sim:search=odd]]')
    expect(found(refused)).toEqual([{ type: 'web_search_tool_result_error', error_code: 'unavailable' }])
    expect(found(await messages('[[sim:search=bun]]'))[0]).toHaveLength(3)
  })
})

test('where no account can search, the caller sees the tool’s error and the model is told not to pretend', async () => {
  for (const account of simulator.accounts.list()) account.set({ calls: { InvokeMCP: 'feature-gate' } })
  const message = await messages('Search the web for bun.')
  expect(found(message)).toEqual([{ type: 'web_search_tool_result_error', error_code: 'unavailable' }])
  expect(message.usage.server_tool_use).toBeUndefined()
  expect(JSON.stringify(lastSent())).toContain('Do not make up results')
  const { accounts } = await call('GET', '/v2/accounts')
  expect(accounts.map(({ state }: Json) => state)).toEqual(['ready', 'ready'])
  expect((await recordOf(message)).route.searches).toMatchObject([{ outcome: 'unavailable', results: 0 }])
})
