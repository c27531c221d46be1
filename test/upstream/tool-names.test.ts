import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { mapToolNames, toolUseId } from '../../server/upstream/amazonq/tool-names.ts'

const allowed = /^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/
const oddName = fc.oneof(
  fc.string({ maxLength: 90, unit: 'binary' }),
  fc.string({ minLength: 60, maxLength: 70, unit: fc.constantFrom('a', '_', '-', '0') }),
  fc.constantFrom('web_search', 'Read', 'read', 'mcp__server-1__tool.name', '工具', '', '_x', '\ud800', '\ud801'),
)

test('every name gets an allowed one of its own and finds back', () => {
  fc.assert(
    fc.property(fc.uniqueArray(oddName, { maxLength: 40 }), (names) => {
      const map = mapToolNames(names)
      const wire = names.map(map.toWire)
      for (const name of wire) expect(name).toMatch(allowed)
      expect(new Set(wire.map((name) => name.toLowerCase())).size).toBe(names.length)
      expect(wire.map(map.fromWire)).toEqual(names)
    }),
  )
})

test('a name that fits stays, even beside one that was mapped to it', () => {
  const mapped = mapToolNames(['a b']).toWire('a b')
  const map = mapToolNames(['a b', mapped])
  expect(map.toWire(mapped)).toBe(mapped)
  expect(map.toWire('a b')).not.toBe(mapped)
  expect([map.fromWire(mapped), map.fromWire(map.toWire('a b'))]).toEqual([mapped, 'a b'])
})

test('a mapping does not depend on the other names, and keeps what is readable', () => {
  const name = 'mcp__files.example__read file'
  expect(mapToolNames([name, 'x', 'y z']).toWire(name)).toBe(mapToolNames([name]).toWire(name))
  expect(mapToolNames([name]).toWire(name)).toStartWith('mcp__files_example__read_file_')
})

test.each([
  ['Read', 'read'],
  ['mcp__X__list', 'mcp__x__list'],
  ['read', 'Read'],
])('%s and %s are kept apart without case, and both find back', (first, second) => {
  const map = mapToolNames([first, second])
  expect(map.toWire(first)).toBe(first)
  expect(map.toWire(second)).toStartWith(`${second}_`)
  expect([first, second].map(map.toWire).map(map.fromWire)).toEqual([first, second])
  expect(map.renamed).toEqual([second])
})

test('a past call’s name that differs by case alone from a declared tool means that tool', () => {
  const map = mapToolNames(['read', 'web'], ['Read', 'WEB', 'gone', 'Gone'])
  expect(['Read', 'WEB', 'gone'].map(map.toWire)).toEqual(['read', 'web', 'gone'])
  expect(map.toWire('Gone')).toStartWith('Gone_')
  expect(map.fromWire('read')).toBe('read')
  expect(mapToolNames(['read', 'Read'], ['Read']).meant('Read')).toBe('Read')
})

test('a name of the server’s own is avoided, a name the model made up comes back as it is', () => {
  const map = mapToolNames(['web_search'])
  expect(map.toWire('web_search')).toStartWith('web_search_')
  expect(mapToolNames(['Web_Search']).toWire('Web_Search')).toStartWith('Web_Search_')
  expect(map.fromWire('invented')).toBe('invented')
})

test('tool use ids are allowed ones, the same for the same call, others for others', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.string({ maxLength: 100, unit: 'binary' }), fc.nat(3)), {
        selector: ([id, occurrence]) => `${occurrence} ${id}`,
        maxLength: 30,
      }),
      (calls) => {
        const ids = calls.map(([id, occurrence]) => toolUseId(id, occurrence))
        for (const id of ids) expect(id).toMatch(/^[a-zA-Z0-9_-]{1,64}$/)
        expect(new Set(ids).size).toBe(calls.length)
        expect(calls.map(([id, occurrence]) => toolUseId(id, occurrence))).toEqual(ids)
      },
    ),
  )
  expect(toolUseId('tooluse_AbCdEfGhIjKlMnOpQrStUv', 0)).toBe('tooluse_AbCdEfGhIjKlMnOpQrStUv')
})

test('a name that the model spells in another case is the tool’s own; one that is declared so is that one', () => {
  const { fromWire, toWire } = mapToolNames(['pay', 'web_search'], ['Old'])
  expect(['PAY', 'Pay', 'old', toWire('web_search').toUpperCase(), 'Web_Search'].map(fromWire)).toEqual([
    'pay',
    'pay',
    'Old',
    'web_search',
    'web_search',
  ])
  const hidden = mapToolNames(['pay'], ['BASH', 'PAY'], new Map(), ['bash', 'Pay'])
  expect(['BASH', 'Bash', 'pay', 'Pay', 'PAY'].map(hidden.fromWire)).toEqual(['bash', 'bash', 'pay', 'Pay', 'pay'])
  expect([
    hidden.meant('BASH'),
    hidden.meant('PAY'),
    mapToolNames([], [], new Map(), ['bash']).fromWire('BASH'),
  ]).toEqual(['bash', 'pay', 'bash'])
  const both = mapToolNames(['Read', 'read'])
  expect(['Read', 'read', both.toWire('read')].map(both.fromWire)).toEqual(['Read', 'read', 'read'])
})
