import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { generateText, type LanguageModel, Output, stepCountIs, streamText, tool } from 'ai'
import { z } from 'zod'
import { type Gateway, startGateway } from '../support/gateway.ts'

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

  test('a wrong key is told, and not tried again', async () => {
    const failure = await generateText({ model: model('sk-not-a-key'), prompt: 'Hi' }).catch((error) => error)
    expect(failure).toMatchObject({ statusCode: 401, message: 'This API key is not known.' })
  })
})
