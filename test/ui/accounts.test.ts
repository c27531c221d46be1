import { describe, expect, test } from 'bun:test'
import type { AccountState } from '../../server/admin/contract/accounts.ts'
import { parseImport } from '../../ui/src/features/accounts/import.ts'
import { isClosed, noProxy, proxyOptions } from '../../ui/src/features/accounts/proxy-choice.ts'
import { type SignInForm, signInBody, signInFailure, signInFaults } from '../../ui/src/features/accounts/sign-in.ts'
import {
  accountName,
  quotaOf,
  statusFilter,
  statusHelp,
  statusText,
  troubleText,
} from '../../ui/src/features/accounts/status.ts'
import { emptyToken, tokenBody, tokenFaults } from '../../ui/src/features/accounts/token-form.ts'
import { type Key, resolve, type Translate } from '../../ui/src/i18n/dictionary.ts'
import { en } from '../../ui/src/i18n/en.ts'
import { createFormat } from '../../ui/src/lib/format.ts'
import { someProxies } from './fake-gateway.ts'

const t = ((key: Key, params?: Readonly<Record<string, string | number>>) => resolve(en[key], params)) as Translate
const now = Date.UTC(2026, 0, 31)
const inTime = (ms: number): string => new Date(now + ms).toISOString()

test.each<[AccountState, string | null, string]>([
  ['ready', null, 'Ready'],
  ['disabled', null, 'Disabled'],
  ['suspended', null, 'Suspended by provider'],
  ['expired', null, 'Sign-in expired'],
  ['unchecked', null, 'Not checked yet'],
  ['failing', null, 'Failing (7 errors)'],
  ['restricted', inTime(42_000), 'Restricted by provider, 0:42 left'],
  ['restricted', inTime(-1), 'Restricted by provider'],
  ['exhausted', null, 'Quota used up'],
  ['exhausted', inTime(86_400_000 * 3), 'Quota used up, back Feb 3'],
  ['cooling', null, 'Cooling down'],
  ['cooling', inTime(42_000), 'Cooling down, 0:42 left'],
  ['cooling', inTime(-1), 'Cooling down'],
])('%s until %p reads "%s"', (state, state_until, text) => {
  expect(statusText({ state, state_until, error_count: 7 }, t, createFormat('en'), now)).toBe(text)
})

test.each([
  ['shaky', null, null, 'Its last calls failed; others come first for 0:42.'],
  ['shaky', 'claude-opus-4.5', null, 'claude-opus-4.5 has failed lately; others come first for 0:42.'],
  ['told-to-wait', null, 'Busy.', 'The provider asks to wait 0:42: Busy.'],
  ['told-to-wait', 'claude-opus-4.5', 'Full.', 'The provider asks to wait 0:42 with claude-opus-4.5: Full.'],
  ['model-refused', 'claude-opus-4.5', null, 'claude-opus-4.5 is refused to it; asked again in 0:42.'],
] as const)('%s of %p reads so', (kind, model, reason, text) => {
  expect(troubleText({ kind, model, reason, until: inTime(42_000) }, t, now)).toBe(text)
  expect(troubleText({ kind, model, reason, until: inTime(-1) }, t, now)).toBeUndefined()
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
  expect(states.filter((state) => statusHelp(state))).toEqual(['suspended', 'expired', 'restricted', 'failing'])
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
})

test('an account may take any proxy that is open; a closed one is named, so that nobody looks for it', () => {
  const proxies = someProxies()
  const options = proxyOptions(proxies, t)
  expect(options[0]).toEqual({ value: noProxy, text: 'None' })
  expect(options.filter((option) => 'disabled' in option && option.disabled).map(({ text }) => text)).toEqual([
    'Spare (closed)',
    'Moved (closed)',
  ])
  expect(isClosed({ enabled: true, state: 'down' })).toBe(false)
})

test('an unknown filter in the address shows all', () => {
  expect(statusFilter('expired')).toBe('expired')
  for (const other of ['nonsense', undefined, ['expired']]) expect(statusFilter(other)).toBe('all')
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
  const token = 'aorAAAAAG'.repeat(5)
  const found = (...texts: readonly string[]) => {
    const parsed = parseImport(texts)
    if (!parsed.ok) throw new Error(parsed.error)
    return parsed.value
  }

  test('takes one refresh token per line and counts what is none', () => {
    expect(found(`${token}\n\n  ${token}x  \nshort\n`)).toEqual({
      tokens: [{ refreshToken: token }, { refreshToken: `${token}x` }],
      accounts: [],
      skipped: 1,
    })
  })

  test('takes a kiro-auth-token.json as it is', () => {
    const file = {
      accessToken: 'a',
      refreshToken: token,
      expiresAt: '2026-01-01T00:00:00Z',
      authMethod: 'social',
      provider: 'Google',
    }
    expect(found(JSON.stringify(file)).tokens).toEqual([{ refreshToken: token, accessToken: 'a' }])
  })

  test('joins a token of the SSO cache with the client registration beside it', () => {
    const sso = JSON.stringify({
      refreshToken: token,
      accessToken: 'a',
      authMethod: 'IdC',
      clientIdHash: 'h',
      region: 'eu-west-1',
    })
    const client = JSON.stringify({ clientId: 'id', clientSecret: 'secret', expiresAt: '2026-03-01T00:00:00Z' })
    expect(found(sso, client)).toEqual({
      tokens: [{ clientId: 'id', clientSecret: 'secret', refreshToken: token, accessToken: 'a', region: 'eu-west-1' }],
      accounts: [],
      skipped: 0,
    })
  })

  test('does not give a social token somebody else’s client', () => {
    const social = JSON.stringify({ refreshToken: token, authMethod: 'social' })
    const client = JSON.stringify({ clientId: 'id', clientSecret: 'secret' })
    expect(found(social, client).tokens).toEqual([{ refreshToken: token }])
  })

  test('stores rows of an export as accounts, in both spellings', () => {
    const row = {
      label: 'team',
      clientId: 'c',
      clientSecret: 's',
      refreshToken: token,
      enabled: false,
      errorCount: 1,
      successCount: 2,
    }
    const old = {
      client_id: 'c2',
      client_secret: 's2',
      refresh_token: token,
      error_count: 3,
      success_count: 4,
      enabled: true,
    }
    expect(found(JSON.stringify([row])).accounts).toEqual([row])
    expect(found(JSON.stringify({ accounts: [old] })).accounts).toEqual([
      { clientId: 'c2', clientSecret: 's2', refreshToken: token, errorCount: 3, successCount: 4, enabled: true },
    ])
  })

  test.each([
    ['{"refreshToken": ', 'import.badJson'],
    ['[]', 'import.nothing'],
    ['{"clientId":"c","clientSecret":"s"}', 'import.nothing'],
    ['[null, 3, true]', 'import.nothing'],
    [`[${'{},'.repeat(5000)}{}]`, 'import.tooLarge'],
    ['x'.repeat(11 * 1024 * 1024), 'import.tooLarge'],
  ] as const)('refuses what it cannot use (%#)', (text, error) => {
    expect(parseImport([text])).toEqual({ ok: false, error })
  })
})
