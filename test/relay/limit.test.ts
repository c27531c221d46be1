import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createBudget } from '../../server/relay/budget.ts'
import { createLimiter, type LimitedEvent, type Limits } from '../../server/relay/limit.ts'

/** One token per begun four characters: cheap, and additive enough to reckon with. */
const countTokens = (text: string): number => Math.ceil(text.length / 4)
const limits = (over: Partial<Limits> = {}): Limits => ({ stop: [], parallelToolCalls: true, countTokens, ...over })
const finish = { type: 'finish', reason: 'end', report: { credits: 1 } } as const

const textBlock = (index: number, ...deltas: readonly string[]): readonly LimitedEvent[] => [
  { type: 'text-start', index },
  ...deltas.map((text) => ({ type: 'text-delta', index, text }) as const),
  { type: 'text-end', index },
]
const toolBlock = (index: number, json = '{}'): readonly LimitedEvent[] => [
  { type: 'tool-call-start', index, id: `call_${index}`, name: 'read' },
  { type: 'tool-call-delta', index, json },
  { type: 'tool-call-end', index },
]

/** Drives a limiter as the relay does: nothing is pushed after a `finish`. */
function run(over: Partial<Limits>, events: readonly LimitedEvent[]): readonly LimitedEvent[] {
  const limiter = createLimiter(limits(over))
  const out: LimitedEvent[] = []
  for (const event of events) {
    out.push(...limiter.push(event))
    if (out.at(-1)?.type === 'finish' || out.at(-1)?.type === 'error') break
  }
  return out
}

/** Neighbouring deltas joined, so that two streams of one content compare equal. */
function joined(events: readonly LimitedEvent[]): readonly LimitedEvent[] {
  const out: LimitedEvent[] = []
  for (const event of events) {
    const last = out.at(-1)
    if (event.type === 'text-delta' && last?.type === 'text-delta') {
      out[out.length - 1] = { ...last, text: last.text + event.text }
    } else out.push(event)
  }
  return out
}

function pieces(text: string, cuts: readonly number[]): readonly string[] {
  const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b)
  return [0, ...at].map((from, index) => text.slice(from, [...at, text.length][index])).filter((piece) => piece !== '')
}

function cutText(
  over: Partial<Limits>,
  ...deltas: readonly string[]
): { text: string; reason?: string; stop?: string } {
  const out = run(over, [...textBlock(0, ...deltas), finish])
  const text = out.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')
  const last = out.at(-1)
  if (last?.type !== 'finish') return { text }
  return { text, reason: last.reason, ...(last.stopSequence === undefined ? {} : { stop: last.stopSequence }) }
}

