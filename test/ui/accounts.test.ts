import { describe, expect, test } from 'bun:test'
import type { AccountState } from '../../server/admin/contract/accounts.ts'
import type { ImportPreview, ImportPreviewItem, ImportResult } from '../../server/admin/contract/imports.ts'
import { accountParams } from '../../ui/src/features/accounts/filters.ts'
import {
  batchesOf,
  countsText,
  previewRow,
  resultRow,
  shownRows,
  sourceText,
} from '../../ui/src/features/accounts/import.ts'
import { isClosed, noProxy, proxyOptions } from '../../ui/src/features/accounts/proxy-choice.ts'
import { type SignInForm, signInBody, signInFailure, signInFaults } from '../../ui/src/features/accounts/sign-in.ts'
import {
  accountName,
  fullName,
  quotaOf,
  remedyOf,
  statusHelp,
  statusText,
  troubleText,
} from '../../ui/src/features/accounts/status.ts'
import { emptyToken, tokenBody, tokenFaults } from '../../ui/src/features/accounts/token-form.ts'
import { en, formatIn, sayIn } from '../support/words.ts'
import { someProxies } from './fake-gateway.ts'

const t = sayIn('en')
const now = Date.UTC(2026, 0, 31)
const inTime = (ms: number): string => new Date(now + ms).toISOString()

test.each<[AccountState, string | null, string]>([
  ['ready', null, 'Ready'],
  ['disabled', null, 'Disabled'],
  ['suspended', null, 'Suspended by provider'],
  ['expired', null, 'Sign-in expired'],
  ['unchecked', null, 'Not checked yet'],
  ['failing', null, 'Failing (7 errors)'],
  ['restricted', inTime(42_000), 'Restricted by provider, 42 sec left'],
  ['restricted', inTime(-1), 'Restricted by provider'],
  ['exhausted', null, 'Quota used up'],
  ['exhausted', inTime(86_400_000 * 3), 'Quota used up, back Feb 3'],
  ['cooling', null, 'Cooling down'],
  ['cooling', inTime(42_000), 'Cooling down, 42 sec left'],
  ['cooling', inTime(61_000 * 20), 'Cooling down, 21 min left'],
  ['cooling', inTime(-1), 'Ready'],
  ['exhausted', inTime(-1), 'Ready'],
])('%s until %p reads "%s"', (state, state_until, text) => {
  expect(statusText({ state, state_until, error_count: 7 }, t, formatIn('en'), now)).toBe(text)
})

test.each([
  ['shaky', null, null, 'Recent calls failed. Other accounts are preferred for 42 sec.'],
  ['shaky', 'claude-opus-4.5', null, 'claude-opus-4.5 failed recently. Other accounts are preferred for 42 sec.'],
  ['told-to-wait', null, 'Busy.', 'The provider asked to wait 42 sec: Busy.'],
  ['told-to-wait', 'claude-opus-4.5', 'Full.', 'The provider asked to wait 42 sec for claude-opus-4.5: Full.'],
  ['model-refused', 'claude-opus-4.5', null, 'This account may not use claude-opus-4.5. It is tried again in 42 sec.'],
] as const)('%s of %p reads so', (kind, model, reason, text) => {
  expect(troubleText({ kind, model, reason, until: inTime(42_000) }, t, formatIn('en'), now)).toBe(text)
  expect(troubleText({ kind, model, reason, until: inTime(-1) }, t, formatIn('en'), now)).toBeUndefined()
})

test.each([
  ['models-unread', 'The model list could not be read; conversations still work. Said so.'],
  ['quota-unread', 'The quota could not be read; conversations still work. Said so.'],
  ['profile-unread', 'The profile could not be read. Said so.'],
  ['access-unrenewed', 'The access token could not be renewed yet; it will be tried again. Said so.'],
] as const)('%s reads so, however long it lasts', (kind, text) => {
  expect(troubleText({ kind, model: null, reason: 'Said so.', until: null }, t, formatIn('en'), now)).toBe(text)
})

