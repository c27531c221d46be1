import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { textInJson } from '../../server/lib/json.ts'

test('a text in JSON is what JSON.stringify writes, without the quotes', () => {
  const odd = ['"', '\\', '\n', '\u0000', '\u007f', '\u2028', '\ud800', '\udfff', '😀', '表', ' word', 'x'.repeat(39)]
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...odd), { maxLength: 6 }), (bits) => {
      const text = bits.join('')
      expect(`"${textInJson(text)}"`).toBe(JSON.stringify(text))
    }),
  )
})