describe('stop sequences', () => {
  test.each([
    ['no stop in it', ['END'], ['one two'], { text: 'one two', reason: 'end' }],
    ['in one delta', ['END'], ['one END two'], { text: 'one ', reason: 'stop-sequence', stop: 'END' }],
    ['across deltas', ['END'], ['one E', 'N', 'D two'], { text: 'one ', reason: 'stop-sequence', stop: 'END' }],
    ['at the very start', ['one'], ['o', 'ne two'], { text: '', reason: 'stop-sequence', stop: 'one' }],
    ['at the very end', ['two'], ['one two'], { text: 'one ', reason: 'stop-sequence', stop: 'two' }],
    ['a beginning that does not go on', ['END'], ['one EN', 'x'], { text: 'one ENx', reason: 'end' }],
    ['a beginning at the end of the reply', ['END'], ['one EN'], { text: 'one EN', reason: 'end' }],
    [
      'the earliest of two',
      ['three', 'two'],
      ['one two three'],
      { text: 'one ', reason: 'stop-sequence', stop: 'two' },
    ],
    ['the longer at one place', ['ab', 'abc'], ['xab', 'c'], { text: 'x', reason: 'stop-sequence', stop: 'abc' }],
    [
      'the shorter when the longer fails',
      ['ab', 'abc'],
      ['xab', 'd'],
      { text: 'x', reason: 'stop-sequence', stop: 'ab' },
    ],
    ['the shorter when the reply ends', ['ab', 'abc'], ['xab'], { text: 'x', reason: 'stop-sequence', stop: 'ab' }],
    ['an earlier one that fails', ['abcdX', 'bcd'], ['abcd', 'Y'], { text: 'a', reason: 'stop-sequence', stop: 'bcd' }],
    [
      'an earlier one that completes',
      ['abcdX', 'bcd'],
      ['abcd', 'X'],
      { text: '', reason: 'stop-sequence', stop: 'abcdX' },
    ],
    ['overlapping itself', ['aab'], ['aa', 'ab'], { text: 'a', reason: 'stop-sequence', stop: 'aab' }],
    ['a line end', ['\n\n'], ['one\n', '\ntwo'], { text: 'one', reason: 'stop-sequence', stop: '\n\n' }],
    ['an empty one', [''], ['one'], { text: 'one', reason: 'end' }],
  ] as const)('%s', (_, stop, deltas, expected) => {
    expect(cutText({ stop }, ...deltas)).toEqual({ ...expected })
  })

  test('a cut reply ends its block and reports no usage of the provider', () => {
    expect(run({ stop: ['END'] }, [...textBlock(0, 'one END'), finish])).toEqual([
      { type: 'text-start', index: 0 },
      { type: 'text-delta', index: 0, text: 'one ' },
      { type: 'text-end', index: 0 },
      { type: 'finish', reason: 'stop-sequence', stopSequence: 'END', report: {} },
    ])
  })

  test('a text that is nothing but a stop opens no block', () => {
    expect(run({ stop: ['END'] }, textBlock(0, 'E', 'ND'))).toEqual([
      { type: 'finish', reason: 'stop-sequence', stopSequence: 'END', report: {} },
    ])
  })

  test('an empty text block stays an empty text block', () => {
    expect(run({ stop: ['END'] }, [...textBlock(0), finish])).toEqual([...textBlock(0), finish])
  })

  test('reasoning, tool calls and the border of two blocks are no place for a stop', () => {
    const events: readonly LimitedEvent[] = [
      { type: 'reasoning-start', index: 0 },
      { type: 'reasoning-delta', index: 0, text: 'END' },
      { type: 'reasoning-end', index: 0, signature: 's' },
      ...textBlock(1, 'E'),
      ...toolBlock(2, '{"a":"END"}'),
      ...textBlock(3, 'ND'),
      finish,
    ]
    expect(run({ stop: ['END'] }, events)).toEqual(events)
  })

  test('what is held back is shown when the reply fails', () => {
    const failure = { type: 'error', error: { kind: 'broken-reply', message: 'gone' } } as const
    const events = [...textBlock(0, 'one EN').slice(0, 2), failure]
    expect(joined(run({ stop: ['END'] }, events))).toEqual(events)
  })

  test('at most the longest stop less one character is held back', () => {
    const limiter = createLimiter(limits({ stop: ['aaaaab', 'aab'] }))
    let given = 0
    let shown = 0
    limiter.push({ type: 'text-start', index: 0 })
    for (let index = 0; index < 200; index++) {
      given++
      for (const event of limiter.push({ type: 'text-delta', index: 0, text: 'a' })) {
        if (event.type === 'text-delta') shown += event.text.length
      }
      expect(given - shown).toBeLessThanOrEqual(5)
    }
  })

  const alphabet = fc.constantFrom('a', 'b', 'c')
  const word = (maxLength: number) => fc.array(alphabet, { minLength: 1, maxLength }).map((bits) => bits.join(''))

  test('cutting the text anywhere gives the same reply, and it is the one of the whole text', () => {
    fc.assert(
      fc.property(
        fc.array(word(4), { minLength: 1, maxLength: 4 }),
        word(30),
        fc.array(fc.nat()),
        (stop, text, cuts) => {
          const starts = stop.filter((one) => text.includes(one)).map((one) => ({ one, at: text.indexOf(one) }))
          const [first] = starts.sort((a, b) => a.at - b.at || b.one.length - a.one.length)
          const expected = first
            ? { text: text.slice(0, first.at), reason: 'stop-sequence', stop: first.one }
            : { text, reason: 'end' }
          expect(cutText({ stop }, ...pieces(text, cuts))).toEqual(expected)
        },
      ),
      { numRuns: 1_000 },
    )
  })

  test('without a stop in it a reply is unchanged', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 10 }), (deltas) => {
        const given = deltas.map((text) => text.replaceAll('#', '')).filter((text) => text !== '')
        const events = [...textBlock(0, ...given), ...toolBlock(1), finish]
        expect(joined(run({ stop: ['a#', '##'] }, events))).toEqual(joined(events))
      }),
    )
  })
})

