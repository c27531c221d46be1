import { expect, test } from 'bun:test'
import { mendedCalls, newCalls } from '../../server/contract/mended-calls.ts'
import { createJudge, nearBounds } from '../../server/contract/schema-judge.ts'
import type { ReplyEvent } from '../../server/conversation/event.ts'

type Input = Readonly<Record<string, unknown>>

const trip = createJudge(
  {
    type: 'object',
    properties: {
      day: { type: 'string', format: 'date' },
      unit: { enum: ['C', 'F'] },
      to: { type: 'string' },
      amount: { type: 'integer' },
      memo: { type: 'string' },
      all: { type: 'boolean' },
    },
    additionalProperties: false,
  },
  nearBounds,
)
const pay = createJudge(
  {
    type: 'object',
    properties: { to: { type: 'string' }, amount: { type: 'integer' }, memo: { type: 'string' } },
    required: ['to', 'amount'],
  },
  nearBounds,
)

const callsOf = (inputs: readonly Input[]) =>
  inputs.flatMap((input, index): readonly ReplyEvent[] => [
    { type: 'tool-call-start', index, id: `d${index}`, name: 'go' },
    { type: 'tool-call-delta', index, json: JSON.stringify(input) },
    { type: 'tool-call-end', index },
  ])

/** The inputs that go out for the wrong ones, or undefined. */
function mended(judge: typeof trip, first: readonly Input[], second: readonly Input[]) {
  if (!judge.ok) throw new Error(judge.error.problem)
  const before = first.map((input, index) => ({
    ...{ id: `c${index}`, name: 'go', json: JSON.stringify(input) },
    faults: judge.value(input),
  }))
  const events = callsOf(second)
  return mendedCalls(events, before)?.flatMap((event) =>
    event.type === 'tool-call-delta' ? [JSON.parse(event.json)] : [],
  )
}

const january = { day: '2024-01-01' }
const february = { day: '2024-02-02' }
const told = { day: '1 Jan 2024' }
const toldNext = { day: '2 Feb 2024' }

test.each([
  ['two whose only value has to change', [told, toldNext], [january, february]],
  [
    'two words that an enum knows otherwise',
    [{ unit: 'celsius' }, { unit: 'fahrenheit' }],
    [{ unit: 'C' }, { unit: 'F' }],
  ],
  ['two beside a good one', [{ day: '2024-05-05' }, told, toldNext], [january, february]],
  [
    'one that shares a value with a good one',
    [
      { day: '2024-05-05', unit: 'C' },
      { ...told, unit: 'celsius' },
    ],
    [{ ...january, unit: 'C' }],
  ],
  [
    'what was missing as in the call beside it',
    [{ ...told, to: 'bob', amount: 'x' }, toldNext],
    [
      { ...january, to: 'bob', amount: 1 },
      { ...february, to: 'bob' },
    ],
  ],
  [
    'the members of a good call that the wrong one had too',
    [{ unit: 'C' }, { unit: 'C', amount: 'two' }],
    [{ unit: 'C', amount: 2 }],
  ],
  ['any, where the good one has no members', [{}, { amount: 'two' }], [{ amount: 2 }]],
  ['no members, where all are left out', [{ to: 'bob' }, { amount: 'two' }], [{}]],
] as const)('in their order, %s', (_, first, second) => {
  expect(mended(trip, first, second)).toEqual([...second])
})

test.each([
  ['two that were not the same', [told, toldNext], [january, january]],
  [
    'two that were not the same, but for spaces',
    [told, toldNext],
    [
      { ...january, to: 'bob' },
      { ...january, to: 'bob ' },
    ],
  ],
] as const)('never as one twice: %s', (_, first, second) => {
  expect(mended(trip, first, second)).toBeUndefined()
})

const ann = { to: 'ann', amount: 5 }
test.each([
  ['in other spaces, for one that said nothing', [ann, {}], [{ to: 'ann ', amount: 5.0 }]],
  ['in another case', [ann, { to: 'bob' }], [{ to: 'Ann', amount: 5 }]],
  ['with something added', [ann, { to: 'bob', amount: 'five' }], [{ ...ann, memo: 'five' }]],
  ['with what the wrong one had besides', [ann, { to: 'bob', amount: 'five', memo: 'm' }], [{ ...ann, memo: 'm' }]],
  ['with something left out', [{ ...ann, memo: 'rent' }, { to: 7 }], [ann]],
  ['by another name', [ann, { to: 'bob' }], [{ to: 'ann@a.example', amount: 5 }]],
] as const)('a good call is not made once more %s', (_, first, second) => {
  expect(mended(pay, first, second)).toBeUndefined()
})

test('a good call that is repeated in other spaces beside the mended one is passed over', () => {
  const bob = { to: 'bob', amount: 2 }
  expect(mended(pay, [ann, { to: 'bob', amount: '2' }], [{ to: ' Ann', amount: 5 }, bob])).toEqual([bob])
})

test('where other calls may be made, only one that is the same to the letter is a repetition', () => {
  const before = [{ id: 'c', name: 'go', json: '{"to":"README","amount":1}', faults: [] }]
  const made = newCalls(
    callsOf([
      { amount: 1, to: 'README' },
      { to: 'readme', amount: 1 },
    ]),
    before,
  )
  expect(made).toEqual(callsOf([{}, { to: 'readme', amount: 1 }]).slice(3))
})
