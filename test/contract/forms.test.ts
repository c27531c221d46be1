import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { withoutCalls } from '../../server/contract/callless-reply.ts'
import { createForms } from '../../server/contract/forms.ts'
import { createHolds } from '../../server/contract/hold.ts'
import type { Layer } from '../../server/contract/layer.ts'
import { createJudge, farBounds } from '../../server/contract/schema-judge.ts'
import { createSchemaJudges } from '../../server/contract/schema-judges.ts'
import type { Conversation } from '../../server/conversation/conversation.ts'
import type { FinishReason } from '../../server/conversation/ending.ts'
import { gatewayError } from '../../server/conversation/error.ts'
import type { ReplyEvent, UpstreamEvent } from '../../server/conversation/event.ts'
import { foldReply } from '../../server/conversation/reply.ts'
import { ok } from '../../server/lib/result.ts'
import type { RelayRequest } from '../../server/relay/relay.ts'
import type { UpstreamCall } from '../../server/upstream/upstream.ts'
import { makeConversation } from '../support/conversation.ts'
import { replyFault } from '../support/grammar.ts'
import { sourceOf, stepsOf } from '../support/source.ts'
import { calls, read, replies, says, setUp } from './set-up.ts'

const schema = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' } },
  required: ['name', 'age'],
  additionalProperties: false,
}
const good = '{"name":"Ada","age":36}'
const bad = '{"name":"Ada"}'
const format = (more: object = {}): Partial<Conversation> => ({ output: { type: 'json-schema', schema, ...more } })
const tool = (name: string, more: object = {}) => ({ name, description: '', schema, ...more })

function serve(answers: (call: UpstreamCall, turn: number) => ReturnType<typeof says>, repairs = true) {
  const judges = createSchemaJudges()
  const holds = createHolds()
  return { ...setUp([createForms({ judges, holds, repairs: () => repairs })], answers), holds }
}
const inTurn =
  (...answers: readonly ReturnType<typeof says>[]) =>
  (_: UpstreamCall, turn: number) =>
    answers[turn - 1] ?? says('no more')

const textOf = (events: readonly ReplyEvent[]): string =>
  events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')
const deltasOf = (events: readonly ReplyEvent[]): readonly string[] =>
  events.flatMap((event) => (event.type === 'text-delta' ? [event.text] : []))
const endOf = (events: readonly ReplyEvent[]) => {
  const end = events.at(-1)
  return end?.type === 'finish' ? end.reason : end?.type === 'error' ? end.error.kind : undefined
}
/** A reply that the provider's decoder breaks off at a call whose input is no JSON object. */
const breaksOff = (name: string, json: readonly string[], before: readonly UpstreamEvent[] = []) =>
  replies([
    ...before,
    { type: 'tool-call-start', index: 9, id: 'call_9', name },
    ...json.map((piece) => ({ type: 'tool-call-delta', index: 9, json: piece }) as const),
    {
      type: 'error',
      error: gatewayError('broken-reply', 'The model gave a malformed tool call.', { isBadInput: true, credits: 0.5 }),
    },
  ])
const answer = (json: string | readonly string[]) => calls({ name: 'give_answer', json })

