import { afterAll, expect, test } from 'bun:test'
import { readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { buildingPath, keptPath, mostKept, switchDatabases } from '../../server/moving/switch.ts'
import { newFolder, removeFolder } from './serving.ts'

const folder = newFolder()
afterAll(() => removeFolder(folder))

test('of the databases that were put aside the newest few stay, and every original', () => {
  const database = path.join(folder, 'data.sqlite3')
  const switchOn = (word: string, day: string): void => {
    writeFileSync(buildingPath(database), 'new')
    writeFileSync(`${database}-wal`, 'a log')
    expect(switchDatabases(database, keptPath(database, word, day)).ok).toBe(true)
  }
  writeFileSync(database, 'the original')
  switchOn('original', '2026-01-01')
  for (let turn = 0; turn < 12; turn++) switchOn('before-restore', '2026-02-01')
  switchOn('before-import', '2026-02-02')
  const kept = readdirSync(folder).filter((name) => name.includes('before-') && !name.endsWith('-wal'))
  expect(kept.toSorted()).toEqual([
    'data.sqlite3.before-import-2026-02-02',
    'data.sqlite3.before-restore-2026-02-01-11',
    'data.sqlite3.before-restore-2026-02-01-12',
  ])
  expect(kept).toHaveLength(mostKept)
  expect(readdirSync(folder).filter((name) => name.endsWith('-wal'))).toHaveLength(mostKept + 1)
  expect(readdirSync(folder)).toContain('data.sqlite3.original-2026-01-01')
})
