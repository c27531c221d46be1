import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createFrameDecoder, encodeFrame, type Frame } from '../../server/codec/eventstream.ts'
import type { FinishReason } from '../../server/conversation/ending.ts'
import type { ErrorKind } from '../../server/conversation/error.ts'
import type { UpstreamEvent } from '../../server/conversation/event.ts'
import { createReplyDecoder, type DecodeContext } from '../../server/upstream/amazonq/decode.ts'
import { stopReasons } from '../../server/upstream/amazonq/stop-reason.ts'
import { brokenVectors, frameVectors, type StreamVector, streamVectors } from '../codec/vectors.ts'
import { replyFault } from '../support/grammar.ts'

/** Of an account that is known to account for its replies. */
const plain: DecodeContext = {
  toolName: (name) => name,
  splitThinking: false,
  accounting: { isKnown: () => true, learn: () => undefined },
}

function frame(headers: Readonly<Record<string, string>>, payload: string): Frame {
  return { headers, payload: new TextEncoder().encode(payload) }
}
const event = (type: string, payload: object): Frame =>
  frame({ ':message-type': 'event', ':event-type': type, ':content-type': 'application/json' }, JSON.stringify(payload))
const text = (content: string): Frame => event('assistantResponseEvent', { content })
const call = (toolUseId: string, more: object = {}): Frame => event('toolUseEvent', { toolUseId, name: 'run', ...more })
const metering = event('meteringEvent', { unit: 'credit', usage: 0.5 })
const codeReference = event('codeReferenceEvent', { references: [] })

function decode(frames: readonly Frame[], context = plain): readonly UpstreamEvent[] {
  const decoder = createReplyDecoder(context)
  const events = [...frames.flatMap((frame) => decoder.step(frame)), ...decoder.end()]
  // The grammar is that of a reply, but for its opening and what the relay adds to its end.
  expect(
    replyFault([{ type: 'reply-start', input: { tokens: 1, source: 'estimated' } }, ...(events as never[])]),
  ).toBeUndefined()
  return events
}

const textOf = (events: readonly UpstreamEvent[]): string =>
  events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')
const reasoningOf = (events: readonly UpstreamEvent[]): string =>
  events.map((event) => (event.type === 'reasoning-delta' ? event.text : '')).join('')
const outcome = (events: readonly UpstreamEvent[]): string | undefined => {
  const last = events.at(-1)
  return last?.type === 'finish' ? last.reason : last?.type === 'error' ? last.error.kind : undefined
}

describe('a call whose input is no JSON object', () => {
  const frames = [
    call('a', { input: '{"x":1}', stop: true }),
    call('b', { input: '{"x":' }),
    call('b', { stop: true }),
    call('c', { input: '{"x":3}', stop: true }),
  ]
  const inputs = (events: readonly UpstreamEvent[]) =>
    events.flatMap((one) => (one.type === 'tool-call-delta' ? [one.json] : []))

  test('ends the reply', () => {
    const events = decode([...frames, metering])
    expect([inputs(events), events.at(-1)]).toMatchObject([['{"x":1}', '{"x":'], { error: { isBadInput: true } }])
  })
  test('goes on with those behind it where it is judged later, whatever the provider calls the end', () => {
    for (const ending of [metering, event('metadataEvent', { stopReason: 'MALFORMED_TOOL_USE' })]) {
      const events = decode([...frames, ending], { ...plain, judged: new Set(['run']) })
      expect([inputs(events), outcome(events)]).toEqual([['{"x":1}', '{"x":', '{"x":3}'], 'tool-calls'])
    }
    const others = decode([...frames, metering], { ...plain, judged: new Set(['walk']) })
    expect([inputs(others).length, outcome(others)]).toEqual([2, 'broken-reply'])
    const sound = [frames[0] as Frame, event('metadataEvent', { stopReason: 'MALFORMED_TOOL_USE' })]
    expect(outcome(decode(sound, { ...plain, judged: new Set(['run']) }))).toBe('broken-reply')
  })
})

