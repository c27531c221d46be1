import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createFreeformReader, textOf } from '../../server/dialect/openai-responses/freeform.ts'

/** What the reader gives for JSON that arrives in these pieces, step by step and in the end. */
function read(pieces: readonly string[]): { readonly given: readonly string[]; readonly text: string } {
  const reader = createFreeformReader()
  const given = pieces.map(reader.push)
  const { text, rest } = reader.end()
  expect([...given, rest].join('')).toBe(text)
  return { given, text }
}

const cutAt = (text: string, sizes: readonly number[]): readonly string[] => {
  const pieces: string[] = []
  let at = 0
  for (const size of sizes) {
    pieces.push(text.slice(at, at + size))
    at += size
  }
  return [...pieces, text.slice(at)]
}

describe("a freeform tool's text", () => {
  test('comes while it arrives, escapes and pairs never in halves', () => {
    const pieces = ['{"in', 'put": "*** Be', 'gin\\', 'n\\u00', 'e9 \\ud83d', '\\ude00', '"', '}']
    expect(read(pieces)).toEqual({ given: ['', '*** Be', 'gin', '\n', 'é ', '😀', '', ''], text: '*** Begin\né 😀' })
  })

  test('is whole however the JSON is cut, whatever is in it', () => {
    const property = fc.property(
      fc.string({ unit: 'binary' }),
      fc.array(fc.integer({ min: 1, max: 5 })),
      fc.boolean(),
      (text, sizes, ascii) => {
        const json = JSON.stringify({ input: text })
        const wire = ascii
          ? json.replace(/[\u0080-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
          : json
        expect(read(cutAt(wire, sizes)).text).toBe(text)
      },
    )
    fc.assert(property, { numRuns: 300 })
  })

  test.each([
    ['{}', ''],
    ['', ''],
    ['{"patch":"x"}', '{"patch":"x"}'],
    ['{"input":7}', '{"input":7}'],
    ['{"why":"because","input":"x"}', 'x'],
    ['"x"', '"x"'],
  ])('%s gives %p', (json, text) => {
    expect(read([...json]).text).toBe(text)
    expect(textOf(json)).toBe(text)
  })

  test('cut short is told as far as it came', () => {
    const reader = createFreeformReader()
    expect(reader.push('{"input":"half')).toBe('half')
    expect(reader.end()).toEqual({ text: 'half', rest: '' })
  })
})
