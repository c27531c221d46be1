import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import type { Step } from '../../server/simulator/step.ts'
import { type ClockedGateway, startClockedGateway } from '../support/clocked-gateway.ts'
import { dialectClients } from '../support/dialect-clients.ts'

let gateway: ClockedGateway
beforeAll(async () => {
  gateway = await startClockedGateway()
}, 240_000)
afterAll(() => gateway.stop())
beforeEach(() => gateway.simulator.clearQueue())

type Tool = { readonly name: string; readonly strict?: boolean }
type Choice = 'auto' | 'none' | 'required' | { readonly only: readonly string[]; readonly mode: 'auto' | 'required' }
type Asked = {
  readonly tools?: readonly Tool[]
  readonly choice?: Choice
  readonly format?: boolean
  /** A tool the history has a call of. */
  readonly past?: string | undefined
  /** Members in that API's own words, in place of others. */
  readonly more?: object | undefined
  readonly stream: boolean
}

const schema = {
  type: 'object',
  properties: { to: { type: 'string' }, amount: { type: 'integer' } },
  required: ['to', 'amount'],
  additionalProperties: false,
}
const model = 'claude-sonnet-4.5'
const ask = 'Go on.'

/** The same demand in the words of each API; Messages has no allowed sets: there the others are not declared. */
const bodies: Readonly<Record<string, (asked: Asked) => object>> = {
  anthropic: ({ tools = [], choice = 'auto', format, past, stream }) => ({
    ...{ model, stream, max_tokens: 4_000 },
    messages: [
      { role: 'user', content: 'x' },
      ...(past === undefined
        ? []
        : [
            { role: 'assistant', content: [{ type: 'tool_use', id: 'c1', name: past, input: {} }] },
            { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: 'r' }] },
          ]),
      ...(past === undefined ? [] : [{ role: 'user', content: ask }]),
    ],
    tools: tools
      .filter(({ name }) => typeof choice === 'string' || choice.only.includes(name))
      .map(({ name, strict }) => ({ name, strict: strict === true, input_schema: schema })),
    tool_choice: {
      type: choice === 'none' ? 'none' : choice === 'required' || isRequired(choice) ? 'any' : 'auto',
    },
    ...(format && { output_config: { format: { type: 'json_schema', schema } } }),
  }),
  'openai-chat': ({ tools, choice = 'auto', format, past, stream }) => ({
    ...{ model, stream, ...(stream && { stream_options: { include_usage: true } }) },
    messages: [
      { role: 'user', content: 'x' },
      ...(past === undefined
        ? []
        : [
            {
              role: 'assistant',
              tool_calls: [{ id: 'c1', type: 'function', function: { name: past, arguments: '{}' } }],
            },
            { role: 'tool', tool_call_id: 'c1', content: 'r' },
            { role: 'user', content: ask },
          ]),
    ],
    tools: tools?.map(({ name, strict }) => ({
      type: 'function',
      function: { name, strict: strict === true, parameters: schema },
    })),
    tool_choice:
      typeof choice === 'string'
        ? choice
        : {
            type: 'allowed_tools',
            allowed_tools: {
              mode: choice.mode,
              tools: choice.only.map((name) => ({ type: 'function', function: { name } })),
            },
          },
    ...(format && { response_format: { type: 'json_schema', json_schema: { name: 'n', strict: true, schema } } }),
  }),
  'openai-responses': ({ tools, choice = 'auto', format, past, stream }) => ({
    ...{ model, stream, store: false },
    input: [
      { role: 'user', content: 'x' },
      ...(past === undefined
        ? []
        : [
            { type: 'function_call', call_id: 'c1', name: past, arguments: '{}' },
            { type: 'function_call_output', call_id: 'c1', output: 'r' },
            { role: 'user', content: ask },
          ]),
    ],
    tools: tools?.map(({ name, strict }) => ({ type: 'function', name, strict: strict === true, parameters: schema })),
    tool_choice:
      typeof choice === 'string'
        ? choice
        : { type: 'allowed_tools', mode: choice.mode, tools: choice.only.map((name) => ({ type: 'function', name })) },
    ...(format && { text: { format: { type: 'json_schema', name: 'n', strict: true, schema } } }),
  }),
}
const isRequired = (choice: Choice): boolean => typeof choice !== 'string' && choice.mode === 'required'