describe('published streams', () => {
  const body = (vector: StreamVector, size: number): readonly UpstreamEvent[] => {
    const frames = createFrameDecoder()
    const decoder = createReplyDecoder(plain)
    const events: UpstreamEvent[] = []
    for (let at = 0; at < vector.bytes.length; at += size) {
      const pushed = frames.push(vector.bytes.slice(at, at + size))
      if (pushed.ok) events.push(...pushed.value.flatMap((frame) => decoder.step(frame)))
    }
    const whole = frames.end()
    return [
      ...events,
      ...(whole.ok ? decoder.end() : decoder.fail({ kind: 'broken-reply', message: whole.error.message })),
    ]
  }
  const endings: Readonly<Record<string, FinishReason | ErrorKind>> = {
    'rpc-text-reply-2026-05-order': 'end',
    'text-reply-with-metadata-2026-08-order': 'end',
    'one-tool-three-frames': 'tool-calls',
    'text-then-two-tools-one-split': 'tool-calls',
    'reasoning-then-text': 'end',
    'equal-neighbouring-text-events-are-both-real': 'end',
    'text-then-exception': 'rate-limited',
    'text-then-union-error': 'model-overloaded',
    'tool-without-stop': 'broken-reply',
    'runtime-order-text-reply': 'end',
    'runtime-order-text-then-throttled': 'rate-limited',
    'text-without-closing-metadata-at-frame-boundary': 'broken-reply',
    'only-accounting-no-content': 'empty-reply',
    'cut-inside-a-frame': 'broken-reply',
  }
  test.each(streamVectors)('$name ends as it should, at any cut alike', (vector) => {
    const whole = body(vector, vector.bytes.length)
    expect(outcome(whole)).toBe(endings[vector.name] as string)
    for (const size of [1, 2, 7, 100]) expect(body(vector, size)).toEqual(whole)
  })
  test('equal neighbours are both kept', () => {
    const vector = streamVectors.find(({ name }) => name.startsWith('equal-neighbouring')) as StreamVector
    expect(textOf(body(vector, 1_000))).toBe('Hello, world!Hello, world!')
  })
})

test('every published frame alone is survived, and only failures and unknown message types end the reply', () => {
  for (const { name, headers, payload } of frameVectors) {
    const decoder = createReplyDecoder(plain)
    const events = decoder.step({ headers, payload: new TextEncoder().encode(payload) })
    const fails = /^(exception|error|framing)/.test(name)
    expect([name, outcome(events) !== undefined]).toEqual([name, fails])
  }
})

test('a payload that is no JSON breaks the reply', () => {
  const bytes = brokenVectors.find(({ name }) => name === 'payload-not-json')?.bytes ?? new Uint8Array()
  const pushed = createFrameDecoder().push(bytes)
  expect(pushed.ok ? outcome(decode(pushed.value)) : undefined).toBe('broken-reply')
  expect(outcome(decode([event('meteringEvent', [])]))).toBe('broken-reply')
})

const meta = (stopReason: string, more: object = {}): Frame => event('metadataEvent', { stopReason, ...more })

