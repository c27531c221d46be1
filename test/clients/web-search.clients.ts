import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { runPython } from './python.ts'

// A search of the web as the official libraries ask for it; frameworks and agents have theirs in their own files.

const model = 'claude-sonnet-4.5'
const question = 'Search the web for bun sqlite.'
const pages = [1, 2, 3].map((number) => `https://page${number}.simulated.example/bun%20sqlite`)
/** The simulated answer links to the first two. */
const cited = pages.slice(0, 2)
let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(async () => {
  await gateway?.stop()
})

describe('Anthropic SDK', () => {
  const asked = {
    model,
    max_tokens: 2_000,
    messages: [{ role: 'user', content: question }],
    tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 3 }],
  } satisfies Anthropic.MessageCreateParamsNonStreaming
  const claude = (): Anthropic => new Anthropic({ baseURL: gateway.url, apiKey: gateway.key, maxRetries: 0 })

  test.each([
    { way: 'whole', ask: () => claude().messages.create(asked) },
    { way: 'streamed', ask: () => claude().messages.stream(asked).finalMessage() },
  ])('$way: its own blocks, citations and count, and they come back', async ({ ask }) => {
    const { content, usage, stop_reason } = await ask()
    const [use, result, text] = content
    if (use?.type !== 'server_tool_use' || result?.type !== 'web_search_tool_result' || text?.type !== 'text')
      throw new Error(JSON.stringify(content))
    expect(content).toHaveLength(3)
    expect(use).toMatchObject({ name: 'web_search', input: { query: 'bun sqlite' } })
    expect(result.tool_use_id).toBe(use.id)
    expect(Array.isArray(result.content) && result.content.map(({ url }) => url)).toEqual(pages)
    expect(text.citations?.map((one) => one.type === 'web_search_result_location' && one.url)).toEqual(cited)
    expect(usage.server_tool_use?.web_search_requests).toBe(1)
    expect(stop_reason).toBe('end_turn')
    const messages: Anthropic.MessageParam[] = [
      ...asked.messages,
      { role: 'assistant', content },
      { role: 'user', content: 'Thanks [[sim:text=You are welcome.]]' },
    ]
    const next = await claude().messages.create({ ...asked, messages })
    expect(next.content).toMatchObject([{ type: 'text', text: 'You are welcome.' }])
  })
})

describe('OpenAI SDK', () => {
  const openai = (): OpenAI => new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 })
  const response = {
    model,
    input: question,
    tools: [{ type: 'web_search' }],
  } satisfies OpenAI.Responses.ResponseCreateParams
  const completion = {
    model,
    messages: [{ role: 'user', content: question }],
    web_search_options: {},
  } satisfies OpenAI.Chat.ChatCompletionCreateParamsNonStreaming
  type Place = {
    readonly start_index: number
    readonly end_index: number
    readonly title: string
    readonly url: string
  }
  const linked = (text: string, places: readonly Place[]): readonly string[] =>
    places.flatMap(({ start_index, end_index, title, url }) =>
      text.slice(start_index, end_index) === `[${title}](${url})` ? [url] : [],
    )

  test.each([
    { way: 'whole', ask: () => openai().responses.create(response) },
    { way: 'streamed', ask: () => openai().responses.stream(response).finalResponse() },
  ])('Responses, $way: a web_search_call, and url citations in the text', async ({ ask }) => {
    const { output, output_text } = await ask()
    const [search, message] = output
    if (search?.type !== 'web_search_call' || message?.type !== 'message') throw new Error(JSON.stringify(output))
    expect(search).toMatchObject({ status: 'completed', action: { type: 'search', query: 'bun sqlite' } })
    const [part] = message.content
    if (part?.type !== 'output_text') throw new Error(JSON.stringify(message))
    expect(part.text).toBe(output_text)
    const places = part.annotations.flatMap((one) => (one.type === 'url_citation' ? [one] : []))
    expect(linked(part.text, places)).toEqual(cited)
  })

  test.each([
    { way: 'whole', ask: () => openai().chat.completions.create(completion) },
    { way: 'streamed', ask: () => openai().chat.completions.stream(completion).finalChatCompletion() },
  ])('Chat Completions, $way: url citations in the text', async ({ ask }) => {
    const { choices } = await ask()
    const { content, annotations = [] } = choices[0]?.message ?? {}
    expect(
      linked(
        content ?? '',
        annotations.map(({ url_citation }) => url_citation),
      ),
    ).toEqual(cited)
    expect(choices[0]?.finish_reason).toBe('stop')
  })
})

test('the same by the official Python libraries', async () => {
  const message = {
    kinds: ['server_tool_use', 'web_search_tool_result', 'text'],
    queries: ['bun sqlite'],
    ...{ pages, cited, counted: 1 },
  }
  const response = { kinds: ['web_search_call', 'message'], queries: ['bun sqlite'], cited }
  expect(await runPython('web_search_client.py', gateway)).toEqual({
    messages: [message, message],
    next: ['text'],
    responses: [response, response],
    steps: ['in_progress', 'searching', 'completed'],
    chat: [{ cited }, { cited }],
  })
})
