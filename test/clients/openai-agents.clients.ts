import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { Agent, OpenAIProvider, Runner, setTracingDisabled, tool, webSearchTool } from '@openai/agents'
import { z } from 'zod'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { watchGateway } from './witness.ts'

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

  test('an output by a schema, also where the first reply is words', async () => {
    const typed = new Agent({ name: 'Who', outputType: z.object({ name: z.string() }) })
    const witness = watchGateway(gateway)
    for (const prompt of ['Who is it?', '[[sim:instead=It is Ada.]]'])
      expect((await runner(useResponses).run(typed, prompt)).finalOutput).toEqual({ name: expect.any(String) })
    const rows = await witness.logged(2)
    expect(rows.map(({ route }) => route.repair?.outcome)).toEqual([undefined, 'repaired'])
  })
})

test('Agents SDK: its tool that searches the web', async () => {
  const agent = new Agent({ name: 'Searcher', tools: [webSearchTool()] })
  const result = await runner(true).run(agent, 'Search the web for bun sqlite.')
  expect(result.finalOutput).toContain('https://page1.simulated.example/bun%20sqlite')
  expect(result.newItems.map((item) => item.type)).toEqual(['tool_call_item', 'message_output_item'])
})
