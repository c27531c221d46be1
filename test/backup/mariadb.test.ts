import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import type { RestoreMode } from '../../server/admin/contract/backup.ts'
import { finishExchange, keepWhole } from '../../server/backup/exchange.ts'
import { prepareRestore, type RestoreSource } from '../../server/backup/restore.ts'
import { realEffects } from '../../server/lib/effects.ts'
import { silentProgress } from '../../server/lib/progress.ts'
import { isExchangePending } from '../../server/moving/switch.ts'
import { openStore } from '../../server/store/open.ts'
import type { Store } from '../../server/store/store.ts'
import { hasMariaDb, type MariaDb, startMariaDb } from '../support/mariadb.ts'
import { changesOf, countsOf, faultsOf, varied } from './merging.ts'
import { backupOf, contentOf, fill, newPlace, textSource } from './place.ts'

test('a machine that must test MariaDB has it', () => expect(hasMariaDb || process.env.CI === undefined).toBe(true))

const kills = Math.max(6, Math.round(Number(process.env.CRASH_KILLS ?? 24) / 4))
const passphrase = 'correct horse battery staple'
const places: ReturnType<typeof newPlace>[] = []
const newOne = () => {
  const made = newPlace()
  places.push(made)
  return made
}
let server: MariaDb
beforeAll(async () => {
  if (hasMariaDb) server = await startMariaDb()
}, 240_000)
afterAll(async () => {
  for (const one of places) one.remove()
  await server?.stop()
})

/** A data folder whose gateway keeps its data on the server. */
async function onServer() {
  const folder = newOne()
  const place = await server.createDatabase()
  const config = {
    databasePath: folder.database,
    dataDir: folder.dataDir,
    vault: {},
    pool: { maxInFlightPerAccount: 8 },
  }
  const open = async (): Promise<Store> => {
    const opened = await openStore({
      ...{ path: folder.database, dataDir: folder.dataDir, mysql: { place, effects: realEffects, handOverMs: 5_000 } },
      ...{ now: realEffects.now, sleep: realEffects.sleep, onUnreadable: () => {} },
    })
    if (!opened.ok) throw opened.error
    return opened.value.store
  }
  const restore = (store: Store, source: RestoreSource, dryRun = false, mode: RestoreMode = 'replace') =>
    prepareRestore(source, {
      ...{ config, effects: realEffects, dryRun, mode, server: store },
      actor: {
        ...{ actorKind: 'owner', actorId: 'owner', actorName: 'owner' },
        ...{ peer: '', userAgent: '', action: 'restore' },
      },
    })
  const view = { write: () => {}, isTerminal: false, columns: 80, now: realEffects.now }
  const finish = (store: Store) => finishExchange(store, config, realEffects, view)
  return { ...folder, mysql: place, config, open, restore, finish }
}

/** The restore is one more entry of the audit log, whose end is sealed anew. */
const withoutAudit = ({ auditEntries: _, sealedSettings: __, ...rest }: Awaited<ReturnType<typeof contentOf>>) => rest