const call = (name: string, input: object | string): Step => ({
  type: 'tool',
  name,
  json: typeof input === 'string' ? input : JSON.stringify(input),
})
const says = (text: string): Step => ({ type: 'text', text })
const pay = (to: string, amount: number | string) => call('pay', { to, amount })
const right = { to: 'ann', amount: 1 }

const apis = dialectClients.flatMap((client) => [
  { ...client, way: 'whole', stream: false },
  { ...client, way: 'streamed', stream: true },
])

describe.each(apis)('$name, $way', ({ name, path, stream, readStream, readWhole }) => {
  /** What the caller gets of a model that gives these turns, one after the other. */
  const serve = async (asked: Omit<Asked, 'stream'>, ...turns: readonly (readonly Step[])[]) => {
    for (const steps of turns) gateway.simulator.enqueue({ steps })
    const body = { ...bodies[name]?.({ ...asked, stream }), ...asked.more }
    const { status, text, json } = await gateway.call('POST', path, body, { authorization: `Bearer ${gateway.key}` })
    if (status !== 200) return { status, text: '', end: 'failed', error: String(json.error.message), calls: [] }
    const { calls, end, error = '', text: words } = stream ? readStream(text) : readWhole(json)
    return { status, text: words, end, error, calls: calls.map(({ name: of, input }) => [of, input]) }
  }
  const repair = async () => {
    await gateway.pass(3_000) // rows are written in batches
    return (await gateway.call('GET', '/v2/logs?limit=1')).json.logs[0].route.repair
  }
  const both: readonly Tool[] = [{ name: 'read' }, { name: 'wipe' }]

  test.each([{ choice: { only: ['read'], mode: 'required' } }, { choice: { only: ['read'], mode: 'auto' } }] as const)(
    'only allowed tools are called: %j',
    async (asked) => {
      for (const past of [undefined, 'wipe']) {
        const wished = { tools: both, ...asked, ...(past && { past }) }
        const repaired = await serve(wished, [call('wipe', {})], [call('read', right)])
        expect(repaired).toMatchObject({ end: 'calls', calls: [['read', right]] })
        expect(await repair()).toMatchObject({ of: 'tool-choice', outcome: 'repaired' })
        const refused = await serve(wished, [call('wipe', {})], [call('wipe', {})])
        expect(refused).toMatchObject({ status: stream ? 200 : 502, end: 'failed', calls: [] })
        expect(refused.error).toContain('the tool wipe was called, which was not offered')
      }
    },
  )

  test('none is called where none may be, nor one that only the history names', async () => {
    for (const asked of [{ tools: both, choice: 'none' } as const, {}]) {
      const answered = await serve({ ...asked, past: 'wipe' }, [call('wipe', {})], [says('Done.')])
      expect(answered).toMatchObject({ end: 'end', text: 'Done.', calls: [] })
      const refused = await serve({ ...asked, past: 'wipe' }, [call('wipe', {})], [call('wipe', {})])
      expect(refused).toMatchObject({ end: 'failed', calls: [] })
    }
  })

  test('without any tool a call is left out beside a text, and asked about where it is alone', async () => {
    const beside = await serve({}, [says('All is done.'), call('wipe', {})])
    expect(beside).toMatchObject({ end: 'end', text: 'All is done.', calls: [] })
    expect(await repair()).toMatchObject({ of: 'tool-choice', outcome: 'dropped' })
    const between = await serve({}, [says('The end.'), call('wipe', {}), says('Start.')])
    // The other APIs have a part or an item for each text, which this client joins.
    const joined = name === 'openai-chat' ? 'The end.\n\nStart.' : 'The end.Start.'
    expect(between).toMatchObject({ end: 'end', text: joined, calls: [] })
    const alone = await serve({}, [call('wipe', {})], [says('Done.')])
    expect(alone).toMatchObject({ end: 'end', text: 'Done.', calls: [] })
    expect(await repair()).toMatchObject({ of: 'tool-choice', outcome: 'repaired' })
    const refused = await serve({}, [call('wipe', {})], [call('wipe', {})])
    expect(refused).toMatchObject({ status: stream ? 200 : 502, end: 'failed', calls: [] })
    expect((await gateway.call('GET', '/metrics')).text).toMatch(
      /claude_server_repairs_total\{what="tool-choice",outcome="dropped"\} \d/,
    )
  })

  test('a forced call is one of a declared tool', async () => {
    const asked = { tools: [{ name: 'read' }], choice: 'required', past: 'wipe' } as const
    const repaired = await serve(asked, [call('wipe', {})], [call('read', right)])
    expect(repaired).toMatchObject({ end: 'calls', calls: [['read', right]] })
  })

  test('an answer by a schema is no call of a tool that the history names', async () => {
    const asked = { format: true, past: 'wipe' }
    const repaired = await serve(asked, [call('wipe', {})], [call('give_answer', right)])
    expect(repaired).toMatchObject({ end: 'end', text: JSON.stringify(right), calls: [] })
    const refused = await serve(asked, [call('wipe', {})], [call('wipe', {})])
    expect(refused).toMatchObject({ status: stream ? 200 : 502, calls: [] })
    // A refusal: the other APIs say it outside the text.
    if (stream) expect(refused.text).toMatch(name === 'anthropic' ? /no answer in the form/ : /^$/)
  })

  test('a strict tool in another case is that tool, and its input is judged', async () => {
    const tools = [{ name: 'pay', strict: true }]
    const repaired = await serve({ tools }, [call('PAY', { to: 1 })], [call('Pay', right)])
    expect(repaired).toMatchObject({ end: 'calls', calls: [['pay', right]] })
  })

  test('a repair of calls mends each wrong one once and repeats no good one', async () => {
    const tools = [{ name: 'pay', strict: true }]
    const mended = await serve({ tools }, [pay('ann', 1), pay('bob', '2')], [pay('ann', 1), pay('bob', 2)])
    expect(mended.calls).toEqual([
      ['pay', { to: 'ann', amount: 1 }],
      ['pay', { to: 'bob', amount: 2 }],
    ])
    const lost = await serve({ tools }, [pay('bob', '2'), pay('cyd', '3')], [pay('bob', 2), pay('bob', 2)])
    expect(lost).toMatchObject({ end: 'failed', calls: [] })
    expect(await repair()).toMatchObject({ of: 'tool-arguments', outcome: 'failed' })
  })

  test('a value beside a call goes on, whether it fits or not, and words do not', async () => {
    const asked = { tools: [{ name: 'read' }], format: true }
    for (const [said, shown] of [
      [JSON.stringify(right), JSON.stringify(right)],
      ['{"to":1}', '{"to":1}'],
      ['Let me see.', ''],
    ] as const) {
      const answered = await serve(asked, [says(said), call('read', right)])
      expect(answered).toMatchObject({ end: 'calls', text: shown, calls: [['read', right]] })
    }
  })

  test('a strict tool’s wrong input is an error, whatever stood beside it and came of the repair', async () => {
    const tools = [{ name: 'pay', strict: true }]
    for (const format of [true, 'object'] as const)
      for (const before of [[says(JSON.stringify(right))], [says('{"to":1,"to":2}')], [pay('ann', 1)], []])
        for (const after of ['Sorry.', '{"to":1}', JSON.stringify(right)]) {
          const more = format === 'object' ? objects[name] : {}
          const answered = await serve({ tools, format: true, more }, [...before, pay('bob', 'x')], [says(after)])
          expect(answered).toMatchObject({ end: 'failed', status: stream ? 200 : 502 })
          expect(answered.error).toStartWith('The model called a strict tool with an input that is not valid: ')
        }
  })

  test('an answer that the provider’s own limit cuts says so, and is not asked for again', async () => {
    for (const stop of [true, false]) {
      const half = { ...call('give_answer', '{"to":"Once upon'), stop } as Step
      gateway.simulator.enqueue({ steps: [half], stopReason: 'MAX_TOKENS' })
      expect(await serve({ format: true })).toMatchObject({ end: 'limit', text: '{"to":"Once upon', calls: [] })
      expect(await repair()).toBeUndefined()
    }
  })

  test('a call that the provider’s own limit cuts goes as far as it came, strict or not', async () => {
    for (const strict of [true, false]) {
      const half = { ...call('pay', '{"to":"Once upon'), stop: !strict } as Step
      gateway.simulator.enqueue({ steps: [half], stopReason: 'MAX_TOKENS' })
      const body = bodies[name]?.({ tools: [{ name: 'pay', strict }], stream }) ?? {}
      const { status, text } = await gateway.call('POST', path, body, { authorization: `Bearer ${gateway.key}` })
      expect([status, text.includes('pay')]).toEqual([200, true])
      expect(text).toMatch(/"stop_reason":"max_tokens"|"finish_reason":"length"|"reason":"max_output_tokens"/)
      // A whole message of the Messages API has no place for half an object.
      const inputs = [...text.matchAll(/"(?:partial_json|arguments)":"((?:[^"\\]|\\.)*)"/g)].map(([, piece]) => piece)
      expect(inputs.join('').includes('Once upon')).toBe(stream || name !== 'anthropic')
    }
  })

  test('a tool that is declared in a way that hides it from the model is called if the history tells of it', async () => {
    for (const tools of hidden[name] ?? []) {
      const of = nameOfHidden(tools)
      for (const past of [of, undefined])
        for (const spelled of [of, of.toUpperCase()]) {
          const called = await serve({ past, more: { tools } }, [call(spelled, right)])
          expect([of, called]).toMatchObject([of, { end: 'calls', calls: [[of, right]] }])
        }
      const answered = await serve({ past: of, more: { tools }, choice: 'none' }, [call(of, {})], [says('Done.')])
      expect([of, answered]).toMatchObject([of, { end: 'end', text: 'Done.', calls: [] }])
      const strange = await serve({ past: 'wipe', more: { tools } }, [call('wipe', {})], [says('Done.')])
      expect([of, strange]).toMatchObject([of, { end: 'end', text: 'Done.', calls: [] }])
    }
  })

  test('a strict tool that is shown later, or not yet, is held to its schema, and that is looked at', async () => {
    if (name === 'openai-chat') return
    const late = (input: object) =>
      name === 'anthropic'
        ? { name: 'late', strict: true, defer_loading: true, input_schema: input }
        : { type: 'function', name: 'late', strict: true, defer_loading: true, parameters: input }
    for (const past of ['late', undefined]) {
      const tools = [late(schema)]
      const wrong = call('late', { to: 1, amount: 1 })
      const mended = await serve({ past, more: { tools } }, [wrong], [call('LATE', right)])
      expect(mended).toMatchObject({ end: 'calls', calls: [['late', right]] })
      const failed = await serve({ past, more: { tools } }, [wrong], [wrong])
      expect(failed).toMatchObject({ end: 'failed', calls: [], error: expect.stringContaining('late: #/to') })
      const malformed = await serve({ past, more: { tools } }, [call('late', '{"to":')], [call('late', right)])
      expect(malformed).toMatchObject({ end: 'calls', calls: [['late', right]] })
      const elsewhere = [late({ type: 'object', properties: { to: { $ref: 'https://a.example/' } } })]
      const refused = await serve({ past, more: { tools: elsewhere } })
      expect(refused).toMatchObject({ status: 400, error: expect.stringContaining('tools.0.') })
    }
  })

  test('the search is ours by the name that callers have for it', async () => {
    const more = name === 'openai-chat' ? { web_search_options: {} } : { tools: [searches[name]] }
    const found = await serve({ more }, [call('web_search', { query: 'q' })], [says('Found.')])
    expect(found).toMatchObject({ end: 'end', text: 'Found.', calls: [] })
    expect(await repair()).toBeUndefined()
  })
})

