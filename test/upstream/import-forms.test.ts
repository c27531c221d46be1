import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import type { Credentials } from '../../server/upstream/amazonq/credentials.ts'
import { type ImportSource, readImport, readImportJson } from '../../server/upstream/amazonq/import.ts'
import { type ImportItem, itemOf, parseItem } from '../../server/upstream/amazonq/import-item.ts'

const folder = path.join(import.meta.dir, '..', 'fixtures', 'imports')
const fixture = (name: string): string => readFileSync(path.join(folder, name), 'utf8')

function read(...sources: readonly (string | ImportSource)[]) {
  const whole = readImport(sources.map((source) => (typeof source === 'string' ? { text: source } : source)))
  if (!whole.ok) throw new Error(whole.error.message)
  return whole.value
}
const credentials = (item: ImportItem | undefined): Credentials | undefined =>
  item?.ok ? item.value.credentials : undefined
const code = (item: ImportItem | undefined): string | undefined => (item?.ok === false ? item.error.code : undefined)

const refreshToken = 'aorFAKEFAKEFAKEFAKE:FAKE'

describe('what a file is', () => {
  test.each([
    ['original-backup.json', 'original-backup', 5],
    ['original-export.json', 'original-export', 3],
    ['kiro-account-manager.json', 'kiro-account-manager', 3],
    ['kiro-account-manager-flat.json', 'kiro-account-manager', 2],
    ['kiro-social.json', 'kiro-token', 1],
    ['kiro-enterprise.json', 'kiro-token', 1],
    ['sso-cache.json', 'sso-cache', 1],
    ['00000000000000000000000000000000deadbeef.json', 'client-registration', 1],
    ['credential-list.json', 'sign-ins', 4],
    ['by-token.json', 'sign-ins', 3],
    ['pasted.txt', 'token-list', 3],
  ])('%s is %s', (name, form, count) => {
    expect(read(fixture(name)).sources).toEqual([{ form, count } as never])
  })

  test.each([
    ['{"refreshToken":"x"}\n{"refreshToken":"y"},\n', 'json-lines', 2],
    ['a@example.com----pw----aorFAKEFAKEFAKEFAKE\nb@example.com----pw', 'mail-lines', 2],
    [`["${refreshToken}"]`, 'token-list', 1],
    ['{"method":"social","identityRegion":"us-east-1","refreshToken":"x"}', 'gateway-export', 1],
    [`{"accounts":{"one":{"refreshToken":"${refreshToken}"}}}`, 'sign-ins', 1],
  ])('%p is %s', (text, form, count) => {
    expect(read(text).sources).toEqual([{ form, count } as never])
  })

  test('one unreadable file does not cost the others', () => {
    const whole = read({ name: 'broken.json', text: '[{' }, { name: 'good.txt', text: refreshToken })
    expect(whole.sources.map(({ form }) => form)).toEqual(['unreadable', 'token-list'])
    expect(whole.items.map(code)).toEqual(['not-json', undefined])
    expect(whole.items[1]).toMatchObject({ value: { index: 1, source: 1, line: 1 } })
  })
})

describe('Kiro Account Manager', () => {
  test('its export keeps e-mail, name, status and both kinds of sign-in, and nothing of the machine', () => {
    const { items } = read(fixture('kiro-account-manager.json'))
    expect(items).toMatchObject([
      {
        value: {
          email: 'one@example.com',
          label: 'first',
          userId: 'd-0000000000.one',
          status: 'active',
          credentials: { method: 'builder-id', provider: 'BuilderId', accessExpiresAt: 1_768_482_000_000 },
        },
      },
      {
        value: {
          status: 'expired',
          credentials: {
            method: 'identity-center',
            provider: 'Enterprise',
            identityRegion: 'eu-north-1',
            startUrl: 'https://acme.awsapps.com/start',
          },
        },
      },
      { value: { credentials: { method: 'social', provider: 'Github' } } },
    ])
    expect(JSON.stringify(items)).not.toContain('machine')
    expect(JSON.stringify(items)).not.toContain('00000000000000001')
  })

  test('its other form does too; a stored password is never read', () => {
    const { items } = read(fixture('kiro-account-manager-flat.json'))
    expect(items).toMatchObject([
      { value: { status: 'suspended', enabled: true, label: 'Kiro Google', credentials: { provider: 'Google' } } },
      {
        value: {
          enabled: false,
          credentials: {
            method: 'identity-center',
            identityRegion: 'eu-north-1',
            profileArn: 'arn:aws:codewhisperer:eu-central-1:000000000000:profile/FAKEFAKEFAKE',
          },
        },
      },
    ])
    expect(JSON.stringify(items)).not.toContain('hunter2')
    expect(JSON.stringify(items)).not.toContain('00000000-0000')
  })
})