describe('an answer by a schema', () => {
  test('is asked for as a forced tool whose schema is the caller’s, and comes as text, as it arrives', async () => {
    const { run, sent } = serve(inTurn(answer(['{"name":', '"Ada",', '"age":36}'])))
    const events = await read(await run(format()))
    expect(deltasOf(events)).toEqual(['{"name":', '"Ada",', '"age":36}'])
    expect(endOf(events)).toBe('end')
    expect(replyFault(events)).toBeUndefined()
    expect(sent[0]?.conversation).toMatchObject({
      tools: [{ name: 'give_answer', schema }],
      toolChoice: { type: 'tool', name: 'give_answer' },
      output: { type: 'text' },
    })
  })

  test('beside the caller’s own tools, or where it is no object, it is asked for in words', async () => {
    for (const part of [
      { ...format(), tools: [tool('look')] },
      { output: { type: 'json-schema', schema: { type: 'array' } } } as const,
    ]) {
      const { run, sent } = serve(inTurn(says(part.output?.type === 'json-schema' && 'tools' in part ? good : '[]')))
      await read(await run(part))
      expect(sent[0]?.conversation.output.type).toBe('json-schema')
      expect(sent[0]?.conversation.tools.map(({ name }) => name)).toEqual('tools' in part ? ['look'] : [])
    }
  })

  test.each([true, false])('is not cut by a stop sequence, streamed: %p', async (stream) => {
    const limits = { stop: ['"age"', '{'] }
    const inWords = { ...format(), tools: [tool('look')] }
    for (const [part, reply] of [
      [format(), answer(good)],
      [inWords, says(good)],
      [{ output: { type: 'json' } } as const, says(good)],
    ] as const) {
      const { run } = serve(inTurn(reply))
      const events = await read(await run({ ...part, limits, stream }))
      expect([textOf(events), endOf(events)]).toEqual([good, 'end'])
    }
  })

  test('nothing goes out of a text whose second character already rules JSON out', async () => {
    const { run } = serve(inTurn(says(['{', 'a:7}']), says(good)))
    const events = await read(await run({ ...format(), tools: [tool('look')], stream: true }))
    expect([textOf(events), endOf(events)]).toEqual([good, 'end'])
  })

  test('a refusal ends in one full stop, and an error tells what was used', async () => {
    const refused = await serve(inTurn(says('none..'), says('none..'))).run({ ...format(), stream: true })
    expect(textOf(await read(refused))).toMatch(/[^.]\.$/)
    const broken = await read(await serve(inTurn(answer(bad))).run({ ...format(), stream: true }))
    expect(broken.at(-1)).toMatchObject({ type: 'error', usage: { output: { tokens: expect.any(Number) } } })
  })

  test('a code fence is taken off while it streams', async () => {
    const { run } = serve(inTurn(says(['```js', 'on\n', '{"name":"A', 'da","age":36}\n``', '`\nDone.'])))
    const events = await read(await run(format()))
    expect(textOf(events)).toBe(good)
    expect(deltasOf(events).length).toBeGreaterThan(1)
    expect(endOf(events)).toBe('end')
  })

  test('prose around the one value is taken off', async () => {
    const { run, sent } = serve(inTurn(says(`Sure, here {it} is: ${good} Anything else?`)))
    const events = await read(await run(format()))
    expect(textOf(events)).toBe(good)
    expect(sent).toHaveLength(1)
  })

  test.each([
    `${good} is wrong, it is {"name":"Eve","age":3}.`,
    `\`\`\`json\n${good}\n\`\`\`\nOr:\n\`\`\`json\n${good}\n\`\`\``,
    `${good}\nNo:\n\`\`\`json\n{"name":"Eve","age":3}\n\`\`\``,
  ])('that another value follows is not passed off as finished: %s', async (said) => {
    for (const part of [{ ...format(), tools: [tool('look')] }, { output: { type: 'json' } } as const]) {
      const { run, summaries } = serve(inTurn(says(said.match(/[\s\S]{1,5}/g) ?? []), says(good)))
      const events = await read(await run(part))
      expect([textOf(events), endOf(events)]).toEqual([good, 'unmet-demand'])
      expect(summaries[0]).toMatchObject({ missed: 'output-format', route: { repair: { outcome: 'late' } } })
    }
  })

  test('that words follow, with what fits no schema in them, is finished', async () => {
    const { run } = serve(inTurn(says([good, ' See [1] and {"name":1}.'])))
    const events = await read(await run({ ...format(), tools: [tool('look')] }))
    expect([textOf(events), endOf(events)]).toEqual([good, 'end'])
  })

  test('what misses is asked for once more, with its faults, and only the repair goes out', async () => {
    const { run, sent, summaries } = serve(inTurn(says('I would rather talk.'), answer(good)))
    const events = await read(await run(format()))
    expect(textOf(events)).toBe(good)
    expect(endOf(events)).toBe('end')
    expect(JSON.stringify(sent[1]?.conversation.messages)).toContain('the answer holds no JSON value')
    expect(summaries).toMatchObject([
      {
        outcome: 'ok',
        route: {
          repair: { of: 'output-format', outcome: 'repaired', before: 'I would rather talk.', after: good },
          turns: [{}, { purpose: 'repair' }],
        },
        usage: { credits: 1 },
      },
    ])
    expect(summaries[0]?.missed).toBeUndefined()
  })

  test('a whole answer is judged before it goes out: a wrong call is shown as a refused one', async () => {
    const { run, sent } = serve(inTurn(answer(bad), answer(good)))
    const events = await read(await run({ ...format(), stream: false }))
    expect(textOf(events)).toBe(good)
    const again = sent[1]?.conversation.messages ?? []
    expect(again.at(-2)?.parts[0]).toMatchObject({ type: 'tool-call', input: { name: 'Ada' } })
    expect(again.at(-1)?.parts[0]).toMatchObject({ type: 'tool-result', isError: true })
    expect(JSON.stringify(again.at(-1))).toContain('age')
  })

  test.each(['{"name":"Ada",}', '{name:1}', '[1]', '{"name":'])(
    'given as %s is a miss like any other',
    async (json) => {
      const strict = { ...format({ strict: true }), stream: false }
      const { run, sent, summaries, holds } = serve(inTurn(breaksOff('give_answer', [json]), answer(good)))
      const events = await read(await run(strict))
      expect([textOf(events), endOf(events)]).toEqual([good, 'end'])
      expect(replyFault(events)).toBeUndefined()
      const again = sent[1]?.conversation.messages ?? []
      expect(again.at(-2)?.parts).toEqual([{ type: 'text', text: json }])
      expect(JSON.stringify(again.at(-1))).toContain('not valid')
      expect(summaries).toMatchObject([
        {
          outcome: 'ok',
          usage: { credits: 1, output: { tokens: 'give_answer'.length * 2 + json.length + good.length } },
          route: {
            repair: { of: 'output-format', outcome: 'repaired', before: json, after: good },
            turns: [{ outcome: 'broken-reply' }, { purpose: 'repair', outcome: 'ok' }],
          },
        },
      ])
      expect(holds.stats().characters).toBe(0)

      const never = serve(() => breaksOff('give_answer', [json]))
      expect(endOf(await read(await never.run(strict)))).toBe('unmet-demand')
      expect(never.sent).toHaveLength(2)
      expect(never.summaries[0]).toMatchObject({ missed: 'output-format', route: { repair: { outcome: 'failed' } } })
      const off = serve(() => breaksOff('give_answer', [json]), false)
      expect(endOf(await read(await off.run(strict)))).toBe('unmet-demand')
      expect(off.sent).toHaveLength(1)
    },
  )

  test('that breaks off after some of it has flowed ends in an error', async () => {
    const { run, sent, summaries } = serve(inTurn(breaksOff('give_answer', ['{"name":', '"Ada",}'])))
    const events = await read(await run(format()))
    expect(endOf(events)).toBe('unmet-demand')
    expect(sent).toHaveLength(1)
    expect(summaries[0]).toMatchObject({ missed: 'output-format', route: { repair: { outcome: 'late' } } })
  })

  test('what has flowed already cannot be repaired: it ends in an error', async () => {
    const { run, sent, summaries } = serve(inTurn(answer(bad)))
    const events = await read(await run(format()))
    expect(endOf(events)).toBe('unmet-demand')
    expect(sent).toHaveLength(1)
    expect(summaries).toMatchObject([
      { outcome: 'unmet-demand', missed: 'output-format', route: { repair: { outcome: 'late' } } },
    ])
  })

  test('never right: a refusal that says why; of a strict one that is wanted whole an error', async () => {
    const never = () => serve(() => says('no'))
    const lenient = await read(await never().run({ ...format(), stream: false }))
    expect(endOf(lenient)).toBe('refusal')
    expect(lenient.find(({ type }) => type === 'text-start')).toMatchObject({ isRefusal: true })
    expect(textOf(lenient)).toContain('no JSON value')
    const streamed = await read(await never().run(format({ strict: true })))
    expect(endOf(streamed)).toBe('refusal')
    const strict = await read(await never().run({ ...format({ strict: true }), stream: false }))
    expect(strict.filter(({ type }) => type !== 'reply-start')).toMatchObject([
      { type: 'error', error: { kind: 'unmet-demand' } },
    ])
  })

  test('with repairs off the miss is told and no other turn is run', async () => {
    for (const [repairs, terms] of [
      [false, undefined],
      [true, { repair: false }],
    ] as const) {
      const { run, sent, summaries } = serve(() => says('no'), repairs)
      const events = await read(await run({ ...format(), stream: false }, terms ? { terms } : {}))
      expect(endOf(events)).toBe('refusal')
      expect(sent).toHaveLength(1)
      expect(summaries[0]).toMatchObject({ missed: 'output-format', route: { repair: { outcome: 'off' } } })
    }
    const { run, sent } = serve(inTurn(says('no'), answer(good)), false)
    await read(await run({ ...format(), stream: false }, { terms: { repair: true } }))
    expect(sent).toHaveLength(2)
  })

  test('the repair keeps within the caller’s limit of tokens, and is not tried where nothing is left', async () => {
    const roomy = serve(inTurn(says('no'), answer(good)))
    await read(await roomy.run({ ...format(), limits: { stop: [], maxOutputTokens: 100 } }))
    expect(roomy.sent[1]?.conversation.limits.maxOutputTokens).toBe(98)
    const tight = serve(inTurn(says('no, never')))
    const events = await read(await tight.run({ ...format(), limits: { stop: [], maxOutputTokens: 20 } }))
    expect(endOf(events)).toBe('refusal')
    expect(tight.sent).toHaveLength(1)
  })

  test('an answer that a limit cuts short says so', async () => {
    const { run } = serve(inTurn(says(bad.slice(0, 8), 'max-tokens')))
    const events = await read(await run(format()))
    expect(textOf(events)).toBe(bad.slice(0, 8))
    expect(endOf(events)).toBe('max-tokens')
  })

  test.each([true, false])('is cut at the caller’s limit, whichever way it is given, streamed: %p', async (stream) => {
    for (const reply of [says([good]), answer([good]), answer(good.match(/.{1,4}/g) ?? [])]) {
      const { run, sent, summaries } = serve(inTurn(reply))
      const events = await read(
        await run({ ...format({ strict: true }), stream, limits: { stop: [], maxOutputTokens: 20 } }),
      )
      expect(endOf(events)).toBe('max-tokens')
      expect(textOf(events).length).toBeWithin(9, 21)
      expect(good).toStartWith(textOf(events))
      expect(replyFault(events)).toBeUndefined()
      expect(summaries[0]).toMatchObject({ outcome: 'ok', usage: { output: { tokens: 20 } } })
      expect(summaries[0]?.route.repair).toBeUndefined()
      expect(sent).toHaveLength(1)
    }
  })

  test('calls of the caller’s tools go on, and words beside them do not', async () => {
    const { run } = serve(() =>
      replies([
        { type: 'text-start', index: 0 },
        { type: 'text-delta', index: 0, text: 'Let me look.' },
        { type: 'text-end', index: 0 },
        { type: 'tool-call-start', index: 1, id: 'c', name: 'look' },
        { type: 'tool-call-delta', index: 1, json: '{}' },
        { type: 'tool-call-end', index: 1 },
        { type: 'finish', reason: 'tool-calls', report: {} },
      ]),
    )
    const events = await read(await run({ ...format(), tools: [tool('look')] }))
    expect(textOf(events)).toBe('')
    expect(events.some(({ type }) => type === 'tool-call-start')).toBe(true)
    expect(endOf(events)).toBe('tool-calls')
    expect(replyFault(events)).toBeUndefined()
  })

  test.each([
    ['fits', [good]],
    ['does not', [bad]],
    ['is cut by the call', ['{"name":', '"A']],
  ])('a value that %s goes on beside a call, whole and streamed alike, and fails nothing', async (_, pieces) => {
    const text = (index: number, of: readonly string[]): readonly UpstreamEvent[] => [
      { type: 'text-start', index },
      ...of.map((piece) => ({ type: 'text-delta', index, text: piece }) as const),
      { type: 'text-end', index },
    ]
    const call: readonly UpstreamEvent[] = [
      { type: 'tool-call-start', index: 1, id: 'c', name: 'look' },
      { type: 'tool-call-end', index: 1 },
    ]
    const finish: UpstreamEvent = { type: 'finish', reason: 'tool-calls', report: {} }
    for (const stream of [true, false]) {
      const { run, sent } = serve(() => replies([...text(0, pieces), ...call, ...text(2, ['}']), finish]))
      const events = await read(await run({ ...format({ strict: true }), tools: [tool('look')], stream }))
      expect([textOf(events), endOf(events), sent.length]).toEqual([pieces.join(''), 'tool-calls', 1])
      expect(events.findIndex(({ type }) => type === 'text-end')).toBeLessThan(
        events.findIndex(({ type }) => type === 'tool-call-start'),
      )
      expect(replyFault(events)).toBeUndefined()
    }
  })

  test('reasoning goes on meanwhile, and that of a repair does not', async () => {
    const thinks = (json: string) =>
      replies([
        { type: 'reasoning-start', index: 0 },
        { type: 'reasoning-delta', index: 0, text: 'hm' },
        { type: 'reasoning-end', index: 0 },
        { type: 'text-start', index: 1 },
        { type: 'text-delta', index: 1, text: json },
        { type: 'text-end', index: 1 },
        { type: 'finish', reason: 'end', report: {} },
      ])
    const { run } = serve(inTurn(thinks('no'), thinks(good)))
    const events = await read(await run({ ...format(), stream: false }))
    expect(events.filter(({ type }) => type === 'reasoning-start')).toHaveLength(1)
    expect(textOf(events)).toBe(good)
    expect(replyFault(events)).toBeUndefined()
  })

  test('a schema that is none is refused by its place in the request', async () => {
    const { run, sent } = serve(() => says(good))
    const refused = await run({
      output: { type: 'json-schema', schema: { properties: { a: { type: 'x' } } }, at: 'text.format.schema' },
    })
    expect(refused).toMatchObject({
      ok: false,
      error: { kind: 'invalid-request', field: 'text.format.schema.properties.a.type' },
    })
    expect(sent).toHaveLength(0)
  })

  test('JSON without a schema is held to be an object', async () => {
    const { run } = serve(inTurn(says('[1]'), says(`\`\`\`\n${good}\n\`\`\``)))
    expect(textOf(await read(await run({ output: { type: 'json' } })))).toBe(good)
  })

  test('nothing stays held', async () => {
    const { run, holds } = serve(inTurn(says('no'), says('no')))
    await read(await run(format()))
    expect(holds.stats().characters).toBe(0)
  })
})