/** How each API demands an object, where it does. */
const objects: Readonly<Record<string, object>> = {
  'openai-chat': { response_format: { type: 'json_object' } },
  'openai-responses': { text: { format: { type: 'json_object' } } },
}

const searches: Readonly<Record<string, object>> = {
  anthropic: { type: 'web_search_20250305', name: 'web_search' },
  'openai-responses': { type: 'web_search' },
}

/** Lists of one tool that is declared and not shown to the model. */
const hidden: Readonly<Record<string, readonly (readonly object[])[]>> = {
  anthropic: [
    [{ name: 'mcp__a__b', defer_loading: true, input_schema: schema }],
    [{ type: 'bash_20250124', name: 'bash' }],
    [{ type: 'text_editor_20250728', name: 'str_replace_based_edit_tool' }],
    [{ type: 'memory_20250818', name: 'memory' }],
  ],
  'openai-chat': [[{ type: 'local_shell' }], [{ type: 'a_future_kind', name: 'run' }]],
  'openai-responses': [[{ type: 'local_shell' }], [{ type: 'shell' }], [{ type: 'apply_patch' }]],
}
const nameOfHidden = ([tool]: readonly object[]): string => {
  const { name, type } = tool as { readonly name?: string; readonly type?: string }
  return name ?? type ?? ''
}

