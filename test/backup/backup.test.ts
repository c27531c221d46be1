import { afterAll, expect, test } from 'bun:test'
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { backUpToFile, backupName, draftOf, listBackups, pruneBackups } from '../../server/backup/file-backup.ts'
import { linesOf } from '../../server/backup/read-backup.ts'
import { isBackupDue } from '../../server/backup/schedule.ts'
import { sourceOf } from '../../server/backup/service.ts'
import type { Store } from '../../server/store/store.ts'
import { backupOf, contentOf, fill, newPlace, textSource } from './place.ts'

const places: ReturnType<typeof newPlace>[] = []
const place = () => {
  const made = newPlace()
  places.push(made)
  return made
}
afterAll(() => {
  for (const one of places) one.remove()
})
const passphrase = 'correct horse battery staple'

const filled = () => fill(place())

const withoutAudit = ({ auditEntries: _, sealedSettings: __, ...rest }: Awaited<ReturnType<typeof contentOf>>) => rest

async function restored(text: string, secret?: string): Promise<Store> {
  const there = place()
  await (await there.open()).close() // the first start of another machine makes its own key
  expect(await there.restore(textSource(text, secret))).toMatchObject({ ok: true, value: { kind: 'backup' } })
  expect(there.finish()).toMatchObject({ ok: true })
  return there.open()
}

test('a backup holds everything, and another machine with another master key opens it with the passphrase', async () => {
  const { store } = await filled()
  const before = await contentOf(store)
  for (const name of [
    'credentials',
    'proxies',
    'captures',
    'requests',
    'requestRollups',
    'auditEntries',
    'operators',
  ]) {
    expect([name, (before[name] ?? []).length > 0]).toEqual([name, true])
  }
  const text = await backupOf(store, { passphrase })
  // With its quote, which no sealed piece has: three letters meet by chance.
  for (const secret of ['proxy-password', 'aorAAAAA', 'a kept prompt', '"Ada']) expect(text).not.toContain(secret)
  const there = await restored(text, passphrase)
  const after = await contentOf(there)
  expect(withoutAudit(after)).toEqual(withoutAudit(before))
  // The chain goes on, with the restore as its last entry.
  expect(after.auditEntries?.slice(0, -1)).toEqual([...(before.auditEntries ?? [])])
  expect(await there.audit.verify()).toEqual({ ok: true, entries: (before.auditEntries?.length ?? 0) + 1 })
  expect(await there.captures.find('req_1')).toMatchObject({ prompt: 'a kept prompt' })
  // Rows that are written from now on are added up too.
  expect(after.rollupMarks).toEqual([{ id: 1, seq: 700 }])
  await there.close()
  await store.close()
}, 240_000)

test('counters beyond what can be told apart are backed up and come back cut, whatever wrote them', async () => {
  const { store } = await filled()
  const [key] = await store.keys.list()
  const most = Number.MAX_SAFE_INTEGER
  const used = {
    requests: 1,
    inputTokens: most,
    outputTokens: most,
    inputMicroUsd: most,
    outputMicroUsd: 1,
    credits: 0.5,
  }
  const addition = { subject: key?.id ?? '', period: 'all', used }
  for (let times = 0; times < 5; times++) await store.usage.write({ add: [addition], open: [], close: [] })
  const there = await restored(await backupOf(store, { passphrase }), passphrase)
  expect((await there.usage.read(addition.subject, ['all'])).get('all')).toMatchObject({
    ...{ inputTokens: most, outputTokens: most, inputMicroUsd: most },
  })
  await there.close()
  await store.close()
}, 240_000)

test.each([1, 7, 4096])('a database file that is sent in pieces of %d bytes is told where it belongs', async (size) => {
  const one = place()
  await (await one.open()).close()
  const bytes = readFileSync(one.database)
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }
  const source = await sourceOf({ body: pieces() })
  expect(source).toMatchObject({ ok: false, error: expect.stringContaining('claude-server restore FILE') })
})

