import { existsSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { draftOf } from '../backup/file-backup.ts'
import type { Config } from '../config/schema.ts'
import { removeReportDrafts } from '../moving/report.ts'
import { companions, removeCopy } from '../moving/sqlite-source.ts'
import { isSwitchPending, removeLeftovers } from '../moving/switch.ts'
import { controlFileName } from '../store/control.ts'
import { unwrittenFileName } from '../store/unwritten.ts'

/**
 * Removes what a process that was killed half-way had not finished writing: each file here is written under another name first, and
 * such a draft may hold secrets. The caller holds the folder's lock, so nobody is writing one. What a decided exchange of databases
 * still needs stays until that is done.
 */
export function removeDrafts({ dataDir, databasePath }: Pick<Config, 'dataDir' | 'databasePath'>): void {
  removeLeftovers(databasePath)
  if (!isSwitchPending(databasePath)) removeReportDrafts(dataDir)
  removeCopy(path.join(dataDir, 'import-copy'))
  const base = path.basename(databasePath)
  const isDraft = (name: string): boolean =>
    own.test(name) || (name.startsWith(base) && ofDatabase.test(name.slice(base.length)))
  for (const folder of new Set([dataDir, path.dirname(databasePath)])) removeNamed(folder, isDraft)
  removeNamed(path.join(dataDir, 'backups'), (name) => ofBackups.test(name))
}

const escaped = (text: string): string => text.replaceAll('.', '\\.')
const endings = companions.join('|')
const own = new RegExp(
  `^(?:${escaped(controlFileName)}\\.\\w+\\.new|${escaped(unwrittenFileName)}\\.new|last-restore\\.json\\.new)$`,
)
const ofDatabase = new RegExp(
  `^\\.(?:restore-plan\\.json\\.new|before-(?:import|restore)-[\\d-]+${escaped(draftOf(''))}(?:${endings})?)$`,
)
const ofBackups = new RegExp(`^claude-server-\\d{8}-\\d{6}\\.(?:sqlite3|jsonl)${escaped(draftOf(''))}(?:${endings})?$`)

function removeNamed(folder: string, isMeant: (name: string) => boolean): void {
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder)) if (isMeant(name)) rmSync(path.join(folder, name), { force: true })
}