test('a tool of a group is called by its own name where no other has that', async () => {
  const group = (of: string) => ({ type: 'namespace', name: of, tools: [{ type: 'function', name: 'log' }] })
  const ask = async (more: object, ...turns: readonly Step[]) => {
    for (const step of turns) gateway.simulator.enqueue({ steps: [step] })
    const body = { model, input: 'x', store: false, ...more }
    return gateway.call('POST', '/v1/responses', body, { authorization: `Bearer ${gateway.key}` })
  }
  const past = [
    { role: 'user', content: 'x' },
    { type: 'function_call', call_id: 'c1', name: 'log', arguments: '{}' },
    { type: 'function_call_output', call_id: 'c1', output: 'r' },
  ]
  for (const input of ['x', past]) {
    const { json } = await ask({ tools: [group('mcp__git')], input }, call('log', {}))
    expect(json.output).toMatchObject([{ type: 'function_call', name: 'log', namespace: 'mcp__git' }])
  }
  const several = { tools: [group('mcp__git'), group('mcp__hg')] }
  expect((await ask(several, call('log', {}), call('log', {}))).status).toBe(502)
  const only = [{ type: 'function', namespace: 'mcp__hg', name: 'log' }]
  const allowed = { ...several, tool_choice: { type: 'allowed_tools', mode: 'auto', tools: only } }
  const { json } = await ask(allowed, call('log', {}))
  expect(json.output).toMatchObject([{ type: 'function_call', name: 'log', namespace: 'mcp__hg' }])
  const none = { tools: [group('mcp__git')], tool_choice: 'none', input: past }
  expect((await ask(none, call('log', {}), call('log', {}))).status).toBe(502)
  const left = { tools: [group('mcp__git'), { type: 'local_shell' }] }
  const unallowed = { ...left, tool_choice: { ...allowed.tool_choice, tools: [{ type: 'function', name: 'log' }] } }
  expect((await ask(unallowed, call('local_shell', {}), call('local_shell', {}))).status).toBe(502)
})

