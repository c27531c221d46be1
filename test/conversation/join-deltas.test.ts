import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { UpstreamEvent } from '../../server/conversation/event.ts'
import { joinDeltas } from '../../server/conversation/join-deltas.ts'

const delta = fc.oneof(
  fc.record({
    type: fc.constant('text-delta' as const),
    index: fc.nat(2),
    text: fc.string({ minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    type: fc.constant('reasoning-delta' as const),
    index: fc.nat(2),
    text: fc.string({ minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    type: fc.constant('tool-call-delta' as const),
    index: fc.nat(2),
    json: fc.string({ minLength: 1, maxLength: 4 }),
  }),
  fc.record({ type: fc.constant('text-end' as const), index: fc.nat(2) }),
)
const said = (events: readonly UpstreamEvent[]): string =>
  events
    .flatMap((event) =>
      event.type === 'text-delta' || event.type === 'reasoning-delta'
        ? [...event.text].map((character) => `${event.type}${event.index}${character}`)
        : event.type === 'tool-call-delta'
          ? [...event.json].map((character) => `${event.type}${event.index}${character}`)
          : [JSON.stringify(event)],
    )
    .join('\n')

test('what is said, by whom and in which order stays the same, and no two neighbours could be joined further', () => {
  fc.assert(
    fc.property(fc.array(delta, { maxLength: 40 }), (events) => {
      const joined = joinDeltas(events)
      expect(said(joined)).toBe(said(events))
      joined.forEach((event, at) => {
        const before = joined[at - 1]
        const same = before !== undefined && before.type === event.type && before.type !== 'text-end'
        expect(same && 'index' in before && 'index' in event && before.index === event.index).toBe(false)
      })
    }),
  )
})