describe('a forced tool', () => {
  const any: Partial<Conversation> = { tools: [tool('one'), tool('two')], toolChoice: { type: 'any' } }
  const named: Partial<Conversation> = { ...any, toolChoice: { type: 'tool', name: 'one' } }
  const namesOf = (events: readonly ReplyEvent[]) =>
    events.flatMap((event) => (event.type === 'tool-call-start' ? [event.name] : []))

  test('that is called goes on as it comes', async () => {
    const { run, sent } = serve(inTurn(calls({ name: 'two', json: ['{"name":', '"x"}'] })))
    const events = await read(await run(any))
    expect(namesOf(events)).toEqual(['two'])
    expect(events.filter(({ type }) => type === 'tool-call-delta')).toHaveLength(2)
    expect(sent).toHaveLength(1)
  })

  test('that is not called is asked for once more, and words in its place do not go out', async () => {
    const { run, sent } = serve(inTurn(says('It is sunny.'), calls({ name: 'one', json: good })))
    const events = await read(await run(any))
    expect(textOf(events)).toBe('')
    expect(namesOf(events)).toEqual(['one'])
    expect(endOf(events)).toBe('tool-calls')
    expect(JSON.stringify(sent[1]?.conversation.messages)).toContain('no tool was called')
  })

  test('another one than the named is none', async () => {
    const { run } = serve(inTurn(calls({ name: 'two', json: good }), calls({ name: 'one', json: good })))
    expect(namesOf(await read(await run(named)))).toEqual(['one'])
  })

  test('never called: an error says so', async () => {
    const { run, summaries } = serve(() => says('no'))
    const events = await read(await run(named))
    expect(events.at(-1)).toMatchObject({
      type: 'error',
      error: { kind: 'unmet-demand', message: expect.stringContaining('one') },
    })
    expect(textOf(events)).toBe('')
    expect(summaries[0]).toMatchObject({ missed: 'tool-choice', route: { repair: { outcome: 'failed' } } })
  })

  test('a single call is a single call', async () => {
    const { run } = serve(inTurn(calls({ name: 'one', json: good }, { name: 'two', json: good })))
    expect(namesOf(await read(await run({ ...any, parallelToolCalls: false })))).toEqual(['one'])
  })
})

