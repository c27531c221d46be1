import { expect, test } from 'bun:test'
import type { StandingView } from '../../server/admin/contract/used.ts'
import type { UserView } from '../../server/admin/contract/users.ts'
import {
  accessFaults,
  accessValues,
  sentAccess,
  servedByNobody,
  splitSet,
} from '../../ui/src/features/users/access-set.ts'
import { amountText, localTime, parseAmount, sentTime } from '../../ui/src/features/users/amount.ts'
import { csvCell, csvText } from '../../ui/src/features/users/csv.ts'
import { daysOf } from '../../ui/src/features/users/day-series.ts'
import { limitValues, sentLimits } from '../../ui/src/features/users/limit-values.ts'
import { namesOfPattern } from '../../ui/src/features/users/many-names.ts'
import {
  countStates,
  foundBy,
  lastUsed,
  refusedUntil,
  tightest,
  userState,
} from '../../ui/src/features/users/user-state.ts'
import { changesOf, filledOf, formValues, sentKey, sentUser } from '../../ui/src/features/users/user-values.ts'

const accounts = ['a', 'b', 'c'].map((id) => ({ id, name: id.toUpperCase(), hint: '', words: '' }))
const now = Date.parse('2026-11-28T12:00:00Z')
const standing = (more: Partial<StandingView> = {}): StandingView => ({
  ...{ limit: 'daily_quota', max: 100, used: 10, state: 'free', resets_at: '2026-11-29T00:00:00Z' },
  ...more,
})
const user = (more: Partial<UserView> = {}): UserView => ({
  ...{ id: 'usr_1', name: 'Li Wei', api_key: '****', created_at: '', updated_at: '', enabled: true, is_vip: false },
  ...{ priority: 0, keys: [], expires_at: null, models: [], account_ids: [], standings: [] },
  ...{ rate_limit_rpm: 0, request_quota: 0, daily_quota: 0, monthly_quota: 0, monthly_spend_micro_usd: 0 },
  ...{ monthly_credits: 0, concurrency: 0, total_tokens_used: 0, total_requests: 0, total_cost_usd: 0 },
  ...{ daily_requests: 0, daily_tokens: 0, monthly_tokens: 0, monthly_cost_micro_usd: 0, monthly_credits_used: 0 },
  ...more,
})

test.each([
  ['', 0],
  ['0', 0],
  ['2,000,000', 2_000_000],
  ['2 000 000', 2_000_000],
  ['2，000', 2_000],
  ['1.5M', 1_500_000],
  ['1.1m', 1_100_000],
  ['500k', 500_000],
  ['200万', 2_000_000],
  ['1.5亿', 150_000_000],
  ['$20.50', 20.5],
  ['many', undefined],
  ['-5', undefined],
  ['1.2.3', undefined],
  ['1e9', undefined],
])('the amount %p is %p', (text, amount) => {
  expect(parseAmount(text)).toBe(amount)
})

test('limits come back from the form as they were, money in dollars', () => {
  const limits = { ...user(), daily_quota: 5_000_000, monthly_spend_micro_usd: 14_200_000, monthly_credits: 1.5 }
  const values = limitValues(limits)
  expect(values).toMatchObject({ daily_quota: '5,000,000', monthly_spend_micro_usd: '14.2', rate_limit_rpm: '' })
  const { rate_limit_rpm, request_quota, daily_quota, monthly_quota } = limits
  expect(sentLimits(values)).toEqual({
    ...{ rate_limit_rpm, request_quota, daily_quota, monthly_quota, concurrency: 0 },
    ...{ monthly_spend_micro_usd: 14_200_000, monthly_credits: 1.5 },
  })
  // For the server's own rule to refuse.
  expect(sentLimits({ ...values, daily_quota: 'many' }).daily_quota as unknown).toBe('many')
  expect(amountText(0)).toBe('')
})

test('a time goes to the browser’s field and back to the minute', () => {
  const at = '2026-12-31T08:30:00.000Z'
  expect(sentTime(localTime(at))).toBe(at)
  expect([localTime(null), sentTime(''), sentTime('soon')]).toEqual(['', '', 'soon'])
})

test.each([
  [{ enabled: false, standings: [standing({ state: 'reached' })] }, 'disabled'],
  [{ expires_at: '2026-11-28T11:59:00Z' }, 'expired'],
  [{ expires_at: '2026-11-28T12:01:00Z' }, 'active'],
  [{ standings: [standing(), standing({ state: 'near' })] }, 'near'],
  [{ standings: [standing({ state: 'near' }), standing({ state: 'reached' })] }, 'reached'],
  // The day has ended since the list was read.
  [{ standings: [standing({ state: 'reached', resets_at: '2026-11-28T11:00:00Z' })] }, 'active'],
] as const)('a user with %j is %p', (more, state) => {
  expect(userState(user(more as Partial<UserView>), now)).toBe(state)
})

test('the states add up to all users', () => {
  const users = [user(), user({ enabled: false }), user({ standings: [standing({ state: 'near' })] })]
  const { all, ...rest } = countStates(users, now)
  expect(Object.values(rest).reduce((sum, count) => sum + count, 0)).toBe(all)
})

test('the tightest limit is a reached one, else the one that is used most', () => {
  const day = standing({ used: 60 })
  const month = standing({ limit: 'monthly_quota', max: 1_000, used: 700 })
  const reached = standing({ limit: 'request_quota', used: 50, state: 'reached' })
  expect(tightest([day, month], now)).toEqual(month)
  expect(tightest([day, month, reached], now)).toEqual(reached)
  expect(tightest([], now)).toBeUndefined()
})

