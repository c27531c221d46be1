import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Step } from '../../server/simulator/step.ts'
import { type Answered, type ClockedGateway, startClockedGateway } from '../support/clocked-gateway.ts'

let gateway: ClockedGateway
beforeAll(async () => {
  gateway = await startClockedGateway()
  // The tokenizer loads and the texts are counted.
  await ask('/v1/messages', talk('warm'))
  await gateway.call('PUT', '/v2/settings', { compressionEnabled: true })
}, 240_000)
afterAll(() => gateway.stop())

const model = 'claude-sonnet-4.5'
const asked = () => gateway.simulator.requests().filter(({ operation }) => operation === 'GenerateAssistantResponse')
const record = async () => {
  await gateway.pass(2_000)
  return (await gateway.call('GET', '/v2/logs?limit=1')).json.logs[0]
}

type Turn = {
  readonly purpose?: string
  readonly usage: Readonly<Record<'input' | 'output', { readonly tokens: number }>>
}
/** Input and output tokens of writing them. */
const ofSummaries = (turns: readonly Turn[]): number[] =>
  (['input', 'output'] as const).map((of) =>
    turns.reduce((sum, { purpose, usage }) => sum + (purpose === 'summary' ? usage[of].tokens : 0), 0),
  )

type Said = { readonly role: 'user' | 'assistant'; readonly content: string }
// The same texts for all: they are counted once.
const question = 'word '.repeat(9_000)
const reply = 'said '.repeat(9_000)
/** Twenty-five messages, more than the model reads. */
const talk = (about: string, last = 'And now? [[sim:text=Fine]]'): readonly Said[] => [
  ...Array.from({ length: 12 }, (_, index): readonly Said[] => [
    { role: 'user', content: index === 0 ? about : question },
    { role: 'assistant', content: reply },
  ]).flat(),
  { role: 'user', content: last },
]

const schema = { type: 'object', properties: {} }
const apis = {
  '/v1/messages': (messages: readonly Said[]) => ({
    max_tokens: 200,
    system: 'Be brief.',
    tools: [{ name: 'look', input_schema: schema }],
    messages,
  }),
  '/v1/chat/completions': (messages: readonly Said[]) => ({
    tools: [{ type: 'function', function: { name: 'look', parameters: schema } }],
    messages: [{ role: 'system', content: 'Be brief.' }, ...messages],
  }),
  '/v1/responses': (messages: readonly Said[]) => ({
    instructions: 'Be brief.',
    tools: [{ type: 'function', name: 'look', parameters: schema }],
    input: messages,
  }),
}
type Path = keyof typeof apis
const ask = (path: Path, messages: readonly Said[], more: object = {}, key = gateway.key): Promise<Answered> =>
  gateway.call('POST', path, { model, ...apis[path](messages), ...more }, { authorization: `Bearer ${key}` })

