import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { RequestBody } from '../../server/upstream/amazonq/wire.ts'
import { wireText } from '../../server/upstream/amazonq/wire-text.ts'

const written = (value: unknown): unknown => JSON.parse(wireText(value as RequestBody))

test.each([
  ['a half', '\ud83c', '\ufffd'],
  ['the other half', 'x\udf89y', 'x\ufffdy'],
  ['a whole character', '🎉', '🎉'],
  ['what only looks like a half', '\\ud83c', '\\ud83c'],
  ['a half behind a backslash', '\\\ud83c', '\\\ufffd'],
  ['a half in a name', { '\ud83c': 1 }, { '\ufffd': 1 }],
])('%s', (_, given, expected) => {
  expect(written({ a: given })).toEqual({ a: expected })
})

test('whatever is written can be read by anybody, and what was whole is unchanged', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      expect(written({ value })).toEqual(JSON.parse(JSON.stringify({ value })))
    }),
  )
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffff })), (codes) => {
      const text = String.fromCharCode(...codes)
      expect(written({ text })).toEqual({ text: text.toWellFormed() })
    }),
  )
})
