import { expect, test } from 'bun:test'
import { createCells, parseFlag, parseNumber, parseTime } from '../../server/moving/values.ts'

const noon = Date.UTC(2026, 1, 13, 9, 20, 0)
test.each<readonly [unknown, number | 'unreadable' | undefined]>([
  ['2026-02-13T17:20:00+08:00', noon],
  ['2026-02-13T09:20:00Z', noon],
  ['2026-02-13T09:20:00.000Z', noon],
  ['2026-02-13 17:20:00', noon],
  ['2026/02/13 17:20', noon],
  ['2026-02-13T04:20:00-0500', noon],
  ['2026-02-13 17:20:00.5 +0800 CST m=+0.123', noon + 500],
  ['2026-02-13 09:20:00 UTC', noon],
  ['2026-02-13', Date.UTC(2026, 1, 12, 16)],
  ['Fri, 13 Feb 2026 09:20:00 GMT', noon],
  [noon / 1000, noon],
  [String(noon / 1000), noon],
  [noon, noon],
  [BigInt(noon) * 1_000_000n, noon],
  [new Date(noon), noon],
  ['', undefined],
  ['never', undefined],
  [null, undefined],
  [0, undefined],
  ['0001-01-01T00:00:00Z', undefined],
  ['2026-02-30T00:00:00Z', 'unreadable'],
  ['yesterday', 'unreadable'],
  ['12', 'unreadable'],
  [-5, 'unreadable'],
])('a time written as %p', (written, read) => {
  expect(parseTime(written)).toBe(read)
})

test.each<readonly [unknown, number | undefined]>([
  [12, 12],
  ['12', 12],
  [' 1,234.5 ', 1234.5],
  ['1e3', 1000],
  [9007199254740993n, 9007199254740992],
  [true, 1],
  [new TextEncoder().encode('7'), 7],
  ['12 tokens', undefined],
  ['', undefined],
  ['0x10', undefined],
  [Number.POSITIVE_INFINITY, undefined],
])('a number written as %p', (written, read) => {
  expect(parseNumber(written)).toBe(read)
})

test.each<readonly [unknown, boolean | undefined]>([
  [1, true],
  [0, false],
  ['true', true],
  ['FALSE', false],
  ['0', false],
  [new Uint8Array([1]), true],
  ['maybe', undefined],
])('a switch written as %p', (written, read) => {
  expect(parseFlag(written)).toBe(read)
})

test('what had to be changed is told by the column, never by its value', () => {
  const cells = createCells({
    a: -5,
    b: '12',
    c: new Uint8Array([0x61, 0xff]),
    d: 'x\0y',
    e: 1e300,
    f: 'abc',
    g: 'nix',
  })
  expect([cells.count('a'), cells.count('b'), cells.text('c'), cells.text('d'), cells.count('e')]).toEqual([
    0,
    12,
    'a\ufffd',
    'xy',
    Number.MAX_SAFE_INTEGER,
  ])
  expect([cells.count('f'), cells.time('g'), cells.flag('g'), cells.text('missing')]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
  expect(cells.repairs).toEqual([
    'a was negative',
    'b was a number written as text',
    'c was binary',
    'c was not valid UTF-8',
    'd held NUL characters',
    'e was too large',
    'f was not a number',
    'g was not a time',
    'g was neither true nor false',
  ])
})