describe.each([false, true])('a conversation with freeform tools in Chat Completions, streamed: %p', (stream) => {
  const paint = { type: 'custom', custom: { name: 'paint', description: 'Paints.' } }
  const past = { id: 'c1', type: 'custom', custom: { name: 'paint', input: 'a cat' } }
  const ask = async (more: object, ...turns: readonly Step[]) => {
    for (const step of turns) gateway.simulator.enqueue({ steps: [step] })
    const messages = [
      { role: 'user', content: 'x' },
      { role: 'assistant', tool_calls: [past] },
      { role: 'tool', tool_call_id: 'c1', content: 'done' },
      { role: 'user', content: 'Go on.' },
    ]
    const body = { model, stream, messages, tools: [paint], ...more }
    const { status, text, json } = await gateway.call('POST', '/v1/chat/completions', body, {
      authorization: `Bearer ${gateway.key}`,
    })
    if (!stream || status !== 200) return { status, calls: json.choices?.[0].message.tool_calls }
    const calls: { input: string; head: object }[] = []
    for (const [, data = ''] of text.matchAll(/^data: (\{.*)$/gm))
      for (const { index, custom, ...head } of JSON.parse(data).choices?.[0]?.delta.tool_calls ?? []) {
        calls[index] ??= { input: '', head: { ...head, name: custom.name } }
        calls[index].input += custom.input
      }
    return {
      status: text.includes('"error"') ? 502 : status,
      calls: calls.map(({ input, head: { name, ...head } }: Json) => ({ ...head, custom: { name, input } })),
    }
  }
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into member by member
  type Json = any
  const called = [{ id: expect.any(String), type: 'custom', custom: { name: 'paint', input: 'a "dog"' } }]

  test('goes on: a call of one that is declared goes out in its own form', async () => {
    const dog = call('paint', { input: 'a "dog"' })
    const named = { type: 'custom', custom: { name: 'paint' } }
    for (const more of [
      {},
      { tool_choice: named },
      { tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [named] } } },
    ])
      expect(await ask(more, dog)).toEqual({ status: 200, calls: called })
  })

  test('a call of one that is not declared, or not allowed, does not', async () => {
    const dog = call('paint', { input: 'a "dog"' })
    const other = { type: 'custom', custom: { name: 'draw' } }
    for (const more of [
      { tools: [other] },
      { tool_choice: 'none' },
      {
        tools: [paint, other],
        tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [other] } },
      },
    ])
      expect(await ask(more, dog, dog)).toMatchObject({ status: 502 })
  })
})

