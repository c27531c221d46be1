import { expect, test } from 'bun:test'
import { checkImportedKey, keyTraces, makeKey } from '../../server/access/key.ts'

test('a new key is sk- and 48 letters and digits, and never the same twice', () => {
  const keys = Array.from({ length: 50 }, makeKey)
  expect(keys.every((key) => /^sk-[0-9A-Za-z]{48}$/.test(key))).toBe(true)
  expect(new Set(keys).size).toBe(50)
})

test('what is kept of a key is its SHA-256 and its ends', () => {
  expect(keyTraces('sk-abcdefghijklmnopqrstuvwxyz')).toEqual({
    hash: '693f5072f49dad8d5fac77242b0ef1cad8c3b74d7b93cd9f4a54b64937efe0a3',
    prefix: 'sk-abcd',
    last4: 'wxyz',
  })
})

test('a short key shows no more than half of itself', () => {
  const { prefix, last4 } = keyTraces('12345678')
  expect(prefix.length + last4.length).toBeLessThanOrEqual(4)
})

test.each([
  ['an existing key', 'sk-existing-key-1', true],
  ['a short one', 'short', false],
  ['one with a blank', 'has a space in it', false],
  ['one that is not ASCII', 'schlüssel-mit-umlaut', false],
  ['an overlong one', 'x'.repeat(257), false],
] as const)('%s as an imported key: usable is as the table says', (_, key, usable) => {
  const checked = checkImportedKey(key, 'apiKey')
  expect(checked.ok).toBe(usable)
  if (!checked.ok) expect(checked.error).toMatchObject({ kind: 'invalid-request', field: 'apiKey' })
})