describe('the end', () => {
  test.each([
    ['with accounting is complete', [text('a'), metering], 'end'],
    ['with metadata alone is complete', [text('a'), meta('END_TURN')], 'end'],
    ['without accounting is cut', [text('a')], 'broken-reply'],
    ['of nothing is an empty reply', [], 'empty-reply'],
    ['of accounting alone is an empty reply', [meta('END_TURN'), metering], 'empty-reply'],
    ['of empty deltas is an empty reply', [text(''), event('reasoningContentEvent', {}), metering], 'empty-reply'],
    ['of a filtered reply is told', [meta('CONTENT_FILTERED')], 'filtered'],
    ['of a refused one too', [text('I'), meta('CONTENT_FILTERED', { stopDetails: { refusal: {} } })], 'refusal'],
    ['by the window is told', [meta('MODEL_CONTEXT_WINDOW_EXCEEDED')], 'context-full'],
    ['by an unknown reason is an end', [text('a'), meta('SOMETHING_NEW')], 'end'],
    ['by a prototype member is an end', [text('a'), meta('constructor')], 'end'],
    ['of a malformed reply is a broken one', [text('a'), meta('MALFORMED_MODEL_OUTPUT')], 'broken-reply'],
    ['after a call is for its tools, whatever is said', [call('a', { stop: true }), meta('END_TURN')], 'tool-calls'],
    ['in an unfinished call is broken, even with accounting', [call('a', { input: '{' }), metering], 'broken-reply'],
    ['of reasoning alone is an end', [event('reasoningContentEvent', { text: 'x' }), metering], 'end'],
  ] as const)('%s', (_, frames, expected) => expect(outcome(decode(frames))).toBe(expected))

  test.each(Object.entries(stopReasons))('%s is %s', (stopReason, expected) => {
    expect(outcome(decode([text('a'), meta(stopReason)]))).toBe(expected === 'broken' ? 'broken-reply' : expected)
  })
  test('nothing follows it', () => {
    const decoder = createReplyDecoder(plain)
    decoder.step(text('a'))
    expect(outcome(decoder.fail({ kind: 'timeout', message: 'x' }))).toBe('timeout')
    expect([...decoder.step(text('b')), ...decoder.end(), ...decoder.fail({ kind: 'internal', message: 'y' })]).toEqual(
      [],
    )
  })
})

describe('a limit that the provider reached within a call', () => {
  const half = call('b', { input: '{"x":"onc' })
  const inputs = (events: readonly UpstreamEvent[]) =>
    events.flatMap((one) => (one.type === 'tool-call-delta' ? [one.json] : []))

  test.each([
    ['not closed', [half]],
    ['said to be complete', [half, call('b', { stop: true })]],
    ['behind others', [call('a', { input: '{}', stop: true }), half, call('b', { stop: true })]],
  ] as const)('%s ends the reply as far as it came', (_, frames) => {
    for (const [reason, expected] of [
      ['MAX_TOKENS', 'max-tokens'],
      ['MODEL_CONTEXT_WINDOW_EXCEEDED', 'context-full'],
    ] as const) {
      const events = decode([text('Now.'), ...frames, meta(reason), metering])
      expect([inputs(events).at(-1), outcome(events)]).toEqual(['{"x":"onc', expected])
      expect(events.at(-1)).toMatchObject({ report: { credits: 0.5 } })
    }
  })
  test('is none for a call that is whole', () => {
    expect(outcome(decode([call('a', { input: '{}', stop: true }), meta('MAX_TOKENS')]))).toBe('tool-calls')
  })
  test('is no excuse for a malformed call that something follows, nor for one where no limit was reached', () => {
    const closed = [half, call('b', { stop: true })]
    for (const frames of [
      [...closed, text('x'), meta('MAX_TOKENS')],
      [...closed, call('c', { stop: true }), meta('MAX_TOKENS')],
      [...closed, meta('TOOL_USE'), metering],
      closed,
    ]) {
      expect(decode(frames).at(-1)).toMatchObject({ error: { kind: 'broken-reply', isBadInput: true } })
    }
  })
  test('leaves a call without a name out', () => {
    const events = decode([text('a'), event('toolUseEvent', { toolUseId: 'a', input: '{' }), meta('MAX_TOKENS')])
    expect([inputs(events), outcome(events)]).toEqual([[], 'max-tokens'])
  })
})

