import { expect, test } from 'bun:test'
import { realEffects } from '../../server/lib/effects.ts'

test('an id has its prefix and 24 letters and digits', () => {
  expect(realEffects.newId('acc')).toMatch(/^acc_[0-9A-Za-z]{24}$/)
  expect(new Set(Array.from({ length: 1_000 }, () => realEffects.newId('req'))).size).toBe(1_000)
})

test('an id made later sorts behind', async () => {
  const first = realEffects.newId('req')
  await Bun.sleep(2)
  expect(realEffects.newId('req') > first).toBe(true)
})