test.each([
  ['expired', 'builder-id', 'sign-in'],
  ['expired', 'social', 'paste'],
  ['expired', 'api-key', 'paste'],
  ['failing', 'social', 'check'],
  ['unchecked', 'social', 'check'],
  ['suspended', 'builder-id', 'read'],
  ['cooling', 'builder-id', undefined],
  ['ready', 'builder-id', undefined],
] as const)('what helps an account that is %s and signs in by %s: %p', (state, auth_method, remedy) => {
  expect(remedyOf({ state, auth_method })).toBe(remedy)
})

test('states that need the operator say what helps', () => {
  const states: readonly AccountState[] = [
    'suspended',
    'expired',
    'restricted',
    'failing',
    'ready',
    'cooling',
    'disabled',
  ]
  expect(states.filter((state) => statusHelp({ state, auth_method: 'social' }))).toEqual([
    'suspended',
    'expired',
    'restricted',
    'failing',
  ])
})

test.each([
  [0, 0, 'unknown'],
  [0, 500, 'normal'],
  [349, 500, 'normal'],
  [350, 500, 'warning'],
  [449, 500, 'warning'],
  [450, 500, 'danger'],
  [900, 500, 'danger'],
  [5, -1, 'unknown'],
] as const)('%p of %p used is %s', (used, limit, level) => {
  expect(quotaOf(used, limit).level).toBe(level)
})

test('an account is named by its label, else its e-mail, else the end of its id', () => {
  expect(accountName({ id: 'acc_123456789', label: 'team', email: 'a@b.c' })).toBe('team')
  expect(accountName({ id: 'acc_123456789', label: null, email: 'a@b.c' })).toBe('a@b.c')
  expect(accountName({ id: 'acc_123456789', label: '', email: null })).toBe('#456789')
  expect(fullName({ id: 'acc_123456789', label: null, email: 'simulated-17@b.c' })).toBe('si***-17@b.c #456789')
  expect(fullName({ id: 'acc_123456789', label: '', email: null })).toBe('#456789')
})

test('an account may take any proxy that is open; a closed one is named, so that nobody looks for it', () => {
  const proxies = someProxies()
  const options = proxyOptions(proxies, t)
  expect(options[0]).toEqual({ value: noProxy, text: 'None' })
  expect(options.filter((option) => 'disabled' in option && option.disabled).map(({ text }) => text)).toEqual([
    'Spare (off)',
    'Moved (off)',
  ])
  expect(isClosed({ enabled: true, state: 'down' })).toBe(false)
})

test('an unknown filter in the address is left out', () => {
  expect(accountParams.status.read('expired,nonsense,suspended')).toEqual(['expired', 'suspended'])
  expect(accountParams.status.read(undefined)).toEqual([])
})

describe('a device sign-in', () => {
  test.each([
    ['expired', 'device.expired', 'device.newCode'],
    ['denied', 'device.denied', 'device.tryAgain'],
    ['network', 'device.network', 'device.tryAgain'],
    ['cancelled', 'device.cancelled', 'device.newCode'],
    ['lost', 'device.lost', 'device.newCode'],
    ['failed', 'device.failed', 'device.tryAgain'],
    ['toString', 'device.failed', 'device.tryAgain'],
    [null, 'device.failed', 'device.tryAgain'],
  ] as const)('that ended as %p has its own words and a way on', (code, text, action) => {
    expect(signInFailure(code)).toMatchObject({ text, action })
  })

  const form: SignInForm = {
    kind: 'identity-center',
    startUrl: ' https://x.awsapps.com/start ',
    region: 'eu-west-1',
    label: ' team ',
    proxyId: '',
  }
  test('needs a whole https address and a region for Identity Center only', () => {
    expect(signInFaults(form)).toEqual({})
    expect(signInFaults({ ...form, region: 'us-gov-west-1' })).toEqual({})
    expect(Object.keys(signInFaults({ ...form, startUrl: 'x.awsapps.com', region: 'Ireland' }))).toEqual([
      'startUrl',
      'region',
    ])
    expect(Object.keys(signInFaults({ ...form, startUrl: 'http://x.awsapps.com/start' }))).toEqual(['startUrl'])
    expect(signInFaults({ ...form, kind: 'builder-id', startUrl: '', region: '' })).toEqual({})
  })

  test('sends what its kind needs and nothing else', () => {
    expect(signInBody(form, undefined)).toEqual({
      label: 'team',
      startUrl: 'https://x.awsapps.com/start',
      region: 'eu-west-1',
    })
    expect(signInBody({ ...form, kind: 'builder-id', label: '' }, 'acc_1')).toEqual({ accountId: 'acc_1' })
    expect(signInBody({ ...form, kind: 'builder-id', label: '', proxyId: 'prx_1' }, undefined)).toEqual({
      proxyId: 'prx_1',
    })
  })
})

