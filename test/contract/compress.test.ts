import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createCompression } from '../../server/contract/compress.ts'
import { cutsOf, withSummary } from '../../server/contract/compress-cut.ts'
import type { Compression } from '../../server/contract/compress-view.ts'
import { imagesToKeep } from '../../server/contract/kept-images.ts'
import { createSummaries } from '../../server/contract/summaries.ts'
import { isClientsCompaction } from '../../server/contract/summary-request.ts'
import type { Conversation, ImagePart, Message, Part } from '../../server/conversation/conversation.ts'
import { gatewayError } from '../../server/conversation/error.ts'
import { kindOfTurn, newestTurnStart } from '../../server/conversation/newest-turn.ts'
import { compactionRequest } from '../../server/dialect/compaction-request.ts'
import { err } from '../../server/lib/result.ts'
import { brokenRules } from '../../server/upstream/amazonq/rules.ts'
import type { UpstreamCall } from '../../server/upstream/upstream.ts'
import { makeConversation } from '../support/conversation.ts'
import { createTestEffects } from '../support/effects.ts'
import { replyFault } from '../support/grammar.ts'
import { atOnce } from '../support/steps.ts'
import {
  assistant,
  conversation,
  encode,
  image,
  modelInfo,
  system,
  tool,
  toolCall,
  toolResult,
  user,
} from '../upstream/conversation-support.ts'
import { read, says, setUp } from './set-up.ts'

const tooLong = err(gatewayError('context-too-long', 'Input is too long.'))
const lengthOf = ({ messages }: Conversation): number => JSON.stringify(messages).length
/** Two messages for each turn, of about 500 characters. */
const talk = (turns: number, last = 'And now?'): readonly Message[] => [
  ...Array.from({ length: turns }, (_, index) => [
    user(`${index} ${'q'.repeat(480)}`),
    assistant(`${index} ${'a'.repeat(480)}`),
  ]).flat(),
  user(last),
]
const asked = ({
  conversation: {
    system: [task],
  },
}: UpstreamCall): 'summary' | 'turn' => (task?.startsWith('You write summaries') ? 'summary' : 'turn')
const none = { characters: 0, messages: 0 }
const turnsIn = (sent: readonly UpstreamCall[]): readonly number[] =>
  sent.flatMap((call, index) => (asked(call) === 'turn' ? [index] : []))
const textOf = ({ conversation: { messages } }: UpstreamCall): string => JSON.stringify(messages)

/** The layer over the real relay: a token is a character; the provider takes 10,000 of them, whatever the model is said to take. */
function start(
  how: Compression | undefined,
  answer: Parameters<typeof setUp>[1],
  summaries = createSummaries(createTestEffects()),
  window: number | null = 20_000,
) {
  const layer = createCompression({
    compressionOf: () => how,
    estimate: async (one) => ({ tokens: lengthOf(one), source: 'estimated' }),
    windowOf: async () => window ?? undefined,
    summaries,
  })
  const gateway = setUp([layer], answer)
  const told: unknown[] = []
  const run = (messages: readonly Message[], part: Partial<Conversation> = {}, callerId = 'k') =>
    gateway.run({ messages, ...part }, { callerId, onCompressed: (what) => void told.push(what) })
  return { ...gateway, layer, run, told, kept: summaries }
}
const fitting = (call: UpstreamCall) => (lengthOf(call.conversation) > 10_000 ? tooLong : says('Answer'))

