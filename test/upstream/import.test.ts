import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { parseCliRows } from '../../server/upstream/amazonq/cli-rows.ts'
import { maxImportBytes, maxImportItems, readImport, readImportJson } from '../../server/upstream/amazonq/import.ts'
import type { FindRegistration, ImportItem } from '../../server/upstream/amazonq/import-item.ts'

const folder = path.join(import.meta.dir, '..', 'fixtures', 'imports')
const fixture = (name: string): string => readFileSync(path.join(folder, name), 'utf8')
const fromFolder: FindRegistration = (hash) => JSON.parse(fixture(`${hash}.json`))

function items(text: string, find?: FindRegistration): readonly ImportItem[] {
  const read = readImport([{ text }], find === undefined ? {} : { findRegistration: find })
  if (!read.ok) throw new Error(read.error.message)
  return read.value.items
}
const plainly = (item: ImportItem): object => {
  const { source: _, ...said } = item.ok ? item.value : { ...item.error, code: undefined }
  return said
}
const one = (item: object, find?: FindRegistration): object =>
  plainly(items(JSON.stringify(item), find)[0] as ImportItem)

const at = Date.UTC(2026, 0, 15, 13)
const arn = 'arn:aws:codewhisperer:us-east-1:000000000000:profile/FAKEFAKEFAKE'
const registered = {
  clientId: 'fake-registered-client',
  clientSecret: 'fake-registered-secret',
  clientExpiresAt: Date.UTC(2026, 3, 15, 12),
}
const client = { clientId: 'fake-client', clientSecret: 'fake-secret' }

describe('a file of another client', () => {
  const cases: readonly (readonly [string, readonly object[]])[] = [
    [
      'kiro-social.json',
      [
        {
          index: 0,
          credentials: {
            method: 'social',
            accessToken: 'aoaFAKEFAKEFAKEFAKE:FAKE',
            accessExpiresAt: at,
            refreshToken: 'aorFAKEFAKEFAKEFAKE:FAKE',
            profileArn: arn,
            identityRegion: 'us-east-1',
            provider: 'Github',
          },
        },
      ],
    ],
    [
      'kiro-builder-id.json',
      [
        {
          index: 0,
          credentials: {
            method: 'builder-id',
            accessToken: 'aoaFAKEFAKEFAKEFAKE',
            accessExpiresAt: at,
            refreshToken: 'aorFAKEFAKEFAKEFAKE',
            ...registered,
            identityRegion: 'us-east-1',
            provider: 'BuilderId',
          },
        },
      ],
    ],
    [
      'kiro-enterprise.json',
      [
        {
          index: 0,
          credentials: {
            method: 'identity-center',
            accessToken: 'aoaFAKEFAKEFAKEFAKE',
            accessExpiresAt: at,
            refreshToken: 'aorFAKEFAKEFAKEFAKE',
            ...registered,
            identityRegion: 'eu-west-1',
            provider: 'Enterprise',
          },
        },
      ],
    ],
    [
      'kiro-external-idp.json',
      [
        {
          index: 0,
          error:
            'Sign-ins through an external identity provider (external-idp) are not supported: use an API key instead.',
          field: 'authMethod',
        },
      ],
    ],
    [
      'sso-cache.json',
      [
        {
          index: 0,
          credentials: {
            method: 'identity-center',
            accessToken: 'aoaFAKE',
            accessExpiresAt: at,
            refreshToken: 'aorFAKEFAKEFAKEFAKE',
            ...client,
            clientExpiresAt: Date.UTC(2026, 3, 15, 12),
            identityRegion: 'us-west-2',
            startUrl: 'https://example.awsapps.com/start',
          },
        },
      ],
    ],
    [
      'original-export.json',
      [
        {
          index: 0,
          credentials: {
            method: 'builder-id',
            accessToken: 'aoaFAKE',
            refreshToken: 'aorFAKEFAKEFAKEFAKE1',
            ...client,
            identityRegion: 'us-east-1',
          },
          label: 'first',
          enabled: false,
          successCount: 40,
          errorCount: 2,
        },
        {
          index: 1,
          credentials: { method: 'social', refreshToken: 'aorFAKEFAKEFAKEFAKE2', identityRegion: 'us-east-1' },
          enabled: true,
          successCount: 0,
          errorCount: 0,
        },
        { index: 2, name: 'no refresh token', error: 'The refresh token is missing.', field: 'refreshToken' },
      ],
    ],
    [
      'by-token.json',
      [
        {
          index: 0,
          credentials: { method: 'social', refreshToken: 'aorFAKEFAKEFAKEFAKE1', identityRegion: 'us-east-1' },
          email: 'one@example.com',
        },
        {
          index: 1,
          credentials: {
            method: 'builder-id',
            refreshToken: 'aorFAKEFAKEFAKEFAKE2',
            ...client,
            identityRegion: 'us-east-1',
          },
          email: 'two@example.com',
        },
        { index: 2, error: 'must be text', field: 'refreshToken' },
      ],
    ],
    [
      'credential-list.json',
      [
        {
          index: 0,
          credentials: { method: 'social', refreshToken: 'aorFAKEFAKEFAKEFAKE1', identityRegion: 'us-east-1' },
        },
        {
          index: 1,
          credentials: {
            method: 'identity-center',
            refreshToken: 'aorFAKEFAKEFAKEFAKE2',
            ...client,
            identityRegion: 'us-east-2',
          },
          enabled: false,
        },
        { index: 2, credentials: { method: 'api-key', apiKey: 'ksk_FAKEFAKEFAKEFAKE', identityRegion: 'us-east-1' } },
        { index: 3, error: 'clientId and clientSecret are required.', field: 'clientSecret' },
      ],
    ],
    [
      'pasted.txt',
      [
        {
          index: 0,
          line: 1,
          credentials: { method: 'social', refreshToken: 'aorFAKEFAKEFAKEFAKE:FAKE', identityRegion: 'us-east-1' },
        },
        {
          index: 1,
          line: 3,
          credentials: { method: 'api-key', apiKey: 'ksk_FAKEFAKEFAKEFAKE', identityRegion: 'us-east-1' },
        },
        { index: 2, line: 4, error: 'An account must be an object, a refresh token or an API key.' },
      ],
    ],
  ]
  test.each(cases)('%s', (name, expected) => {
    expect(items(fixture(name), fromFolder).map(plainly)).toEqual([...expected])
  })

  test('says which registration is missing', () => {
    expect(items(fixture('kiro-builder-id.json')).map(plainly)).toMatchObject([{ index: 0, field: 'clientIdHash' }])
  })
})