test('what is no database is read from its first byte on', async () => {
  for (const text of ['', 'x', 'SQLite form', '{"a":1}\n{"b":2}']) {
    const source = await sourceOf({ body: new Blob([text]).stream() })
    if (!source.ok || source.value.kind !== 'text') throw new Error('it is a text')
    expect(await Array.fromAsync(source.value.lines)).toEqual(text === '' ? [] : text.split('\n'))
  }
})

test('without the request log the sums are kept, and new rows are added up from the first', async () => {
  const { store } = await filled()
  const before = await contentOf(store)
  const there = await restored(await backupOf(store, { passphrase, requestLog: false }), passphrase)
  const after = await contentOf(there)
  expect(after.requestRollups).toEqual([...(before.requestRollups ?? [])])
  expect([after.requests, after.captures, after.rollupMarks]).toEqual([[], [], []])
  await there.close()
  await store.close()
}, 240_000)

test('without secrets none is in it, and it is not taken for a backup', async () => {
  const { store } = await filled()
  const secrets = (await contentOf(store)).credentials?.map((row) => JSON.parse((row as { secret: string }).secret))
  const text = await backupOf(store, { secrets: false })
  const planted = [...(secrets ?? []).flatMap((one) => [one.refreshToken, one.accessToken, one.clientSecret])]
  expect(planted.filter(Boolean).length).toBeGreaterThan(20)
  for (const secret of [...planted, 'proxy-password', 'a kept prompt', 'a'.repeat(64), '$argon2']) {
    if (secret) expect(text).not.toContain(secret)
  }
  const { place: there } = await filled()
  const size = statSync(there.database).size
  expect(await there.restore(textSource(text))).toMatchObject({
    ok: false,
    error: expect.stringContaining('made without secrets'),
  })
  expect(statSync(there.database).size).toBe(size)
  await store.close()
}, 240_000)