test('who has reached two limits is refused until the later one begins anew', () => {
  const month = standing({ limit: 'monthly_quota', state: 'reached', resets_at: '2026-12-01T00:00:00Z' })
  expect(refusedUntil([standing({ state: 'reached' }), month, standing()], now)).toBe(Date.parse(month.resets_at))
  expect(refusedUntil([standing()], now)).toBeUndefined()
})

test('a user is found by name, e-mail, notes and the end of a key', () => {
  const key = { ...user(), name: 'laptop', prefix: 'sk-abcd', last4: 'x9Zz', user_id: null, notes: null }
  const shown = user({
    email: 'li@example.com',
    notes: 'desk 4',
    keys: [
      {
        ...key,
        last_used_at: '2026-11-28T10:00:00Z',
        previous_until: null,
        compression: 'inherit',
        dry_run: false,
        repair: null,
        hand_over: null,
        internal: false,
      },
    ],
  })
  for (const text of ['li', 'EXAMPLE', 'desk 4', 'x9zz', 'laptop', 'usr_1', ''])
    expect([text, foundBy(shown, text)]).toEqual([text, true])
  expect(foundBy(shown, 'wang')).toBe(false)
  expect(lastUsed(shown.keys)).toBe('2026-11-28T10:00:00Z')
  expect(lastUsed([])).toBeNull()
})

test('models that nobody offers stand among the patterns, and both are sent', () => {
  const rights = { account_ids: ['a'], models: ['claude-opus', 'claude-haiku-*'] }
  const values = accessValues(rights, ['claude-opus', 'claude-sonnet'])
  expect(values).toMatchObject({ onlyModels: true, models: ['claude-opus'], patterns: 'claude-haiku-*' })
  expect(sentAccess(values)).toEqual(rights)
  expect(sentAccess({ ...values, patterns: 'one, two，three  one' }).models).toEqual([
    'claude-opus',
    'one',
    'two',
    'three',
  ])
})

test('"only these" without any is refused: the server would take it as any', () => {
  const values = accessValues({ account_ids: ['a'], models: ['m'] }, ['m'])
  expect(accessFaults({ ...values, account_ids: [], models: [] })).toEqual({
    account_ids: 'keys.accountsNone',
    models: 'keys.modelsNone',
  })
  expect(accessFaults({ ...values, models: [], patterns: 'x-*' })).toEqual({})
  // A change of mind loses nothing, and sends none.
  expect(sentAccess({ ...values, onlyAccounts: false, onlyModels: false })).toEqual({ account_ids: [], models: [] })
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
] as const)('who may use %p is served by nobody: %#', (ids, known, nobody) => {
  expect(servedByNobody(ids, known)).toBe(nobody)
})

test('only what was changed is sent of a user, and of a new one only what is filled', () => {
  const before = formValues(user({ email: 'li@example.com', daily_quota: 5_000 }), [])
  const changes = (more: object) => changesOf(sentUser({ ...before, ...more }), sentUser(before))
  expect(changes({})).toEqual({})
  expect(changes({ daily_quota: '5000', name: ' Li Wei ' })).toEqual({})
  expect(changes({ daily_quota: '', email: '', priority: '1' })).toEqual({ daily_quota: 0, email: '', priority: 1 })
  expect(filledOf(sentUser({ ...formValues(undefined, []), name: 'Bo', daily_quota: '1k' }))).toEqual({
    name: 'Bo',
    daily_quota: 1_000,
  })
})

test('a key says how its replies are repaired only where it was told so', () => {
  const fresh = { ...formValues(undefined, []), name: 'ci' }
  expect(filledOf(sentKey(fresh))).toEqual({ name: 'ci', dry_run: false })
  expect(filledOf(sentKey({ ...fresh, repair: 'false' }))).toMatchObject({ repair: false })
  expect(changesOf(sentKey({ ...fresh, repair: 'true' }), sentKey(fresh))).toEqual({ repair: true })
  expect(changesOf(sentKey(fresh), sentKey({ ...fresh, repair: 'false' }))).toEqual({ repair: null })
})

test.each([
  ['user-{001}', 10, ['user-001', 'user-010']],
  ['{9} of ten', 2, ['9 of ten', '10 of ten']],
  ['user', 10, undefined],
] as const)('the pattern %p for %d names %p', (pattern, count, names) => {
  expect(namesOfPattern(pattern, count)).toEqual(names as [string, string] | undefined)
})

test('cells that a spreadsheet would reckon with are text', () => {
  expect(['=1+1', '+1', '-1', '@x', 'plain', 'a,b', 'say "hi"'].map(csvCell)).toEqual([
    ...["'=1+1", "'+1", "'-1", "'@x", 'plain', '"a,b"', '"say ""hi"""'],
  ])
  expect(csvText([['名称'], ['李']])).toBe('\uFEFF名称\r\n李\r\n')
})

test('the last thirty days are shown, those without use too, and the server’s day may be ahead', () => {
  const day = (date: string, total_tokens: number) => ({
    ...{ id: '', user_id: '', date, input_tokens: 0, output_tokens: 0, total_tokens },
    ...{ request_count: 1, cost_usd: 0.5, credits: 0 },
  })
  const { times, tokens, requests } = daysOf([day('2026-11-28', 30), day('2026-11-26', 10)], '2026-11-27')
  expect([times.length, tokens.length]).toEqual([30, 30])
  expect([tokens.slice(-4), requests.slice(-4)]).toEqual([
    [0, 10, 0, 30],
    [0, 1, 0, 1],
  ])
  expect(new Date(times[29] ?? 0).getDate()).toBe(28)
  expect(daysOf([], '2026-11-28').tokens.some((count) => count > 0)).toBe(false)
})
