import { Database } from 'bun:sqlite'
import { afterAll, describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { sql } from 'drizzle-orm'
import type { Db, Engine } from '../../server/store/engine/engine.ts'
import { StoreFault } from '../../server/store/engine/fault.ts'
import { type Migration, migrate, readMigrations } from '../../server/store/engine/migrate.ts'
import { isOriginalDatabase, migrationsTable, recognise } from '../../server/store/engine/recognise.ts'
import { createEngine, type EngineOptions, openSqlite } from '../../server/store/engine/sqlite.ts'
import { settings } from '../../server/store/tables/sqlite.ts'
import { createFolders, makeOriginal } from './folder.ts'

const folders = createFolders()
afterAll(folders.remove)
const now = (): number => 1000
const newPath = (): string => path.join(folders.next(), 'data.sqlite3')

function opened(options: Partial<EngineOptions> & { path: string }): Engine {
  const engine = openSqlite({ now, ...options })
  if (!engine.ok) throw engine.error
  return engine.value
}
function refused(options: Partial<EngineOptions> & { path: string }): StoreFault {
  const engine = openSqlite({ now, ...options })
  if (engine.ok) throw new Error('was opened')
  return engine.error
}
const digest = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')
const snapshot = (folder: string): string =>
  readdirSync(folder)
    .map((name) => `${name} ${digest(path.join(folder, name))} ${statSync(path.join(folder, name)).mtimeMs}`)
    .join('\n')

describe('a new database', () => {
  test('has WAL, the busy timeout, foreign keys and its two levels of synchronous', async () => {
    const engine = opened({ path: newPath() })
    const pragma = (db: Db, name: string) =>
      db.select({ value: sql`${sql.identifier(name)}` }).from(sql.raw(`pragma_${name}`))
    const value = async (name: string) => (await engine.read((db) => pragma(db, name)))[0]?.value
    expect(await value('journal_mode')).toBe('wal')
    expect(await engine.read((db) => db.select({ value: sql`timeout` }).from(sql.raw('pragma_busy_timeout')))).toEqual([
      { value: 5000 },
    ])
    expect(await value('foreign_keys')).toBe(1)
    expect(await value('synchronous')).toBe(1)
    let durable: unknown
    await engine.atomic(
      (db) => {
        durable = pragma(db, 'synchronous').all()
        return []
      },
      { durable: true },
    )
    expect(durable).toEqual([{ value: 2 }])
    engine.close()
  })
  test.each(['not there', 'empty'])('is for its owner alone, and one file after a clean close: %s before', (before) => {
    const file = newPath()
    if (before === 'empty') {
      writeFileSync(file, '')
      chmodSync(file, 0o644)
    }
    const engine = opened({ path: file })
    if (process.platform !== 'win32') {
      for (const name of [file, `${file}-wal`, `${file}-shm`]) expect(statSync(name).mode & 0o777).toBe(0o600)
    }
    engine.close()
    expect(readdirSync(path.dirname(file)).filter((name) => name.endsWith('-wal'))).toEqual([])
  })
  test('says what it is', async () => {
    const file = newPath()
    const engine = opened({ path: file })
    expect(await engine.describe()).toMatchObject({ engine: 'SQLite', path: file, writable: true })
    expect((await engine.describe()).version).toMatch(/^3\./)
    engine.close()
    expect(await engine.describe()).toMatchObject({ version: '', writable: false })
  })
})

describe('migrations', () => {
  test('are applied once and recorded', () => {
    const file = newPath()
    opened({ path: file }).close()
    opened({ path: file }).close()
    const db = new Database(file, { readonly: true })
    const rows = db.query(`SELECT name, applied_at FROM ${migrationsTable}`).all()
    db.close()
    expect(rows).toEqual(readMigrations().map(({ name }) => ({ name, applied_at: 1000 })))
  })
  test.each(['sqlite', 'mysql'])('say the same as the tables (%s)', async (dialect) => {
    const name = `migrations-${dialect}`
    const folder = path.join(folders.next(), name)
    const root = path.join(import.meta.dir, '../..')
    cpSync(path.join(root, 'server/store/engine', name), folder, { recursive: true })
    const before = readdirSync(folder)
    const schema = `server/store/tables/${dialect}.ts`
    const kit = Bun.spawn(
      [
        process.execPath,
        '--bun',
        'node_modules/.bin/drizzle-kit',
        'generate',
        ...['--dialect', dialect, '--schema', schema, '--out', folder],
      ],
      { cwd: root, stdout: 'pipe', stderr: 'pipe' },
    )
    const said = await new Response(kit.stdout).text()
    expect({ code: await kit.exited, said }).toMatchObject({ code: 0 })
    expect(readdirSync(folder)).toEqual(before)
  })
  test('that fail leave the database as it was', () => {
    const file = newPath()
    const first = readMigrations()
    opened({ path: file, migrations: first }).close()
    const bad: Migration = {
      name: '29990101000000_bad',
      hash: '',
      statements: ['CREATE TABLE extra (id integer)', 'CREATE TABLE settings (id integer)'],
    }
    expect(refused({ path: file, migrations: [...first, bad] })).toBeInstanceOf(StoreFault)
    const engine = opened({ path: file, migrations: first })
    engine.close()
    const db = new Database(file, { readonly: true })
    expect(db.query(`SELECT name FROM sqlite_master WHERE name = 'extra'`).all()).toEqual([])
    db.close()
  })
  test('of a newer version are not touched', () => {
    const file = newPath()
    const newer: Migration = { name: '29990101000000_newer', hash: '', statements: ['CREATE TABLE extra (id integer)'] }
    opened({ path: file, migrations: [...readMigrations(), newer] }).close()
    const fault = refused({ path: file })
    expect(fault.kind).toBe('newer')
    expect(fault.message).toContain('29990101000000_newer')
  })
  test('meet each other: several processes at once all succeed', async () => {
    const file = newPath()
    const child = path.join(import.meta.dir, 'migrate-child.ts')
    const children = Array.from({ length: 4 }, () =>
      Bun.spawn([process.execPath, child, file], { stdout: 'pipe', stderr: 'pipe' }),
    )
    const said = await Promise.all(children.map((one) => new Response(one.stdout).text()))
    expect(said).toEqual(['ok', 'ok', 'ok', 'ok'])
  })
})

describe('statements', () => {
  const insert = (name: string) => ({ name, value: 'v' })
  test('of one call are all done or none', async () => {
    const engine = opened({ path: newPath() })
    const twice = engine.atomic((db) => [
      db.insert(settings).values(insert('a')),
      db.insert(settings).values(insert('a')),
    ])
    expect(
      await twice.then(
        () => 'done',
        (error: StoreFault) => error.kind,
      ),
    ).toBe('conflict')
    expect(await engine.read((db) => db.select().from(settings))).toEqual([])
    expect(await engine.atomic((db) => [db.insert(settings).values(insert('a')), db.delete(settings)])).toEqual([1, 1])
    engine.close()
  })
  test('that meet a full disk give a clear fault without values, and work again afterwards', async () => {
    const client = new Database(newPath(), { create: true })
    migrate(client, readMigrations(), 0)
    const engine = createEngine('here', client, client)
    const large = { name: 'large', value: 'secret-value'.repeat(10_000) }
    client.exec('PRAGMA max_page_count = 1')
    const write = () => engine.atomic((db) => [db.insert(settings).values(large)])
    const fault = await write().then(
      () => undefined,
      (error: StoreFault) => error,
    )
    expect(fault?.kind).toBe('disk-full')
    expect(fault?.message).toEndWith('could not be written: the disk is full.')
    expect(`${fault?.message} ${fault?.cause} ${fault?.stack}`).not.toContain('secret-value')
    client.exec('PRAGMA max_page_count = 1000000')
    expect(await write()).toEqual([1])
    engine.close()
  })
})

describe('the database of the original', () => {
  test.each(['current', 'old-settings', 'accounts-only'] as const)(
    'is recognised and left as it is (%s)',
    (edition) => {
      const file = newPath()
      makeOriginal(file, edition).close()
      const before = snapshot(path.dirname(file))
      expect(isOriginalDatabase(file)).toBe(true)
      const fault = refused({ path: file })
      expect(fault.kind).toBe('original')
      expect(fault.message).toContain('nothing was changed')
      expect(snapshot(path.dirname(file))).toBe(before)
    },
  )
  test('is recognised while all of it is in the write-ahead log of a killed server', () => {
    const source = newPath()
    const db = makeOriginal(source)
    const file = newPath()
    for (const suffix of ['', '-wal']) copyFileSync(source + suffix, file + suffix)
    db.close()
    const before = snapshot(path.dirname(file))
    expect(statSync(`${file}-wal`).size).toBeGreaterThan(0)
    expect(refused({ path: file }).kind).toBe('original')
    expect(snapshot(path.dirname(file))).toBe(before)
  })
  test('is not seen in ours, also not when ours is all in the log', () => {
    const file = newPath()
    const engine = opened({ path: file })
    const copy = newPath()
    for (const suffix of ['', '-wal']) copyFileSync(file + suffix, copy + suffix)
    engine.close()
    expect([recognise(file), recognise(copy)]).toEqual([
      { ok: true, value: 'ours' },
      { ok: true, value: 'ours' },
    ])
    opened({ path: copy }).close()
  })
})

describe('what cannot be opened', () => {
  test('another program’s database', () => {
    const file = newPath()
    const db = new Database(file)
    db.exec('CREATE TABLE notes (id integer)')
    db.close()
    const before = snapshot(path.dirname(file))
    expect(refused({ path: file }).kind).toBe('foreign')
    expect(snapshot(path.dirname(file))).toBe(before)
  })
  test('a file that is no database', () => {
    const file = newPath()
    writeFileSync(file, 'x'.repeat(5000))
    expect(refused({ path: file }).kind).toBe('damaged')
    expect(readFileSync(file, 'utf8')).toBe('x'.repeat(5000))
  })
  test('a folder, and a place in a folder that is none', () => {
    const file = newPath()
    mkdirSync(file)
    expect(refused({ path: file }).kind).toBe('unreachable')
    const odd = path.join(folders.next(), 'f')
    writeFileSync(odd, '')
    expect(refused({ path: path.join(odd, 'data.sqlite3') }).kind).toBe('unreachable')
    expect(refused({ path: path.join(folders.next(), 'no', 'data.sqlite3') }).kind).toBe('unreachable')
  })
  test('an empty file is a new database', () => {
    const file = newPath()
    writeFileSync(file, '')
    opened({ path: file }).close()
    expect(existsSync(file)).toBe(true)
    expect(recognise(newPath())).toEqual({ ok: true, value: 'nothing' })
  })
  test('a path with odd signs is fine', () => {
    const file = path.join(folders.next(), 'a b?c#d%20é.sqlite3')
    opened({ path: file }).close()
    expect(recognise(file)).toEqual({ ok: true, value: 'ours' })
  })
})
