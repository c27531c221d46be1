import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { runGateway } from '../support/command.ts'
import { factsOf, fixtureDatabase, fixtureDump } from './fixture.ts'
import { hasServer, type MysqlServer, startServer } from './mysql-server.ts'
import { expectSame, expectServing, secretsOf } from './same.ts'
import { newFolder, removeFolder, serveOn } from './serving.ts'

const facts = factsOf('original-mysql')
let server: MysqlServer
const folder = newFolder()

beforeAll(async () => {
  if (hasServer) server = await startServer()
}, 240_000)
afterAll(async () => {
  await server?.stop()
  removeFolder(folder)
})

/** Of the original's own tables. */
const checksums = async (database = 'original'): Promise<unknown> => {
  const names = (await server.query('show tables', database)).map(([name]) => String(name))
  const theirs = names.filter((name) => !name.startsWith('claude_server_')).map((name) => `\`${name}\``)
  return server.query(`checksum table ${theirs.join(', ')}`, database)
}

/** A data folder whose gateway keeps its data in this database. */
const folderFor = async (name: string, database: string): Promise<string> => {
  const dataDir = path.join(folder, name)
  const { hostname, port } = new URL(server.addressOf(database))
  await Bun.write(
    path.join(dataDir, 'config.yaml'),
    `database:\n  type: mysql\n  mysql:\n    host: ${hostname}\n    port: ${port}\n    user: root\n    database: ${database}\n`,
  )
  return dataDir
}

// Where the system has MariaDB, as it has in continuous integration.
describe.if(hasServer)('the original’s MySQL database', () => {
  test('is imported whole and left as it was', async () => {
    await server.load('original', fixtureDump)
    const before = await checksums()
    const address = server.addressOf('original')
    const rehearsed = await runGateway(['import', '--dry-run', '--json', address, '--data-dir', folder])
    expect([rehearsed.code, rehearsed.err]).toEqual([0, expect.not.stringContaining('claude-server:')])
    expect(existsSync(path.join(folder, 'data.sqlite3'))).toBe(false)
    const imported = await runGateway(['import', '--json', address, '--data-dir', folder])
    expect([imported.code, imported.err]).toEqual([0, expect.not.stringContaining('claude-server:')])
    const { at: _a, durationMs: _d, dryRun: _r, keptAs: _k, ...report } = JSON.parse(imported.out)
    expect(JSON.parse(rehearsed.out)).toMatchObject(report)
    expect(report.source).toEqual({ kind: 'mysql', name: address })
    for (const secret of secretsOf(facts)) expect(imported.out + imported.err).not.toContain(secret)
    expect(await checksums()).toEqual(before)

    const quiet = await serveOn(folder, facts, 'nobody')
    try {
      await expectSame(quiet, facts)
    } finally {
      await quiet.stop()
    }
    const serving = await serveOn(folder, facts)
    try {
      await expectServing(serving, facts)
    } finally {
      await serving.stop()
    }
  }, 180_000)

  test('adds nothing when it is imported once more', async () => {
    const again = await runGateway(['import', '--json', server.addressOf('original'), '--data-dir', folder])
    expect([again.code, again.err]).toEqual([0, expect.not.stringContaining('claude-server:')])
    for (const { name, imported } of JSON.parse(again.out).tables)
      if (!['settings', 'imported_accounts'].includes(name)) expect([name, imported]).toEqual([name, 0])
  }, 240_000)

  test('in which the gateway keeps its own data is imported at the first start, its tables untouched beside ours', async () => {
    await server.load('inplace', fixtureDump)
    const before = await checksums('inplace')
    const dataDir = await folderFor('inplace', 'inplace')
    const first = await serveOn(dataDir, facts, 'nobody')
    try {
      await expectSame(first, facts)
      expect((await first.ask('/v2/import/report')).report).toMatchObject({ source: { kind: 'mysql' }, keptAs: null })
    } finally {
      await first.stop()
    }
    const again = await serveOn(dataDir, facts)
    try {
      expect(again.logs()).not.toContain('import.started')
      await expectServing(again, facts)
    } finally {
      await again.stop()
    }
    expect(await checksums('inplace')).toEqual(before)
    const refused = await runGateway(['import', server.addressOf('inplace'), '--data-dir', dataDir])
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('in use already')])
  }, 180_000)

  test('and the original’s file are imported into an empty database on the server by command', async () => {
    await server.query('create database empty')
    const dataDir = await folderFor('empty', 'empty')
    const imported = await runGateway(['import', '--json', fixtureDatabase, '--data-dir', dataDir])
    expect([imported.code, imported.err]).toEqual([0, expect.not.stringContaining('claude-server:')])
    expect(JSON.parse(imported.out).tables).toHaveLength(9)
    const serving = await serveOn(dataDir, factsOf('original'), 'nobody')
    try {
      await expectSame(serving, factsOf('original'))
    } finally {
      await serving.stop()
    }
  }, 240_000)

  test('that cannot be reached, or holds nothing of the original, is said clearly and makes nothing', async () => {
    await server.query('create database other')
    const empty = newFolder()
    const nothing = await runGateway(['import', server.addressOf('other'), '--data-dir', path.join(empty, 'new')])
    expect([nothing.code, nothing.err]).toEqual([1, expect.stringContaining('no tables of the original')])
    const closed = await runGateway([
      'import',
      'mysql://root:secret-pass@127.0.0.1:9/x',
      '--data-dir',
      path.join(empty, 'new'),
    ])
    expect(closed.code).toBe(1)
    expect(closed.err).toContain('cannot be read')
    expect(closed.err).not.toContain('secret-pass')
    expect(existsSync(path.join(empty, 'new', 'data.sqlite3'))).toBe(false)
    removeFolder(empty)
  }, 240_000)
})