describe('what stands in the files of one import', () => {
  const client = { clientId: 'fake-client', clientSecret: 'fake-secret' }
  const token = (hash: string) =>
    JSON.stringify({ refreshToken, clientIdHash: hash, authMethod: 'IdC', provider: 'BuilderId' })

  test('a token finds its registration by the name of its file, else the only one there is', () => {
    const named = (name: string, clientId: string) => ({
      name: `${name}.json`,
      text: JSON.stringify({ ...client, clientId }),
    })
    const several = read(named('aa', 'client-a'), named('bb', 'client-b'), token('bb'))
    expect(several.items.map((item) => credentials(item)?.clientId)).toEqual(['client-b'])
    expect(read(JSON.stringify(client), token('cc')).items.map((item) => credentials(item)?.clientId)).toEqual([
      'fake-client',
    ])
    expect(read(named('aa', 'client-a'), named('bb', 'client-b'), token('cc')).items.map(code)).toEqual([
      'no-registration',
    ])
  })

  test('a social token is not given somebody else’s client', () => {
    const social = JSON.stringify({ refreshToken, authMethod: 'social' })
    expect(read(social, JSON.stringify(client)).items.map(credentials)).toMatchObject([
      { method: 'social', refreshToken },
      undefined as never,
    ])
  })
})

describe('lines', () => {
  const signed = 'eyJhbGciOiJIUzI1NiJ9.eyJmYWtlIjp0cnVlfQ.c2lnbmF0dXJl'
  const id = '1nczRHaD6zK2T4aJFtQw4Q'
  const line = (text: string) => read(`${text}\n`).items[0]

  test.each([
    [`a@example.com----hunter2----aorFAKEFAKEFAKEFAKE----${id}----${signed}`, id, 'aorFAKEFAKEFAKEFAKE'],
    [`a@example.com----hun----ter2----aorFAKEFAKEFAKEFAKE----${id}----${signed}`, id, 'aorFAKEFAKEFAKEFAKE'],
    [`a@example.com----aorFAKEFAKEFAKEFAKE----${id}----${signed}`, id, 'aorFAKEFAKEFAKEFAKE'],
    [`a@example.com----hunter2----aorFAKEFAKEFAKEFAKE`, undefined, 'aorFAKEFAKEFAKEFAKE'],
    // Dashes of their own at either end.
    [`a@example.com----hunter2-----aorFAKEFAKEFAKEFAKE-----${id}----${signed}`, id, 'aorFAKEFAKEFAKEFAKE-'],
    [
      `a@example.com----hunter2----aorFAKEFAKEFAKEFAKE-----${id.slice(1)}----${signed}`,
      `-${id.slice(1)}`,
      'aorFAKEFAKEFAKEFAKE',
    ],
    [`a@example.com----hunter2----${'T'.repeat(64)}----${id}----${signed}`, id, 'T'.repeat(64)],
  ])('%p is read', (text, clientId, token) => {
    const item = line(text)
    expect(item).toMatchObject({ ok: true, value: { email: 'a@example.com', line: 1 } })
    expect([credentials(item)?.clientId, credentials(item)?.refreshToken]).toEqual([clientId, token])
    expect(JSON.stringify(item)).not.toContain('hun')
  })

  test.each([
    ['a@example.com----hunter2', 'mail-line'],
    ['a@example.com', 'mail-line'],
    ['a@example.com----hunter2----JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', 'mail-line'],
    [`a@example.com----hunter2----${id}----${signed}`, 'mail-line'],
    [`a@example.com----hunter2----aorFAKEFAKEFAKEFAKE----${id}`, 'mail-line'],
    [`a@example.com----hunter2----aorFAKEFAKEFAKEFAKE----${id}----${signed}----extra`, 'mail-line'],
    ['correct-horse-battery-staple', 'not-a-sign-in'],
    ['user:password', 'not-a-sign-in'],
    ['a@example.com|hunter2|aorFAKEFAKEFAKEFAKE', 'mail-line'],
    ['user|hunter2|aorFAKEFAKEFAKEFAKE', 'not-a-sign-in'],
    ['aoaFAKEFAKEFAKEFAKEFAKE', 'malformed-token'],
    ['ksk_short', 'malformed-key'],
  ])('%p is refused, and not quoted', (text, wanted) => {
    const item = line(text)
    expect(code(item)).toBe(wanted)
    expect(JSON.stringify(item)).not.toContain('hunter2')
    expect(JSON.stringify(item)).not.toContain(text)
  })

  test('blank ones and comments are passed over, and each keeps its number', () => {
    const { items } = read(`# mine\r\n\r\n${refreshToken}\r\n \r\nksk_FAKEFAKEFAKE\r\n`)
    expect(items.map((item) => item.ok && item.value.line)).toEqual([3, 5])
  })
})

