import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { createValueReader, readJson, valuesIn } from '../../server/contract/json-text.ts'

test('a value is given as it comes, also behind some space', () => {
  const reader = createValueReader('{')
  expect([' \n'.repeat(40), '{', '"a"', ':1} Enjoy!'].map(reader.push)).toEqual(['', '', '{"a"', ':1}'])
})

test('a value behind endless space waits for the end and is found there', () => {
  const reader = createValueReader('{')
  const said = [' '.repeat(600), ' '.repeat(600), '{"a":1}']
  expect(said.map(reader.push)).toEqual(['', '', ''])
  expect(valuesIn(reader.text()).map(({ value }) => value)).toEqual([{ a: 1 }])
})

test('a fence with nothing but space in it takes no longer than its length', () => {
  expect(valuesIn(`\`\`\`json\n${' '.repeat(1_000_000)}x`)).toEqual([])
  expect(valuesIn(`Here:\n\`\`\`json \n{"a":1}${' '.repeat(1_000_000)}\`\`\``)).toEqual([
    { json: '{"a":1}', value: { a: 1 } },
  ])
})

test.each([
  ['{"a":1,"a":2}', '#: "a" is given twice'],
  ['{"a":"x","\\u0061":1}', '#: "a" is given twice'],
  ['[{"b":{"c":":","c":"\\":"}}]', '#: "0.b.c" is given twice'],
  ['{"__proto__":1,"__proto__":2}', '#: "__proto__" is given twice'],
  ['{"a":1e400}', '#: a number is too large to be held'],
  ['[-1e999]', '#: a number is too large to be held'],
] as const)('%s is no certain value', (json, fault) => {
  expect(readJson(json)).toEqual({ ok: false, error: fault })
  expect(valuesIn(`Here: ${json}`)).toEqual([{ json, value: null, fault }])
})

test('what is given once is read as ever', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), fc.string(), (json, text) => {
      for (const one of [json, JSON.stringify({ [text]: text, a: { [text]: ':"\\' } })])
        expect(readJson(one)).toEqual({ ok: true, value: JSON.parse(one) })
    }),
  )
})