describe.each(Object.keys(apis).flatMap((path) => [false, true].map((stream) => [path as Path, stream] as const)))(
  '%s, streamed: %p',
  (path, stream) => {
    test('is compressed with the system text, the tools and the last turns whole, and says so', async () => {
      const about = `${path} ${stream}`
      const before = asked().length
      const answer = await ask(path, talk(about), { stream })
      expect([answer.status, /F.*i.*n.*e/s.test(answer.text)]).toEqual([200, true])
      const [, extraInput, extraOutput] =
        /^messages=18; input_tokens=(\d+); output_tokens=(\d+)$/.exec(
          answer.headers.get('x-claude-server-compressed') ?? '',
        ) ?? []
      expect(answer.headers.get('access-control-expose-headers')).toContain('x-claude-server-compressed')
      const sent = asked().slice(before)
      expect(sent.map(({ status }) => status)).toEqual([200, 200, 200, 200])
      const { notes, route, input_tokens: input } = await record()
      expect(notes.first).toMatchObject([
        { what: 'history-compressed', field: path === '/v1/responses' ? 'input' : 'messages' },
      ])
      const [one, two, three, turn] = route.attempts
      expect([[one, two, three].every(({ purpose }) => purpose === 'summary'), turn.purpose]).toEqual([true, undefined])
      expect(input).toBeGreaterThan(100_000)
      expect([Number(extraInput), Number(extraOutput)]).toEqual(ofSummaries(route.turns))
    })

    test('says what its summary took whatever rounds follow, once', async () => {
      const called = (name: string, input: object): Step => ({ type: 'tool', name, json: JSON.stringify(input) })
      const search = {
        '/v1/messages': [{ type: 'web_search_20250305', name: 'web_search' }],
        others: [{ type: 'web_search' }],
      }
      const rounds = [
        { step: called('ghost', {}), more: {}, purpose: 'repair' },
        {
          step: called('internet_search', { query: 'q' }),
          more: { tools: search[path === '/v1/messages' ? path : 'others'] },
          purpose: 'search',
        },
      ] as const
      for (const { step, more, purpose } of rounds) {
        const summary: Step = { type: 'text', text: 'A summary.' }
        for (const one of [summary, summary, summary, step, { type: 'text', text: 'Fine.' }] as const)
          gateway.simulator.enqueue({ steps: [one] })
        const answer = await ask(path, talk(`${purpose} ${path} ${stream}`), { stream, ...more })
        const { notes, route } = await record()
        expect(route.turns.map(({ purpose: of }: Turn) => of)).toEqual([
          ...['summary', 'summary', 'summary'],
          ...[undefined, purpose],
        ])
        const [input, output] = ofSummaries(route.turns)
        expect(answer.headers.get('x-claude-server-compressed')).toBe(
          `messages=18; input_tokens=${input}; output_tokens=${output}`,
        )
        const told = notes.first.filter(({ what }: { what: string }) => what === 'history-compressed')
        expect(told.map(({ detail }: { detail: string }) => detail)).toEqual([`18 of 25 messages; summary by ${model}`])
      }
    })

    test('the next turn goes on from the same summary', async () => {
      const about = `${path} ${stream}`
      const before = asked().length
      const messages = [
        ...talk(about),
        { role: 'assistant', content: 'Fine' },
        { role: 'user', content: 'Then?' },
      ] as const
      const answer = await ask(path, messages, { stream })
      expect([answer.status, answer.headers.get('x-claude-server-compressed')]).toEqual([200, 'messages=18; cached'])
      expect(asked().slice(before)).toHaveLength(1)
    })
  },
)

test('what the caller is shown of its use is its own turn alone; its limits count both', async () => {
  const { key, id } = (await gateway.call('POST', '/v2/keys', { name: 'counted' })).json
  const answer = await ask('/v1/messages', talk('counted'), {}, key)
  const shown = answer.json.usage.input_tokens
  expect(shown).toBeLessThan(120_000)
  const used = (await gateway.call('GET', '/v1/usage', undefined, { authorization: `Bearer ${key}` })).json
  expect(used.key.id).toBe(id)
  expect([used.key.usage.today.requests, used.key.usage.today.input_tokens > shown + 20_000]).toEqual([1, true])
})

test('a key may have its own way', async () => {
  const made = await gateway.call('POST', '/v2/keys', { name: 'never', compression: 'off' })
  expect(made.json.compression).toBe('off')
  const answer = await ask('/v1/messages', talk('never'), {}, made.json.key)
  expect([answer.status, answer.json.error.message]).toEqual([400, expect.stringContaining('prompt is too long')])
  const changed = await gateway.call('PATCH', `/v2/keys/${made.json.id}`, { compression: 'overflow' })
  expect(changed.json.compression).toBe('overflow')
  const before = asked().length
  expect((await ask('/v1/messages', talk('never'), {}, made.json.key)).status).toBe(200)
  expect(
    asked()
      .slice(before)
      .map(({ status }) => status),
  ).toEqual([400, 200, 200, 200, 200])
  expect((await gateway.call('PATCH', `/v2/keys/${made.json.id}`, { compression: 'inherit' })).json.compression).toBe(
    'inherit',
  )
  expect((await gateway.call('PATCH', `/v2/keys/${made.json.id}`, { compression: 'often' })).status).toBe(400)
})

test.each(['/v1/chat/completions', '/v1/responses'] as const)('%s says it in its own words', async (path) => {
  for (const stream of [false, true]) {
    const answer = await ask(path, talk(`alone ${path}`, question.repeat(29)), { stream })
    expect([answer.status, answer.json.error.code]).toEqual([400, 'context_length_exceeded'])
    expect(answer.json.error.message).toMatch(
      /^This model's maximum context length is 200000 tokens\. However, your messages resulted in \d{6} tokens\./,
    )
    expect((await record()).error_message).toMatch(/\(\d{6} tokens by our own estimate, window 200000\)$/)
  }
})

test('one message that is too long alone is told so, with numbers', async () => {
  const answer = await ask('/v1/messages', talk('alone', question.repeat(29)))
  expect(answer.status).toBe(400)
  expect(answer.json.error.message).toMatch(/^prompt is too long: \d{6} tokens > 200000 maximum$/)
  expect(answer.headers.get('x-claude-server-compressed')).toBeNull()
})

