import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { streamFault } from '../dialect/samples.ts'
import { type Answer, type Asked, type DialectClient, dialectClients } from '../support/dialect-clients.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { heldReplies } from '../support/held-replies.ts'
import { readSseUntil } from '../support/sse.ts'

// What holds for every client API, whichever way it is spelled: one table, run for each, whole and streamed.

const { simulator, hold } = heldReplies()
let gateway: Gateway
/** Sends headers before there is an answer: the others wait for it, so that errors keep their status on a busy machine too. */
let hasty: Gateway
beforeAll(async () => {
  gateway = await startGateway()
  hasty = await startGateway({ simulator, config: 'server:\n  keep_alive_seconds: 1\n  headers_hold_ms: 100\n' })
})
afterAll(async () => {
  await hasty?.stop()
  await gateway?.stop()
})

const toolNames = ['read_file', 'list_files', 'run_tests', 'search', 'get_weather']

const post = (client: DialectClient, body: object, of = gateway): Promise<Response> =>
  fetch(of.url + client.path, {
    method: 'POST',
    headers: { authorization: `Bearer ${of.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

async function send(client: DialectClient, body: object): Promise<{ readonly status: number; readonly text: string }> {
  const response = await post(client, body)
  return { status: response.status, text: await response.text() }
}

async function ask(client: DialectClient, asked: Asked): Promise<Answer> {
  const body = client.request(asked)
  if (body === undefined) throw new Error(`${client.name} cannot say it`)
  const { status, text } = await send(client, body)
  if (status !== 200) throw new Error(`${status}: ${text}`)
  if (!asked.stream) return client.readWhole(JSON.parse(text))
  expect(streamFault(client, text)).toBeUndefined()
  return client.readStream(text)
}

type Scenario = {
  readonly name: string
  readonly asked: Omit<Asked, 'stream'>
  readonly expected: (answer: Answer) => void
}

const calls =
  (count: number) =>
  ({ calls: made, end }: Answer): void => {
    expect(end).toBe('calls')
    expect(made.map(({ name }) => name)).toEqual(toolNames.slice(0, count))
    expect(new Set(made.map(({ id }) => id)).size).toBe(count)
    for (const { id, input } of made) {
      expect(id).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
      expect(input).toHaveProperty('path')
    }
  }

const scenarios: readonly Scenario[] = [
  {
    name: 'a plain answer',
    asked: { text: 'Hello there' },
    expected: ({ text, end, calls: made, inputTokens, outputTokens }) => {
      expect(text).toContain('Hello there')
      expect([end, made.length]).toEqual(['end', 0])
      expect(inputTokens).toBeGreaterThan(0)
      expect(outputTokens).toBeGreaterThan(0)
    },
  },
  {
    name: 'an empty answer',
    asked: { text: '[[sim:text=]]' },
    expected: ({ text, end }) => expect([text, end]).toEqual(['', 'end']),
  },
  {
    name: 'characters of every kind',
    asked: { text: '[[sim:text=中文 é 👩‍💻 "quoted" \\ back\tslash\nline \u2028 end]]' },
    expected: ({ text }) => expect(text).toBe('中文 é 👩‍💻 "quoted" \\ back\tslash\nline \u2028 end'),
  },
  ...[1, 2, 5].map((count) => ({
    name: `${count} tool call${count === 1 ? '' : 's'}`,
    asked: { text: `[[sim:tools=${count}]] use them`, tools: toolNames },
    expected: calls(count),
  })),
  {
    name: 'thinking before the answer',
    asked: { text: 'Think about it', thinks: true },
    expected: ({ reasoning, text, end }) => {
      expect(reasoning).toContain('Simulated reasoning')
      expect(text).not.toContain('Simulated reasoning')
      expect(end).toBe('end')
    },
  },
  {
    name: 'a stop sequence',
    asked: { text: '[[sim:text=one two STOP three]]', stop: 'STOP' },
    expected: ({ text, end }) => {
      expect(text).toBe('one two ')
      expect(['stop', 'end']).toContain(end)
    },
  },
  {
    name: 'the limit of the output',
    asked: { text: '[[sim:repeat=50]] Hello', maxTokens: 20 },
    expected: ({ end, outputTokens }) => {
      expect(end).toBe('limit')
      expect(outputTokens).toBeWithin(15, 26)
    },
  },
  {
    name: 'a refusal',
    asked: { text: '[[sim:stop=CONTENT_FILTERED]] Hello' },
    expected: ({ end }) => expect(end).toBe('refused'),
  },
]

for (const client of dialectClients) {
  describe(client.name, () => {
    for (const { name, asked, expected } of scenarios) {
      if (client.request({ ...asked, stream: false }) === undefined) continue
      test.each([false, true])(`${name} (stream: %p)`, async (stream) =>
        expected(await ask(client, { ...asked, stream })),
      )
    }

    test.each([false, true])('results go back by id, in any order (stream: %p)', async (stream) => {
      const asked = { text: '[[sim:tools=3]] use them', tools: toolNames, stream }
      const first = await ask(client, asked)
      const answer = { ...first, calls: first.calls.toReversed() }
      const second = await ask(client, { ...asked, before: { answer, results: ['gamma', 'beta', 'alpha'] } })
      for (const result of ['alpha', 'beta', 'gamma']) expect(second.text).toContain(result)
      expect(second.end).toBe('end')
    })

    test('reasoning comes back to the provider as it came from there', async () => {
      const asked = { text: '[[sim:tools=1]] Think about it', tools: toolNames, thinks: true, stream: true }
      const answer = await ask(client, asked)
      const before = { answer, results: ['done'] }
      expect((await ask(client, { ...asked, before })).text).toContain('done')
      const sent = JSON.stringify(gateway.simulator.requests().at(-1)?.body)
      // Chat Completions has no place for the proof: without it the provider gets no reasoning at all.
      expect(sent.includes('"signature"')).toBe(client.name !== 'openai-chat')
    })

    test.each([false, true])('an error before any content has its status (stream: %p)', async (stream) => {
      const body = client.request({ text: '[[sim:fault=too-long]] Hello', stream })
      const { status, text } = await send(client, body ?? {})
      expect(status).toBe(400)
      expect(JSON.parse(text).error.message).toContain('prompt is too long')
    })

    test('an error after content is the last of the stream, never an end', async () => {
      const { end, error } = await ask(client, { text: '[[sim:fault=exception-after-text]] Hello', stream: true })
      expect(end).toBe('failed')
      expect(error).toBeString()
      const whole = await send(
        client,
        client.request({ text: '[[sim:fault=exception-after-text]] Hi', stream: false }) ?? {},
      )
      expect(whole.status).toBeGreaterThanOrEqual(500)
    })

    test('a silent provider: the stream is opened early, kept alive, then answered', async () => {
      const held = hold()
      const body = client.request({ text: `${held.directive} Hello`, stream: true })
      const isKeptAlive = (all: string): boolean => client.keepAlive.test(all)
      const { text } = await readSseUntil(await post(client, body ?? {}, hasty), isKeptAlive, held.release)
      expect(text).toMatch(client.keepAlive)
      expect(streamFault(client, text)).toBeUndefined()
      expect(client.readStream(text)).toMatchObject({ end: 'end', text: expect.stringContaining('Hello') })
    })

    test('an error after the headers went out is told in the stream', async () => {
      const held = hold()
      const body = client.request({ text: `${held.directive} [[sim:fault=exception-first]] Hello`, stream: true })
      const response = await post(client, body ?? {}, hasty)
      held.release()
      expect(response.status).toBe(200)
      expect(streamFault(client, await response.text())).toBeUndefined()
    })
  })
}

test('every API can say all of it, but for the stop sequences that one does not have', () => {
  const mute = dialectClients.flatMap((client) =>
    scenarios.flatMap(({ name, asked }) =>
      client.request({ ...asked, stream: false }) === undefined ? [[client.name, name]] : [],
    ),
  )
  expect(mute).toEqual([['openai-responses', 'a stop sequence']])
})
