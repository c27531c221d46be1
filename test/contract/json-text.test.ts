import { expect, test } from 'bun:test'
import { createValueReader, valuesIn } from '../../server/contract/json-text.ts'

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