describe('a repair that takes too long', () => {
  const slow = (seconds: number, firstSeconds = 0) => {
    const gateway: ReturnType<typeof serve> = serve((_, turn) => {
      const events = turn === 1 ? answer(bad) : answer([...good])
      if (!events.ok) return events
      return {
        ok: true,
        value: {
          events: {
            drop: () => {},
            run: async (sink) => {
              await gateway.effects.advance((turn === 1 ? firstSeconds : seconds) * 1_000)
              await events.value.events.run(sink)
            },
          },
        },
      }
    })
    return gateway
  }

  test.each([
    [100, 0, 'end'],
    [130, 0, 'refusal'],
    [130, 100, 'end'],
    [210, 100, 'refusal'],
  ] as const)('%p seconds after %p is given up or not: %s', async (seconds, first, ends) => {
    const { run, summaries } = slow(seconds, first)
    const events = await read(await run({ ...format(), stream: false }))
    expect(endOf(events)).toBe(ends)
    expect(summaries[0]?.route.repair).toMatchObject(
      ends === 'end' ? { outcome: 'repaired' } : { outcome: 'failed', after: 'no reply: it took too long' },
    )
  })
})

describe('a strict tool', () => {
  const strict: Partial<Conversation> = {
    tools: [tool('one', { strict: { at: 'tools.0.function.parameters' } }), tool('two')],
  }
  const inputsOf = (events: readonly ReplyEvent[]) =>
    events.flatMap((event) => (event.type === 'tool-call-delta' ? [event.json] : []))

  test('is called with an input that fits, or asked again for that call alone', async () => {
    const { run, sent, summaries } = serve(
      inTurn(
        calls({ name: 'one', json: good }, { name: 'one', json: bad }, { name: 'two', json: '{}' }),
        calls({ name: 'one', json: '{"name":"B","age":1}' }, { name: 'two', json: '{}' }),
      ),
    )
    const events = await read(await run(strict))
    expect(inputsOf(events)).toEqual([good, '{}', '{"name":"B","age":1}'])
    expect(endOf(events)).toBe('tool-calls')
    expect(replyFault(events)).toBeUndefined()
    const results = sent[1]?.conversation.messages.at(-1)?.parts ?? []
    expect(results.map((part) => (part.type === 'tool-result' ? part.isError : part.type))).toEqual([
      false,
      true,
      false,
      'text',
    ])
    expect(summaries[0]?.route.repair).toMatchObject({ of: 'tool-arguments', outcome: 'repaired' })
  })

  test.each([true, false])('is asked again where its input is no JSON object, streamed: %p', async (stream) => {
    const right: readonly UpstreamEvent[] = [
      { type: 'tool-call-start', index: 0, id: 'call_0', name: 'one' },
      { type: 'tool-call-delta', index: 0, json: good },
      { type: 'tool-call-end', index: 0 },
    ]
    const mended = '{"name":"B","age":1}'
    const { run, sent, summaries } = serve(
      inTurn(breaksOff('one', ['{"name":"B",}'], right), calls({ name: 'one', json: mended })),
    )
    const events = await read(await run({ ...strict, stream }))
    expect([inputsOf(events), endOf(events)]).toEqual([[good, mended], 'tool-calls'])
    expect(replyFault(events)).toBeUndefined()
    const [said, told] = sent[1]?.conversation.messages.slice(-2) ?? []
    expect(said?.parts).toMatchObject([{ input: { name: 'Ada' } }, { id: 'call_9', input: {} }])
    expect(JSON.stringify(told?.parts[1])).toContain('It was: {\\"name\\":\\"B\\",}')
    expect(summaries[0]?.route.repair).toMatchObject({ of: 'tool-arguments', outcome: 'repaired' })
  })

  const paid = (to: string, amount: number | string) => ({
    name: 'one',
    json: JSON.stringify({ name: to, age: amount }),
  })
  test.each([
    [
      'all its calls are repeated',
      [paid('ann', 1), paid('bob', '2')],
      [paid('ann', 1), paid('bob', 2)],
      ['ann 1', 'bob 2'],
    ],
    [
      'members in another order',
      [paid('ann', 1), paid('bob', '2')],
      [{ name: 'one', json: '{"age":1,"name":"ann"}' }, paid('bob', 2)],
      ['ann 1', 'bob 2'],
    ],
    [
      'what was missing, as in the call beside it',
      [paid('ann', 1), { name: 'one', json: '{"name":"bob"}' }],
      [paid('bob', 1)],
      ['ann 1', 'bob 1'],
    ],
    [
      'what was missing, of calls that said nothing',
      [paid('ann', 1), { name: 'one', json: '{}' }, { name: 'one', json: '{}' }],
      [paid('bob', 1), paid('cyd', 3)],
      ['ann 1', 'bob 1', 'cyd 3'],
    ],
    [
      'the good one with something added, for one that said nothing',
      [paid('ann', 1), { name: 'one', json: '{}' }],
      [{ name: 'one', json: '{"name":"ann","age":1,"more":true}' }],
      undefined,
    ],
    ['several wrong ones', [paid('bob', '2'), paid('cyd', '3')], [paid('bob', 2), paid('cyd', 3)], ['bob 2', 'cyd 3']],
    ['in another order', [paid('bob', '2'), paid('cyd', '2')], [paid('cyd', 2), paid('bob', 2)], ['cyd 2', 'bob 2']],
    [
      'twice the same wrong one',
      [paid('bob', '2'), paid('bob', '2')],
      [paid('bob', 2), paid('bob', 2)],
      ['bob 2', 'bob 2'],
    ],
    [
      'one that nobody wanted in place of the first',
      [paid('bob', '2'), paid('cyd', '3')],
      [paid('cyd', 3), paid('dan', 4)],
      undefined,
    ],
    [
      'twice the same wrong one, each otherwise',
      [paid('bob', '2'), paid('bob', '2')],
      [paid('bob', 2), paid('bob', 3)],
      undefined,
    ],
    ['one twice, another never', [paid('bob', '2'), paid('cyd', '3')], [paid('bob', 2), paid('bob', 2)], undefined],
    ['one that nobody wanted', [paid('bob', '2'), paid('cyd', '3')], [paid('bob', 2), paid('dan', 4)], undefined],
    ['the good one alone', [paid('ann', 1), paid('bob', '2')], [paid('ann', 1)], undefined],
    ['the good one in other words', [paid('ann', 1), paid('bob', '2')], [paid('ann', 2.5)], undefined],
    ['one too many', [paid('bob', '2')], [paid('bob', 2), paid('bob', 3)], undefined],
    ['too few', [paid('bob', '2'), paid('cyd', '3')], [paid('cyd', 3)], undefined],
    ['one of another tool', [paid('bob', '2')], [paid('bob', 2), { name: 'two', json: '{}' }], undefined],
  ] as const)('repaired by %s: each goes out once or none does', async (_, before, after, expected) => {
    const numbers = { ...schema, properties: { name: { type: 'string' }, age: { type: 'number' } } }
    const tools = [tool('one', { schema: numbers, strict: { at: 'tools.0' } }), tool('two')]
    for (const stream of [true, false]) {
      const { run, summaries } = serve(inTurn(calls(...before), calls(...after)))
      const events = await read(await run({ tools, stream }))
      const made = inputsOf(events).map((json) => Object.values(JSON.parse(json)).sort().reverse().join(' '))
      if (expected === undefined) {
        expect(endOf(events)).toBe('unmet-demand')
        expect(made).toEqual(before.flatMap(({ json }) => (json.includes('"ann"') ? ['ann 1'] : [])))
        expect(summaries[0]).toMatchObject({ missed: 'tool-arguments', route: { repair: { outcome: 'failed' } } })
      } else expect([made, endOf(events)]).toEqual([[...expected], 'tool-calls'])
    }
  })

  test('is asked again for the wrong calls alone, each once', async () => {
    const { run, sent } = serve(inTurn(calls({ name: 'one', json: bad }), calls({ name: 'one', json: good })))
    await read(await run(strict))
    const told = JSON.stringify(sent[1]?.conversation.messages.at(-1))
    expect(told).toContain('once and in the same order')
    expect(told).toContain('do not repeat them')
  })

  test.each([true, false])('that a limit cuts in its call goes as far as it came, streamed: %p', async (stream) => {
    const half = (reason: FinishReason) =>
      replies([
        { type: 'tool-call-start', index: 0, id: 'a', name: 'one' },
        { type: 'tool-call-delta', index: 0, json: '{"name":"A' },
        { type: 'tool-call-end', index: 0 },
        { type: 'finish', reason, report: {} },
      ])
    const { run, sent } = serve(() => half('max-tokens'))
    const events = await read(await run({ ...strict, stream }))
    expect([inputsOf(events), endOf(events), sent.length]).toEqual([['{"name":"A'], 'max-tokens', 1])
    const repaired = serve(inTurn(calls({ name: 'one', json: bad }), half('max-tokens')))
    expect(inputsOf(await read(await repaired.run({ ...strict, stream })))).toEqual([])
  })

  test.each([true, false])('merely declared holds nothing of a long answer, streamed: %p', async (stream) => {
    const { run, holds } = serve(() => says(Array.from({ length: 70_000 }, () => 'words ')))
    const events = await read(await run({ ...strict, stream }))
    expect([textOf(events).length, endOf(events)]).toEqual([420_000, 'end'])
    expect(holds.stats().characters).toBe(0)
  })

  test('beside calls too long to be shown again is not repaired, and they go on all the same', async () => {
    const long = JSON.stringify({ name: 'x'.repeat(500_000) })
    const { run, sent, summaries } = serve(() =>
      calls(...Array.from({ length: 10 }, () => ({ name: 'two', json: long })), { name: 'one', json: bad }),
    )
    const events = await read(await run(strict))
    const made = events.filter(({ type }) => type === 'tool-call-start').length
    expect([made, inputsOf(events).join('').length, endOf(events), sent.length]).toEqual([
      10,
      10 * long.length,
      'unmet-demand',
      1,
    ])
    expect(summaries[0]?.route.repair).toMatchObject({ outcome: 'late' })
  })

  test.each([true, false])(
    'is asked again for a malformed call alone: those behind it are kept, streamed: %p',
    async (stream) => {
      const [first, second] = ['{"name":"B","age":7}', '{"name":"C","age":1}']
      const { run, sent, summaries } = serve(
        inTurn(
          calls(
            { name: 'one', json: '{"name":"B",' },
            { name: 'two', json: '{}' },
            { name: 'one', json: good },
            { name: 'one', json: '[1]' },
          ),
          calls({ name: 'one', json: first }, { name: 'one', json: second }),
        ),
      )
      const events = await read(await run({ ...strict, stream }))
      expect([inputsOf(events), endOf(events)]).toEqual([['{}', good, first, second], 'tool-calls'])
      expect(replyFault(events)).toBeUndefined()
      const [said, told] = sent[1]?.conversation.messages.slice(-2) ?? []
      expect(said?.parts.map((part) => (part.type === 'tool-call' ? part.name : part.type))).toEqual([
        'one',
        'two',
        'one',
        'one',
      ])
      expect(told?.parts.map((part) => part.type === 'tool-result' && part.isError)).toEqual([
        true,
        false,
        false,
        true,
        false,
      ])
      expect(summaries[0]?.route.repair).toMatchObject({
        outcome: 'repaired',
        faults: [expect.any(String), expect.any(String)],
      })
    },
  )

  test('beside one that is not strict keeps to itself: that one’s malformed input is the provider’s error', async () => {
    const { run, sent } = serve(() => breaksOff('two', ['{a:1}']))
    expect(endOf(await read(await run({ ...strict, stream: false })))).toBe('broken-reply')
    expect(sent).toHaveLength(1)
  })

  test.each([bad, '{"name":"Ada",'])('never right: an error, and the wrong call never goes out: %s', async (json) => {
    const { run } = serve(() => calls({ name: 'one', json }))
    const events = await read(await run({ ...strict, stream: false }))
    expect(inputsOf(events)).toEqual([])
    expect(endOf(events)).toBe('unmet-demand')
  })

  test('with a schema that is none is refused by its place', async () => {
    const { run } = serve(() => says('x'))
    const tools = [tool('one', { schema: { type: 'nothing' }, strict: { at: 'tools.0.function.parameters' } })]
    expect(await run({ tools })).toMatchObject({ ok: false, error: { field: 'tools.0.function.parameters.type' } })
  })
})

