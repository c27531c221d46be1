import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import type { BackupFileView, LastRestore, RestoreReport } from '../admin/contract/backup.ts'
import { removeCopy } from '../moving/sqlite-source.ts'
import { writeDurably } from '../moving/switch.ts'
import { type BackupFile, listBackups } from './file-backup.ts'

/** Where copies lie: those made on purpose in their folder, those a restore has kept beside the database. */
export type CopyPlaces = { readonly folder: string; readonly database: string }

const viewOf = ({ file, bytes, at }: BackupFile, kind: BackupFileView['kind']): BackupFileView => ({
  name: path.basename(file),
  kind,
  file,
  bytes,
  created_at: new Date(at).toISOString(),
})

export const copyView = (file: BackupFile): BackupFileView => viewOf(file, 'copy')

/** All of them, the newest first. */
export function keptCopies({ folder, database }: CopyPlaces): readonly BackupFileView[] {
  const own = listBackups(folder).map(copyView)
  return [...own, ...beforeRestores(database)].toSorted((a, b) => b.created_at.localeCompare(a.created_at))
}

/** Only what is on the list: a name is no way to any other file. */
export const findCopy = (places: CopyPlaces, name: string): BackupFileView | undefined =>
  keptCopies(places).find((copy) => copy.name === name)

/** With what belongs to it. */
export const removeKept = ({ file }: BackupFileView): void => removeCopy(file)

function beforeRestores(database: string): readonly BackupFileView[] {
  const folder = path.dirname(database)
  const start = `${path.basename(database)}.before-restore-`
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.startsWith(start) && /^\d{4}-\d{2}-\d{2}(-\d+)?$/.test(name.slice(start.length)))
    .flatMap((name): readonly BackupFileView[] => {
      const file = path.join(folder, name)
      const found = statSync(file, { throwIfNoEntry: false })
      return found?.isFile() ? [viewOf({ file, bytes: found.size, at: found.mtimeMs }, 'before-restore')] : []
    })
}

const lastRestoreFile = (dataDir: string): string => path.join(dataDir, 'last-restore.json')

/** For whoever signs in afterwards: the restored data knows nothing of it. Only the operator can read it. */
export function saveLastRestore(dataDir: string, at: number, report: RestoreReport): void {
  writeDurably(lastRestoreFile(dataDir), `${JSON.stringify({ at: new Date(at).toISOString(), report }, null, 2)}\n`)
}

/** What the last restore did, and the copy that undoes it as long as that lies there. */
export function readLastRestore(dataDir: string, places: CopyPlaces): LastRestore {
  try {
    const { at, report } = JSON.parse(readFileSync(lastRestoreFile(dataDir), 'utf8')) as LastRestore // our own
    if (report === null || !Array.isArray(report.tables)) return none
    const undo = keptCopies(places).find(({ file }) => file === report.keptAs)
    return { at, report, undo: undo?.name ?? null }
  } catch {
    return none // there was none
  }
}

const none: LastRestore = { at: null, report: null, undo: null }