test.each([
  [1, true],
  ['true', true],
  ['TRUE', true],
  ['1', true],
  [0, false],
  ['false', false],
  [true, true],
])('enabled: %p is %p', (enabled, wanted) => {
  expect(readImportJson({ refreshToken, enabled })).toMatchObject({
    value: { items: [{ value: { enabled: wanted } }] },
  })
  expect(readImportJson({ refreshToken, disabled: enabled })).toMatchObject({
    value: { items: [{ value: { enabled: !wanted } }] },
  })
})

test.each([
  [{ region: 'eu-central-1', ssoRegion: 'eu-north-1' }, 'eu-north-1'],
  [{ region: 'eu-central-1', auth_region: 'eu-north-1' }, 'eu-north-1'],
  [{ region: 'eu-north-1' }, 'eu-north-1'],
])('of %p the region of the sign-in is %s', (regions, wanted) => {
  const item = { refreshToken, clientId: 'c', clientSecret: 's', provider: 'Enterprise', ...regions }
  expect(parseItem(item, { index: 0 })).toMatchObject({
    value: { credentials: { method: 'identity-center', identityRegion: wanted } },
  })
})

test('whatever is read is read the same from our own form of it', () => {
  const text = (length: number) =>
    fc.string({ unit: fc.constantFrom(...'abcXYZ019_.~+/=:-'), minLength: length, maxLength: 40 })
  const member = fc.record(
    {
      refreshToken: text(20).map((end) => `aor${end}`),
      clientId: text(1),
      clientSecret: text(1),
      accessToken: text(5),
      expiresAt: fc.constantFrom(1_768_482_000, '2026-01-15T13:00:00Z'),
      provider: fc.constantFrom('Google', 'Github', 'Enterprise', 'BuilderId', 'AWSIdC', 'other'),
      authMethod: fc.constantFrom('IdC', 'social', 'idc', 'builder-id'),
      region: fc.constantFrom('us-east-1', 'eu-north-1'),
      startUrl: fc.constantFrom('https://view.awsapps.com/start', 'https://acme.awsapps.com/start'),
      status: fc.constantFrom('active', 'banned', 'disabled', 'odd'),
      email: fc.constant('a@example.com'),
      label: text(1),
      enabled: fc.constantFrom(true, 0, 'true'),
      errorCount: fc.nat(),
    },
    { requiredKeys: ['refreshToken'] },
  )
  fc.assert(
    fc.property(member, (item) => {
      const first = parseItem(item, { index: 0 })
      if (first.ok) expect(parseItem(itemOf(first.value), { index: 0 })).toEqual(first)
    }),
  )
})

test('any text gives one verdict for each item and never throws', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '"',
    '----',
    'aorFAKEFAKEFAKEFAKE',
    '\n',
    'a@b.co',
    '{"refreshToken":1}',
    '#',
    ' ',
    'x',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const whole = readImport([{ text: pieces.join('') }])
      if (!whole.ok) return
      expect(whole.value.items.map((item) => (item.ok ? item.value.index : item.error.index))).toEqual(
        whole.value.items.map((_, index) => index),
      )
    }),
  )
})
