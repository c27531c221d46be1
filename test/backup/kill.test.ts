import { Database } from 'bun:sqlite'
import { afterAll, expect, test } from 'bun:test'
import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { finishSwitch, isSwitchPending } from '../../server/moving/switch.ts'
import { gatewayCommand } from '../support/command.ts'
import { backupOf, newPlace, originalBackup, textSource } from './place.ts'

const kills = Math.max(8, Math.round(Number(process.env.CRASH_KILLS ?? 24) / 3))
const place = newPlace()
afterAll(() => place.remove())

const keysIn = (file: string): readonly string[] => {
  const db = new Database(file, { readonly: true })
  try {
    expect(db.query('pragma quick_check').all()).toEqual([{ quick_check: 'ok' }])
    return db
      .query<{ readonly id: string }, []>('select id from api_keys order by id')
      .all()
      .map(({ id }) => id)
  } finally {
    db.close()
  }
}

test(`a restore that is killed ${kills} times leaves the old data or the new, never half of them`, async () => {
  await (await place.open()).close()
  expect(await place.restore(textSource(originalBackup))).toMatchObject({ ok: true })
  expect(place.finish()).toMatchObject({ ok: true })
  const store = await place.open()
  const backup = path.join(place.dataDir, 'backup.jsonl')
  await Bun.write(backup, await backupOf(store))
  const key = { name: 'k', prefix: 'sk-xxxx', last4: 'yyyy', enabled: true, createdAt: 1 }
  await store.keys.create({ ...key, id: 'key_old', hash: 'c'.repeat(64) })
  await store.close()
  const old = path.join(place.dataDir, 'old')
  copyFileSync(place.database, old)
  const oldKeys = keysIn(old)
  const newKeys = oldKeys.filter((id) => id !== 'key_old')
  const start = () =>
    Bun.spawn([...gatewayCommand(), 'restore', backup], {
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', DATA_DIR: place.dataDir, NO_BROWSER: '1' },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
  const begunAt = performance.now()
  const whole = start()
  expect([await whole.exited, keysIn(place.database)]).toEqual([0, newKeys])
  const tookMs = performance.now() - begunAt
  const met = { old: 0, new: 0 }
  for (let kill = 0; kill < kills; kill++) {
    copyFileSync(old, place.database)
    const running = start()
    // The start of the program comes first; the deciding part is at the end.
    await Bun.sleep((0.3 + Math.random() * 0.75) * tookMs)
    running.kill('SIGKILL')
    await running.exited
    // What the next start does first.
    if (isSwitchPending(place.database)) expect(finishSwitch(place.database)).toMatchObject({ ok: true })
    const keys = keysIn(place.database)
    expect([oldKeys, newKeys]).toContainEqual(keys)
    met[keys.includes('key_old') ? 'old' : 'new']++
  }
  expect(met.old + met.new).toBe(kills)
  // And one that is let be begins anew, whatever the others have left.
  copyFileSync(old, place.database)
  expect([await start().exited, keysIn(place.database)]).toEqual([0, newKeys])
  expect(readdirSync(place.dataDir).filter((name) => /importing|plan|\.new$/.test(name))).toEqual([])
  expect(existsSync(backup) && readFileSync(backup).length > 0).toBe(true)
}, 600_000)
