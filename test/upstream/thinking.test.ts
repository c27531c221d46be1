import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createTagSplitter, type Piece } from '../../server/upstream/amazonq/thinking.ts'

function split(pieces: readonly string[]): readonly Piece[] {
  const splitter = createTagSplitter()
  const out = [...pieces.flatMap(splitter.push), ...splitter.flush()]
  return out.reduce<Piece[]>((merged, piece) => {
    const last = merged.at(-1)
    if (last?.kind === piece.kind) merged[merged.length - 1] = { kind: last.kind, text: last.text + piece.text }
    else merged.push(piece)
    return merged
  }, [])
}

/** The same text in pieces of random sizes. */
const cutUp = (text: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> =>
  fc.tuple(text, fc.infiniteStream(fc.integer({ min: 1, max: 12 }))).map(([whole, sizes]) => {
    const pieces: string[] = []
    for (let at = 0; at < whole.length; ) {
      const size = sizes.next().value ?? 1
      pieces.push(whole.slice(at, at + size))
      at += size
    }
    return pieces
  })

const scraps = fc
  .array(
    fc.constantFrom(
      '<',
      '>',
      '/',
      'thinking',
      '<thinking',
      'thinking>',
      '</',
      '\n',
      ' ',
      'a < b',
      '<think>',
      '格',
      '\ud83d\ude00',
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''))

const opens = (text: string): boolean => text.trimStart().startsWith('<thinking>')

test('text without the tag passes unchanged at any cut', () => {
  fc.assert(
    fc.property(cutUp(scraps.filter((text) => !opens(text))), (pieces) => {
      const text = pieces.join('')
      expect(split(pieces)).toEqual(text === '' ? [] : [{ kind: 'text', text }])
    }),
    { numRuns: 1_000 },
  )
})

test('with the tag both sides are exact at any cut', () => {
  const reasoning = scraps.filter((text) => !text.includes('</thinking>'))
  const rest = scraps.filter((text) => !text.startsWith('\n'))
  const lead = fc.constantFrom('', '\n', '  ', '\n\n')
  const gap = fc.constantFrom('', '\n', '\n\n')
  const whole = fc.tuple(lead, reasoning, gap, rest)
  fc.assert(
    fc.property(
      whole.chain((parts) =>
        fc.tuple(
          fc.constant(parts),
          cutUp(fc.constant(`${parts[0]}<thinking>${parts[1]}</thinking>${parts[2]}${parts[3]}`)),
        ),
      ),
      ([[, thought, , answer], pieces]) => {
        const expected = [
          { kind: 'reasoning', text: thought },
          { kind: 'text', text: answer },
        ].filter(({ text }) => text !== '')
        expect(split(pieces)).toEqual(expected as readonly Piece[])
      },
    ),
    { numRuns: 1_000 },
  )
})

describe('at once', () => {
  test.each([
    ['a lone bracket waits for one character, not longer', ['a <', 'b'], [['a <'], ['b']]],
    ['what can no longer be the tag goes out', ['<think', 'er>'], [[], ['<thinker>']]],
    ['later tags are text', ['Hi <thinking>x</thinking>'], [['Hi <thinking>x</thinking>']]],
    ['text after the first characters never waits', ['A', '<', 'thinking>'], [['A'], ['<'], ['thinking>']]],
    ['reasoning passes as it comes', ['<thinking>a', 'b<', '/thinking>c'], [['a'], ['b'], ['c']]],
    ['endless white space is text', [' '.repeat(65), '<thinking>'], [[' '.repeat(65)], ['<thinking>']]],
  ])('%s', (_, pieces, expected) => {
    const splitter = createTagSplitter()
    expect(pieces.map((piece) => splitter.push(piece).map(({ text }) => text))).toEqual(expected as string[][])
  })
})

test('the end gives out what was held back, as what it was', () => {
  expect(split(['<thin'])).toEqual([{ kind: 'text', text: '<thin' }])
  expect(split(['\n '])).toEqual([{ kind: 'text', text: '\n ' }])
  expect(split(['<thinking>a</think'])).toEqual([{ kind: 'reasoning', text: 'a</think' }])
})