describe('one item', () => {
  const refreshToken = 'aorFAKEFAKEFAKEFAKE'
  const faults: readonly (readonly [string, unknown, object])[] = [
    ['a number for a text', { refreshToken, label: 7 }, { field: 'label', error: 'must be text' }],
    ['a text for a flag', { refreshToken, enabled: 'yes' }, { field: 'enabled' }],
    ['an object for a time', { refreshToken, expiresAt: {} }, { field: 'expiresAt' }],
    ['half a count', { refreshToken, errorCount: 0.5 }, { field: 'errorCount' }],
    ['a region that is a host', { refreshToken, region: 'x.example/' }, { field: 'region' }],
    ['an ARN that is none', { refreshToken, profile_arn: 'arn:aws:s3:::bucket' }, { field: 'profile_arn' }],
    ['a token with a line break', { refreshToken: 'aor\nFAKE' }, { field: 'refreshToken' }],
    ['a text without end', { refreshToken: 'a'.repeat(20_000) }, { field: 'refreshToken' }],
    ['an unknown method', { refreshToken, authMethod: 'magic' }, { field: 'authMethod' }],
    ['an API key that is missing', { method: 'api-key' }, { field: 'apiKey' }],
    [
      'an external provider by its endpoint',
      { refreshToken, token_endpoint: 'https://x' },
      { field: 'token_endpoint' },
    ],
    ['a list in a list', [[]], { error: 'An account must be an object, a refresh token or an API key.' }],
  ]
  test.each(faults)('with %s is refused by name', (_, item, expected) => {
    expect(one(item as object)).toMatchObject(expected)
  })

  test('never quotes a secret in a refusal', () => {
    const told = JSON.stringify(one({ refreshToken: 'SECRET\u0000SECRET', clientSecret: 'ALSO-SECRET' }))
    expect(told).not.toContain('SECRET')
  })

  test('reads times with nanoseconds, in seconds and in milliseconds alike', () => {
    const expiries = ['2026-01-15T13:00:00.000123456Z', at / 1000, at, String(at)]
    const read = expiries.map((expiresAt) => one({ refreshToken, accessToken: 'aoaFAKE', expiresAt }))
    expect(read).toMatchObject(expiries.map(() => ({ credentials: { accessExpiresAt: at } })))
    expect(one({ refreshToken, accessToken: 'aoaFAKE', expiresAt: 'soon' })).not.toHaveProperty(
      'credentials.accessExpiresAt',
    )
  })

  test('reads our own export back', () => {
    const credentials = {
      method: 'identity-center' as const,
      accessToken: 'aoaFAKE',
      accessExpiresAt: at,
      refreshToken,
      ...client,
      clientExpiresAt: at,
      identityRegion: 'eu-west-1',
      startUrl: 'https://example.awsapps.com/start',
      profileArn: arn,
    }
    expect(one({ ...credentials, label: 'x', email: 'x@example.com', enabled: true })).toEqual({
      index: 0,
      credentials,
      label: 'x',
      email: 'x@example.com',
      enabled: true,
    })
  })
})

