import { describe, expect, test } from 'bun:test'
import { gatewayError } from '../../server/conversation/error.ts'
import { adminApp } from './admin-app.ts'

const dead = gatewayError('token-rejected', 'The refresh token is no longer good.')
const oidc = (n: number) => ({
  clientId: `client-${n}`,
  clientSecret: `secret-${n}`,
  refreshToken: `refresh-token-number-${n}`,
})
const social = (n: number) => ({ refreshToken: `social-refresh-token-${n}` })
const outcomes = (json: { results: readonly { outcome: string }[] }) => json.results.map(({ outcome }) => outcome)

test('feed creates what it can and names what it cannot', async () => {
  const { call, store } = await adminApp()
  const { json } = await call('POST', '/v2/accounts/feed', { accounts: [oidc(1), { label: 'x' }, oidc(1), oidc(2)] })
  expect(json.count).toBe(2)
  expect(json.skipped).toEqual([
    { index: 1, error: 'clientId and clientSecret are required.' },
    { index: 2, error: 'It is the same sign-in as item 1.' },
  ])
  expect(outcomes(json)).toEqual(['added', 'refused', 'present', 'added'])
  expect((await store.accounts.list()).map(({ account }) => account.id)).toEqual(json.created)
})

test('import takes the export format and skips what is there, also within the file', async () => {
  const { call, addAccount } = await adminApp()
  await addAccount('a', { credentials: { clientId: 'client-9' } })
  const items = [
    oidc(1),
    { ...oidc(1), refreshToken: 'another-refresh-token' },
    oidc(9),
    { label: 'nothing' },
    { ...oidc(2), enabled: false, label: null },
  ]
  const { json } = await call('POST', '/v2/accounts/import', items)
  expect(json).toMatchObject({
    success: true,
    total: 5,
    valid: 4,
    duplicate: 2,
    invalid: 1,
    imported: 2,
    limitReached: false,
    message: 'Imported 2 of 5 accounts (2 already there, 1 unusable).',
  })
  expect(outcomes(json)).toEqual(['added', 'present', 'present', 'refused', 'added'])
  expect(json.results[2]).toMatchObject({ id: 'a', error: 'The account label a is already there.' })
  const list = (await call('GET', '/v2/accounts?status=disabled')).json
  expect(list.count).toBe(1)
})

test('the same file sent twice at once is imported once', async () => {
  const { call, store } = await adminApp()
  const items = [oidc(1), oidc(2)]
  await Promise.all([call('POST', '/v2/accounts/import', items), call('POST', '/v2/accounts/import', items)])
  await Promise.all([call('POST', '/v2/accounts', oidc(3)), call('POST', '/v2/accounts', oidc(3))])
  expect((await store.accounts.list()).length).toBe(3)
})

test('a sign-in that is there is not made twice: the answer is its account and says so', async () => {
  const { call, addAccount } = await adminApp()
  await addAccount('a', { credentials: oidc(1) })
  expect((await call('POST', '/v2/accounts', oidc(1))).json).toMatchObject({ id: 'a', outcome: 'present' })
  const profileArn = 'arn:aws:codewhisperer:eu-central-1:000000000000:profile/FAKEFAKEFAKE'
  const company = { ...oidc(1), provider: 'Enterprise', region: 'eu-north-1', profileArn }
  expect((await call('POST', '/v2/accounts', company)).json).toMatchObject({
    id: 'a',
    outcome: 'renewed',
    auth_method: 'identity-center',
    region: 'eu-central-1',
    identity_region: 'eu-north-1',
    sign_in_provider: 'Enterprise',
    profile_arn: profileArn,
  })
})

test('tokens that are newer renew an account, older ones leave it, and both are said', async () => {
  const { call, store, addAccount } = await adminApp()
  const accessExpiresAt = Date.UTC(2026, 0, 1)
  for (const id of ['older', 'newer', 'expired']) await addAccount(id, { credentials: { accessExpiresAt } })
  await store.accounts.saveHealth('expired', { state: 'expired', since: 1, failures: 1 })
  const item = (id: string, expiresAt: string) => ({
    clientId: `client-${id}`,
    clientSecret: 'secret',
    refreshToken: `refresh-token-of-the-file-${id}`,
    accessToken: 'aoa-of-the-file',
    expiresAt,
  })
  const { json } = await call('POST', '/v2/accounts/import', [
    item('older', '2025-12-31T23:00:00Z'),
    item('newer', '2026-01-01T01:00:00Z'),
    item('expired', '2025-06-01T00:00:00Z'),
  ])
  expect(outcomes(json)).toEqual(['present', 'renewed', 'renewed'])
  expect(json).toMatchObject({ imported: 0, duplicate: 3, invalid: 0 })
  const kept = await Promise.all(['older', 'newer', 'expired'].map((id) => store.accounts.credentials.load(id)))
  expect(kept.map((one) => one?.refreshToken)).toEqual([
    'SECRET-refresh-token-of-older-0002',
    'refresh-token-of-the-file-newer',
    'refresh-token-of-the-file-expired',
  ])
  expect((await store.accounts.get('expired'))?.account.health.state).toBe('unchecked')
})

