import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Answered, type ClockedGateway, startClockedGateway } from '../support/clocked-gateway.ts'

let gateway: ClockedGateway
beforeAll(async () => {
  gateway = await startClockedGateway()
}, 240_000)
afterAll(() => gateway.stop())

const model = 'claude-sonnet-4.5'
const schema = { type: 'object', properties: { x: { type: 'integer' } }, required: ['x'], additionalProperties: false }
type Call = readonly [name: string, x: unknown]
// biome-ignore lint/suspicious/noExplicitAny: answers are looked into member by member
type Json = any

const dataOf = ({ text }: Answered): readonly Json[] =>
  text.split('\n').flatMap((line) => (line.startsWith('data: {') ? [JSON.parse(line.slice(6))] : []))
const inputOf = (json: string): unknown => JSON.parse(json).x

type Api = {
  readonly body: (isStrict: boolean) => object
  readonly calls: (answer: Answered) => readonly Call[]
  readonly streamed: (answer: Answered) => readonly Call[]
}
const apis: Readonly<Record<string, Api>> = {
  '/v1/messages': {
    body: (strict) => ({
      max_tokens: 500,
      tools: [
        { name: 'one', input_schema: schema, strict },
        { name: 'two', input_schema: schema },
      ],
      messages: [{ role: 'user', content: 'Go.' }],
    }),
    calls: ({ json }) => json.content.map(({ name, input }: Json): Call => [name, input.x]),
    streamed: (answer) => {
      const found: [string, string][] = []
      for (const { content_block: block, delta } of dataOf(answer)) {
        if (block?.type === 'tool_use') found.push([block.name, ''])
        const last = found.at(-1)
        if (delta?.type === 'input_json_delta' && last) last[1] += delta.partial_json
      }
      return found.map(([name, json]) => [name, inputOf(json)])
    },
  },
  '/v1/chat/completions': {
    body: (strict) => ({
      tools: [
        { type: 'function', function: { name: 'one', parameters: schema, strict } },
        { type: 'function', function: { name: 'two', parameters: schema } },
      ],
      messages: [{ role: 'user', content: 'Go.' }],
    }),
    calls: ({ json }) =>
      json.choices[0].message.tool_calls.map(
        ({ function: { name, arguments: of } }: Json): Call => [name, inputOf(of)],
      ),
    streamed: (answer) => {
      const found: [string, string][] = []
      for (const { choices } of dataOf(answer))
        for (const { index, function: of } of choices?.[0]?.delta?.tool_calls ?? []) {
          found[index] ??= [of.name, '']
          found[index][1] += of.arguments ?? ''
        }
      return found.map(([name, json]) => [name, inputOf(json)])
    },
  },
  '/v1/responses': {
    body: (strict) => ({
      tools: [
        { type: 'function', name: 'one', parameters: schema, strict },
        { type: 'function', name: 'two', parameters: schema, strict: false },
      ],
      input: 'Go.',
    }),
    calls: ({ json }) => json.output.map(({ name, arguments: of }: Json): Call => [name, inputOf(of)]),
    streamed: (answer) =>
      dataOf(answer)
        .flatMap(({ type, response }) => (type === 'response.completed' ? response.output : []))
        .map(({ name, arguments: of }: Json): Call => [name, inputOf(of)]),
  },
}
const ask = (path: string, isStrict: boolean, stream: boolean): Promise<Answered> =>
  gateway.call(
    'POST',
    path,
    { model, ...apis[path]?.body(isStrict), stream },
    { authorization: `Bearer ${gateway.key}` },
  )
const asked = () => gateway.simulator.requests().filter(({ operation }) => operation === 'GenerateAssistantResponse')
/** Three calls at once, the first of them spelled wrong. */
const threeCalls = {
  steps: [
    { type: 'tool', name: 'one', json: '{"x":1,' },
    { type: 'tool', name: 'two', json: '{"x":2}' },
    { type: 'tool', name: 'one', json: '{"x":3}' },
  ],
} as const

describe.each(Object.keys(apis).flatMap((path) => [false, true].map((stream) => [path, stream] as const)))(
  '%s, streamed: %p',
  (path, stream) => {
    test('calls behind a malformed one of a strict tool are kept beside the repaired one', async () => {
      for (const stopReason of ['TOOL_USE', 'MALFORMED_TOOL_USE']) {
        gateway.simulator.enqueue({ ...threeCalls, stopReason })
        gateway.simulator.enqueue({ steps: [{ type: 'tool', name: 'one', json: '{"x":4}' }] })
        const before = asked().length
        const answer = await ask(path, true, stream)
        const calls = stream ? apis[path]?.streamed(answer) : apis[path]?.calls(answer)
        expect([answer.status, calls]).toEqual([
          200,
          [
            ['two', 2],
            ['one', 3],
            ['one', 4],
          ],
        ])
        expect(asked().length - before).toBe(2)
      }
    })

    test('of a tool that is not strict it ends the reply with an error', async () => {
      gateway.simulator.enqueue(threeCalls)
      const before = asked().length
      const answer = await ask(path, false, stream)
      expect(answer.status).toBe(stream ? 200 : 502)
      expect(answer.text).toContain('The model gave a malformed tool call.')
      expect(asked().length - before).toBe(1)
    })
  },
)
