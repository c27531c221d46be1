import { expect, test } from 'bun:test'
import { createPasswords, passwordFault } from '../../server/access/password.ts'

const cheap = { memoryCost: 8, timeCost: 1 }

function setUp(stored?: string) {
  const disk = { hash: stored, loads: 0 }
  const passwords = createPasswords(
    {
      load: async () => {
        disk.loads++
        return disk.hash
      },
      save: async (hash) => {
        disk.hash = hash
      },
    },
    cheap,
  )
  return { passwords, disk }
}

test.each([
  ['the first password', 'admin', false],
  ['the first password in capitals', 'Admin', false],
  ['seven characters', 'short7!', false],
  ['nothing', '', false],
  ['blanks', '          ', false],
  ['a whole book', 'x'.repeat(1025), false],
  ['eight characters of Chinese', '春眠不觉晓处处闻', true],
  ['eight digits in a row', '12345678', false],
  ['a walk over the keys', 'qwertyuiop12', false],
  ['a word that everybody knows, with a year', 'Sunshine2024!', false],
  ['such a word in other letters', 'P@ssw0rd', false],
  ['one piece again and again', 'abcabcabc', false],
  ['a sentence with such a word in it', 'my password is a horse', true],
  ['letters of a generator', 'k7Gx-22qTmzR', true],
  ['two words', 'long enough', true],
])('%s as a new password is judged by the rule', (_, password, allowed) => {
  expect(passwordFault(password) === undefined).toBe(allowed)
})

test('until one is set the first password is in force, and a set one replaces it', async () => {
  const { passwords, disk } = setUp()
  expect(await passwords.isFirst()).toBe(true)
  expect(await passwords.verify('admin')).toBe(true)
  expect(await passwords.verify('other')).toBe(false)
  expect((await passwords.change('correct horse')).ok).toBe(true)
  expect(disk.hash).toStartWith('$argon2id$')
  expect(disk.hash).not.toContain('correct horse')
  expect(await passwords.isFirst()).toBe(false)
  expect(await passwords.verify('admin')).toBe(false)
  expect(await passwords.verify('correct horse')).toBe(true)
})

test('the default cost is the one decided on', async () => {
  let kept: string | undefined
  const passwords = createPasswords({
    load: async () => kept,
    save: async (hash) => {
      kept = hash
    },
  })
  await passwords.change('correct horse')
  expect(kept).toStartWith('$argon2id$v=19$m=19456,t=2,p=1$')
})

test('a refused new password names where it came from and changes nothing', async () => {
  const { passwords, disk } = setUp()
  expect(await passwords.change('admin', 'adminPassword')).toMatchObject({
    ok: false,
    error: { kind: 'invalid-request', field: 'adminPassword' },
  })
  expect(disk.hash).toBeUndefined()
})

test('only a password found right is remembered, and a change forgets it', async () => {
  const { passwords } = setUp()
  expect(passwords.isRemembered('admin')).toBe(false)
  await passwords.verify('admin')
  expect(passwords.isRemembered('admin')).toBe(false) // the first password is never a credential
  await passwords.change('correct horse')
  await passwords.verify('wrong horse')
  expect(passwords.isRemembered('wrong horse')).toBe(false)
  await passwords.verify('correct horse')
  expect(passwords.isRemembered('correct horse')).toBe(true)
  await passwords.change('battery staple')
  expect(passwords.isRemembered('correct horse')).toBe(false)
})

test('the same text asked for many times at once is hashed once', async () => {
  const { passwords, disk } = setUp()
  await passwords.change('correct horse')
  disk.loads = 0
  const answers = await Promise.all(Array.from({ length: 20 }, () => passwords.verify('correct horse')))
  expect(answers.every(Boolean)).toBe(true)
  expect(disk.loads).toBe(1)
})

test('seeding sets the password once and never again', async () => {
  const { passwords } = setUp()
  expect(await passwords.seed('from the environment')).toEqual({ ok: true, value: true })
  expect(await passwords.seed('something else!')).toEqual({ ok: true, value: false })
  expect(await passwords.verify('from the environment')).toBe(true)
  expect(await setUp().passwords.seed('short')).toMatchObject({ ok: false, error: { field: 'ADMIN_PASSWORD' } })
})

test('clearing goes back to the first password', async () => {
  const { passwords } = setUp()
  await passwords.change('correct horse')
  await passwords.clear()
  expect(await passwords.isFirst()).toBe(true)
})

test('a hash that is not one lets nobody in', async () => {
  const { passwords } = setUp('not a hash')
  expect(await passwords.verify('admin')).toBe(false)
  expect(await passwords.verify('not a hash')).toBe(false)
  expect(await passwords.verify('')).toBe(false)
})