describe('a tool that was not offered', () => {
  const past: Conversation['messages'] = [
    { role: 'user', parts: [{ type: 'text', text: 'x' }] },
    { role: 'assistant', parts: [{ type: 'tool-call', id: 'p', name: 'wipe', input: {} }] },
    { role: 'user', parts: [{ type: 'tool-result', callId: 'p', parts: [], isError: false }] },
  ]
  const callsOf = (events: readonly ReplyEvent[]) =>
    events.flatMap((event) => (event.type === 'tool-call-start' ? [event.name] : []))
  const wipe = { name: 'wipe', json: '{}' }
  const look = { name: 'look', json: good }
  const offers: readonly (readonly [string, Partial<Conversation>])[] = [
    ['among others', { tools: [tool('look')] }],
    ['where a call is forced', { tools: [tool('look')], toolChoice: { type: 'any' } }],
    ['though the history names it', { tools: [tool('look')], messages: past }],
  ]

  test.each(offers)('%s, is not called: the model is asked again, whole and streamed', async (_, part) => {
    for (const stream of [true, false]) {
      const { run, sent, summaries } = serve(inTurn(calls(wipe), calls(look)))
      const events = await read(await run({ ...part, stream }))
      expect([callsOf(events), endOf(events)]).toEqual([['look'], 'tool-calls'])
      expect(replyFault(events)).toBeUndefined()
      const told = sent[1]?.conversation.messages.at(-1)
      expect(JSON.stringify(told)).toContain('There is no tool wipe to call')
      expect(summaries[0]?.route.repair).toMatchObject({ of: 'tool-choice', outcome: 'repaired', before: 'wipe' })
    }
  })

  test.each(offers)('%s, called again: an error says so', async (_, part) => {
    const { run, sent, summaries } = serve(() => calls(wipe))
    const events = await read(await run(part))
    expect([callsOf(events), sent.length]).toEqual([[], 2])
    expect(events.at(-1)).toMatchObject({
      type: 'error',
      error: { kind: 'unmet-demand', message: expect.stringContaining('the tool wipe was called') },
    })
    expect(summaries[0]).toMatchObject({ missed: 'tool-choice', route: { repair: { outcome: 'failed' } } })
    const off = serve(() => calls(wipe), false)
    expect(endOf(await read(await off.run(part)))).toBe('unmet-demand')
    expect(off.sent).toHaveLength(1)
  })

  test('whatever its input: that of none is looked at', async () => {
    const { run } = serve(inTurn(breaksOff('wipe', ['{a:1}']), calls(look)))
    expect(callsOf(await read(await run({ tools: [tool('look')] })))).toEqual(['look'])
  })

  test.each([true, false])('where none may be called, the answer is in words, streamed: %p', async (stream) => {
    const none: Partial<Conversation> = { tools: [tool('wipe')], toolChoice: { type: 'none' }, messages: past }
    const { run, sent } = serve(inTurn(calls(wipe), says('Done.')))
    const events = await read(await run({ ...none, stream }))
    expect([callsOf(events), textOf(events), endOf(events)]).toEqual([[], 'Done.', 'end'])
    expect(JSON.stringify(sent[1]?.conversation.messages.at(-1))).toContain('Call no tool')
    const old = serve(inTurn(calls(wipe), says('Done.')))
    expect(callsOf(await read(await old.run({ messages: past, stream })))).toEqual([])
  })

  test.each([true, false])('beside good calls is asked about alone: those stand once, streamed: %p', async (stream) => {
    for (const type of ['auto', 'any'] as const) {
      const { run, sent } = serve(inTurn(calls(look, wipe), calls(look, { name: 'look', json: bad })))
      const events = await read(await run({ tools: [tool('look')], toolChoice: { type }, stream }))
      expect(events.flatMap((event) => (event.type === 'tool-call-delta' ? [event.json] : []))).toEqual([good, bad])
      expect([endOf(events), replyFault(events)]).toEqual(['tool-calls', undefined])
      const again = sent[1]?.conversation
      expect(again?.toolChoice).toEqual({ type: 'auto' })
      expect(JSON.stringify(again?.messages.at(-1))).toContain('Taken.')
      const without = serve(inTurn(calls(look, wipe), says('That is all.')))
      const ended = await read(await without.run({ tools: [tool('look')], toolChoice: { type }, stream }))
      expect([callsOf(ended), endOf(ended)]).toEqual([['look'], 'tool-calls'])
    }
  })

  test.each([true, false])(
    'beside good calls is left out where asking again does not help or is off, streamed: %p',
    async (stream) => {
      const tools = [tool('look')]
      const more = { name: 'look', json: '{"name":"Bob","age":2}' }
      const off = serve(inTurn(calls(look, wipe, more)), false)
      const stubborn = serve(inTurn(calls(look, wipe, more), calls(wipe)))
      for (const { run, summaries } of [off, stubborn]) {
        const events = await read(await run({ tools, stream }))
        expect([callsOf(events), endOf(events), replyFault(events)]).toEqual([
          ['look', 'look'],
          'tool-calls',
          undefined,
        ])
        expect(summaries[0]?.route.repair).toMatchObject({ of: 'tool-choice' })
      }
      expect([off.sent.length, stubborn.sent.length]).toEqual([1, 2])
    },
  )

  test.each([true, false])('is no answer by a schema, nor stands beside one, streamed: %p', async (stream) => {
    for (const more of [{ messages: past }, { tools: [tool('wipe')], toolChoice: { type: 'none' } } as const]) {
      const { run, sent, summaries } = serve(inTurn(calls(wipe), answer(good)))
      const events = await read(await run({ ...format({ strict: true }), ...more, stream }))
      expect([callsOf(events), textOf(events), endOf(events)]).toEqual([[], good, 'end'])
      expect(JSON.stringify(sent[1]?.conversation.messages.at(-1))).toContain('the tool wipe was called')
      expect(summaries[0]?.route.repair).toMatchObject({ of: 'output-format', outcome: 'repaired' })
      const both = serve(inTurn(calls({ name: 'give_answer', json: good }, wipe)))
      const answered = await read(await both.run({ ...format(), ...more, stream }))
      expect([callsOf(answered), textOf(answered), endOf(answered)]).toEqual([[], good, 'end'])
    }
  })

  test('beside a wrong call of a strict one is told of, and no other takes its place', async () => {
    const tools = [tool('look', { strict: { at: 'tools.0' } })]
    const wrong = { name: 'look', json: bad }
    const { run, sent } = serve(inTurn(calls(wrong, wipe), calls(look)))
    expect(callsOf(await read(await run({ tools })))).toEqual(['look'])
    expect(JSON.stringify(sent[1]?.conversation.messages.at(-1))).toContain('There is no tool wipe')
    const more = serve(inTurn(calls(wrong, wipe), calls(look, { name: 'look', json: '{"name":"B","age":1}' })))
    expect(endOf(await read(await more.run({ tools })))).toBe('unmet-demand')
  })

  const text = (index: number, ...pieces: readonly string[]): readonly UpstreamEvent[] => [
    { type: 'text-start', index },
    ...pieces.map((piece) => ({ type: 'text-delta', index, text: piece }) as const),
    { type: 'text-end', index },
  ]
  const stray = (index: number): readonly UpstreamEvent[] => [
    { type: 'tool-call-start', index, id: `call_${index}`, name: 'wipe' },
    { type: 'tool-call-delta', index, json: '{}' },
    { type: 'tool-call-end', index },
  ]
  const reasoning: readonly UpstreamEvent[] = [
    { type: 'reasoning-start', index: 0 },
    { type: 'reasoning-delta', index: 0, text: 'hm' },
    { type: 'reasoning-end', index: 0 },
  ]
  const finish: UpstreamEvent = { type: 'finish', reason: 'tool-calls', report: { credits: 0.5 } }
  const dropped = {
    of: 'tool-choice',
    outcome: 'dropped',
    faults: ['the tool wipe was called, which was not offered'],
    before: '',
  }

  describe.each([true, false])('of a request without any tool, streamed: %p', (stream) => {
    test('is left out beside a text, which is the answer, and the record says so', async () => {
      for (const reply of [
        [...text(0, 'It ', 'is.'), ...stray(1)],
        [...stray(0), ...text(1, 'It ', 'is.')],
        [...reasoning, ...text(1, 'It '), ...stray(2), ...stray(3), ...text(4, 'is.')],
      ]) {
        const { run, sent, summaries, pool } = serve(inTurn(replies([...reply, finish])))
        const events = await read(await run({ stream }))
        expect([callsOf(events), textOf(events), endOf(events)]).toEqual([[], 'It is.', 'end'])
        expect([replyFault(events), sent.length, pool.inFlight('a')]).toEqual([undefined, 1, 0])
        expect(summaries).toMatchObject([{ outcome: 'ok', usage: { credits: 0.5 }, route: { repair: dropped } }])
        expect(summaries[0]?.missed).toBeUndefined()
      }
    })

    test('is left out where it broke off behind a text, or a limit cut it', async () => {
      const { run, summaries } = serve(inTurn(breaksOff('wipe', ['{a:1}'], text(0, 'It is.'))))
      const events = await read(await run({ stream }))
      expect([callsOf(events), textOf(events), endOf(events)]).toEqual([[], 'It is.', 'end'])
      expect(events.at(-1)).toMatchObject({ usage: { output: { tokens: expect.any(Number) }, credits: 0.5 } })
      expect(summaries).toMatchObject([{ outcome: 'ok', route: { repair: dropped } }])
      expect(summaries[0]?.message).toBeUndefined()
      const cut = serve(inTurn(replies([...stray(0), { ...finish, reason: 'max-tokens' } as UpstreamEvent])))
      expect([endOf(await read(await cut.run({ stream }))), cut.sent.length]).toEqual(['max-tokens', 1])
    })

    test('alone is asked about once, behind the reasoning that has gone on', async () => {
      for (const first of [
        calls(wipe),
        replies([...reasoning, ...stray(1), finish]),
        replies([...text(0, ' '), ...stray(1), finish]),
        breaksOff('wipe', ['{a:1}']),
      ]) {
        const { run, sent, summaries, pool } = serve(inTurn(first, says('It is.')))
        const events = await read(await run({ stream }))
        expect([callsOf(events), textOf(events).trim(), endOf(events)]).toEqual([[], 'It is.', 'end'])
        expect([replyFault(events), pool.inFlight('a')]).toEqual([undefined, 0])
        expect(JSON.stringify(sent[1]?.conversation.messages.at(-1))).toContain('wipe to call in this reply')
        expect(JSON.stringify(sent[1]?.conversation.messages.at(-1))).toContain('Call no tool')
        expect(summaries).toMatchObject([
          {
            outcome: 'ok',
            usage: { credits: 1 },
            used: { requests: 1 },
            route: {
              repair: { of: 'tool-choice', outcome: 'repaired', before: 'wipe', after: 'It is.' },
              turns: [
                { outcome: 'ok', startedMs: 0 },
                { purpose: 'repair', outcome: 'ok' },
              ],
              attempts: [{ outcome: 'ok' }, { purpose: 'repair', outcome: 'ok' }],
            },
          },
        ])
        const end = events.at(-1)
        expect(end?.type === 'finish' && end.usage.credits).toBe(1)
      }
    })

    test('alone and again is an error, recorded as missed, and so is one where repairs are off', async () => {
      const search = { name: 'internet_search', json: '{}' }
      const [stubborn, off] = [serve(() => calls(search)), serve(() => calls(search), false)]
      for (const { run, pool, summaries } of [stubborn, off]) {
        const events = await read(await run({ stream }))
        expect(callsOf(events)).toEqual([])
        expect(events.at(-1)).toMatchObject({
          error: { message: expect.stringContaining('the tool web_search was called') },
        })
        expect(summaries).toMatchObject([{ outcome: 'unmet-demand', missed: 'tool-choice' }])
        expect(pool.inFlight('a')).toBe(0)
      }
      expect([stubborn.sent.length, off.sent.length]).toEqual([2, 1])
    })

    test('does not go out either where another promise takes part, as of a long conversation', async () => {
      const another: Layer = {
        wants: () => true,
        begin: async (conversation) => ok(conversation),
        serve: (conversation, turns) => turns.run(conversation),
      }
      const forms = createForms({ judges: createSchemaJudges(), holds: createHolds(), repairs: () => true })
      const beside = setUp([forms, another], inTurn(replies([...text(0, 'It is.'), ...stray(1), finish])))
      const events = await read(await beside.run({ stream }))
      expect([callsOf(events), textOf(events), endOf(events)]).toEqual([[], 'It is.', 'end'])
      expect(beside.summaries).toMatchObject([{ outcome: 'ok', route: { repair: dropped } }])
      const alone = setUp([forms, another], inTurn(calls(wipe), says('It is.')))
      expect(textOf(await read(await alone.run({ stream })))).toBe('It is.')
    })

    test('beside words where the history names tools is asked about, and then the words stand', async () => {
      const turn = replies([...text(0, 'Let me see.'), ...stray(1), finish])
      const asked = serve(inTurn(turn, says('It is.')))
      const events = await read(await asked.run({ messages: past, stream }))
      expect([callsOf(events), textOf(events), endOf(events)]).toEqual([[], 'Let me see.It is.', 'end'])
      for (const { run } of [serve(inTurn(turn, calls(wipe))), serve(inTurn(turn), false)]) {
        const ended = await read(await run({ messages: past, stream }))
        expect([callsOf(ended), textOf(ended), endOf(ended)]).toEqual([[], 'Let me see.', 'end'])
      }
      const late = serve(inTurn(calls(wipe), replies([...text(0, 'It is.'), ...stray(1), finish])))
      expect(textOf(await read(await late.run({ messages: past, stream })))).toBe('It is.')
      expect(late.summaries).toMatchObject([{ outcome: 'ok', route: { repair: { outcome: 'repaired' } } }])
    })
  })

  test('of a request without any tool: nothing of that is held any more once the reply has begun to say something', async () => {
    const onEnd = (): void => {}
    const begin = async () => {
      const request: RelayRequest = { conversation: makeConversation(), callerId: 'k', arrivedAt: 0, onEnd }
      const source = sourceOf<readonly ReplyEvent[]>([
        [{ type: 'text-start', index: 0 }],
        [{ type: 'text-delta', index: 0, text: 'It is.' }],
        [{ type: 'text-end', index: 0 }],
      ])
      const served = await withoutCalls(
        request,
        async () => ok(source),
        async () => {
          throw new Error(request.callerId)
        },
      )
      if (!served.ok) throw new Error(served.error.message)
      return { reply: stepsOf(served.value), asked: new WeakRef(request.conversation) }
    }
    const begun: Awaited<ReturnType<typeof begin>>[] = []
    for (let count = 0; count < 20; count++) begun.push(await begin())
    for (const { reply } of begun) for (let count = 0; count < 2; count++) await reply.next()
    await Bun.sleep(0)
    Bun.gc(true)
    // The collector takes what happens to lie on the stack for a reference: a few prove nothing.
    expect(begun.filter(({ asked }) => asked.deref() !== undefined).length).toBeLessThan(5)
    for (const { reply } of begun) await reply.leave()
  })

  test('is called by the caller’s name for it where it is ours', async () => {
    const { run } = serve(() => calls({ name: 'internet_search', json: '{}' }))
    const parts = [{ type: 'tool-call', id: 'srvtoolu_1', name: 'internet_search', input: {} }] as const
    const messages: Conversation['messages'] = [...past, { role: 'assistant', parts }]
    const events = await read(await run({ messages }))
    expect(callsOf(events)).toEqual([])
    expect(events.at(-1)).toMatchObject({ error: { message: expect.stringContaining('web_search') } })
    expect(JSON.stringify(events)).not.toContain('internet_search')
  })
})