describe('the output budget', () => {
  test('no limit at all passes each event as it is', () => {
    const event = { type: 'text-delta', index: 0, text: 'x' } as const
    expect(createLimiter(limits()).push(event)[0]).toBe(event)
  })

  test('cuts text at the budget and says so', () => {
    expect(cutText({ maxOutputTokens: 3 }, 'x'.repeat(100))).toEqual({ text: 'x'.repeat(12), reason: 'max-tokens' })
  })

  test('a reply of exactly the budget is whole', () => {
    expect(cutText({ maxOutputTokens: 3 }, 'x'.repeat(12))).toEqual({ text: 'x'.repeat(12), reason: 'end' })
  })

  test('cuts reasoning too, without a signature', () => {
    const events: readonly LimitedEvent[] = [
      { type: 'reasoning-start', index: 0 },
      { type: 'reasoning-delta', index: 0, text: 'let me think about it' },
      { type: 'reasoning-end', index: 0, signature: 's' },
      finish,
    ]
    expect(run({ maxOutputTokens: 2 }, events)).toEqual([
      { type: 'reasoning-start', index: 0 },
      { type: 'reasoning-delta', index: 0, text: 'let me t' },
      { type: 'reasoning-end', index: 0 },
      { type: 'finish', reason: 'max-tokens', report: {} },
    ])
  })

  test('a tool call is never cut; the reply ends behind it', () => {
    const call = toolBlock(0, JSON.stringify({ text: 'x'.repeat(100) }))
    expect(run({ maxOutputTokens: 5 }, [...call, ...toolBlock(1), finish])).toEqual([
      ...call,
      { type: 'finish', reason: 'max-tokens', report: {} },
    ])
    expect(run({ maxOutputTokens: 5 }, [...call, finish])).toEqual([...call, finish])
  })

  test('a call of the answer’s tool is text to the caller, and cut like it', () => {
    const json = JSON.stringify({ text: 'x'.repeat(100) })
    const answer = { maxOutputTokens: 5, answerTool: 'read' }
    const [start, , end] = toolBlock(0)
    for (const deltas of [[json], json.match(/.{1,3}/g) ?? []]) {
      const given = deltas.map((piece): LimitedEvent => ({ type: 'tool-call-delta', index: 0, json: piece }))
      const out = run(
        answer,
        [start, ...given, end, finish].filter((event) => event !== undefined),
      )
      expect(out.map((event) => (event.type === 'tool-call-delta' ? event.json : '')).join('')).toBe(json.slice(0, 16))
      expect(out.slice(-2)).toEqual([
        { type: 'tool-call-end', index: 0 },
        { type: 'finish', reason: 'max-tokens', report: {} },
      ])
    }
    const short = [...toolBlock(0, '{"text":"xxxxx"}'), finish]
    expect(run(answer, short)).toEqual(short)
  })

  test('a long tool call is counted as it comes, not in one go at its end', () => {
    let counted = 0
    const counter = (text: string): number => {
      counted += text.length
      return countTokens(text)
    }
    const limiter = createLimiter(limits({ maxOutputTokens: 100_000, countTokens: counter }))
    const most = { delta: 0, end: 0 }
    const push = (event: LimitedEvent, of: 'delta' | 'end') => {
      const before = counted
      limiter.push(event)
      most[of] = Math.max(most[of], counted - before)
    }
    push({ type: 'tool-call-start', index: 0, id: 'call_0', name: 'read' }, 'delta')
    for (let index = 0; index < 150; index++)
      push({ type: 'tool-call-delta', index: 0, json: 'x'.repeat(2_000) }, 'delta')
    push({ type: 'tool-call-end', index: 0 }, 'end')
    expect(counted).toBeGreaterThan(200_000)
    expect(most.delta).toBeLessThan(10_000)
    expect(most.end).toBe(0)
  })

  test('a stop before the budget wins, a stop behind it does not', () => {
    expect(cutText({ stop: ['END'], maxOutputTokens: 3 }, 'one END')).toMatchObject({ reason: 'stop-sequence' })
    expect(cutText({ stop: ['END'], maxOutputTokens: 1 }, 'one two END')).toEqual({
      text: 'one ',
      reason: 'max-tokens',
    })
  })

  test('a reply far below its limit costs no count', () => {
    let counts = 0
    const counter = (text: string): number => {
      counts++
      return countTokens(text)
    }
    expect(cutText({ maxOutputTokens: 32_000, countTokens: counter }, ...Array(1_000).fill('word '))).toMatchObject({
      reason: 'end',
    })
    expect(counts).toBe(0)
  })

  test('a long reply near its limit costs few counts of short texts', () => {
    let counts = 0
    let longest = 0
    const budget = createBudget(10_000, (text) => {
      counts++
      longest = Math.max(longest, text.length)
      return countTokens(text)
    })
    let shown = 0
    for (let index = 0; index < 20_000 && !budget.spent(); index++) shown += budget.fit('word ').length
    expect(shown).toBeWithin(39_900, 40_001)
    expect(counts).toBeLessThan(150)
    expect(longest).toBeLessThan(9_000)
  })

  test('cutting the text anywhere gives the same reply, without half characters', () => {
    const text = fc
      .array(fc.constantFrom('a', 'word ', '你', '😀', '\n'), { maxLength: 60 })
      .map((bits) => bits.join(''))
    fc.assert(
      fc.property(text, fc.array(fc.nat()), fc.integer({ min: 1, max: 40 }), (given, cuts, maxOutputTokens) => {
        const whole = cutText({ maxOutputTokens }, ...(given === '' ? [] : [given]))
        const cut = cutText({ maxOutputTokens }, ...pieces(given, cuts).reduce<string[]>(joinPairs, []))
        expect(cut).toEqual(whole)
        expect(whole.text.isWellFormed()).toBe(true)
        expect(given.startsWith(whole.text)).toBe(true)
        expect(countTokens(whole.text)).toBeLessThanOrEqual(maxOutputTokens + 1)
      }),
      { numRuns: 500 },
    )
  })
})

/** A provider's deltas are whole characters: a piece that begins with the second half of a pair goes to the one before. */
function joinPairs(out: string[], piece: string): string[] {
  const last = out.at(-1)
  if (last !== undefined && !last.isWellFormed()) out[out.length - 1] = last + piece
  else out.push(piece)
  return out
}

describe('a single tool call', () => {
  const two = [...textBlock(0, 'hi'), ...toolBlock(1), ...toolBlock(2), finish]

  test('further calls are dropped and the reply ends', () => {
    expect(run({ parallelToolCalls: false }, two)).toEqual([
      ...two.slice(0, 6),
      { type: 'finish', reason: 'tool-calls', report: {} },
    ])
  })

  test('one call, and text behind it, pass with the provider’s own end', () => {
    const events = [...toolBlock(0), ...textBlock(1, 'done'), finish]
    expect(run({ parallelToolCalls: false }, events)).toEqual(events)
  })

  test('with parallel calls all pass', () => {
    expect(run({}, two)).toEqual(two)
  })
})