describe('on overflow', () => {
  test('what did not fit goes out once more with a summary in place of the older turns', async () => {
    const { run, sent, told, notes, summaries, pool } = start({}, (call) =>
      asked(call) === 'summary' ? says(['They spoke ', 'of q.']) : fitting(call),
    )
    const events = await read(await run(talk(12), { tools: [tool('t')], system: ['Be brief.'] }))
    expect(replyFault(events)).toBeUndefined()
    expect(sent.map(asked)).toEqual(['turn', 'summary', 'turn'])
    const last = sent.at(-1)?.conversation
    expect(last?.messages.slice(1)).toEqual(talk(12).slice(18))
    expect(JSON.stringify(last?.messages[0])).toContain('They spoke of q.')
    expect([last?.tools.map(({ name }) => name), last?.system]).toEqual([['t'], ['Be brief.']])
    expect(told).toMatchObject([
      'running',
      { messages: 18, used: { input: { tokens: 10 }, output: { tokens: 'They spoke of q.'.length } } },
    ])
    expect(notes).toEqual([{ what: 'history-compressed', detail: '18 of 25 messages; summary by m' }])
    expect(summaries[0]?.route.turns?.map(({ purpose, outcome }) => [purpose, outcome])).toEqual([
      [undefined, 'context-too-long'],
      ['summary', 'ok'],
      [undefined, 'ok'],
    ])
    expect(pool.list()).toMatchObject([{ id: 'a' }])
  })

  test('what fits costs nothing more', async () => {
    const { run, sent, told } = start({}, fitting)
    await read(await run(talk(2)))
    expect([sent.length, told]).toEqual([1, []])
  })

  test('switched off, the caller is told that it is too long', async () => {
    const { run, sent } = start(undefined, fitting)
    expect(await run(talk(12))).toMatchObject({ ok: false, error: { kind: 'context-too-long' } })
    expect(sent).toHaveLength(1)
  })

  test('the next turn goes on from the summary that is kept, and a longer one extends it', async () => {
    const first = start({}, (call) => (asked(call) === 'summary' ? says('First summary.') : fitting(call)))
    await read(await first.run(talk(12)))
    const second = start(
      {},
      (call) => (asked(call) === 'summary' ? says('Second summary.') : fitting(call)),
      first.kept,
    )
    await read(await second.run([...talk(12), assistant('Then this.'), user('And then?')]))
    expect(second.sent.map(asked)).toEqual(['turn'])
    expect(second.told).toEqual([{ messages: 18, used: 'cached', unshown: none }])
    expect(textOf(second.sent[0] as UpstreamCall)).toContain('First summary.')
    expect(second.notes).toMatchObject([{ detail: '18 of 27 messages; by a summary that was kept' }])
    const third = start({}, (call) => (asked(call) === 'summary' ? says('Third summary.') : fitting(call)), first.kept)
    await read(await third.run(talk(20)))
    expect(third.sent.map(asked)).toEqual(['turn', 'summary', 'turn'])
    expect(textOf(third.sent[2] as UpstreamCall)).toContain('First summary.\\n\\nThird summary.')
    const summary = textOf(third.sent[1] as UpstreamCall)
    expect([summary.includes('First summary.'), summary.includes('"3 qqq'), summary.includes('16 qqq')]).toEqual([
      true,
      false,
      true,
    ])
    expect(first.kept.stats()).toMatchObject({ count: 2, written: 2 })
  })

  test('three that want the same summary at once have it written once', async () => {
    const { run, sent, told } = start({}, (call) => (asked(call) === 'summary' ? says('S.') : fitting(call)))
    const served = await Promise.all([1, 2, 3].map(async () => (await read(await run(talk(12)))).at(-1)?.type))
    expect(served).toEqual(['finish', 'finish', 'finish'])
    expect(sent.map(asked).toSorted()).toEqual(['summary', ...Array<'turn'>(6).fill('turn')])
    expect(told.filter((what) => what !== 'running')).toMatchObject([
      { used: { input: { tokens: 10 } } },
      { used: 'cached' },
      { used: 'cached' },
    ])
  })

  test('one that was written by another request meanwhile is not written again', async () => {
    const first = start({}, (call) => (asked(call) === 'summary' ? says('S.') : fitting(call)))
    const answer = async (call: UpstreamCall, turn: number) => {
      if (turn === 1) await read(await first.run(talk(12)))
      return fitting(call)
    }
    const second = start({}, answer, first.kept)
    await read(await second.run(talk(12)))
    expect(second.sent.map(asked)).toEqual(['turn', 'turn'])
    expect(second.told).toEqual(['running', { messages: 18, used: 'cached', unshown: none }])
  })

  test('nobody goes on from another caller’s summary', async () => {
    const first = start({}, (call) => (asked(call) === 'summary' ? says('Secret.') : fitting(call)))
    await read(await first.run(talk(12)))
    const other = start({}, (call) => (asked(call) === 'summary' ? says('Own.') : fitting(call)), first.kept)
    await read(await other.run(talk(12), {}, 'another'))
    expect(other.sent.map(asked)).toEqual(['turn', 'summary', 'turn'])
    expect(textOf(other.sent[2] as UpstreamCall)).not.toContain('Secret.')
  })

  test('what is too long for one summary is summarised piece by piece', async () => {
    const pieces: string[] = []
    const answer = (call: UpstreamCall) => {
      if (asked(call) === 'turn') return fitting(call)
      pieces.push(textOf(call))
      return says(`Summary ${pieces.length}.`)
    }
    const { run, sent } = start({}, answer, undefined, 8_000)
    await read(await run(talk(12)))
    expect(pieces.map((text) => text.match(/Summary \d/g))).toEqual([null, ['Summary 1'], ['Summary 1', 'Summary 2']])
    expect(textOf(sent.at(-1) as UpstreamCall)).toContain('Summary 1.\\n\\nSummary 2.\\n\\nSummary 3.\\n')
  })

  const rule = 'Never touch prod.'
  const long = (before: number, after: number) => `${'p'.repeat(before)} ${rule} ${'r'.repeat(after)}`
  const shownOf = async (messages: readonly Message[], window: number) => {
    const { run, sent } = start(
      { percent: 20 },
      (call) => says(asked(call) === 'summary' ? 'S.' : 'Answer'),
      undefined,
      window,
    )
    await read(await run(messages))
    return sent.filter((call) => asked(call) === 'summary').map(textOf)
  }
  test('what the user and the system said is shown whole, what tools and the assistant did by its ends', async () => {
    const said = [user(long(7_000, 4_000)), assistant('ok'), system(long(7_000, 4_001)), user('x')]
    const done = [assistant(long(7_000, 4_002), toolCall('a', 't', { of: long(7_000, 4_003) }))]
    const [shown = '', ...more] = await shownOf(
      [...said, ...done, user(toolResult('a', long(7_000, 4_004))), ...talk(10)],
      100_000,
    )
    expect([more, shown.split(rule).length - 1, shown.match(/characters left out/g)?.length]).toEqual([[], 2, 3])
  })

  test('a message too long for a piece goes on in the next, and is shown whole', async () => {
    // 33,616 characters in a piece
    const messages = [user(long(70_000, 10), 'm'.repeat(10_000), long(5, 70_000)), assistant('ok'), ...talk(20)]
    const shown = await shownOf(messages, 50_000)
    expect(shown.length).toBeLessThanOrEqual(8)
    const all = shown.join('')
    expect([all.split(rule).length - 1, all.includes('characters left out')]).toEqual([2, false])
    expect([
      all.split('p').length > 70_000,
      all.split('r').length > 70_000,
      shown[1]?.includes('[user, going on]'),
    ]).toEqual([true, true, true])
  })

  test('all pieces that there may be are used before anything that was said is cut', async () => {
    const wishes = Array.from({ length: 24 }, (_, index) => `Wish ${index}.`)
    const said = wishes.map((wish, index) => [
      user(`${'x'.repeat(7_000)} ${wish} ${'y'.repeat(3_000)}`),
      assistant(`${index}`),
    ])
    const shown = await shownOf([...said.flat(), ...talk(4)], 50_000)
    expect(shown.length).toBe(8)
    expect(wishes.filter((wish) => !shown.some((piece) => piece.includes(wish)))).toEqual([])
  })

  test('what is too much for all pieces is cut, the longest first, and that is said: at once and of a summary that is kept', async () => {
    const many = Array.from({ length: 9 }, (_, index) => [user(`${index} ${long(40_000, 10)}`), assistant('ok')]).flat()
    const messages = [user('z'.repeat(20_000)), assistant('ok'), ...many, ...talk(4)]
    const { run, sent, told, notes } = start(
      { percent: 20 },
      (call) => says(asked(call) === 'summary' ? 'S.' : 'Answer'),
      undefined,
      50_000,
    )
    await read(await run(messages))
    const shown = sent.filter((call) => asked(call) === 'summary').map(textOf)
    expect(shown).toHaveLength(8)
    const all = shown.join('')
    const cuts = [...all.matchAll(/\(… (\d+) characters left out …\)/g)].map(([, count]) => Number(count))
    expect([new Set(cuts.slice(0, 9)).size, cuts.length, all.split('z').length]).toEqual([1, 9, 20_001])
    const unshown = { characters: 9 * (cuts[0] ?? 0), messages: 9 }
    const most = 8 * 33_616
    expect(all.length).toBeGreaterThan(most * 0.95)
    expect(told.at(-1)).toMatchObject({ unshown, used: { input: { tokens: 80 } } })
    const lost = `${unshown.characters} characters of 9 messages were not shown to it`
    expect(notes).toMatchObject([{ detail: expect.stringMatching(new RegExp(`; summary by m; ${lost}$`)) }])
    await read(await run([...messages, assistant('Answer'), user('Then?')]))
    expect(told.at(-1)).toMatchObject({ unshown, used: 'cached' })
    expect(notes.at(-1)?.detail).toEndWith(`by a summary that was kept; ${lost}`)
  })

  const failures = {
    'the call fails': () => err(gatewayError('invalid-request', 'No.')),
    'the summary is cut at its limit': () => says('Half a', 'max-tokens'),
    'the model says nothing': () => says(' '),
  } as const
  test.each(Object.entries(failures))('where %s, the caller is told the truth with numbers', async (_, summary) => {
    const { run, told, kept, deps } = start({}, (call) => (asked(call) === 'summary' ? summary() : fitting(call)))
    Object.assign(deps, { sizesOf: async () => ({ input: 1, maximum: 2 }) }) // of a turn, which need not be the caller's
    const messages = talk(12)
    expect(await run(messages)).toMatchObject({
      ok: false,
      error: { kind: 'context-too-long', contextTokens: { input: JSON.stringify(messages).length, maximum: 20_000 } },
    })
    expect([told, kept.stats().count]).toEqual([['running', undefined], 0])
  })

  test('a cheaper model writes it where one is named, and the one that serves where that fails', async () => {
    const { run, sent } = start({ model: 'cheap' }, (call) => {
      if (asked(call) === 'turn') return fitting(call)
      return call.conversation.model === 'cheap' ? err(gatewayError('invalid-request', 'No.')) : says('By the other.')
    })
    await read(await run(talk(12)))
    expect(sent.map((call) => [asked(call), call.conversation.model])).toEqual([
      ['turn', 'm'],
      ['summary', 'cheap'],
      ['summary', 'm'],
      ['turn', 'm'],
    ])
  })

  test('a newest turn that is too long alone stays whole, and is told to be too long', async () => {
    const { run, sent } = start({}, (call) => (asked(call) === 'summary' ? says('S.') : fitting(call)))
    expect(await run(talk(3, 'x'.repeat(20_000)))).toMatchObject({ ok: false, error: { kind: 'context-too-long' } })
    expect(sent.every((call) => asked(call) === 'summary' || textOf(call).includes('x'.repeat(20_000)))).toBe(true)
  })

  const large = 'x'.repeat(9_000)
  /** Two of them fit into one piece, where words are not cut. */
  const words = 'x'.repeat(8_500)
  const round = (id: string, result: string, input: Readonly<Record<string, unknown>> = {}): readonly Message[] => [
    assistant(toolCall(id, 't', input)),
    user(toolResult(id, result)),
  ]
  const small = [user('q1'), assistant('a1'), user('q2'), assistant('a2'), user('q3'), assistant('a3'), user('Now?')]
  const loop = (rounds: number): readonly Message[] =>
    Array.from({ length: rounds }, (_, index) => round(`c${index}`, 'x'.repeat(4_500))).flat()
  const places: Record<string, { readonly messages: readonly Message[]; readonly cuts: readonly number[] }> = {
    'in old results': {
      messages: [user('Read.'), ...round('a', large), ...round('b', large), assistant('Done.'), ...small],
      cuts: [6],
    },
    'in old inputs of calls': {
      messages: [
        user('Write.'),
        ...round('a', 'ok', { large }),
        ...round('b', 'ok', { large }),
        assistant('Done.'),
        ...small,
      ],
      cuts: [6],
    },
    'in the last messages before the newest turn': {
      messages: [
        user('Hi'),
        assistant('Hello'),
        user(words),
        assistant('b'),
        user(words),
        assistant('c'),
        user('Now?'),
      ],
      cuts: [6],
    },
    'in the few rounds of one turn': { messages: [user('Go.'), ...loop(4)], cuts: [3, 7] },
    'in the rounds behind a small turn': {
      messages: [user('Hi'), assistant('Hello'), user('Go.'), ...loop(4)],
      cuts: [5, 9],
    },
  }
  test.each(Object.entries(places))('weight that lies %s is replaced', async (_, { messages, cuts }) => {
    const answer = (call: UpstreamCall) => (asked(call) === 'summary' ? says('S.') : fitting(call))
    const { run, sent, told, kept } = start({}, answer, undefined, 34_000)
    await read(await run(messages))
    expect(sent.map(asked)).toEqual(['turn', ...cuts.flatMap(() => ['summary', 'turn'] as const)])
    expect(told.filter((what) => what !== 'running')).toMatchObject(cuts.map((cut) => ({ messages: cut })))
    expect(sent.at(-1)?.conversation.messages.slice(1)).toEqual(messages.slice(cuts.at(-1)))
    const outlook = (window: number) =>
      start({}, answer, undefined, window).layer.outlook?.(makeConversation({ messages }), { callerId: 'k' })
    expect(await outlook(17_000)).toMatchObject({ would: 'write-summary-if-refused', messages: cuts[0] })
    // What is plainly too long is not sent only to be refused, and no more of it is left than fits.
    expect(await outlook(10_000)).toMatchObject({ would: 'write-summary' })
    const plain = start({}, answer, undefined, 10_000)
    await read(await plain.run(messages))
    expect(turnsIn(plain.sent)).toEqual([plain.sent.length - 1])
    const next = start({}, answer, kept, 34_000)
    await read(await next.run([...messages, ...round('next', 'fine')]))
    expect(next.sent.map(asked)).toEqual(['turn'])
  })

  test('who leaves while it is written waits for nothing more', async () => {
    const { run, sent, leaving } = start({}, (call) => {
      if (asked(call) === 'summary') leaving.abort()
      return asked(call) === 'summary' ? err(gatewayError('cancelled', 'The caller left.')) : fitting(call)
    })
    expect((await run(talk(12))).ok).toBe(false)
    expect(sent.map(asked)).toEqual(['turn', 'summary'])
  })
})