test('what is judged elsewhere waits for the judgement, in its place', async () => {
  const wide = { ...schema, description: 'x'.repeat(120_000) }
  const judged: unknown[] = []
  const judges = createSchemaJudges(async (_, values) => {
    judged.push(...values)
    return { ok: true, value: values.map((value) => ((value as { age?: number }).age === 36 ? [] : ['#: no age'])) }
  })
  const forms = createForms({ judges, holds: createHolds(), repairs: () => true })
  const { run } = setUp(
    [forms],
    inTurn(calls({ name: 'one', json: bad }, { name: 'two', json: '{}' }), calls({ name: 'one', json: good })),
  )
  const tools = [tool('one', { schema: wide, strict: { at: 'tools.0' } }), tool('two')]
  const events = await read(await run({ tools }))
  expect(replyFault(events)).toBeUndefined()
  expect(events.flatMap((event) => (event.type === 'tool-call-start' ? [event.name] : []))).toEqual(['two', 'one'])
  const { run: runFormat } = setUp([forms], inTurn(says(good)))
  expect(textOf(await read(await runFormat({ output: { type: 'json-schema', schema: wide } })))).toBe(good)
  expect(judged).toHaveLength(3)
})

/** Schemas of some depth, and values that may or may not fit them. */
const leaf = fc.constantFrom<object>(
  { type: 'string' },
  { type: 'integer', minimum: 0 },
  { enum: ['a', 1, null] },
  { type: ['boolean', 'null'] },
  { type: 'string', pattern: '^a+$' },
)
const { schema: anySchema } = fc.letrec<{ schema: object }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('schema'), { maxLength: 3 }).map((list) => ({
      type: 'object',
      properties: Object.fromEntries(list.map((one, index) => [`m${index}`, one])),
      required: list.map((_, index) => `m${index}`).slice(0, 2),
      additionalProperties: false,
    })),
    tie('schema').map((items) => ({ type: 'array', items })),
    fc.tuple(tie('schema'), tie('schema')).map((anyOf) => ({ anyOf })),
  ),
}))
const anyValue = fc.oneof(
  fc.jsonValue(),
  fc.record(
    { m0: fc.constantFrom('a', 'aa', 1, -1, null, true), m1: fc.constantFrom('a', 2, [], {}) },
    { requiredKeys: [] },
  ),
)
const anySaid = fc
  .tuple(
    anyValue.map((value) => JSON.stringify(value)),
    fc.constantFrom('bare', 'fenced', 'prose', 'cut', 'twice', 'none', 'fence-open'),
  )
  .map(([json, how]) => {
    switch (how) {
      case 'fenced':
        return `\`\`\`json\n${json}\n\`\`\``
      case 'prose':
        return `Here you are {really}: ${json} Bye.`
      case 'cut':
        return json.slice(0, Math.ceil(json.length / 2))
      case 'twice':
        return `${json} ${json}`
      case 'fence-open':
        return `\`\`\`json\n${json}`
      case 'none':
        return 'I cannot.'
      default:
        return json
    }
  })