describe('a pasted token', () => {
  const refreshToken = 'r'.repeat(40)
  test('asks for the fields of its kind', () => {
    expect(Object.keys(tokenFaults(emptyToken))).toEqual(['refreshToken'])
    expect(Object.keys(tokenFaults({ ...emptyToken, kind: 'oidc' }))).toEqual([
      'refreshToken',
      'clientId',
      'clientSecret',
    ])
    expect(Object.keys(tokenFaults({ ...emptyToken, kind: 'api-key', region: 'here' }))).toEqual(['apiKey', 'region'])
    expect(tokenFaults({ ...emptyToken, refreshToken })).toEqual({})
  })

  test('with a start URL is Identity Center, without one Builder ID', () => {
    const oidc = {
      ...emptyToken,
      kind: 'oidc' as const,
      refreshToken: ` ${refreshToken}\n`,
      clientId: 'c',
      clientSecret: 's',
    }
    expect(tokenBody(oidc)).toEqual({
      method: 'builder-id',
      refreshToken,
      clientId: 'c',
      clientSecret: 's',
      region: 'us-east-1',
      check: true,
    })
    expect(tokenBody({ ...oidc, startUrl: 'https://x.awsapps.com/start' })).toMatchObject({ method: 'identity-center' })
    expect(tokenBody({ ...oidc, proxyId: 'prx_1' })).toMatchObject({ proxyId: 'prx_1' })
    expect(tokenBody({ ...emptyToken, kind: 'api-key', apiKey: 'k', refreshToken })).not.toHaveProperty('refreshToken')
  })
})