describe('a conversation that comes back', () => {
  const answer = (call: UpstreamCall) => (asked(call) === 'summary' ? says('First summary.') : fitting(call))
  const talkWith = (index: number, change: (message: Message) => Message): readonly Message[] =>
    [...talk(12), assistant('Then this.'), user('And then?')].map((one, at) => (at === index ? change(one) : one))

  test.each([
    ['without the reasoning of older turns', (one: Message): Message => ({ ...one, parts: one.parts.slice(1) })],
    [
      'whose images stand elsewhere in the request',
      (one: Message): Message => ({
        ...one,
        parts: one.parts.map((part) => (part.type === 'image' ? { ...part, field: 'input.9' } : part)),
      }),
    ],
  ])('%s goes on from its summary', async (_, again) => {
    const before = (one: Message): Message => ({
      ...one,
      parts: [{ type: 'reasoning', text: 'Hm.', signature: 's' }, ...one.parts, image()],
    })
    const first = start({}, answer)
    await read(await first.run(talkWith(3, before).slice(0, 25)))
    const second = start({}, answer, first.kept)
    await read(await second.run(talkWith(3, (one) => again(before(one)))))
    expect(second.sent.map(asked)).toEqual(['turn'])
    const other = start({}, answer, first.kept)
    await read(
      await other.run(talkWith(3, (one) => ({ ...before(one), parts: [{ type: 'text', text: 'x'.repeat(500) }] }))),
    )
    expect(other.sent.map(asked)).toEqual(['turn', 'summary', 'turn'])
  })

  test('ever longer keeps each summary word for word, until together they are too long; then they become one', async () => {
    const kept = createSummaries(createTestEffects())
    const bounds = []
    for (let round = 1; round <= 6; round++) {
      const long = `Summary ${round}. ${'s'.repeat(1_500)}`
      const { run, sent } = start({}, (call) => (asked(call) === 'summary' ? says(long) : fitting(call)), kept)
      await read(await run(talk(4 + 8 * round)))
      const [summary] = sent.filter((call) => asked(call) === 'summary')
      const held = textOf(sent.at(-1) as UpstreamCall).match(/Summary \d/g)
      bounds.push(held?.join(' '))
      if (round > 1 && summary) expect(textOf(summary)).not.toContain('"0 qqq')
    }
    expect(bounds).toEqual([
      'Summary 1',
      'Summary 1 Summary 2',
      'Summary 1 Summary 2 Summary 3',
      'Summary 4',
      'Summary 4 Summary 5',
      'Summary 4 Summary 5 Summary 6',
    ])
  })

  test('after a failure between two pieces does not begin again', async () => {
    let fails = true
    const pieces: string[] = []
    const flaky = (call: UpstreamCall) => {
      if (asked(call) === 'turn') return fitting(call)
      pieces.push(textOf(call))
      return fails && pieces.length === 3 ? err(gatewayError('invalid-request', 'No.')) : says(`Part ${pieces.length}.`)
    }
    const { run, kept } = start({}, flaky, undefined, 8_000)
    expect((await run(talk(12))).ok).toBe(false)
    fails = false
    const again = start({}, flaky, kept, 8_000)
    await read(await again.run(talk(12)))
    expect(textOf(again.sent.at(-1) as UpstreamCall)).toContain('Part 1.\\n\\nPart 2.')
    // What those two parts tell is summarised once.
    expect(pieces.filter((piece) => piece.includes('[user]\\n0 qqq'))).toHaveLength(1)
    expect(pieces).toHaveLength(3)
  })

  test.each([
    'This session is being continued from a previous conversation that ran out of context. They spoke of p.',
    'Another language model started to solve this problem and produced a summary of its thinking process. Of p.',
    'Summary of the conversation so far:\n\nOf p.',
  ])('with a client’s own summary keeps that word for word: it is never summarised a second time: %s', async (own) => {
    const messages = [user('reminder', own), assistant('Going on.'), ...talk(10)]
    const { run, sent, kept } = start({}, answer)
    await read(await run(messages))
    expect(sent.map(asked)).toEqual(['turn', 'summary', 'turn'])
    const [, summary, turn] = sent.map(textOf)
    expect(summary?.split(JSON.stringify(own).slice(1, -1))).toHaveLength(2)
    expect(summary?.indexOf(JSON.stringify(own).slice(1, -1))).toBeLessThan(summary?.indexOf('<conversation>') ?? 0)
    expect(summary).toContain('reminder')
    expect(sent[2]?.conversation.messages[0]).toEqual(user(own))
    expect(turn).not.toContain('reminder')
    const next = start({}, (call) => (asked(call) === 'summary' ? says('Second.') : fitting(call)), kept)
    await read(await next.run([...messages.slice(0, -1), ...talk(10)]))
    expect(next.sent.at(-1)?.conversation.messages[0]).toEqual(user(own))
    expect(textOf(next.sent.at(-1) as UpstreamCall)).toContain('First summary.\\n\\nSecond.')
  })

  test('that is nothing but a client’s summary and the newest turn is too long, and no summary is written', async () => {
    const own = `This session is being continued from a previous conversation: ${'x'.repeat(12_000)}`
    const { run, sent } = start({}, answer)
    expect(await run([user(own), assistant('ok'), user('Go.')])).toMatchObject({ error: { kind: 'context-too-long' } })
    expect(sent.map(asked)).toEqual(['turn'])
    const immense = start({}, answer)
    await read(await immense.run([user(`${own}${'x'.repeat(100_000)}`), assistant('ok'), user('Go.')]))
    expect([immense.sent.map(asked).at(-1), immense.sent.length]).toEqual(['turn', 9])
  })
})

