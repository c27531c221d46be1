import { Database } from 'bun:sqlite'
import { afterAll, expect, test } from 'bun:test'
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { holderOf } from '../../server/moving/in-use.ts'
import { gatewayCommand, runGateway } from '../support/command.ts'
import { fixtureDatabase } from './fixture.ts'
import { makeLarger } from './make.ts'
import { newFolder, removeFolder } from './serving.ts'

const root = newFolder()
afterAll(() => removeFolder(root))
const fresh = (name: string): string => path.join(root, name)

test('rows that a killed original left in its log are imported, and its log is kept with it', async () => {
  const folder = fresh('wal')
  const file = path.join(folder, 'data.sqlite3')
  await Bun.write(path.join(folder, 'source'), '')
  cpSync(fixtureDatabase, path.join(folder, 'source'))
  const db = new Database(path.join(folder, 'source'))
  db.exec('PRAGMA journal_mode = WAL')
  db.exec('PRAGMA wal_autocheckpoint = 0')
  db.exec(`INSERT INTO blocked_ips VALUES ('203.0.113.99', 'late', '2026-11-28T15:00:00+08:00')`)
  for (const suffix of ['', '-wal', '-shm']) cpSync(path.join(folder, `source${suffix}`), file + suffix)
  db.close()
  const before = ['', '-wal', '-shm'].map((suffix) => readFileSync(file + suffix))
  const imported = await runGateway(['import', '--json', file, '--data-dir', folder])
  expect([imported.code, imported.err]).toEqual([0, expect.not.stringContaining('claude-server:')])
  const report = JSON.parse(imported.out)
  expect(report.tables.find(({ name }: { readonly name: string }) => name === 'blocked_ips').imported).toBe(3)
  expect(['', '-wal', '-shm'].map((suffix) => readFileSync(report.keptAs + suffix))).toEqual(before)
}, 240_000)

test('a database that another process has open is seen without touching it', async () => {
  if (!existsSync('/proc/locks')) return expect(holderOf('/nowhere')).toBeUndefined()
  const file = fresh('open.sqlite3')
  cpSync(fixtureDatabase, file)
  const holder = Bun.spawn(
    [
      process.execPath,
      '-e',
      `const { Database } = require('bun:sqlite'); const db = new Database(${JSON.stringify(file)}); db.exec('PRAGMA journal_mode = WAL'); db.query('select count(*) from users').get(); console.log('open'); setInterval(() => db, 1000)`,
    ],
    { stdout: 'pipe' },
  )
  await holder.stdout.getReader().read()
  expect(holderOf(file)).toBe(holder.pid)
  const refused = await runGateway(['import', file, '--data-dir', fresh('refused')])
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining(`process ${holder.pid}`)])
  holder.kill('SIGKILL')
  await holder.exited
  expect(holderOf(file)).toBeUndefined()
}, 240_000)

test('with a new data folder the first start takes the original’s database from the current folder, and leaves it there', async () => {
  const [old, data] = [fresh('old'), fresh('new')]
  await Bun.write(path.join(old, 'config.json'), '{}')
  cpSync(fixtureDatabase, path.join(old, 'data.sqlite3'))
  const child = Bun.spawn([...gatewayCommand(), '--data-dir', data, '--host', '127.0.0.1'], {
    cwd: old,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', NO_BROWSER: '1', PORT: '0' },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  let log = ''
  for await (const chunk of child.stdout) {
    log += new TextDecoder().decode(chunk)
    if (log.includes('server.started')) break
  }
  child.kill('SIGTERM')
  expect(await child.exited).toBe(0)
  expect(log).toContain('import.finished')
  expect(readFileSync(path.join(old, 'data.sqlite3')).equals(readFileSync(fixtureDatabase))).toBe(true)
  expect(readdirSync(old).toSorted()).toEqual(['config.json', 'data.sqlite3'])
  expect(existsSync(path.join(data, 'data.sqlite3'))).toBe(true)
}, 240_000)

test('what is no original is refused and makes nothing; deleting the kept copies is asked for', async () => {
  const folder = fresh('asked')
  const nothing = await runGateway(['import', fixtureDatabase.replace('.sqlite3', '.json'), '--data-dir', folder])
  expect([nothing.code, existsSync(folder)]).toEqual([1, false])
  expect((await runGateway(['import', '--data-dir', folder])).code).toBe(2)
  await Bun.write(path.join(folder, 'data.sqlite3'), Bun.file(fixtureDatabase))
  expect((await runGateway(['import', folder, '--data-dir', folder])).code).toBe(0)
  const kept = (): readonly string[] => readdirSync(folder).filter((name) => name.includes('.original-'))
  expect(kept()).toHaveLength(1)
  const unsure = await runGateway(['import', '--purge-original', '--data-dir', folder], {}, 'no\n')
  expect([unsure.code, kept().length]).toEqual([1, 1])
  const sure = await runGateway(['import', '--purge-original', '--data-dir', folder], {}, 'yes\n')
  expect([sure.code, kept().length]).toEqual([0, 0])
}, 240_000)

test('of a damaged file every row comes in that can be read', async () => {
  const file = fresh('damaged.sqlite3')
  makeLarger(file, 2_000)
  const bytes = readFileSync(file)
  const leaves = Array.from({ length: bytes.length / 4096 }, (_, page) => page).filter((page) => {
    const text = bytes.subarray(page * 4096, (page + 1) * 4096)
    return text[0] === 0x0d && text.includes('more-0000')
  })
  const damaged = leaves[Math.floor(leaves.length / 2)] ?? -1
  const lost = bytes.readUInt16BE(damaged * 4096 + 3) // the cells of the page
  bytes.fill(0xa5, damaged * 4096, (damaged + 1) * 4096)
  writeFileSync(file, bytes)
  const rehearsed = await runGateway(['import', '--dry-run', '--json', file, '--data-dir', fresh('of-damaged')])
  expect(rehearsed.code).toBe(0)
  const logs = JSON.parse(rehearsed.out).tables.find(({ name }: { readonly name: string }) => name === 'request_logs')
  expect([logs.imported, logs.leftOut]).toEqual([2_031 - lost, lost])
  writeFileSync(file, bytes.subarray(0, 50_000))
  const cut = await runGateway(['import', '--dry-run', file, '--data-dir', fresh('of-cut')])
  expect([cut.code, cut.err]).toEqual([1, expect.stringContaining('damaged')])
}, 240_000)
