import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { findLocalClients, readLocalClient, readLocalClients } from '../../server/upstream/amazonq/local-clients.ts'

const fixtures = path.join(import.meta.dir, '..', 'fixtures', 'imports')
let home = ''
let cache = ''
let database = ''

beforeAll(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'local-clients-'))
  cache = path.join(home, '.aws', 'sso', 'cache')
  mkdirSync(cache, { recursive: true })
  const registration = '00000000000000000000000000000000deadbeef.json'
  cpSync(path.join(fixtures, registration), path.join(cache, registration))
  cpSync(path.join(fixtures, 'kiro-builder-id.json'), path.join(cache, 'kiro-auth-token.json'))
  // The same sign-in again, as the SSO cache of another client would have it, and a file that is something else.
  cpSync(path.join(fixtures, 'sso-cache.json'), path.join(cache, `${'1'.repeat(40)}.json`))
  writeFileSync(path.join(cache, 'other.json'), '{}')
  const folder = path.join(home, '.local', 'share', 'amazon-q')
  mkdirSync(folder, { recursive: true })
  database = path.join(folder, 'data.sqlite3')
  const made = new Database(database, { create: true })
  made.run('CREATE TABLE auth_kv (key TEXT PRIMARY KEY, value TEXT)')
  made.run('CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB)')
  const put = (table: string, key: string, value: unknown): unknown =>
    made.run(`INSERT INTO ${table} VALUES (?, ?)`, [
      key,
      table === 'state' ? Buffer.from(JSON.stringify(value)) : JSON.stringify(value),
    ])
  put('auth_kv', 'codewhisperer:odic:token', {
    access_token: 'aoaFAKE',
    refresh_token: 'aorFAKE-from-database',
    expires_at: '2026-01-15T13:00:00.123456789Z',
  })
  put('auth_kv', 'codewhisperer:odic:device-registration', { client_id: 'fake-client', client_secret: 'fake-secret' })
  put('state', 'auth.idc.start-url', 'https://example.awsapps.com/start')
  put('state', 'auth.idc.region', 'eu-west-1')
  made.close()
})
afterAll(() => rmSync(home, { recursive: true }))

describe("this machine's clients", () => {
  test('are found where they keep their sign-ins', async () => {
    const found = await findLocalClients({ directory: home, platform: 'linux' })
    expect(found.map(({ name, file }) => `${name} ${path.basename(file)}`)).toEqual([
      'Kiro kiro-auth-token.json',
      'Amazon Q CLI data.sqlite3',
      expect.stringContaining('AWS SSO cache'),
      expect.stringContaining('AWS SSO cache'),
    ])
    expect(await findLocalClients({ directory: path.join(home, 'nobody'), platform: 'win32' })).toEqual([])
  })

  test('are read without registrations and without the same sign-in twice', async () => {
    const { items, sources } = await readLocalClients(await findLocalClients({ directory: home, platform: 'linux' }))
    expect(
      items.map(
        (item) => item.ok && [item.value.index, item.value.credentials.method, item.value.credentials.clientId],
      ),
    ).toEqual([
      [0, 'builder-id', 'fake-registered-client'],
      [1, 'identity-center', 'fake-client'],
    ])
    expect(sources.map(({ form, count }) => [form, count])).toEqual([
      ['kiro-token', 1],
      ['command-line-client', 1],
      ['sso-cache', 0],
    ])
  })
})

describe('one file', () => {
  test('a database is read and left as it was', async () => {
    const before = readFileSync(database)
    expect(await readLocalClient(database)).toMatchObject({
      ok: true,
      value: {
        sources: [{ form: 'command-line-client', count: 1 }],
        items: [
          { ok: true, value: { credentials: { refreshToken: 'aorFAKE-from-database', identityRegion: 'eu-west-1' } } },
        ],
      },
    })
    expect(readFileSync(database).equals(before)).toBe(true)
  })

  test('a registration is looked for only beside the token', async () => {
    const file = path.join(home, 'odd.json')
    writeFileSync(
      file,
      JSON.stringify({ refreshToken: 'aorFAKEFAKEFAKEFAKE', authMethod: 'IdC', clientIdHash: '../.aws/sso/cache/x' }),
    )
    expect(await readLocalClient(file)).toMatchObject({
      ok: true,
      value: { items: [{ ok: false, error: { field: 'clientIdHash' } }] },
    })
  })

  test('a missing, huge or damaged file is told, not thrown', async () => {
    expect(await readLocalClient(path.join(home, 'missing'))).toMatchObject({ ok: false, error: { field: 'file' } })
    const huge = path.join(home, 'huge.json')
    writeFileSync(huge, '')
    truncateSync(huge, 11 * 1024 * 1024)
    expect(await readLocalClient(huge)).toMatchObject({ ok: false, error: { field: 'file' } })
    const damaged = path.join(home, 'damaged.sqlite3')
    writeFileSync(damaged, Buffer.concat([readFileSync(database).subarray(0, 100), Buffer.alloc(4000, 7)]))
    expect(await readLocalClient(damaged)).toMatchObject({ ok: false, error: { kind: 'invalid-request' } })
  })
})