describe('at a share of the window', () => {
  test('it is compressed before it is sent', async () => {
    const { run, sent } = start({ percent: 40 }, (call) => (asked(call) === 'summary' ? says('S.') : fitting(call)))
    await read(await run(talk(8)))
    expect(sent.map(asked)).toEqual(['summary', 'turn'])
  })

  const heavy = 'x'.repeat(6_000)
  const weights: Record<string, readonly Message[]> = {
    'results in the last six messages': [
      user('Hi'),
      ...['a', 'b', 'c'].flatMap((id) => [assistant(toolCall(id)), user(toolResult(id, heavy))]),
    ],
    'inputs in the last six messages': [
      user('Hi'),
      ...['a', 'b', 'c'].flatMap((id) => [assistant(toolCall(id, 't', { heavy })), user(toolResult(id, 'ok'))]),
    ],
    'words in the last six messages': [user('Hi'), assistant('Hello'), user(heavy), assistant(heavy), user('Now?')],
  }
  test.each(Object.entries(weights))('%s are replaced, too, and nothing is sent in vain', async (_, messages) => {
    const answer = (call: UpstreamCall) => (asked(call) === 'summary' ? says('S.') : fitting(call))
    const { run, sent, kept, told } = start({ percent: 90 }, answer, undefined, 10_000)
    await read(await run(messages))
    expect(turnsIn(sent)).toEqual([sent.length - 1])
    const turn = sent.at(-1) as UpstreamCall
    expect(lengthOf(turn.conversation)).toBeLessThan(9_000)
    expect(turn.conversation.messages.at(-1)).toEqual(messages.at(-1) as Message)
    const next = [...messages, assistant('Fine.'), user('And then?')]
    const later = start({ percent: 90 }, answer, kept, 10_000)
    await read(await later.run(next))
    expect(later.sent.map(asked)).toEqual(['turn'])
    expect(told.at(-1)).not.toMatchObject({ used: 'cached' })
  })

  test('no more of the last six is replaced than the share asks for, and where it cannot be had, than the window', async () => {
    const answer = (call: UpstreamCall) => (asked(call) === 'summary' ? says('S.') : says('Answer'))
    const old = talk(12).slice(0, -1)
    const share = start({ percent: 50 }, answer)
    await read(await share.run([...old, user('x'.repeat(3_000))]))
    expect(share.told.at(-1)).toMatchObject({ messages: 18 })
    // The newest turn alone is more than the share: the six stay, for all of it fits the window.
    const window = start({ percent: 20 }, answer)
    await read(await window.run([...old, user('x'.repeat(9_000))]))
    expect(window.told.at(-1)).toMatchObject({ messages: 18 })
  })

  test.each([{}, { percent: 90 }])(
    'what has to stay and plainly cannot fit is refused at once, with numbers: %p',
    async (how) => {
      const { run, sent, told, summaries, layer } = start(how, fitting, undefined, 10_000)
      const messages = talk(6, 'x'.repeat(20_000))
      expect(await run(messages)).toMatchObject({
        ok: false,
        error: { kind: 'context-too-long', contextTokens: { input: JSON.stringify(messages).length, maximum: 10_000 } },
      })
      expect([sent.length, told, summaries[0]?.outcome]).toEqual([0, [undefined], 'context-too-long'])
      const asker = { callerId: 'k' }
      expect(await layer.outlook?.(makeConversation({ messages }), asker)).toMatchObject({ would: 'refuse' })
      // Near the window only the provider knows.
      const near = start(how, fitting, undefined, 10_000)
      expect((await near.run(talk(6, 'x'.repeat(11_000)))).ok).toBe(false)
      expect(near.sent.map(asked).filter((of) => of === 'turn').length).toBeGreaterThan(0)
    },
  )

  test('where the window is not known, the provider is asked', async () => {
    const { run, sent } = start({ percent: 90 }, fitting, undefined, null)
    expect((await run(talk(6, 'x'.repeat(400_000)))).ok).toBe(false)
    expect(sent.map(asked)).toContain('turn')
  })

  test('where no summary can be had, what plainly cannot fit is not sent', async () => {
    const { run, sent } = start({ percent: 40 }, () => err(gatewayError('invalid-request', 'No.')), undefined, 8_000)
    expect(await run(talk(16))).toMatchObject({ ok: false, error: { kind: 'context-too-long' } })
    expect(sent.map(asked)).toEqual(['summary'])
  })

  test('where no summary can be had, it goes out as it is', async () => {
    const { run, sent } = start({ percent: 40 }, (call) =>
      asked(call) === 'summary' ? err(gatewayError('invalid-request', 'No.')) : fitting(call),
    )
    await read(await run(talk(8)))
    expect(sent.map(asked)).toEqual(['summary', 'turn'])
    expect(sent[1]?.conversation.messages).toEqual(talk(8))
  })
})

