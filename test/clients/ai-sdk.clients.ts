import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { generateText, type LanguageModel, Output, stepCountIs, streamText, tool } from 'ai'
import { z } from 'zod'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { watchGateway } from './witness.ts'

const name = 'claude-sonnet-4-5'
let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(async () => {
  await gateway?.stop()
})

const settings = (apiKey = gateway.key) => ({ baseURL: `${gateway.url}/v1`, apiKey })
const providers: readonly { readonly api: string; readonly model: (key?: string) => LanguageModel }[] = [
  { api: 'Responses, the default of its OpenAI provider', model: (key) => createOpenAI(settings(key))(name) },
  { api: 'Chat Completions', model: (key) => createOpenAI(settings(key)).chat(name) },
  { api: 'Messages', model: (key) => createAnthropic(settings(key))(name) },
]

describe.each([...providers])('AI SDK over $api', ({ model }) => {
  test('a plain turn', async () => {
    const { text, usage, finishReason } = await generateText({ model: model(), prompt: 'Hi. [[sim:text=Hello 🙂]]' })
    expect(text).toBe('Hello 🙂')
    expect(finishReason).toBe('stop')
    expect(usage.inputTokens).toBeGreaterThan(0)
  })

  test('a streamed turn comes in many pieces', async () => {
    const result = streamText({ model: model(), prompt: 'Hi. [[sim:text=One two three four five six seven.]]' })
    const pieces: string[] = []
    for await (const piece of result.textStream) pieces.push(piece)
    expect(pieces.join('')).toBe('One two three four five six seven.')
    expect(pieces.length).toBeGreaterThan(2)
    expect(await result.finishReason).toBe('stop')
  })

  test('two tools are called, and their results are answered', async () => {
    const asked: string[] = []
    const weather = tool({
      description: 'The weather of a city',
      inputSchema: z.object({ city: z.string() }),
      execute: async ({ city }) => {
        asked.push(city)
        return `${city} is sunny`
      },
    })
    const calls = '[[sim:call=weather {"city":"Paris"}]] [[sim:call=weather {"city":"Oslo"}]]'
    const result = streamText({ model: model(), prompt: calls, tools: { weather }, stopWhen: stepCountIs(3) })
    const text = await result.text
    expect(asked.toSorted()).toEqual(['Oslo', 'Paris'])
    expect((await result.steps).map((step) => step.finishReason)).toEqual(['tool-calls', 'stop'])
    expect(text).toContain('Paris is sunny')
    expect(text).toContain('Oslo is sunny')
  })

  test('an object by a schema', async () => {
    const { output } = await generateText({
      model: model(),
      prompt: 'Who is it?',
      output: Output.object({ schema: z.object({ name: z.string(), age: z.number() }) }),
    })
    expect(output).toEqual({ name: expect.any(String), age: expect.any(Number) })
  })

  test('an object by a schema where the first reply is words, and where it does not fit', async () => {
    const schema = z.object({ name: z.string(), age: z.number() })
    const ask = (prompt: string) => generateText({ model: model(), prompt, output: Output.object({ schema }) })
    const witness = watchGateway(gateway)
    expect((await ask('[[sim:instead=It is Ada.]]')).output).toEqual({
      name: expect.any(String),
      age: expect.any(Number),
    })
    for (const input of [{ name: 5 }, { name: 'Ada', age: 36 }])
      gateway.simulator.enqueue({ steps: [{ type: 'tool', name: 'give_answer', input }] })
    expect((await ask('Who is it?')).output).toEqual({ name: 'Ada', age: 36 })
    const rows = await witness.logged(2)
    expect(rows.map(({ route, is_success }) => [route.repair?.outcome, is_success])).toEqual([
      ['repaired', true],
      ['repaired', true],
    ])
  })

  test('a wrong key is told, and not tried again', async () => {
    const failure = await generateText({ model: model('sk-not-a-key'), prompt: 'Hi' }).catch((error) => error)
    expect(failure).toMatchObject({ statusCode: 401, message: 'This API key is not known.' })
  })
})

test.each([
  {
    api: 'Responses',
    model: () => createOpenAI(settings())(name),
    tools: () => ({ web_search: createOpenAI(settings()).tools.webSearch({}) }),
  },
  {
    api: 'Messages',
    model: () => createAnthropic(settings())(name),
    tools: () => ({ web_search: createAnthropic(settings()).tools.webSearch_20250305({ maxUses: 3 }) }),
  },
])('AI SDK over $api: a search of the web has its sources, whole and streamed', async ({ model, tools }) => {
  const asked = { model: model(), prompt: 'Search the web for bun sqlite.', tools: tools() }
  const pages = [1, 2].map((number) => `https://page${number}.simulated.example/bun%20sqlite`)
  const whole = await generateText(asked)
  const streamed = streamText(asked)
  expect(await streamed.text).toBe(whole.text)
  for (const sources of [whole.sources, await streamed.sources]) {
    const urls = sources.map((source) => (source.sourceType === 'url' ? source.url : ''))
    expect(urls).toEqual(expect.arrayContaining(pages))
  }
  expect(whole.toolCalls).toMatchObject([{ toolName: 'web_search', providerExecuted: true }])
  expect(whole.toolResults).toHaveLength(1)
})
