import { expect, test } from 'bun:test'
import { mendedCalls, newCalls } from '../../server/contract/mended-calls.ts'
import type { ReplyEvent } from '../../server/conversation/event.ts'
import { cpuMs } from '../support/cpu.ts'

const many = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n))
const made = (v: readonly number[], more: object, faults: readonly string[]) => ({
  ...{ id: 'x', name: 'a', faults },
  json: JSON.stringify({ v, ...more }),
})
const call = (json: string): readonly ReplyEvent[] => [
  { type: 'tool-call-start', index: 0, id: 'x', name: 'a' },
  { type: 'tool-call-delta', index: 0, json },
  { type: 'tool-call-end', index: 0 },
]

test('mended calls find their places without being held against every other, alike or not', () => {
  const v = many(100, (n) => n)
  const wrong = many(50, (n) => made(v, { k: `w${n}` }, ['#: wrong']))
  const good = many(6_000, (n) => made(v, { k: `g${n}` }, []))
  const events = many(50, (n) => call(JSON.stringify({ v, k: `w${n}`, more: true }))).flat()
  const all = [...wrong, ...good]
  const costs = (of: typeof mendedCalls): number => {
    const before = cpuMs()
    expect(of(events, all)).toEqual(events)
    return cpuMs() - before
  }
  // This one reads them, and no more.
  const reading = Math.max(...many(3, () => costs(newCalls)))
  expect(Math.min(...many(3, () => costs(mendedCalls)))).toBeLessThan(2 * reading + 100)
})