test('a refresh token becomes an account once the provider has taken it', async () => {
  const { call, store, world } = await adminApp()
  world.check = (id) => ({ userId: `user of ${id}`, email: 'found@example.com', plan: 'PRO' })
  const { json } = await call('POST', '/v2/accounts/import-by-token', [
    social(1),
    { ...oidc(1), email: 'given@example.com' },
    { ...social(3), label: 'mine' },
  ])
  expect(json).toMatchObject({ success: true, total: 3, imported: 3, failed: 0, duplicate: 0, limitReached: false })
  expect(json.results.map(({ label, email }: Record<string, string>) => [label, email])).toEqual([
    ['found@example.com', 'found@example.com'],
    ['given@example.com', 'given@example.com'],
    ['mine', 'found@example.com'],
  ])
  const methods = (await store.accounts.list()).map(({ profile }) => profile.method).toSorted()
  expect(methods).toEqual(['builder-id', 'social', 'social'])
})

test('a token the provider refuses leaves nothing behind, and one that is none is not sent', async () => {
  const { call, store, world } = await adminApp()
  const asked: string[] = []
  world.check = (id) => {
    asked.push(id)
    return { error: dead }
  }
  const { json } = await call('POST', '/v2/accounts/import-by-token', [
    social(1),
    { refreshToken: ' ' },
    { refreshToken: 'someone@example.com----hunter2hunter2----aorAAAAAGabcdefghijklmnop' },
    { refreshToken: 'hunter2' },
    { refreshToken: 'aoaAAAAAGabcdefghijklmnop' },
    {},
  ])
  expect(json).toMatchObject({ success: false, imported: 0, failed: 6 })
  expect(json.results.map(({ error }: { error: string }) => error)).toEqual([
    dead.message,
    'The refresh token is missing.',
    'refreshToken has characters that no token has.',
    'refreshToken is too short to be a refresh token.',
    'refreshToken is an access token (aoa…): the refresh token (aor…) is wanted.',
    'The refresh token is missing.',
  ])
  expect(asked).toHaveLength(1)
  expect(await store.accounts.list()).toEqual([])
  expect(JSON.stringify(json)).not.toContain('hunter2')
})

test('a token whose rotation came through is kept though the rest of the check failed, and what failed is said', async () => {
  const { call, store, world } = await adminApp()
  world.check = async (id) => {
    await store.accounts.credentials.save(id, {
      method: 'social',
      identityRegion: 'us-east-1',
      refreshToken: 'rotated',
    })
    return { error: gatewayError('upstream-unreachable', 'No route.') }
  }
  const { json } = await call('POST', '/v2/accounts/import-by-token', [social(1)])
  expect(json).toMatchObject({ imported: 1, results: [{ outcome: 'added', error: 'No route.' }] })
  expect((await store.accounts.list()).length).toBe(1)
})

test('the same login twice is one account, in a batch and against what is there', async () => {
  const { call, store, world } = await adminApp()
  world.check = () => ({ userId: 'one person', email: 'one@example.com' })
  const first = await call('POST', '/v2/accounts/import-by-token', [social(1), social(2), social(1)])
  expect(first.json).toMatchObject({ imported: 1, duplicate: 2, failed: 0 })
  const again = await call('POST', '/v2/accounts/import-by-token', [social(4)])
  expect(again.json).toMatchObject({ success: false, imported: 0, duplicate: 1 })
  expect((await store.accounts.list()).length).toBe(1)
})

test('a line that repeats another has part in what becomes of that one', async () => {
  const { call, store, world, addAccount } = await adminApp()
  await addAccount('a')
  await store.accounts.updateProfile('a', { userId: 'one person' })
  const asked: string[] = []
  world.check = async (id) => {
    const { refreshToken } = (await store.accounts.credentials.load(id)) ?? {}
    asked.push(refreshToken ?? '')
    return refreshToken === social(1).refreshToken ? { error: dead } : { userId: 'one person' }
  }
  const { json } = await call('POST', '/v2/accounts/import-by-token', [social(1), social(2), social(1), social(2)])
  expect(json).toMatchObject({ imported: 0, duplicate: 2, failed: 2 })
  expect(outcomes(json)).toEqual(['refused', 'present', 'refused', 'present'])
  const [refused, , again, present] = json.results
  expect(again).toEqual({ ...refused, index: 2 })
  expect(present).toMatchObject({ id: 'a', error: 'It is the same sign-in as item 2.' })
  expect(asked).toHaveLength(2)
  expect((await store.accounts.list()).map(({ account }) => account.id)).toEqual(['a'])
})

