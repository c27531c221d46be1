import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { ChatAnthropic } from '@langchain/anthropic'
import type { BaseChatModel, BaseChatModelCallOptions } from '@langchain/core/language_models/chat_models'
import { type AIMessageChunk, HumanMessage, ToolMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { ChatOpenAI } from '@langchain/openai'
import { z } from 'zod'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { watchGateway } from './witness.ts'

const model = 'claude-sonnet-4.5'
let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(async () => {
  await gateway?.stop()
})

type Model = BaseChatModel<BaseChatModelCallOptions, AIMessageChunk>
type Chat = Model & Required<Pick<Model, 'bindTools'>>
const openai = (useResponsesApi: boolean): Chat =>
  new ChatOpenAI({
    model,
    apiKey: gateway.key,
    configuration: { baseURL: `${gateway.url}/v1` },
    useResponsesApi,
    maxRetries: 0,
  })
const providers: readonly { readonly api: string; readonly chat: () => Chat }[] = [
  { api: 'Chat Completions', chat: () => openai(false) },
  { api: 'Responses', chat: () => openai(true) },
  {
    api: 'Messages',
    chat: () => new ChatAnthropic({ model, apiKey: gateway.key, anthropicApiUrl: gateway.url, maxRetries: 0 }),
  },
]

describe.each([...providers])('LangChain over $api', ({ chat }) => {
  test('a plain turn', async () => {
    const answer = await chat().invoke('Hi. [[sim:text=Hello 🙂]]')
    expect(answer.text).toBe('Hello 🙂')
    expect(answer).toMatchObject({ usage_metadata: { input_tokens: expect.any(Number) } })
  })

  test('a streamed turn comes in many pieces', async () => {
    const pieces: string[] = []
    for await (const chunk of await chat().stream('Hi. [[sim:text=One two three four five six seven.]]')) {
      if (chunk.text !== '') pieces.push(chunk.text)
    }
    expect(pieces.join('')).toBe('One two three four five six seven.')
    expect(pieces.length).toBeGreaterThan(2)
  })

  test('two tools are called, and their results are answered', async () => {
    const weather = tool(({ city }: { city: string }) => `${city} is sunny`, {
      name: 'weather',
      description: 'The weather of a city',
      schema: z.object({ city: z.string() }),
    })
    const bound = chat().bindTools([weather])
    const question = new HumanMessage('[[sim:call=weather {"city":"Paris"}]] [[sim:call=weather {"city":"Oslo"}]]')
    const asked = await bound.invoke([question])
    expect(asked.tool_calls?.map((call) => call.args)).toEqual([{ city: 'Paris' }, { city: 'Oslo' }])
    const results = await Promise.all(
      (asked.tool_calls ?? []).map(async (call) => (await weather.invoke(call)) as unknown as ToolMessage),
    )
    expect(results.every((result) => ToolMessage.isInstance(result))).toBe(true)
    const answer = await bound.invoke([question, asked, ...results])
    expect(answer.text).toContain('Paris is sunny')
    expect(answer.text).toContain('Oslo is sunny')
  })
  test('structured output fits its schema, also where the first reply is prose, and is none where it never does', async () => {
    const schema = z.object({ city: z.string(), degrees: z.number().int() })
    const structured = chat().withStructuredOutput(schema, { name: 'weather', method: 'jsonSchema' })
    const right = { city: expect.any(String), degrees: expect.any(Number) }
    expect(await structured.invoke('How is the weather?')).toEqual(right)
    expect(await structured.invoke('[[sim:instead=It is warm.]]')).toEqual(right)
    const never = await structured.invoke('[[sim:always=It is warm.]]').catch((error: Error) => error)
    expect(never === null || never === undefined || never instanceof Error).toBe(true)
  })

  test('structured output whose first reply does not fit', async () => {
    const schema = z.object({ city: z.string(), degrees: z.number().int() })
    const structured = chat().withStructuredOutput(schema, { name: 'weather', method: 'jsonSchema' })
    const witness = watchGateway(gateway)
    for (const input of [
      { city: 'Oslo', degrees: 'warm' },
      { city: 'Oslo', degrees: 21 },
    ])
      gateway.simulator.enqueue({ steps: [{ type: 'tool', name: 'give_answer', input }] })
    expect(await structured.invoke('How is the weather?')).toEqual({ city: 'Oslo', degrees: 21 })
    expect((await witness.logged(1)).map(({ route }) => route.repair?.outcome)).toEqual(['repaired'])
  })

  test('structured output by a forced function', async () => {
    const schema = z.object({ city: z.string() })
    const structured = chat().withStructuredOutput(schema, { name: 'weather', method: 'functionCalling' })
    expect(await structured.invoke('[[sim:instead=It is warm.]]')).toEqual({ city: expect.any(String) })
  })
})

test.each([
  { api: 'Messages', chat: () => providers[2]?.chat(), tool: { type: 'web_search_20250305', name: 'web_search' } },
  { api: 'Responses', chat: () => providers[1]?.chat(), tool: { type: 'web_search' } },
])('LangChain over $api: an answer with a search of the web cites its pages, and goes on', async ({ chat, tool }) => {
  const bound = chat()?.bindTools([tool])
  if (bound === undefined) throw new Error('no such API')
  const question = new HumanMessage('Search the web for bun sqlite.')
  const answer = await bound.invoke([question])
  const page = 'https://page1.simulated.example/bun%20sqlite'
  expect(answer.text).toContain(page)
  expect(JSON.stringify(answer.content)).toMatch(/"(citations|annotations)":\[\{[^\]]*page1\.simulated\.example/)
  const next = await bound.invoke([question, answer, new HumanMessage('Thanks [[sim:text=You are welcome.]]')])
  expect(next.text).toBe('You are welcome.')
})