describe('without accounting', () => {
  /** An account of which nothing is known yet; what it learns, and what is noted. */
  const unknown = (isKnown = false) => {
    const told: string[] = []
    const context: DecodeContext = {
      ...plain,
      accounting: { isKnown: () => isKnown, learn: () => told.push('learnt') },
      note: ({ what }) => told.push(what),
    }
    return { context, told }
  }
  test.each([
    ['text is whole where none was ever seen', [text('a')], 'end', ['accounting-missing']],
    ['so is a call that was closed', [call('a', { stop: true })], 'tool-calls', ['accounting-missing']],
    ['an open call was cut all the same', [text('a'), call('a', { input: '{' })], 'broken-reply', []],
    ['nothing at all is an empty reply', [], 'empty-reply', []],
    ['one with accounting teaches, once', [text('a'), meta('END_TURN'), metering], 'end', ['learnt']],
  ] as const)('%s', (_, frames, expected, seen) => {
    const { context, told } = unknown()
    expect(outcome(decode(frames, context))).toBe(expected)
    expect(told).toEqual([...seen])
  })
  test('a reply is cut where accounting was seen before, and nothing is noted', () => {
    const { context, told } = unknown(true)
    expect(outcome(decode([text('a')], context))).toBe('broken-reply')
    expect(told).toEqual([])
  })
  test('what another reply has taught meanwhile counts', () => {
    let isKnown = false
    const decoder = createReplyDecoder({ ...plain, accounting: { isKnown: () => isKnown, learn: () => undefined } })
    const events = [...decoder.step(text('a'))]
    isKnown = true
    expect(outcome([...events, ...decoder.end()])).toBe('broken-reply')
  })
})

describe('an exception of length', () => {
  const tooLong = (type: string, payload: object = {}): Frame =>
    frame({ ':message-type': 'exception', ':exception-type': type }, JSON.stringify(payload))
  test.each([
    ['after text', [text('a')], 'max-tokens', ['text-start', 'text-delta', 'text-end', 'finish']],
    [
      'after reasoning',
      [event('reasoningContentEvent', { text: 'x' })],
      'max-tokens',
      ['reasoning-start', 'reasoning-delta', 'reasoning-end', 'finish'],
    ],
    [
      'within a call',
      [call('a', { input: '{"b' })],
      'max-tokens',
      ['tool-call-start', 'tool-call-delta', 'tool-call-end', 'finish'],
    ],
    ['after whole calls', [call('a', { stop: true }), text('b')], 'max-tokens', undefined],
    [
      'in a call that has no name yet',
      [text('a'), event('toolUseEvent', { toolUseId: 'a', input: '{' })],
      'max-tokens',
      undefined,
    ],
    [
      'after nothing but such a call',
      [event('toolUseEvent', { toolUseId: 'a', input: '{' })],
      'context-too-long',
      ['error'],
    ],
    ['before anything', [], 'context-too-long', ['error']],
  ] as const)('%s', (_, frames, expected, types) => {
    const events = decode([...frames, tooLong('ContentLengthExceededException', { message: 'Too long.' })])
    expect(outcome(events)).toBe(expected)
    if (types !== undefined) expect(events.map(({ type }) => type)).toEqual([...types])
  })
  test('counts under its other spellings, and no other exception does', () => {
    const after = (frame: Frame): string | undefined => outcome(decode([text('a'), frame]))
    expect(after(tooLong('error', { __type: 'x#ContentLengthExceededException' }))).toBe('max-tokens')
    expect(after(event('ContentLengthExceededException', {}))).toBe('max-tokens')
    expect(after(tooLong('ValidationException', { reason: 'CONTENT_LENGTH_EXCEEDS_THRESHOLD' }))).toBe(
      'context-too-long',
    )
    expect(after(tooLong('ThrottlingException'))).toBe('rate-limited')
  })
  test('keeps the accounting that came before it, and what was held back', () => {
    const events = decode([text('<thin'), metering, tooLong('ContentLengthExceededException')], {
      ...plain,
      splitThinking: true,
    })
    expect(textOf(events)).toBe('<thin')
    expect(events.at(-1)).toEqual({ type: 'finish', reason: 'max-tokens', report: { credits: 0.5 } })
  })
})