test('whatever is changed, cut, left out or moved in a backup is found, and nothing that was there changes', async () => {
  const { place: here, store } = await filled()
  const sealed = await backupOf(store, { passphrase })
  const clear = await backupOf(store)
  await store.close()
  const before = readFileSync(here.database)
  const faults = async (text: string, secret?: string): Promise<string> => {
    const done = await here.restore(textSource(text, secret))
    return done.ok ? 'taken' : done.error
  }
  expect(await faults(sealed, 'not the passphrase at all')).toContain('the passphrase is wrong')
  expect(await faults(sealed)).toContain('its passphrase is needed')
  const parts = sealed.trim().split('\n')
  const [header = '', ...pieces] = parts
  expect(pieces.length).toBeGreaterThan(1)
  const first = pieces[0] ?? ''
  const flipped = `${first.slice(0, 60)}${first[60] === 'A' ? 'B' : 'A'}${first.slice(61)}`
  const swapped = [pieces[1], pieces[0], ...pieces.slice(2)]
  expect(await faults([header, flipped, ...pieces.slice(1)].join('\n'), passphrase)).toContain('was changed')
  expect(await faults([header, ...pieces.slice(0, -1)].join('\n'), passphrase)).toContain('changed or cut')
  expect(await faults([header, ...swapped].join('\n'), passphrase)).toContain('was changed')
  expect(await faults([header.replace('1.2.3', '1.2.4'), ...pieces].join('\n'), passphrase)).toContain('was changed')
  expect(await faults(sealed.slice(0, sealed.length - 100), passphrase)).toMatch(/changed or cut|damaged or cut/)
  expect(await faults(header.replace('"version":1', '"version":2'))).toContain('newer version')
  expect(await faults(header.replace(/"schema":"\d+/, '"schema":"99991231000000'))).toContain('newer version')
  expect(await faults(header.replace('"n":65536', '"n":1073741824'), passphrase)).toContain('encryption')

  const rows = clear.trim().split('\n')
  const at = rows.findIndex((row) => row.startsWith('["accounts"'))
  const changed = (from: string, to: string): string =>
    rows.map((row, index) => (index === at ? row.replace(from, to) : row)).join('\n')
  expect(await faults(rows.slice(0, -1).join('\n'))).toContain('its end is missing')
  expect(await faults(rows.filter((_, index) => index !== at).join('\n'))).toMatch(/breaks a rule|not those/)
  expect(await faults(changed('"weight":1', '"weight":2'))).toContain('not those it was made of')
  expect(await faults(changed('"weight":1', '"weight":"1"'))).toContain('accounts row 1: weight must be a whole number')
  expect(await faults(changed('"weight":1', '"weight":1000'))).toContain('accounts row 1: it breaks a rule')
  expect(await faults(changed('["accounts"', '["nobodys"'))).toContain('there is no table "nobodys"')
  expect(await faults('hello')).toContain('no JSON')
  expect(await faults('')).toContain('empty')
  expect(readFileSync(here.database).equals(before)).toBe(true)
  expect(readdirSync(here.dataDir).filter((name) => /importing|plan/.test(name))).toEqual([])
  expect(await faults(clear)).toBe('taken')
}, 240_000)

test('a backup of the original replaces the parts it has and leaves the rest; what is none, or empty, changes nothing', async () => {
  const { place: here, store } = await filled()
  await store.keys.create({
    ...{
      id: 'key_own',
      name: 'own',
      hash: 'b'.repeat(64),
      prefix: 'sk-xxxx',
      last4: 'yyyy',
      enabled: true,
      createdAt: 1,
    },
  })
  await store.close()
  const faults = async (value: unknown): Promise<string> => {
    const done = await here.restore(textSource(JSON.stringify(value)))
    return done.ok ? 'taken' : done.error
  }
  expect(await faults({})).toContain('none of what a backup is made of')
  expect(await faults({ users: null, accounts: null, settings: {} })).toContain('all of its parts are empty')
  expect(await faults([])).toContain('no JSON object')
  expect(await faults({ accounts: {} })).toContain('accounts must be a list')
  expect(await faults({ users: [{ id: 'u', api_key: { x: 1 } }] })).toContain('users[0].api_key')
  expect(await faults({ accounts: [{ id: 'a', refreshToken: '••••abcd' }] })).toContain(
    'accounts[0].refreshToken is masked',
  )
  expect(await faults({ backup_version: 3, accounts: [] })).toContain('backup_version')
  const users = [
    { id: 'u1', name: 'Eve', apiKey: 'sk-camel-case-key-0123456789', dailyQuota: 5, createdAt: '2026-01-01' },
  ]
  const text = JSON.stringify({ users, settings: { maxErrorCount: '3', adminPassword: 'admin' } }, null, 2)
  const hash = async (): Promise<unknown> => {
    const open = await here.open()
    try {
      return (await open.settings.all()).admin_password_hash
    } finally {
      await open.close()
    }
  }
  const before = await hash()
  expect(before).toBeDefined()
  expect(await here.restore(textSource(text), true)).toMatchObject({ ok: true, value: { dryRun: true, keptAs: null } })
  expect(here.finish()).toMatchObject({ ok: true })
  expect(await here.restore(textSource(text))).toMatchObject({ ok: true })
  expect(here.finish()).toMatchObject({ ok: true })
  const after = await here.open()
  expect((await after.users.list()).map(({ name, limits }) => [name, limits?.tokensPerDay])).toEqual([['Eve', 5]])
  expect((await after.accounts.list()).length).toBe(13)
  expect((await after.settings.all()).max_error_count).toBe('3')
  expect((await after.keys.list()).map(({ id }) => id)).toContain('key_own')
  expect(await after.operators.list()).toHaveLength(1)
  await after.close()
  // Nobody gets in by the password every original begins with.
  expect(await hash()).toBe(before)
}, 240_000)

test('a database file is copied while it is open, whole, for the operator alone, and brought back', async () => {
  const { place: here, store } = await filled()
  const file = path.join(here.dataDir, 'backups', backupName(Date.UTC(2026, 10, 28, 3, 4, 5)))
  expect(path.basename(file)).toBe('claude-server-20261128-030405.sqlite3')
  expect(await backUpToFile(here.database, file)).toMatchObject({ ok: true })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(existsSync(draftOf(file))).toBe(false)
  expect(await backUpToFile(here.database, file)).toMatchObject({
    ok: false,
    error: expect.stringContaining('already'),
  })
  const before = await contentOf(store)
  const keptSeq = before.auditEntries?.length ?? 0
  for (const { account } of await store.accounts.list()) await store.accounts.remove(account.id)
  await store.close()
  expect(await here.restore({ kind: 'database', file })).toMatchObject({ ok: true, value: { kind: 'database' } })
  expect(here.finish()).toMatchObject({ ok: true })
  const after = await here.open()
  expect(withoutAudit(await contentOf(after))).toEqual(withoutAudit(before))
  expect(await after.audit.verify()).toMatchObject({ ok: true, entries: keptSeq + 1 })
  await after.close()

  const bytes = readFileSync(file)
  const bad = path.join(here.dataDir, 'bad.sqlite3')
  const current = readFileSync(here.database)
  writeFileSync(bad, bytes.subarray(0, bytes.length / 2))
  expect(await here.restore({ kind: 'database', file: bad })).toMatchObject({
    ok: false,
    error: expect.stringContaining('damaged'),
  })
  const other = place()
  await (await other.open()).close()
  copyFileSync(file, path.join(other.dataDir, 'foreign.sqlite3'))
  expect(await other.restore({ kind: 'database', file: path.join(other.dataDir, 'foreign.sqlite3') })).toMatchObject({
    ok: false,
    error: expect.stringContaining('not the one the saved sign-ins are sealed with'),
  })
  expect(readFileSync(here.database).equals(current)).toBe(true)
}, 240_000)

test('of the files in the folder the newest stay, and what is nobody’s is left alone', () => {
  const { dataDir } = place()
  for (let day = 1; day <= 5; day++) writeFileSync(path.join(dataDir, backupName(Date.UTC(2026, 0, day))), 'x')
  writeFileSync(path.join(dataDir, 'claude-server-20250101-000000.sqlite3.part'), 'x')
  writeFileSync(path.join(dataDir, 'claude-server-notes.sqlite3'), 'x')
  expect(pruneBackups(dataDir, 2)).toHaveLength(3)
  expect(listBackups(dataDir).map(({ at }) => at)).toEqual([Date.UTC(2026, 0, 5), Date.UTC(2026, 0, 4)])
  expect(readdirSync(dataDir).toSorted()).toEqual([
    backupName(Date.UTC(2026, 0, 4)),
    backupName(Date.UTC(2026, 0, 5)),
    'claude-server-notes.sqlite3',
  ])
})

test('a backup is due at its hour, or when one was missed', () => {
  const now = Date.UTC(2026, 0, 10, 3, 1)
  const hour = 3_600_000
  const due = (everyHours: number, ageHours: number | undefined, hourNow: number): boolean =>
    isBackupDue({ everyHours, hour: 3 }, ageHours === undefined ? undefined : now - ageHours * hour, now, hourNow)
  expect([due(0, undefined, 3), due(24, undefined, 3), due(24, undefined, 4)]).toEqual([false, true, false])
  expect([due(24, 23.9, 3), due(24, 22, 3), due(24, 30, 9), due(24, 48, 9)]).toEqual([true, false, false, true])
  expect([due(6, undefined, 9), due(6, 5.9, 3), due(6, 6, 9)]).toEqual([true, false, true])
})

test('a backup that is one long line, as the original makes them, is read once and not once more for each piece of it', async () => {
  async function* pieces() {
    for (let piece = 0; piece < 4_096; piece++) yield new Uint8Array(16 * 1024).fill(0x78)
    // A character in two pieces, and a line in three.
    for (const bytes of ['é'.repeat(3), '\n\nsecond ', 'line', '\nthird'].map((text) => Buffer.from(text))) {
      yield bytes.subarray(0, 1)
      yield bytes.subarray(1)
    }
  }
  const lines: string[] = []
  for await (const line of linesOf(pieces())) lines.push(line)
  expect(lines.map((line) => [line.length, line.slice(-6)])).toEqual([
    [4_096 * 16 * 1024 + 3, 'xxxééé'],
    [11, 'd line'],
    [5, 'third'],
  ])
}, 240_000)
