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

/** Where a thought may begin: at the head and after an empty line. */
const opens = (text: string): boolean => /^\s*<thinking>|\n[^\S\n]*\n {0,3}<thinking>/.test(text)

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
  const rest = scraps.filter((text) => !text.startsWith('\n') && !opens(text))
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
    ['tags within a line are text', ['Hi <thinking>x</thinking>'], [['Hi <thinking>x</thinking>']]],
    ['a line passes before it has ended', ['One\n', 'two', ' three'], [['One\n'], ['two'], [' three']]],
    ['a new paragraph waits for a character that decides', ['A\n\n', '<th', 'e'], [['A\n', '\n'], [], ['<the']]],
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

describe('several thoughts', () => {
  const parts = (text: string): readonly string[] => split([text]).map(({ kind, text }) => `${kind}: ${text}`)
  test.each([
    [
      'before and between the text',
      '<thinking>a</thinking>\n\nvisible\n\n<thinking>b</thinking>\n\ntail',
      ['reasoning: a', 'text: visible\n\n', 'reasoning: b', 'text: tail'],
    ],
    ['after the text', 'First.\n\n<thinking>b</thinking>', ['text: First.\n\n', 'reasoning: b']],
    [
      'with windows line ends',
      'One.\r\n\r\n<thinking>b</thinking>x',
      ['text: One.\r\n\r\n', 'reasoning: b', 'text: x'],
    ],
    ['a little indented', 'One.\n\n  <thinking>b</thinking>x', ['text: One.\n\n', 'reasoning: b', 'text: x']],
    ['one after the other', '<thinking>a</thinking>\n\n<thinking>b</thinking>\n\nx', ['reasoning: a\n\nb', 'text: x']],
    ['without a break', '<thinking>a</thinking><thinking>b</thinking>x', ['reasoning: ab', 'text: x']],
    ['the last one cut off', 'One.\n\n<thinking>b', ['text: One.\n\n', 'reasoning: b']],
    [
      'about the tag',
      '<thinking>Close with `</thinking>` then.</thinking>\n\nx',
      ['reasoning: Close with `</thinking>` then.', 'text: x'],
    ],
    ['in code, and closed', '<thinking>see `x</thinking>\n\ny', ['reasoning: see `x', 'text: y']],
    ['that end in a quote', '<thinking>see `</thinking>', ['reasoning: see `']],
  ])('%s', (_, text, expected) => expect(parts(text)).toEqual(expected))

  test.each([
    ['in the middle of a sentence', 'Wrap it in <thinking>x</thinking> and go on.'],
    ['at the beginning of a line within a paragraph', 'The form is\n<thinking>x</thinking>\nand no other.'],
    ['in a code block', 'Like this:\n\n```xml\n\n<thinking>x</thinking>\n\n```\n\nDone.'],
    ['in a code block of tildes', '~~~\n```\n\n<thinking>x</thinking>\n~~~\n'],
    ['in a longer fence', '````md\n```\n\n<thinking>x</thinking>\n\n```\n````\n'],
    ['in a code block within a list', '1. Like this:\n\n   ```\n\n<thinking>x</thinking>\n   ```\n'],
    ['in an open code block', '```\n\n<thinking>x</thinking>'],
    ['in an indented block', 'Like this:\n\n    <thinking>x</thinking>\n'],
    ['in a quote', '> Like this:\n>\n> <thinking>x</thinking>\n'],
    ['in inline code', 'One.\n\n`<thinking>x</thinking>` is the form.'],
    ['of another name', 'One.\n\n<thinking2>x</thinking2>'],
  ])('tags %s stay text', (_, text) => expect(parts(text)).toEqual([`text: ${text}`]))

  test('after a closed code block count again', () => {
    expect(parts('```\na\n```\n\n<thinking>b</thinking>x')).toEqual([
      'text: ```\na\n```\n\n',
      'reasoning: b',
      'text: x',
    ])
    expect(parts('A ```piece``` of code\n\n<thinking>b</thinking>x').slice(1)).toEqual(['reasoning: b', 'text: x'])
  })
  test('come out alike at any cut', () => {
    const more = fc
      .array(
        fc.constantFrom(
          '<thinking>',
          '</thinking>',
          '\n',
          '\n\n',
          '```',
          '`',
          '~~~',
          '  ',
          '> ',
          'a',
          'b c',
          '<',
          '格',
          '\r\n',
        ),
        { maxLength: 24 },
      )
      .map((scraps) => scraps.join(''))
    fc.assert(
      fc.property(
        more.chain((text) => fc.tuple(fc.constant(text), cutUp(fc.constant(text)))),
        ([text, pieces]) => {
          expect(split(pieces)).toEqual(split([text]))
        },
      ),
      { numRuns: 2_000 },
    )
  })
  test('begin anew after something else than text', () => {
    const splitter = createTagSplitter()
    const first = [...splitter.push('Now I call.'), ...splitter.flush()]
    const second = [...splitter.push('<thinking>b</thinking>\n\nx'), ...splitter.flush()]
    expect([...first, ...second].map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
      'text: Now I call.',
      'reasoning: b',
      'text: x',
    ])
  })
})