test('no answer to a demand by schema is both finished and not valid', async () => {
  await fc.assert(
    fc.asyncProperty(
      anySchema,
      fc.array(fc.record({ said: anySaid, byTool: fc.boolean(), piece: fc.integer({ min: 1, max: 9 }) }), {
        minLength: 2,
        maxLength: 2,
      }),
      fc.constantFrom<FinishReason>('end', 'stop-sequence', 'max-tokens'),
      fc.record({ stream: fc.boolean(), strict: fc.boolean(), repairs: fc.boolean(), tools: fc.boolean() }),
      async (demanded, turns, reason, { stream, strict, repairs, tools }) => {
        const { run, pool, holds } = serve((_, turn) => {
          const { said, byTool, piece } = turns[turn - 1] ?? { said: '', byTool: false, piece: 1 }
          const pieces = said.match(new RegExp(`[\\s\\S]{1,${piece}}`, 'gu')) ?? []
          return byTool && said.startsWith('{') ? answer(pieces) : says(pieces, reason)
        }, repairs)
        const served = await run({
          output: { type: 'json-schema', schema: demanded as Record<string, unknown>, ...(strict && { strict }) },
          stream,
          ...(tools && { tools: [tool('look')] }),
        })
        if (!served.ok) throw new Error(served.error.message)
        const events = await read(served)
        expect(replyFault(events)).toBeUndefined()
        const whole = await foldReply(sourceOf([events]))
        expect(pool.inFlight('a')).toBe(0)
        expect(holds.stats().characters).toBe(0)
        if (!whole.ok || !['end', 'stop-sequence'].includes(whole.value.reason)) return
        const text = whole.value.blocks.map((block) => (block.type === 'text' ? block.text : '')).join('')
        const judge = createJudge(demanded as Record<string, unknown>, farBounds)
        expect(judge.ok && judge.value(JSON.parse(text))).toEqual([])
      },
    ),
    { numRuns: 600 },
  )
})