test('a line that says more than a refused one with the same secret is tried by itself', async () => {
  const { call, store, world } = await adminApp()
  world.check = async (id) =>
    (await store.accounts.credentials.load(id))?.clientId === undefined ? { error: dead } : { userId: 'one person' }
  const more = { ...oidc(1), ...social(1) }
  const { json } = await call('POST', '/v2/accounts/import-by-token', [social(1), more, social(1)])
  expect(outcomes(json)).toEqual(['refused', 'added', 'refused'])
})

test('a fresh token renews the account it belongs to when that one’s sign-in has expired', async () => {
  const { call, store, world, addAccount } = await adminApp()
  await addAccount('a')
  await store.accounts.updateProfile('a', { userId: 'one person' })
  await store.accounts.saveHealth('a', { state: 'expired', since: 1, failures: 1 })
  world.check = () => ({ userId: 'one person' })
  const { json } = await call('POST', '/v2/accounts/import-by-token', [social(1)])
  expect(json.duplicate).toBe(1)
  expect(json.results[0]).toMatchObject({ outcome: 'renewed', id: 'a', renewed: true, success: false })
  expect(json.results[0].error).toContain('has been renewed')
  expect(world.adopted).toEqual(['a'])
  expect(await store.accounts.credentials.load('a')).toMatchObject({ ...social(1), method: 'social' })
  expect((await store.accounts.list()).map(({ account }) => [account.id, account.health.state])).toEqual([
    ['a', 'ready'],
  ])
})

test('an old export of an account that is well is told from a dead sign-in', async () => {
  const { call, store, world, addAccount } = await adminApp()
  await addAccount('a')
  world.check = () => ({ error: dead })
  const { json } = await call('POST', '/v2/accounts/import-by-token', [{ ...oidc(1), clientId: 'client-a' }])
  expect(json.results).toMatchObject([{ outcome: 'present', id: 'a', error: expect.stringContaining('is newer') }])
  expect((await store.accounts.list()).length).toBe(1)
})

test('a person who is there with nothing newer costs no call: a use may end the token for its own program', async () => {
  const { call, store, world, addAccount } = await adminApp()
  await addAccount('a', { credentials: { method: 'social', provider: 'Google' } })
  await store.accounts.updateProfile('a', { email: 'One@example.com' })
  const asked: string[] = []
  world.check = (id) => {
    asked.push(id)
    return { userId: `user of ${id}` }
  }
  const { json } = await call('POST', '/v2/accounts/import-by-token', [
    { ...social(1), email: 'one@example.com', provider: 'Google' },
    { ...social(2), email: 'one@example.com', provider: 'Github' },
  ])
  expect(outcomes(json)).toEqual(['present', 'added'])
  expect(asked).toHaveLength(1)
})

describe.each(['/v2/accounts/import', '/v2/accounts/import-by-token', '/v2/accounts/feed'])('%s', (route) => {
  const send = async (body: unknown, raw?: string) => {
    const app = await adminApp()
    const headers = { authorization: 'Bearer correct horse battery' }
    return { ...app, answer: await app.ask('POST', route, raw === undefined ? { body, headers } : { raw, headers }) }
  }

  test('reads an export of Kiro Account Manager as it is', async () => {
    const { answer, store } = await send({
      version: '1',
      accounts: [
        {
          email: 'one@example.com',
          idp: 'Enterprise',
          machineId: 'of another machine',
          credentials: { ...oidc(1), region: 'eu-north-1' },
        },
      ],
    })
    expect(outcomes(answer.json)).toEqual(['added'])
    const [record] = await store.accounts.list()
    if (route !== '/v2/accounts/import-by-token') expect(record?.profile.email).toBe('one@example.com')
    expect(await store.accounts.credentials.load(record?.account.id ?? '')).toEqual({
      ...oidc(1),
      method: 'identity-center',
      provider: 'Enterprise',
      identityRegion: 'eu-north-1',
    })
  })

  test('reads JSON Lines and lists of lines, one verdict for each', async () => {
    const raw = [
      JSON.stringify({ ...oidc(1), enabled: 1 }),
      'not a sign-in',
      `one@example.com----my----passphrase----aorAAAAAGabcdefghijklmnop----client-2----${'s'.repeat(20)}`,
      '{"refreshToken":',
    ].join('\n')
    const { answer, store, world } = await send(undefined, raw)
    expect(answer.json.results).toMatchObject([
      { line: 1, outcome: 'added' },
      { line: 2, outcome: 'refused' },
      { line: 3, outcome: 'added' },
      { line: 4, outcome: 'refused', error: 'This line is not valid JSON.' },
    ])
    expect((await store.accounts.list()).map(({ profile }) => profile.method)).toEqual(['builder-id', 'builder-id'])
    expect(answer.text + world.logged.join('\n')).not.toContain('pass')
  })

  test('names a member that is meant to change every object', async () => {
    const one =
      '{"refreshToken":"aorAAAAAGabcdefghijklmnop","clientId":"c","clientSecret":"s","__proto__":{"enabled":false}}'
    for (const raw of [`[${one}]`, one, `{"credentials":${one}}`, `{"__proto__":{"x":1},"accounts":[{}]}`]) {
      const { answer, store } = await send(undefined, raw)
      expect(answer.json.results).toMatchObject([{ outcome: 'refused', field: '__proto__' }])
      expect(await store.accounts.list()).toEqual([])
    }
  })

  test('names a member of a wrong type and takes the others', async () => {
    const { answer } = await send([{ ...oidc(1), enabled: 'maybe' }, oidc(2), { ...oidc(3), label: 7 }])
    expect(answer.json.results).toMatchObject([
      { outcome: 'refused', field: 'enabled', error: 'enabled must be true or false.' },
      { outcome: 'added' },
      { outcome: 'refused', field: 'label' },
    ])
  })

  test.each([
    ['{"refreshToken": ', undefined],
    ['{}', 'accounts'],
    ['', undefined],
    ['no sign-in at all', undefined],
  ])('%p is a 400 as a whole', async (raw, field) => {
    const { answer } = await send(undefined, raw)
    expect([answer.status, answer.json.code, answer.json.field]).toEqual([400, 'INVALID_REQUEST', field])
  })
})