const claudeCode =
  'Your task is to create a detailed summary of the conversation so far, paying close attention to the user’s requests.'
test.each([
  ['Codex', compactionRequest],
  ['in words', user('Please create a detailed summary of our conversation so far, and call no tools.')],
  [
    'Codex in words',
    user('You are performing a CONTEXT CHECKPOINT COMPACTION. Create a handoff summary for another LLM.'),
  ],
  ['Claude Code', user(`CRITICAL: Respond with TEXT ONLY.\n\n${claudeCode}`)],
  ['Claude Code, a reminder behind it', user(claudeCode, '<system-reminder>Today is Sunday.</system-reminder>')],
  ['opencode', user('Provide a detailed prompt for continuing our conversation above. Focus on what helps.')],
  ['Cline', user('<explicit_instructions>\nThe current conversation is rapidly running out of context. Now, …')],
  [
    'pi',
    user(
      `<conversation>\n${'x '.repeat(20_000)}\n</conversation>\n\nThe messages above are a conversation to summarize.`,
    ),
  ],
  ['Qwen Code', user('First, reason in your scratchpad. Then, generate the <state_snapshot>.')],
  ['with the conversation around it', user(`${'x '.repeat(20_000)}\nSummarize the conversation above.`)],
])('a client’s own compaction (%s) is never compressed', async (_, last) => {
  const { run, sent } = start({}, fitting)
  expect(isClientsCompaction(makeConversation({ messages: [last] }))).toBe(true)
  expect(await run([...talk(12).slice(0, -1), last])).toMatchObject({ ok: false, error: { kind: 'context-too-long' } })
  expect(sent).toHaveLength(1)
})