describe('characters cut in two', () => {
  const isWhole = (events: readonly UpstreamEvent[]): boolean =>
    events.every((event) => {
      const said = event.type === 'tool-call-delta' ? event.json : 'text' in event ? event.text : ''
      return said.isWellFormed()
    })
  test('come out whole in text, reasoning and tool input, however the text is cut', () => {
    const said = fc.string({ unit: fc.constantFrom('a', '格', '🎉', '👩‍👩‍👧', '"', '\\', '\n', ' '), maxLength: 30 })
    const cuts = fc.infiniteStream(fc.integer({ min: 1, max: 4 }))
    const cut = (text: string, sizes: { next: () => IteratorResult<number> }): readonly string[] => {
      const pieces: string[] = []
      for (let at = 0; at < text.length; at += pieces.at(-1)?.length ?? 1) {
        pieces.push(text.slice(at, at + Number(sizes.next().value)))
      }
      return pieces
    }
    fc.assert(
      fc.property(said, said, said, cuts, (thought, answer, value, sizes) => {
        const input = JSON.stringify({ value })
        const events = decode([
          ...cut(thought, sizes).map((text) => event('reasoningContentEvent', { text })),
          ...cut(answer, sizes).map(text),
          ...cut(input, sizes).map((input) => call('a', { input })),
          call('a', { stop: true }),
          metering,
        ])
        expect(isWhole(events)).toBe(true)
        expect(reasoningOf(events)).toBe(thought)
        expect(textOf(events)).toBe(answer)
        expect(events.map((event) => (event.type === 'tool-call-delta' ? event.json : '')).join('')).toBe(input)
      }),
    )
  })
  test('whatever halves are sent, only whole characters go out and none is lost', () => {
    const scraps = fc.array(fc.constantFrom('\ud83c', '\udf89', 'a', '', '格', '🎉\ud83c', '\udf89b'), {
      maxLength: 12,
    })
    fc.assert(
      fc.property(scraps, (pieces) => {
        const events = decode([...pieces.map(text), metering])
        expect(isWhole(events)).toBe(true)
        if (pieces.join('') !== '') expect(textOf(events)).toBe(pieces.join('').toWellFormed())
      }),
    )
  })
  test('as escapes in tool input are joined or made U+FFFD, at any cut; nothing else changes', () => {
    const scraps = ['\\ud83c', '\\uDF89', '\\u00e9', '\\\\', '\\n', '\\"', 'u', 'ud83c', 'a', '🎉', '\\/']
    const values = fc.array(fc.constantFrom(...scraps), { maxLength: 12 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 9 }), (value, size) => {
        const json = `{"x":"${value}"}`
        const pieces = Array.from({ length: Math.ceil(json.length / size) }, (_, at) =>
          json.slice(at * size, at * size + size),
        )
        const events = decode([...pieces.map((input) => call('a', { input })), call('a', { stop: true }), metering])
        const got = events.map((event) => (event.type === 'tool-call-delta' ? event.json : '')).join('')
        const sent = JSON.parse(json) as { x: string }
        expect(JSON.parse(got)).toEqual({ x: sent.x.toWellFormed() })
        if (sent.x.isWellFormed()) expect(got).toBe(json)
      }),
      { numRuns: 1_000 },
    )
  })
  test('between calls that are mixed, each keeps its own half', () => {
    const events = decode([
      call('a', { input: '{"x":"\ud83c' }),
      call('b', { input: '{"y":"\ud83d' }),
      call('a', { input: '\udf89"}', stop: true }),
      call('b', { input: '\ude42"}', stop: true }),
      metering,
    ])
    const json = (index: number): string =>
      events.map((event) => (event.type === 'tool-call-delta' && event.index === index ? event.json : '')).join('')
    expect([json(0), json(1)]).toEqual(['{"x":"🎉"}', '{"y":"🙂"}'])
  })
  test('in an input that comes as an object are made whole too', () => {
    const events = decode([call('a', { input: { x: 'a\ud83c' } }), call('a', { stop: true }), metering])
    expect(events.find(({ type }) => type === 'tool-call-delta')).toMatchObject({ json: '{"x":"a\ufffd"}' })
  })
  test('at the end of a reply that breaks are shown', () => {
    const decoder = createReplyDecoder(plain)
    const events = [...decoder.step(text('a\ud83c')), ...decoder.fail({ kind: 'timeout', message: 'x' })]
    expect(textOf(events)).toBe('a\ufffd')
  })
})

