import { describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { createVault } from '../../server/vault/vault.ts'

const vault = createVault(randomBytes(32))

test('what is sealed opens again, whatever it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, context) => {
      expect(vault.unseal(vault.seal(text, context), context)).toEqual({ ok: true, value: text })
    }),
  )
})

test('the same text never gives the same bytes, and does not show in them', () => {
  const sealed = Array.from({ length: 100 }, () => Buffer.from(vault.seal('refresh-token-text', 'a')))
  expect(new Set(sealed.map((bytes) => bytes.toString('hex'))).size).toBe(100)
  for (const bytes of sealed) expect(bytes.includes('refresh')).toBe(false)
})

describe('it stays closed', () => {
  const sealed = vault.seal('secret', 'row 1')
  test('with another key, and says so', () => {
    const opened = createVault(randomBytes(32)).unseal(sealed, 'row 1')
    expect(!opened.ok && opened.error.reason).toBe('other-key')
  })
  test('in another row', () => {
    const opened = vault.unseal(sealed, 'row 2')
    expect(!opened.ok && opened.error.reason).toBe('damaged')
  })
  test('with any bit flipped', () => {
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Uint8Array.from(sealed)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(vault.unseal(changed, 'row 1').ok).toBe(false)
    }
  })
  test('cut at any length, or longer', () => {
    for (let length = 0; length < sealed.length; length++) {
      expect(vault.unseal(sealed.subarray(0, length), 'row 1').ok).toBe(false)
    }
    expect(vault.unseal(Uint8Array.of(...sealed, 0), 'row 1').ok).toBe(false)
  })
})

test('a key of another length is refused', () => {
  expect(() => createVault(new Uint8Array(16))).toThrow(RangeError)
})
test('the key given may be wiped afterwards', () => {
  const key = randomBytes(32)
  const own = createVault(key)
  const sealed = own.seal('x', 'y')
  key.fill(0)
  expect(own.unseal(sealed, 'y').ok).toBe(true)
})