describe('the whole', () => {
  const refreshToken = 'aorFAKEFAKEFAKEFAKE'
  const wrong: readonly (readonly [string, string, string])[] = [
    ['nothing', '  \n', 'invalid-request'],
    ['an empty list', '[]', 'invalid-request'],
    ['broken JSON', '{"refreshToken":', 'invalid-request'],
    ['too many', JSON.stringify(Array(maxImportItems + 1).fill('x')), 'invalid-request'],
    ['too much', ' '.repeat(maxImportBytes + 1), 'request-too-large'],
  ]
  test.each(wrong)('%s is refused', (_, text, kind) => {
    expect(readImport([{ text }])).toMatchObject({ ok: false, error: { kind } })
  })

  test('may be wrapped and may start with a byte-order mark', () => {
    expect(items('\uFEFF{"accounts":[{"refreshToken":"aorFAKEFAKEFAKEFAKE"}]}').map(plainly)).toMatchObject([
      { credentials: { method: 'social' } },
    ])
  })

  test('never throws, and gives one answer for each item', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 1 }), (list) => {
        const read = readImportJson([{ refreshToken }, ...list])
        expect(read.ok && read.value.items.map((item) => (item.ok ? item.value.index : item.error.index))).toEqual(
          [refreshToken, ...list].map((_, index) => index),
        )
      }),
    )
  })
})

describe("a command-line client's rows", () => {
  const token = {
    access_token: 'aoaFAKE',
    refresh_token: 'aorFAKEFAKEFAKEFAKE',
    expires_at: '2026-01-15T13:00:00.123456789Z',
    region: 'us-east-1',
    start_url: 'https://view.awsapps.com/start',
    oauth_flow: 'DeviceCode',
    scopes: [],
  }
  const registration = {
    client_id: 'fake-client',
    client_secret: 'fake-secret',
    client_secret_expires_at: null,
    region: 'us-east-1',
  }
  const rows = (auth: Record<string, unknown>, state: Record<string, unknown> = {}) => ({
    auth: new Map(Object.entries(auth).map(([key, value]) => [key, JSON.stringify(value)])),
    state: new Map(Object.entries(state).map(([key, value]) => [key, JSON.stringify(value)])),
  })

  test.each([
    ['codewhisperer', 'odic'],
    ['codewhisperer', 'oidc'],
    ['kirocli', 'odic'],
    ['kirocli', 'oidc'],
  ])('%s with the spelling %s', (prefix, protocol) => {
    const read = parseCliRows(
      rows({ [`${prefix}:${protocol}:token`]: token, [`${prefix}:${protocol}:device-registration`]: registration }),
    )
    expect(read.map(plainly)).toEqual([
      {
        index: 0,
        credentials: {
          method: 'builder-id',
          accessToken: 'aoaFAKE',
          accessExpiresAt: at + 123,
          refreshToken: 'aorFAKEFAKEFAKEFAKE',
          ...client,
          identityRegion: 'us-east-1',
          startUrl: 'https://view.awsapps.com/start',
        },
      },
    ])
  })

  test("a company's sign-in takes start URL, region and profile from the state", () => {
    const { region: _, start_url: __, ...bare } = token
    const read = parseCliRows(
      rows(
        {
          'codewhisperer:odic:token': bare,
          'codewhisperer:odic:device-registration': { ...registration, region: undefined },
        },
        {
          'auth.idc.start-url': 'https://example.awsapps.com/start',
          'auth.idc.region': 'eu-west-1',
          'api.codewhisperer.profile': { arn, profile_name: 'Team' },
        },
      ),
    )
    expect(read.map(plainly)).toMatchObject([
      { credentials: { method: 'identity-center', identityRegion: 'eu-west-1', profileArn: arn } },
    ])
  })

  test('social ones are read, external ones refused by name, broken ones named', () => {
    const read = parseCliRows(
      rows({
        'kirocli:social:token': { ...token, provider: 'Google', profile_arn: arn },
        'kirocli:external-idp:token': { ...token, token_endpoint: 'https://login.example/token' },
        'codewhisperer:odic:token': token,
      }),
    )
    expect(read.map(plainly)).toMatchObject([
      { index: 0, field: 'clientId' },
      { index: 1, credentials: { method: 'social', provider: 'Google', profileArn: arn } },
      { index: 2, error: expect.stringContaining('external-idp') },
    ])
  })

  test('an empty database has nobody signed in', () => {
    expect(parseCliRows(rows({}))).toEqual([])
  })
})