describe('the report', () => {
  test('is what the provider said, input with what was cached', () => {
    const events = decode([
      text('a'),
      event('metadataEvent', {
        tokenUsage: {
          uncachedInputTokens: 10,
          outputTokens: 5,
          totalTokens: 35,
          cacheReadInputTokens: 15,
          cacheWriteInputTokens: 5,
        },
      }),
      event('contextUsageEvent', { contextUsagePercentage: 1.5 }),
      metering,
    ])
    expect(events.at(-1)).toMatchObject({
      report: {
        inputTokens: 30,
        outputTokens: 5,
        cacheReadTokens: 15,
        cacheWriteTokens: 5,
        contextPercent: 1.5,
        credits: 0.5,
      },
    })
  })
  test('leaves out what it did not say', () => {
    expect(decode([text('a'), event('contextUsageEvent', { contextUsagePercentage: 'many' })]).at(-1)).toEqual({
      type: 'finish',
      reason: 'end',
      report: {},
    })
  })
})

describe('tool calls', () => {
  test('names come back in the caller’s spelling', () => {
    const events = decode([call('a', { stop: true }), metering], { ...plain, toolName: (name) => `my ${name}` })
    expect(events[0]).toEqual({ type: 'tool-call-start', index: 0, id: 'a', name: 'my run' })
  })
  test('fragments without a name or an id belong to the call before them', () => {
    const events = decode([
      call('a'),
      event('toolUseEvent', { toolUseId: 'a', input: '{"x"' }),
      event('toolUseEvent', { input: ':1}' }),
      event('toolUseEvent', { stop: true }),
      metering,
    ])
    expect(events.map((event) => (event.type === 'tool-call-delta' ? event.json : '')).join('')).toBe('{"x":1}')
  })
  test('a call waits for its name', () => {
    const events = decode([event('toolUseEvent', { toolUseId: 'a', input: '{}' }), call('a', { stop: true }), metering])
    expect(events.map(({ type }) => type)).toEqual(['tool-call-start', 'tool-call-delta', 'tool-call-end', 'finish'])
  })
  test.each([
    ['a list', '[]'],
    ['a number', '1'],
    ['null', 'null'],
    ['half an object', '{"a":'],
    ['two objects', '{}{}'],
  ])('%s for an input breaks the reply', (_, input) => {
    expect(outcome(decode([call('a', { input }), call('a', { stop: true }), metering]))).toBe('broken-reply')
  })
  test.each([
    ['without a name', event('toolUseEvent', { toolUseId: 'a', stop: true })],
    ['without an id', event('toolUseEvent', { name: 'run', input: '{}' })],
  ])('a call %s breaks the reply', (_, only) => expect(outcome(decode([only, metering]))).toBe('broken-reply'))

  test('however fragments of several calls and text are mixed, each comes out whole and in order', () => {
    const inputs = [{ n: 1 }, { text: 'a "b" \\ 格' }, {}]
    const fragments = inputs.map((input, id) => {
      const json = JSON.stringify(input)
      const cut = [json.slice(0, 2), json.slice(2, 5), json.slice(5)]
      return [...cut.map((input) => call(`id${id}`, { input })), call(`id${id}`, { stop: true })]
    })
    const queues = fc.shuffledSubarray(
      fragments.flatMap((list, id) => list.map(() => id)),
      { minLength: 12, maxLength: 12 },
    )
    fc.assert(
      fc.property(queues, (order) => {
        const next = [0, 0, 0]
        const frames = order.flatMap((id, position) => {
          const at = next[id] ?? 0
          next[id] = at + 1
          return [fragments[id]?.[at] as Frame, text(`t${position}.`)]
        })
        const events = decode([...frames, metering])
        expect(outcome(events)).toBe('tool-calls')
        for (const [id, input] of inputs.entries()) {
          const start = events.find((event) => event.type === 'tool-call-start' && event.id === `id${id}`)
          const index = start?.type === 'tool-call-start' ? start.index : -1
          const json = events.map((event) =>
            event.type === 'tool-call-delta' && event.index === index ? event.json : '',
          )
          expect(JSON.parse(json.join(''))).toEqual(input)
        }
        expect(textOf(events)).toBe(order.map((_, position) => `t${position}.`).join(''))
      }),
    )
  })
})

