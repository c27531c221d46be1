import { describe, expect, test } from 'bun:test'
import type { AccountListItem } from '../../server/admin/contract/accounts.ts'
import { filterText } from '../../ui/src/api/accounts.ts'
import { faultsOf, fieldsOf, patchOf } from '../../ui/src/features/accounts/account-settings.ts'
import { filterOf, toggled } from '../../ui/src/features/accounts/filters.ts'
import { failedLines } from '../../ui/src/features/accounts/import.ts'

const account = {
  ...{ label: 'team-01', notes: null, weight: 1, max_in_flight: 8 },
  overage: { offered: true, enabled: false, max_credits: null, max_micro_usd: 2_500_000, used_credits: 0 },
} as unknown as AccountListItem // what the form reads

describe('the settings of an account', () => {
  const before = fieldsOf(account)
  test('stand in the form as they are, caps in dollars', () => {
    expect(before).toEqual({
      ...{ label: 'team-01', notes: '', weight: '1', maxInFlight: '8' },
      ...{ overage: false, maxCredits: '', maxUsd: '2.5' },
    })
  })
  test('only what was changed is sent, and an empty cap takes it away', () => {
    expect(patchOf(before, before)).toEqual({})
    expect(patchOf(before, { ...before, notes: ' rented ', weight: '7' })).toEqual({ notes: 'rented', weight: 7 })
    expect(patchOf(before, { ...before, overage: true, maxCredits: '100.5', maxUsd: '' })).toEqual({
      overage: true,
      overageMaxCredits: 100.5,
      overageMaxMicroUsd: null,
    })
    expect(patchOf(before, { ...before, maxUsd: '0.1' })).toEqual({ overageMaxMicroUsd: 100_000 })
  })
  test.each([
    [{ weight: '0' }, ['weight']],
    [{ weight: '1.5', maxInFlight: '' }, ['weight', 'maxInFlight']],
    [{ maxCredits: 'many', maxUsd: '-1' }, ['maxCredits', 'maxUsd']],
    [{ notes: 'x'.repeat(501), label: 'x'.repeat(101) }, ['label', 'notes']],
    [{ maxUsd: '' }, []],
  ] as const)('%p has its faults named', (change, faults) => {
    expect(faultsOf({ ...before, ...change })).toEqual([...faults])
  })
})

test('filters go into the address of the list by the server’s names, empty ones not at all', () => {
  const none = { status: [], q: '', method: [], proxy: '', quota: 'any' } as const
  expect(filterText(filterOf(none))).toEqual({})
  expect(filterText(filterOf({ ...none, status: ['suspended', 'expired'], q: 'team', quota: '90' }))).toEqual({
    status: 'suspended,expired',
    q: 'team',
    quota: '90',
  })
  expect(toggled(['a', 'b'], 'a')).toEqual(['b'])
  expect(toggled(['a'], 'b')).toEqual(['a', 'b'])
})

describe('the lines an import refused', () => {
  test('of a list of lines are the lines', () => {
    const items = [
      { index: 0, source: 0, line: 1 },
      { index: 1, source: 0, line: 3 },
    ]
    expect(failedLines(['aorOne\n\nbroken----line\n'], items, [1])).toEqual(['broken----line'])
  })
  test('of a JSON list, by itself or within accounts, are its items', () => {
    const items = [0, 1, 2].map((index) => ({ index, source: index < 2 ? 0 : 1, line: null }))
    const sources = ['[{"refreshToken":"a"},{"refreshToken":"b"}]', '{"accounts":[{"refreshToken":"c"}]}']
    expect(failedLines(sources, items, [1, 2])).toEqual(['{"refreshToken":"b"}', '{"refreshToken":"c"}'])
  })
  test('that cannot be told are left out', () => {
    expect(failedLines(['[1,2,3]'], [{ index: 0, source: 0, line: null }], [0])).toEqual([])
    expect(failedLines(['nonsense'], [{ index: 0, source: 0, line: null }], [0])).toEqual([])
  })
})
