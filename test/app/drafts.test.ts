import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { removeDrafts } from '../../server/app/drafts.ts'

const root = mkdtempSync(path.join(tmpdir(), 'drafts-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const drafts = [
  'control.json.aB3dE6gH.new',
  'unwritten.jsonl.new',
  'last-restore.json.new',
  'import-copy',
  'import-copy-wal',
  'import-report-20261128-101112131.json.draft',
  'import-report-20261128-101112131.json.draft.new',
  'import-report-20261128-101112131.json.new',
  'data.sqlite3.importing',
  'data.sqlite3.importing-wal',
  'data.sqlite3.import-copy',
  'data.sqlite3.import-plan.json.new',
  'data.sqlite3.restore-plan.json.new',
  'data.sqlite3.before-restore-2026-11-28.part',
  'data.sqlite3.before-restore-2026-11-28-2.part-wal',
  'backups/claude-server-20261128-101112.sqlite3.part',
  'backups/claude-server-20261128-101112.sqlite3.part-journal',
  'backups/claude-server-20261128-101112.jsonl.part',
]
const kept = [
  'config.yaml',
  'control.json',
  'data.sqlite3',
  'data.sqlite3-wal',
  'data.sqlite3.before-restore-2026-11-28',
  'data.sqlite3.original-2026-11-28',
  'data.sqlite3.restoring',
  'import-report-20261128-101112131.json',
  'master.key',
  'my.new',
  'notes.part',
  'other.sqlite3.before-restore-2026-11-28.part',
  'unwritten.jsonl',
  'backups/claude-server-20261128-101112.sqlite3',
  'backups/mine.part',
]

function filled(name: string, files: readonly string[]): string {
  const dataDir = path.join(root, name)
  mkdirSync(path.join(dataDir, 'backups'), { recursive: true })
  for (const file of files) writeFileSync(path.join(dataDir, file), 'x')
  return dataDir
}
const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name !== 'backups')
    .toSorted()

test('what a killed process had not finished writing goes, and nothing else', () => {
  const dataDir = filled('all', [...drafts, ...kept])
  removeDrafts({ dataDir, databasePath: path.join(dataDir, 'data.sqlite3') })
  expect(filesIn(dataDir)).toEqual(kept.toSorted())
})

test('a switch of databases that is decided keeps what it still needs', () => {
  const needed = [
    'data.sqlite3.import-plan.json',
    'data.sqlite3.importing',
    'import-report-20261128-101112131.json.draft',
  ]
  const dataDir = filled('decided', [...needed, 'control.json.aB3dE6gH.new'])
  removeDrafts({ dataDir, databasePath: path.join(dataDir, 'data.sqlite3') })
  expect(filesIn(dataDir)).toEqual(needed)
})

test('a database that lies elsewhere has its drafts removed there', () => {
  const [dataDir, elsewhere] = [filled('folder', []), filled('elsewhere', ['data.sqlite3.importing', 'a.new'])]
  removeDrafts({ dataDir, databasePath: path.join(elsewhere, 'data.sqlite3') })
  expect(filesIn(elsewhere)).toEqual(['a.new'])
})