test.each(Object.keys(apis) as Path[])('%s: a newest turn that plainly cannot fit is refused unsent', async (path) => {
  const before = asked().length
  const newest = question.repeat(36)
  for (const stream of [false, true]) {
    const answer = await ask(path, talk(`plain ${path}`, newest), { stream })
    expect([answer.status, answer.headers.get('x-claude-server-compressed')]).toEqual([400, null])
    expect(answer.text).toMatch(/prompt is too long: \d{6} tokens > 200000 maximum/)
  }
  expect(asked().length).toBe(before)
  expect(await record()).toMatchObject({ error_kind: 'context-too-long' })
})

test('a client’s own compaction is sent whole', async () => {
  const before = asked().length
  const answer = await ask('/v1/messages', talk('own', 'Write a detailed summary of the conversation so far.'))
  expect([answer.status, answer.headers.get('x-claude-server-compressed')]).toEqual([400, null])
  expect(asked().slice(before)).toHaveLength(1)
})

test('a compaction block of the Messages API stands for all before it', async () => {
  const before = asked().length
  const block = { type: 'compaction', content: 'They spoke of cats.', encrypted_content: 'e' }
  const look = { type: 'tool_use', id: 'a', name: 'look', input: {} }
  const found = { type: 'tool_result', tool_use_id: 'a', content: 'a tabby' }
  const send = (messages: readonly object[]) => ask('/v1/messages', messages as unknown as readonly Said[])
  const cut = [
    ...talk('cats').slice(0, -1),
    { role: 'user', content: 'more' },
    { role: 'assistant', content: [look, block, { type: 'text', text: 'Yes.' }] },
    { role: 'user', content: [found, { type: 'text', text: 'And now? [[sim:text=Fine]]' }] },
  ]
  const answer = await send(cut)
  expect([answer.status, answer.headers.get('x-claude-server-compressed')]).toEqual([200, null])
  const field = 'messages.25.content.1'
  expect((await record()).notes.first).toMatchObject([{ what: 'history-superseded', field }])
  const [sent, ...others] = asked().slice(before)
  expect(others).toEqual([])
  const text = JSON.stringify(sent?.body)
  expect(['They spoke of cats.', 'a tabby', 'said said', 'toolResults'].map((words) => text.includes(words))).toEqual(
    // The call of the result is gone, so it is told in words.
    [true, true, false, false],
  )
})

test('where no summary can be had, what fits goes out as it is and nothing is dropped', async () => {
  await gateway.call('PUT', '/v2/settings', { compressionAtPercent: 50 })
  gateway.simulator.enqueue({ name: 'malformed' })
  const before = asked().length
  const shorter = talk('fits').slice(10)
  const answer = await ask('/v1/messages', shorter)
  expect([answer.status, answer.headers.get('x-claude-server-compressed')]).toEqual([200, null])
  expect(
    asked()
      .slice(before)
      .map(({ status }) => status),
  ).toEqual([400, 200])
})

test('summaries are held within bounds that the metrics show', async () => {
  const { text } = await gateway.call('GET', '/metrics')
  expect(text).toMatch(/claude_server_summaries_kept [1-9]/)
  expect(text).toMatch(/claude_server_summaries_reused [1-9]/)
  expect(text).toContain('claude_server_limit{of="summaries_kept_bytes"} 67108864')
})

test('what is too much for all calls that a summary may take is said in the header and the record', async () => {
  const many = Array.from({ length: 24 }, (_, index): readonly Said[] => [
    { role: 'user', content: `much ${index} ${'word '.repeat(18_000)}` },
    { role: 'assistant', content: 'ok' },
  ]).flat()
  await gateway.call('PUT', '/v2/settings', { compressionAtPercent: 50 })
  const answer = await ask('/v1/messages', [...many, { role: 'user', content: 'And now? [[sim:text=Fine]]' }])
  await gateway.call('PUT', '/v2/settings', { compressionAtPercent: 90 })
  expect(answer.status).toBe(200)
  const header =
    /^messages=\d+; input_tokens=\d+; output_tokens=\d+; unshown_characters=(\d+); unshown_messages=(\d+)$/.exec(
      answer.headers.get('x-claude-server-compressed') ?? '',
    )
  const { notes, route } = await record()
  expect(route.turns.filter(({ purpose }: Turn) => purpose === 'summary')).toHaveLength(8)
  const lost = `${header?.[1]} characters of ${header?.[2]} messages were not shown to it`
  expect(notes.first).toMatchObject([{ detail: expect.stringContaining(lost) }])
})