describe('text', () => {
  test('that is repeated right before its source is named is dropped, and only that', () => {
    expect(textOf(decode([text('a'), text('a'), codeReference, metering]))).toBe('a')
    expect(textOf(decode([text('a'), text('b'), codeReference, metering]))).toBe('ab')
    expect(textOf(decode([text('a'), text('a'), text('a'), metering]))).toBe('aaa')
    expect(textOf(decode([text('ab'), text('c'), text('abc'), codeReference, text('d'), metering]))).toBe('abcd')
  })
  test('held back for a moment is given out before a failure', () => {
    const decoder = createReplyDecoder(plain)
    const events = [text('a'), text('a')].flatMap((frame) => decoder.step(frame))
    expect(textOf([...events, ...decoder.fail({ kind: 'timeout', message: 'x' })])).toBe('aa')
  })
  test('between tags is reasoning when the model was asked for it, text otherwise', () => {
    const frames = [text('<think'), text('ing>I plan.</thin'), text('king>\n\nNow.'), metering]
    const split = decode(frames, { ...plain, splitThinking: true })
    expect([reasoningOf(split), textOf(split)]).toEqual(['I plan.', 'Now.'])
    expect(split.find(({ type }) => type === 'reasoning-end')).toEqual({ type: 'reasoning-end', index: 0 })
    expect(textOf(decode(frames))).toBe('<thinking>I plan.</thinking>\n\nNow.')
  })
  test('has several thoughts where the model was asked for them, and none otherwise', () => {
    const whole = '<thinking>a</thinking>\n\nvisible\n\n<thinking>b</thinking>\n\ntail'
    for (const size of [1, 3, 7, whole.length]) {
      const frames = Array.from({ length: Math.ceil(whole.length / size) }, (_, at) =>
        text(whole.slice(at * size, at * size + size)),
      )
      const events = decode([...frames, metering], { ...plain, splitThinking: true })
      expect([reasoningOf(events), textOf(events)]).toEqual(['ab', 'visible\n\ntail'])
      expect(events.filter(({ type }) => type.endsWith('-start')).map(({ type }) => type)).toEqual([
        'reasoning-start',
        'text-start',
        'reasoning-start',
        'text-start',
      ])
      expect(textOf(decode([...frames, metering]))).toBe(whole)
    }
  })
  test('that is still undecided when a call comes is text', () => {
    const events = decode([text('<thin'), call('a', { stop: true }), metering], { ...plain, splitThinking: true })
    expect(textOf(events)).toBe('<thin')
    expect(events.map(({ type }) => type).slice(0, 4)).toEqual([
      'text-start',
      'text-delta',
      'text-end',
      'tool-call-start',
    ])
  })
})