test('an ordinary request is none', () => {
  for (const text of [
    'Summarize this file.',
    'Write a summary of README.md',
    'Continue our conversation.',
    'give me the context',
    'Write a function that creates a summary for each conversation in the database.',
    'Create a page that shows a summary of every session the user has.',
    'Summarize how the session cookie works.',
    'Fix the test: it should generate a summary when the chat is closed.',
    'Why does my prompt “Your task is to create a detailed summary of the conversation so far” fail?',
  ])
    expect([text, isClientsCompaction(makeConversation({ messages: [user(text)] }))]).toEqual([text, false])
})

describe('images among what is replaced', () => {
  const picture = (name: string): ImagePart => ({ type: 'image', format: 'png', base64: `iVBORw0KGgo${name}` })
  const shot = (id: string): readonly Message[] => [
    assistant(toolCall(id)),
    user({ type: 'tool-result', callId: id, isError: false, parts: [picture(id)] }),
  ]
  const namesOf = (list: readonly Message[], last: Message, mostTokens = 100_000): readonly string[] =>
    imagesToKeep(list, [last], mostTokens).images.map(({ base64 }) => base64.slice(11, 20))
  const wordsOf = (list: readonly Message[], last: Message, mostTokens = 100_000): string =>
    JSON.stringify(withSummary([...list, last], list.length, 'S.', imagesToKeep(list, [last], mostTokens))[0]?.parts[0])
  const seen = [user('see', picture('A')), assistant('ok'), user('and', picture('B')), assistant('ok')]

  test.each(['Go on.', '那张图里是什么？', 'Was steht auf dem Bild?', 'Что на снимке?', 'これは何ですか', 'ما هذا؟'])(
    'stay whatever the language that speaks of them: %s',
    (words) => {
      expect(namesOf(seen, user(words))).toEqual(['A', 'B'])
      expect(wordsOf(seen, user(words))).toContain('The images of that part follow')
    },
  )

  test('the newest that the user gave come before those of tools, and one that is named by its number before all', () => {
    const given = ['A', 'B', 'C', 'D', 'E', 'F'].flatMap((name) => [user('see', picture(name)), assistant('ok')])
    const shots = ['s1', 's2', 's3', 's4'].flatMap(shot)
    expect(namesOf([...given, ...shots], user('And now?'))).toEqual(['C', 'D', 'E', 'F', 's3', 's4'])
    expect(namesOf([...given, ...shots], user('Back to [Image #1]'))).toEqual(['A', 'C', 'D', 'E', 'F', 's4'])
    expect(namesOf([...shots, ...given], user('Back to [Image #1]'))).toContain('A')
    expect(wordsOf([...given, ...shots], user('And now?'))).toContain('number 3, 4, 5, 6, 9 and 10 follow')
  })

  test('are bounded in tokens, and the model is told that it does not see the others', () => {
    expect(namesOf(seen, user('?'), 1_600)).toEqual(['B'])
    expect(wordsOf(seen, user('?'), 1_600)).toContain(
      'Of the 2 images of that part number 2 follows; the others cannot',
    )
    expect(namesOf(seen, user('?'), 1_000)).toEqual([])
    expect(wordsOf(seen, user('?'), 1_000)).toContain('That part had 2 images, which cannot be seen any more')
    const large = user('see', { ...picture(''), base64: 'A'.repeat(4_100_000) })
    expect(namesOf([large, ...seen], user('?'))).toEqual(['A', 'B'])
  })

  test('that are there twice, or stay anyway, are not kept once more', () => {
    expect(namesOf([...seen, user('again', picture('A'))], user('?'))).toEqual(['B', 'A'])
    expect(namesOf(seen, user('look', picture('A')))).toEqual(['B'])
  })

  test('are left out where the rest does not fit with them, and the record says how many were kept', async () => {
    const messages = [user('see', picture('x'.repeat(9_500))), ...talk(10).slice(1)]
    const { run, sent, notes } = start(
      {},
      (call) => (asked(call) === 'summary' ? says('S.') : fitting(call)),
      undefined,
      30_000,
    )
    await read(await run(messages))
    const held = sent.map(
      ({ conversation: one }) =>
        one.messages.flatMap(({ parts }) => parts.filter(({ type }) => type === 'image')).length,
    )
    expect(held.at(-1)).toBe(0)
    expect(held.at(-2)).toBe(1)
    expect(notes.at(-1)?.detail).toContain('; 0 of 1 images kept')
  })
})

