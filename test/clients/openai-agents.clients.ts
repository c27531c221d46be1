import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { Agent, OpenAIProvider, Runner, setTracingDisabled, tool } from '@openai/agents'
import { z } from 'zod'
import { type Gateway, startGateway } from '../support/gateway.ts'

const model = 'claude-sonnet-4.5'
let gateway: Gateway
beforeAll(async () => {
  setTracingDisabled(true) // else it reports to api.openai.com
  gateway = await startGateway()
})
afterAll(async () => {
  await gateway?.stop()
})

const runner = (useResponses: boolean): Runner =>
  new Runner({
    model,
    modelProvider: new OpenAIProvider({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, useResponses }),
  })

describe.each([
  { api: 'Responses, its default', useResponses: true },
  { api: 'Chat Completions', useResponses: false },
])('Agents SDK over $api', ({ useResponses }) => {
  const agent = new Agent({ name: 'Assistant', instructions: 'Be brief.' })

  test('a plain turn', async () => {
    const result = await runner(useResponses).run(agent, 'Hi. [[sim:text=Hello 🙂]]')
    expect(result.finalOutput).toBe('Hello 🙂')
  })

  test('a streamed turn comes in many pieces', async () => {
    const result = await runner(useResponses).run(agent, 'Hi. [[sim:text=One two three four five six seven.]]', {
      stream: true,
    })
    const pieces: string[] = []
    for await (const piece of result.toTextStream()) pieces.push(piece)
    await result.completed
    expect(pieces.join('')).toBe('One two three four five six seven.')
    expect(pieces.length).toBeGreaterThan(2)
  })

  test('two tools are called, and their results are answered; a second turn brings it all along', async () => {
    const asked: string[] = []
    const weather = tool({
      name: 'weather',
      description: 'The weather of a city',
      parameters: z.object({ city: z.string() }),
      execute: async ({ city }) => {
        asked.push(city)
        return `${city} is sunny`
      },
    })
    const helper = new Agent({ name: 'Helper', instructions: 'Be brief.', tools: [weather] })
    const calls = '[[sim:call=weather {"city":"Paris"}]] [[sim:call=weather {"city":"Oslo"}]]'
    const first = await runner(useResponses).run(helper, calls)
    expect(asked.toSorted()).toEqual(['Oslo', 'Paris'])
    expect(first.finalOutput).toContain('Paris is sunny')
    expect(first.finalOutput).toContain('Oslo is sunny')
    const second = await runner(useResponses).run(helper, [
      ...first.history,
      { role: 'user', content: 'And now? [[sim:text=Still sunny.]]' },
    ])
    expect(second.finalOutput).toBe('Still sunny.')
  })
})