describe('failures in the stream', () => {
  const exception = (name: string, payload: object): Frame =>
    frame({ ':message-type': 'exception', ':exception-type': name }, JSON.stringify(payload))
  test.each([
    ['before content', [exception('ThrottlingException', { message: 'Slow.' })], 'rate-limited'],
    ['under another spelling', [exception('throttlingError', { retryAfterMilliseconds: 1500 })], 'rate-limited'],
    ['by the reason first', [exception('error', { reason: 'MODEL_TEMPORARILY_UNAVAILABLE' })], 'model-overloaded'],
    ['without a name', [exception('error', {})], 'upstream-failed'],
    ['with the name in the payload', [exception('error', { __type: 'x#ValidationException' })], 'invalid-request'],
    [
      'of length',
      [exception('ContentLengthExceededException', { message: 'Content length exceeded.' })],
      'context-too-long',
    ],
    ['as an event', [event('InternalServerException', { message: 'x' })], 'upstream-failed'],
    [
      'as an error message',
      [frame({ ':message-type': 'error', ':error-code': 'InternalError', ':error-message': 'x' }, '')],
      'upstream-failed',
    ],
    ['of the protocol', [frame({ ':message-type': 'surprise' }, '{}')], 'broken-reply'],
  ] as const)('%s', (_, frames, expected) => expect(outcome(decode(frames))).toBe(expected))
})

test('one frame at a time gives what all frames together give, whatever they are', () => {
  // As the frame decoder gives them: equal header blocks are one object, and a run of deltas takes the short way.
  const headers = new Map<string, Frame['headers']>()
  const shared = ({ headers: own, payload }: Frame): Frame => {
    const type = String(own[':event-type'])
    headers.set(type, headers.get(type) ?? own)
    return { headers: headers.get(type) ?? own, payload }
  }
  const piece = fc.constantFrom(
    'a',
    'b',
    'ab',
    '',
    ' word',
    '<thinking>',
    '</thinking>',
    '\n\n',
    '\ud83d',
    '\ude00',
    '表格',
  )
  const anyFrame = fc.oneof(
    { weight: 12, arbitrary: piece.map(text) },
    { weight: 2, arbitrary: piece.map((content) => event('reasoningContentEvent', { text: content })) },
    { weight: 1, arbitrary: fc.constant(event('reasoningContentEvent', { signature: 's' })) },
    { weight: 2, arbitrary: fc.constant(codeReference) },
    { weight: 1, arbitrary: fc.constant(event('assistantResponseEvent', { content: 7 })) },
    { weight: 1, arbitrary: fc.constant(call('t', { input: '{}', stop: true })) },
    { weight: 1, arbitrary: fc.constant(metering) },
    {
      weight: 1,
      arbitrary: fc.constant(frame({ ':message-type': 'event', ':event-type': 'assistantResponseEvent' }, 'no JSON')),
    },
  )
  let shortWays = 0
  fc.assert(
    fc.property(
      fc.array(anyFrame, { minLength: 5, maxLength: 40, size: 'max' }),
      fc.boolean(),
      (frames, splitThinking) => {
        const given = frames.map(shared)
        const [one, all] = [
          createReplyDecoder({ ...plain, splitThinking }),
          createReplyDecoder({ ...plain, splitThinking }),
        ]
        const single = given.map((only) => one.steps([only]))
        shortWays += single.filter((events) => events.length === 1 && events[0]?.type === 'text-delta').length
        expect([...single.flat(), ...one.end()]).toEqual([...all.steps(given), ...all.end()])
        expect(one.hasContent()).toBe(all.hasContent())
      },
    ),
    { numRuns: 500 },
  )
  expect(shortWays).toBeGreaterThan(200)
})

test('what is encoded twice decodes alike: the decoder keeps nothing of a frame', () => {
  const bytes = encodeFrame({ ':message-type': 'event', ':event-type': 'assistantResponseEvent' }, '{"content":"a"}')
  const pushed = createFrameDecoder().push(Buffer.concat([bytes, bytes]))
  expect(pushed.ok ? textOf(decode([...pushed.value, metering])) : '').toBe('aa')
})