describe('a preview', () => {
  const sources = (...texts: readonly string[]) => ({ sources: texts.map((text, n) => ({ name: `file-${n}`, text })) })

  test('says what a file is and what an import would do, and asks nobody', async () => {
    const { call, store, world, addAccount } = await adminApp()
    await addAccount('a', { credentials: oidc(1) })
    await addAccount('b', { credentials: oidc(2) })
    await store.accounts.saveHealth('b', { state: 'expired', since: 1, failures: 1 })
    world.check = () => {
      throw new Error('nobody is to be asked')
    }
    const managed = (n: number, more: object = {}) => ({
      nickname: `account ${n}`,
      email: `${n}@example.com`,
      status: 'banned',
      credentials: { ...oidc(n), ...more },
    })
    const text = JSON.stringify({
      version: '1',
      accounts: [
        managed(1),
        managed(2, { refreshToken: 'refresh-token-that-is-newer' }),
        managed(3, { provider: 'Enterprise', region: 'eu-north-1' }),
        managed(3, { provider: 'Enterprise', region: 'eu-north-1' }),
        { email: 'five@example.com', credentials: {} },
      ],
    })
    const { json, text: answered } = await call('POST', '/v2/accounts/import-preview', sources(text))
    expect(json.sources).toEqual([
      { name: 'file-0', form: 'kiro-account-manager', title: 'Kiro Account Manager', count: 5 },
    ])
    expect(json.items).toMatchObject([
      { verdict: 'present', account_id: 'a', account_name: 'label a', stated_status: 'suspended', name: 'account 1' },
      { verdict: 'renews', account_id: 'b' },
      { verdict: 'new', method: 'identity-center', provider: 'Enterprise', identity_region: 'eu-north-1' },
      { verdict: 'repeated', same_as: 2 },
      { verdict: 'refused', name: 'five@example.com', error: 'The refresh token is missing.', field: 'refreshToken' },
    ])
    expect(answered).not.toContain('refresh-token')
    expect(await store.accounts.list()).toHaveLength(2)
  })

  test('a registration beside its token is no account', async () => {
    const { call } = await adminApp()
    const { refreshToken, ...client } = oidc(1)
    const token = { refreshToken, authMethod: 'IdC', clientIdHash: 'h', expiresAt: '2026-01-01T00:00:00Z' }
    const { json } = await call(
      'POST',
      '/v2/accounts/import-preview',
      sources(JSON.stringify(client), JSON.stringify(token)),
    )
    expect(json.sources.map(({ form, count }: { form: string; count: number }) => [form, count])).toEqual([
      ['client-registration', 0],
      ['kiro-token', 1],
    ])
    expect(json.items).toMatchObject([{ index: 0, source: 1, verdict: 'new', method: 'builder-id' }])
  })

  test('is followed by an import of the items wanted, each with its outcome', async () => {
    const { call, store } = await adminApp()
    const text = [1, 2, 3].map((n) => JSON.stringify(social(n))).join('\n')
    const { json } = await call('POST', '/v2/accounts/import-checked', { ...sources(text), indexes: [0, 2] })
    expect(json.results).toMatchObject([
      { index: 0, line: 1, outcome: 'added' },
      { index: 2, line: 3, outcome: 'added' },
    ])
    expect(await store.accounts.list()).toHaveLength(2)
  })
})