describe('an import', () => {
  const format = formatIn('en')
  const item = (index: number, more: Partial<ImportPreviewItem> = {}): ImportPreviewItem => ({
    index,
    source: 0,
    line: null,
    verdict: 'new',
    name: null,
    email: null,
    method: 'builder-id',
    provider: null,
    identity_region: 'us-east-1',
    profile_region: null,
    enabled: true,
    stated_status: null,
    account_id: null,
    account_name: null,
    same_as: null,
    error: null,
    code: null,
    field: null,
    ...more,
  })
  const previewOf = (...items: readonly ImportPreviewItem[]): ImportPreview => ({
    sources: [{ name: null, form: 'kiro-account-manager', title: 'Kiro Account Manager', count: items.length }],
    items: [...items],
  })
  const rows = (preview: ImportPreview) => preview.items.map((one) => previewRow(one, preview, t, format))

  test('says what a file is, how many accounts it has and how many of them are here', () => {
    const items = Array.from({ length: 12 }, (_, index) => item(index, index < 2 ? { verdict: 'present' } : {}))
    const { sources } = previewOf(...items)
    expect(sources.map((source) => sourceText(source, items, t, format))).toEqual([
      'Kiro Account Manager, 12 accounts, 2 already here',
    ])
    const unknown = { name: null, form: 'of a later server', title: 'Some Program', count: 1 }
    expect(sourceText(unknown, [item(0, { verdict: 'refused' })], t, format)).toBe(
      'Some Program, 1 account, 1 cannot be used',
    )
  })

  test('shows each with its place, what it is and what is to become of it', () => {
    const preview = previewOf(
      item(0, {
        name: 'team',
        method: 'identity-center',
        provider: 'Enterprise',
        identity_region: 'eu-north-1',
        profile_region: 'eu-central-1',
        stated_status: 'suspended',
        enabled: false,
      }),
      item(1, { line: 7, email: 'somebody@example.com', method: 'social', provider: 'Google' }),
      item(2, { verdict: 'renews', account_name: 'old name' }),
      item(3, { verdict: 'repeated', same_as: 1 }),
      item(4, { verdict: 'refused', method: null, identity_region: null, code: 'region', field: 'region', error: 'x' }),
      item(5, { verdict: 'refused', code: 'of a later server', error: 'Words of the server.' }),
    )
    expect(rows(preview)).toMatchObject([
      {
        place: '#1',
        name: 'team',
        about: 'Identity Center · eu-north-1 → eu-central-1 · banned, says the file · will be off',
        verdict: 'New',
        tone: 'success',
      },
      { place: 'Line 7', name: 'so***dy@example.com', about: 'Social · Google · us-east-1' },
      { verdict: 'Already here, gets a newer sign-in', reason: 'old name', tone: 'accent' },
      { verdict: 'Same as Line 7', tone: 'neutral' },
      { verdict: 'Cannot be used', reason: 'region: This is not an AWS region.', tone: 'danger', about: '' },
      { reason: 'Something went wrong. As reported: “Words of the server.”' },
    ])
  })

  test('tells afterwards what came of each, the provider’s words as such', () => {
    const preview = previewOf(item(0, { name: 'one' }), item(1, { name: 'two' }), item(2), item(3))
    const results: readonly ImportResult[] = [
      { index: 0, source: 0, outcome: 'added', name: 'one' },
      { index: 1, source: 0, outcome: 'renewed', name: 'two', error: 'The account two was already there.' },
      { index: 2, source: 0, outcome: 'refused', code: 'token-rejected', error: 'Sign in again.' },
      { index: 3, source: 0, outcome: 'refused', code: 'account-suspended', error: 'Your User ID is suspended.' },
    ]
    expect(results.map((result) => resultRow(result, preview, t, format))).toMatchObject([
      { name: 'one', verdict: 'Added', reason: undefined },
      { name: 'two', verdict: 'Sign-in renewed', reason: undefined },
      { verdict: 'Not added', reason: 'The provider does not accept this sign-in any more.' },
      {
        verdict: 'Not added',
        reason: 'The provider has suspended this account. As reported: “Your User ID is suspended.”',
      },
    ])
    expect(countsText(results, t, format)).toBe('1 added, 1 renewed, 0 already here, 2 refused')
  })

  test('goes to the server in at most 20 parts, all of it and in order', () => {
    for (const count of [0, 1, 50, 51, 1_001, 5_000]) {
      const batches = batchesOf(Array.from({ length: count }, (_, index) => item(index)))
      expect(batches.length).toBeLessThanOrEqual(20)
      expect(batches.flat()).toEqual(Array.from({ length: count }, (_, index) => index))
    }
  })

  test('of a long list shows what cannot be used before the rest', () => {
    const preview = previewOf(
      ...Array.from({ length: 500 }, (_, index) => item(index, index === 400 ? { verdict: 'refused' } : {})),
    )
    const shown = shownRows(rows(preview))
    expect([shown.length, shown.at(-1)?.index, shown[0]?.index]).toEqual([200, 400, 0])
  })
})

test('what is not found may have been searched by anything', () => {
  expect(en['accounts.emptyFilter']).toBe('No account matches.')
})