test.each([false, true])(
  'a forced freeform tool is called though the model wrote its text first, streamed: %p',
  async (stream) => {
    const tools = [{ type: 'custom', name: 'patch' }]
    const text = says('*** Begin Patch')
    const ask = async (choice: unknown, ...turns: readonly Step[]) => {
      gateway.simulator.clearQueue()
      for (const step of turns) gateway.simulator.enqueue({ steps: [step] })
      const body = { model, stream, store: false, input: 'x', tools, tool_choice: choice }
      const { text: answer } = await gateway.call('POST', '/v1/responses', body, {
        authorization: `Bearer ${gateway.key}`,
      })
      return answer
    }
    const allowed = { type: 'allowed_tools', mode: 'required', tools }
    for (const choice of [tools[0], 'required', allowed]) {
      const answer = await ask(choice, text, call('patch', { input: '*** Begin Patch' }))
      expect(answer).toContain('"type":"custom_tool_call","input":"*** Begin Patch"')
      expect(answer).not.toContain('output_text')
      const sent = gateway.simulator.requests().findLast(({ operation }) => operation === 'GenerateAssistantResponse')
      expect(JSON.stringify(sent?.body)).toContain('with all that is meant for it in its input')
      expect(await ask(choice, text, text)).toContain('did not keep to the tools it was to call')
    }
  },
)
