import { expect, test } from 'bun:test'
import { readPrices } from '../../server/catalog/prices.ts'
import { pairOf, priceFaults, readOverrides, writeOverride } from '../../ui/src/features/models/prices.ts'

test('one price is set or taken away, the others stay', () => {
  const setting = '{"claude-opus-4.7":[5,25],"qwen*":[0.2,0.8]}'
  expect(JSON.parse(writeOverride(setting, 'claude-opus-4.7', [1, 2]))).toEqual({
    'claude-opus-4.7': [1, 2],
    'qwen*': [0.2, 0.8],
  })
  expect(JSON.parse(writeOverride(setting, 'qwen*', undefined))).toEqual({ 'claude-opus-4.7': [5, 25] })
  expect(JSON.parse(writeOverride('', '*', [3, 15]))).toEqual({ '*': [3, 15] })
})

test.each(['', '{', '[]', '5', 'null', '{"a":5,"b":[1],"c":["1",2]}'])('what is no price is none: %s', (setting) => {
  expect(readOverrides(setting)).toEqual({})
})

test.each([
  [{ name: 'm', input: '0', output: '25.5' }, []],
  [{ name: 'qwen*', input: '.2', output: '0.000001' }, []],
  [{ name: ' ', input: '', output: '-1' }, ['name', 'input', 'output']],
  [{ name: 'a*b', input: '1e3', output: '1,5' }, ['name', 'input', 'output']],
  [{ name: 'x'.repeat(201), input: '1000001', output: '0.0000001' }, ['name', 'input', 'output']],
])('a form says what is wrong before it is sent: case %#', (form, faults) => {
  expect(Object.keys(priceFaults(form))).toEqual(faults)
  // And the server takes what the form lets go.
  if (faults.length === 0) expect(readPrices({ [form.name]: [...pairOf(form)] }).ok).toBe(true)
})