test('an answer whose turn to be judged did not come is no miss: nothing is repaired, and it may be asked for again', async () => {
  const told: (string | undefined)[] = []
  const judges = createSchemaJudges(async (_, __, asker) => {
    told.push(asker.callerId)
    return { ok: false, error: { path: '', problem: 'waits', isTooMuch: true, isBusy: true } }
  })
  const forms = createForms({ judges, holds: createHolds(), repairs: () => true })
  const { run, sent } = setUp([forms], () => answer('{"name":"zz","age":1}'))
  // A look-behind, which is judged elsewhere alone.
  const behind = { type: 'object', properties: { name: { type: 'string', pattern: '(?<!a)z' } } }
  const events = await read(await run({ ...format({ schema: behind }), stream: false }))
  expect(events.at(-1)).toMatchObject({ type: 'error', error: { kind: 'model-overloaded', retryAfterMs: 10_000 } })
  expect([sent.length, told]).toEqual([1, ['k']])
})

test('an answer or a strict input that gives a member twice, or a number nobody can hold, is repaired', async () => {
  for (const json of ['{"name":"Ada","age":"x","age":36}', '{"name":"Ada","age":1e400}']) {
    const asked = serve(inTurn(says(json), says(good)))
    expect(textOf(await read(await asked.run({ ...format(), stream: false })))).toBe(good)
    expect(asked.sent).toHaveLength(2)
    const called = serve(inTurn(calls({ name: 'one', json }), calls({ name: 'one', json: good })))
    const events = await read(await called.run({ tools: [tool('one', { strict: { at: 'tools.0' } })] }))
    expect(events.flatMap((event) => (event.type === 'tool-call-delta' ? [event.json] : []))).toEqual([good])
  }
})