describe.if(hasMariaDb)('a database on a server', () => {
  test('takes over everything from SQLite by a backup, gives it back the same way, and keeps what it had', async () => {
    const { place, store } = await fill(newOne())
    const before = await contentOf(store)
    const text = await backupOf(store, { passphrase })
    await store.close()

    const there = await onServer()
    const target = await there.open()
    await target.settings.write({ announcement_text: 'from before' })
    expect(await there.restore(target, textSource(text, 'a wrong passphrase'))).toMatchObject({ ok: false })
    expect(await there.restore(target, textSource(text, passphrase), true)).toMatchObject({ ok: true })
    expect(isExchangePending(there.database)).toBe(false)
    const decided = await there.restore(target, textSource(text, passphrase))
    if (!decided.ok) throw new Error(decided.error)
    // Nothing has changed before the next start.
    expect(await target.settings.all()).toMatchObject({ announcement_text: 'from before' })
    expect(await there.restore(target, textSource(text, passphrase))).toMatchObject({ ok: false })
    expect(await there.finish(target)).toEqual({ ok: true, value: { kept: decided.value.keptAs ?? '' } })
    const after = await contentOf(target)
    expect(withoutAudit(after)).toEqual(withoutAudit(before))
    expect(after.auditEntries?.slice(0, -1)).toEqual([...(before.auditEntries ?? [])])
    expect(await target.audit.verify()).toEqual({ ok: true, entries: (before.auditEntries?.length ?? 0) + 1 })
    const triggers = await server.query('SHOW TRIGGERS', there.mysql.database)
    expect(triggers).toHaveLength(2)
    expect(statSync(decided.value.keptAs ?? '').mode & 0o777).toBe(0o600)
    expect(readdirSync(there.dataDir).filter((name) => /plan|restoring|importing|part/.test(name))).toEqual([])

    // And back: the backup of the server opens in a folder with SQLite.
    const back = newOne()
    await (await back.open()).close()
    expect(await back.restore(textSource(await backupOf(target, { passphrase }), passphrase))).toMatchObject({
      ok: true,
    })
    expect(back.finish()).toMatchObject({ ok: true })
    const opened = await back.open()
    expect(withoutAudit(await contentOf(opened))).toEqual(withoutAudit(before))
    await opened.close()

    // What it had is a database file that can be restored there.
    const kept: RestoreSource = { kind: 'database', file: decided.value.keptAs ?? '' }
    expect(await there.restore(target, kept)).toMatchObject({ ok: true, value: { kind: 'database' } })
    expect(await there.finish(target)).toMatchObject({ ok: true })
    expect(await target.settings.all()).toMatchObject({ announcement_text: 'from before' })
    expect(await target.accounts.list()).toEqual([])
    await target.close()
    place.remove()
  }, 180_000)

  test('is kept in a file as it is at one moment, and a backup is of one moment too', async () => {
    const here = await onServer()
    const store = await here.open()
    await store.settings.write({ a: 'one' })
    const snapshot = await store.snapshot()
    await store.settings.write({ a: 'two', b: 'two' })
    const rows: unknown[] = []
    for await (const some of snapshot.whole.read('settings')) rows.push(...some)
    expect(rows).toEqual([{ name: 'a', value: 'one' }])
    await expect(snapshot.whole.write('settings', [{ name: 'c', value: 'c' }])).rejects.toThrow('for reading alone')
    const [connection] = await server.query(
      `SELECT id FROM information_schema.processlist WHERE db = '${here.mysql.database}' AND id <> IS_USED_LOCK('claude_server/${here.mysql.database}')`,
    )
    await server.query(`KILL ${connection?.[0]}`)
    // The driver would connect anew, to another moment.
    await expect(snapshot.whole.count('settings')).rejects.toThrow()
    await snapshot.close()
    const file = path.join(here.dataDir, 'copy.sqlite3')
    await keepWhole(store, file, here.config, realEffects, silentProgress)
    await store.close()
    const opened = await openStore({
      ...{ path: file, dataDir: here.dataDir, mustExist: true, now: realEffects.now },
      ...{ sleep: realEffects.sleep, onUnreadable: () => {} },
    })
    if (!opened.ok) throw opened.error
    expect(await opened.value.store.settings.all()).toEqual({ a: 'two', b: 'two' })
    await opened.value.store.close()
  }, 240_000)

  test('is left as it was by rows that do not fit its tables, and by a fault in the middle', async () => {
    const from = newOne()
    const source = await from.open()
    await source.settings.write({ a: 'from elsewhere' })
    const fits = await backupOf(source)
    await source.settings.write({ ['n'.repeat(300)]: 'too long a name' })
    const tooLong = await backupOf(source)
    await source.close()
    const there = await onServer()
    const target = await there.open()
    await target.settings.write({ a: 'here' })
    expect(await there.restore(target, textSource(tooLong))).toEqual({
      ok: false,
      error: 'The backup cannot be restored: settings row 2: name has more than 191 characters.',
    })
    expect(await there.restore(target, textSource(fits))).toMatchObject({ ok: true })
    await server.query(
      `CREATE TRIGGER refuse BEFORE INSERT ON claude_server_audit_entries FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'`,
      there.mysql.database,
    )
    expect(await there.finish(target)).toMatchObject({ ok: true, value: { failed: expect.any(String) } })
    expect(await target.settings.all()).toEqual({ a: 'here' })
    expect(await server.query('SHOW TRIGGERS', there.mysql.database)).toHaveLength(3)
    expect([isExchangePending(there.database), await there.finish(target)]).toEqual([
      false,
      { ok: true, value: undefined },
    ])
    await server.query('DROP TRIGGER refuse', there.mysql.database)
    expect(await there.restore(target, textSource(fits))).toMatchObject({ ok: true })
    expect(await there.finish(target)).toMatchObject({ ok: true, value: { kept: expect.any(String) } })
    expect(await target.settings.all()).toEqual({ a: 'from elsewhere' })
    await target.close()
  }, 240_000)

  test.each([
    ['merge', 1],
    ['merge', 2],
    ['replace', 1],
    ['replace', 2],
  ] as const)(
    'what is foreseen of a random backup is done, row by row (%s, %d)',
    async (mode, seed) => {
      const { store } = await fill(newOne())
      const text = await backupOf(store)
      await store.close()
      const there = await onServer()
      const target = await there.open()
      expect(await there.restore(target, textSource(text))).toMatchObject({ ok: true })
      expect(await there.finish(target)).toMatchObject({ ok: true, value: { kept: expect.any(String) } })
      const nothing = await there.restore(target, textSource(text), true, mode)
      if (!nothing.ok) throw new Error(nothing.error)
      for (const { name, rows, changes } of nothing.value.tables.filter(({ name }) => name !== 'sealedSettings'))
        expect([name, changes?.same]).toEqual([name, rows])
      const [user] = await target.users.list()
      await target.deleted.take('user', user?.id ?? '', { name: user?.name ?? '', at: realEffects.now() })
      const before = await contentOf(target)
      const other = varied(text, seed)
      const foreseen = await there.restore(target, textSource(other), true, mode)
      if (!foreseen.ok) throw new Error(foreseen.error)
      expect(await contentOf(target)).toEqual(before)
      const done = await there.restore(target, textSource(other), false, mode)
      if (!done.ok) throw new Error(done.error)
      expect(done.value.tables).toEqual(foreseen.value.tables)
      expect(await there.finish(target)).toMatchObject({ ok: true, value: { kept: expect.any(String) } })
      const after = await contentOf(target)
      expect(faultsOf(done.value, countsOf(before), countsOf(after))).toEqual([])
      expect(await target.audit.verify()).toMatchObject({ ok: true })
      // What was deleted and may come back is not part of a backup.
      expect((await target.deleted.list('user', 10)).total).toBe(mode === 'merge' ? 1 : 0)
      await target.close()
    },
    240_000,
  )

  test('a row that does not fit the tables of the server is left out of a merge, with the reason', async () => {
    const from = newOne()
    const source = await from.open()
    await source.ips.saveConfig({ ip: '192.0.2.1', notes: 'fits', createdAt: 1, updatedAt: 1 })
    await source.ips.saveConfig({ ip: 'n'.repeat(300), notes: 'too long', createdAt: 1, updatedAt: 1 })
    const text = await backupOf(source)
    await source.close()
    const there = await onServer()
    const target = await there.open()
    const done = await there.restore(target, textSource(text), false, 'merge')
    if (!done.ok) throw new Error(done.error)
    expect(changesOf(done.value, 'ipConfigs')).toMatchObject({
      ...{ added: 1, invalid: 1 },
      reasons: [expect.stringMatching(/^row 2: ip has more than \d+ characters$/)],
    })
    expect(await there.finish(target)).toMatchObject({ ok: true, value: { kept: expect.any(String) } })
    expect((await contentOf(target)).ipConfigs).toHaveLength(1)
    await target.close()
  }, 240_000)

  test(`holds the old data or the new, whole, whenever a restore is killed (${kills} times)`, async () => {
    const { store } = await fill(newOne())
    const wanted = withoutAudit(await contentOf(store))
    const text = await backupOf(store)
    await store.close()
    const there = await onServer()
    const { port, database } = there.mysql
    const start = () =>
      Bun.spawn(
        [process.execPath, path.join(import.meta.dir, 'exchange-child.ts'), there.dataDir, String(port), database],
        { stdout: 'pipe', stderr: 'pipe' },
      )
    const met = { old: 0, new: 0 }
    let tookMs = 0
    let keptBefore = ''
    for (let kill = 0; kill < kills; kill++) {
      const target = await there.open()
      await target.settings.write({ round: String(kill) })
      const decided = await there.restore(target, textSource(text))
      if (!decided.ok) throw new Error(decided.error)
      keptBefore = decided.value.keptAs ?? ''
      await target.close()
      const running = start()
      await running.stdout.getReader().read()
      const begunAt = performance.now()
      if (kill === 0) {
        expect(await running.exited).toBe(0)
        tookMs = performance.now() - begunAt
        continue
      }
      await Bun.sleep(Math.random() * 1.05 * tookMs)
      running.kill('SIGKILL')
      await running.exited
      const after = await there.open()
      const { round } = await after.settings.all()
      met[round === undefined ? 'new' : 'old']++
      if (round === undefined) expect(withoutAudit(await contentOf(after))).toEqual(wanted)
      else expect(round).toBe(String(kill))
      await after.close()
      const again = start()
      expect([await again.exited, await new Response(again.stderr).text()]).toEqual([0, ''])
      const done = await there.open()
      expect(withoutAudit(await contentOf(done))).toEqual(wanted)
      await done.close()
      // Kept once, from before: never from after the exchange.
      expect(existsSync(keptBefore)).toBe(true)
      const kept = await openStore({
        ...{ path: keptBefore, dataDir: there.dataDir, mustExist: true, now: realEffects.now },
        ...{ sleep: realEffects.sleep, onUnreadable: () => {} },
      })
      if (!kept.ok) throw kept.error
      expect((await kept.value.store.settings.all()).round).toBe(String(kill))
      await kept.value.store.close()
    }
    expect(met.old + met.new).toBe(kills - 1)
  }, 600_000)
})
