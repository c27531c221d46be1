import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createCompression } from '../../server/contract/compress.ts'
import { cutsOf, withSummary } from '../../server/contract/compress-cut.ts'
import type { Compression } from '../../server/contract/compress-view.ts'
import { createSummaries } from '../../server/contract/summaries.ts'
import { isClientsCompaction } from '../../server/contract/summary-request.ts'
import type { Conversation, Message, Part } from '../../server/conversation/conversation.ts'
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
const textOf = ({ conversation: { messages } }: UpstreamCall): string => JSON.stringify(messages)

/** The layer over the real relay: a token is a character; the provider takes 10,000 of them, whatever the model is said to take. */
function start(
  how: Compression | undefined,
  answer: Parameters<typeof setUp>[1],
  summaries = createSummaries(createTestEffects()),
  window = 20_000,
) {
  const layer = createCompression({
    compressionOf: () => how,
    estimate: async (one) => ({ tokens: lengthOf(one), source: 'estimated' }),
    windowOf: async () => window,
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
    expect(second.told).toEqual([{ messages: 18, used: 'cached' }])
    expect(textOf(second.sent[0] as UpstreamCall)).toContain('First summary.')
    expect(second.notes).toMatchObject([{ detail: '18 of 27 messages; by a summary that was kept' }])
    const third = start({}, (call) => (asked(call) === 'summary' ? says('Third summary.') : fitting(call)), first.kept)
    await read(await third.run(talk(20)))
    expect(third.sent.map(asked)).toEqual(['turn', 'summary', 'turn'])
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
    expect(second.told).toEqual(['running', { messages: 18, used: 'cached' }])
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
    expect(pieces.map((text) => /Summary \d/.exec(text)?.[0])).toEqual([undefined, 'Summary 1', 'Summary 2'])
    expect(textOf(sent.at(-1) as UpstreamCall)).toContain('Summary 3.')
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
        user(large),
        assistant('b'),
        user(large),
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
    const outlook = await start({}, answer, undefined, 10_000).layer.outlook?.(makeConversation({ messages }), {
      callerId: 'k',
    })
    expect(outlook).toMatchObject({ would: 'write-summary-if-refused', messages: cuts[0] })
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

describe('at a share of the window', () => {
  test('it is compressed before it is sent', async () => {
    const { run, sent } = start({ percent: 40 }, (call) => (asked(call) === 'summary' ? says('S.') : fitting(call)))
    await read(await run(talk(8)))
    expect(sent.map(asked)).toEqual(['summary', 'turn'])
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

test('images that are still spoken of stay, others do not', () => {
  const seen = [
    user('see', image('iVBORw0KGgoA')),
    assistant('ok'),
    user('and', image('iVBORw0KGgoB')),
    assistant('ok'),
  ]
  const kept = (text: string): number =>
    withSummary([...seen, user(text)], 4, 'S.')
      .flatMap(({ parts }) => parts)
      .filter(({ type }) => type === 'image').length
  expect([
    kept('Go on.'),
    kept('What is in [Image #2]?'),
    kept('Compare the screenshots.'),
    kept('那张图里是什么？'),
  ]).toEqual([0, 1, 2, 2])
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
          const shorter = withSummary(messages, cut, 'S.')
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