describe('any conversation, compressed at any place', () => {
  const part: fc.Arbitrary<Part> = fc.oneof(
    fc.string().map((text): Part => ({ type: 'text', text })),
    fc.constant(image()),
    fc.tuple(fc.integer({ min: 0, max: 5 }), fc.constantFrom('a', 'b')).map(([id, name]) => toolCall(`c${id}`, name)),
    fc.integer({ min: 0, max: 5 }).map((id) => toolResult(`c${id}`, 'fine')),
  )
  const message = fc
    .tuple(fc.constantFrom('user', 'assistant', 'system'), fc.array(part, { maxLength: 4 }))
    .map(([role, parts]): Message => {
      const fits = ({ type }: Part): boolean =>
        type === 'text' || (role === 'assistant' ? type === 'tool-call' : role === 'user' && type !== 'tool-call')
      return { role: role as Message['role'], parts: parts.filter(fits) }
    })

  test('keeps calls with their results, the newest turn, the system’s words and the provider’s rules', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 2, maxLength: 16 }), (messages) => {
        const newest = newestTurnStart(messages.map(kindOfTurn))
        for (const cut of cutsOf(messages)) {
          const images = imagesToKeep(messages.slice(0, cut), messages.slice(cut), 20_000)
          const shorter = withSummary(messages, cut, 'S.', images)
          expect(cut).toBeLessThanOrEqual(newest)
          expect(shorter.slice(shorter.length - (messages.length - cut))).toEqual(messages.slice(cut))
          const said = (list: readonly Message[]) => list.filter(({ role }) => role === 'system')
          expect(said(shorter)).toEqual(said(messages))
          // No result that had its call has lost it.
          const orphans = (list: readonly Message[], from: number): number => {
            const called = new Set<string>()
            let lost = 0
            for (const [index, { parts }] of list.entries())
              for (const one of parts) {
                if (one.type === 'tool-call') called.add(one.id)
                if (one.type === 'tool-result' && index >= from && !called.has(one.callId)) lost++
              }
            return lost
          }
          expect(orphans(shorter, 0)).toBe(orphans(messages, cut))
          const { body } = encode(conversation({ messages: shorter, tools: [tool('a'), tool('b')] }))
          expect(
            atOnce(brokenRules(body, modelInfo(), 'us-east-1')).broken.filter(
              ({ rule }) => rule.sure === 'known' && rule.name !== 'image-bytes',
            ),
          ).toEqual([])
          const declared = body.conversationState.currentMessage.userInputMessage.userInputMessageContext?.tools ?? []
          expect(declared.map(({ toolSpecification: { name } }) => name)).toEqual(['a', 'b'])
        }
      }),
      { numRuns: 80 },
    )
  })

  test('an agent’s rounds are cut between two of them', () => {
    const rounds = Array.from({ length: 10 }, (_, index) => [
      assistant(toolCall(`c${index}`)),
      user(toolResult(`c${index}`, 'fine')),
    ]).flat()
    expect(cutsOf([user('Go.'), ...rounds])).toEqual([1, 3, 5, 7, 9, 11, 13, 15, 17, 19])
    expect(cutsOf([user('Go.'), system('Be brief.'), ...rounds.slice(0, 2)])).toEqual([1, 2])
  })
})
