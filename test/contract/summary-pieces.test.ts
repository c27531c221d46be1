import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { mostPieces, piecesOf } from '../../server/contract/summary-pieces.ts'
import { assistant, user } from '../upstream/conversation-support.ts'

const characters = 3_000
/** What a break, a heading or the end of a piece may take from each piece. */
const spared = 400

test('pieces hold every word that was said, in order, while there is room for all; what is cut is counted', () => {
  const seen = new Set<string>()
  const anySaid = fc.record({
    words: fc.integer({ min: 0, max: 1_500 }),
    kind: fc.constantFrom('w', '字', '🙂'),
    answered: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(anySaid, { minLength: 1, maxLength: 12 }), fc.boolean(), (said, isUnbroken) => {
      let count = 0
      const glue = isUnbroken ? '' : ' '
      const messages = said.flatMap(({ words, kind, answered }) => [
        user(Array.from({ length: words }, () => `${kind}${isUnbroken ? '' : count++}`).join(glue)),
        ...(answered ? [assistant('ok')] : []),
      ])
      const total = JSON.stringify(messages).length
      const pieces = piecesOf(messages, 0, messages.length, undefined, characters)
      if (pieces === undefined) {
        seen.add('too much')
        expect(total).toBeGreaterThan(mostPieces * (characters - spared))
        return
      }
      expect(pieces.length).toBeLessThanOrEqual(mostPieces)
      const all = pieces.map(({ text }) => text).join('\n')
      for (const { text } of pieces) expect([text.length <= characters + 2, text.isWellFormed()]).toEqual([true, true])
      const characterSum = pieces.reduce((sum, { unshown }) => sum + unshown.characters, 0)
      const inText = [...all.matchAll(/\(… (\d+) characters left out …\)/g)].map(([, left]) => Number(left))
      expect(characterSum).toBe(inText.reduce((sum, left) => sum + left, 0))
      expect(pieces.reduce((sum, { unshown }) => sum + unshown.messages, 0)).toBe(inText.length)
      expect(pieces.at(-1)?.end).toBe(messages.length)
      if (inText.length > 0) {
        seen.add('cut')
        expect(total).toBeGreaterThan(mostPieces * (characters - spared))
        return
      }
      seen.add(pieces.some(({ end }) => end === undefined) ? 'broken' : 'whole')
      const shown = all.replace(/\[(?:user|assistant)(?:, going on)?\]\n/g, '').replace(/\bok\b/g, '')
      const wanted = messages.flatMap(({ role, parts }) =>
        parts.flatMap((part) => (role === 'user' && part.type === 'text' ? [part.text] : [])),
      )
      expect(shown.replace(/\s/g, '')).toBe(wanted.join('').replace(/\s/g, ''))
    }),
    { numRuns: 500 },
  )
  expect([...seen].sort()).toEqual(['broken', 'cut', 'too much', 'whole'])
})
