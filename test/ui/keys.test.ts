import { expect, test } from 'bun:test'
import {
  keyChanges,
  keyFaults,
  keyForm,
  sentIds,
  servedByNobody,
  splitSet,
} from '../../ui/src/features/keys/account-set.ts'

const accounts = ['a', 'b', 'c'].map((id) => ({ id, name: id.toUpperCase(), hint: '', words: '' }))
const key = { name: 'ci', account_ids: ['a', 'gone'] }

test('a new key may use all accounts, a known one starts from its own', () => {
  expect(keyForm(undefined, 'My first key')).toEqual({ name: 'My first key', only: false, accountIds: [] })
  expect(keyForm(key)).toEqual({ name: 'ci', only: true, accountIds: ['a', 'gone'] })
})

test('"only these" without any is refused: the server would take it as any account', () => {
  expect(keyFaults({ ...keyForm(key), accountIds: [] })).toEqual({ accounts: 'keys.accountsNone' })
  expect(keyFaults({ ...keyForm(key), accountIds: [], only: false })).toEqual({})
  expect(keyFaults({ ...keyForm(key), accountIds: Array.from({ length: 1001 }, String) })).toEqual({
    accounts: 'keys.accountsMany',
  })
})

test.each([
  ['  ', 'common.required'],
  ['n'.repeat(65), 'keys.nameLong'],
  [` ${'n'.repeat(64)} `, undefined],
] as const)('the name %p is judged %p', (name, fault) => {
  expect(keyFaults(keyForm({ ...key, name })).name).toBe(fault)
})

test('only what was changed is sent; the order of the accounts is no change', () => {
  const form = keyForm(key)
  expect(keyChanges(form, key)).toBeUndefined()
  expect(keyChanges({ ...form, accountIds: ['gone', 'a'] }, key)).toBeUndefined()
  expect(keyChanges({ ...form, name: ' build ' }, key)).toEqual({ name: 'build' })
  expect(keyChanges({ ...form, accountIds: ['a', 'b'] }, key)).toEqual({ account_ids: ['a', 'b'] })
  expect(keyChanges({ ...form, only: false }, key)).toEqual({ account_ids: [] })
})

test('choosing all keeps the set for a change of mind, and sends none', () => {
  expect(sentIds({ ...keyForm(key), only: false })).toEqual([])
  expect(sentIds(keyForm(key))).toEqual(['a', 'gone'])
})

test('accounts that are gone are told from those that are there', () => {
  const { present, removed } = splitSet(['gone', 'b', 'a'], accounts)
  expect(present.map(({ id }) => id)).toEqual(['a', 'b'])
  expect(removed).toEqual(['gone'])
})

test.each([
  [['gone'], accounts, true],
  [['gone', 'a'], accounts, false],
  [[], accounts, false],
  [['gone'], undefined, false],
  [['a'], [], true],
] as const)('a key for %p is served by nobody: %#', (ids, known, nobody) => {
  expect(servedByNobody(ids, known)).toBe(nobody)
})
