import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { err, ok, type Result } from '../lib/result.ts'
import { syncFolder } from '../moving/switch.ts'
import { copyDatabase } from './copy-database.ts'

export type BackupFile = { readonly file: string; readonly bytes: number; readonly at: number }

const namePattern = /^claude-server-(\d{4})(\d{2})(\d{2})-(\d{2})(\d{2})(\d{2})\.sqlite3$/

/** Names sort as the times do; UTC. */
export function backupName(at: number): string {
  const text = new Date(at).toISOString()
  return `claude-server-${text.slice(0, 10).replaceAll('-', '')}-${text.slice(11, 19).replaceAll(':', '')}.sqlite3`
}

/** Where a copy is written until it is whole. */
export const draftOf = (file: string): string => `${file}.part`

/**
 * Copies the open database to a file: under another name until it is whole and checked, so that what has the name is a backup. A
 * file that is there is never replaced.
 */
export async function backUpToFile(
  database: string,
  file: string,
  signal?: AbortSignal,
): Promise<Result<BackupFile, string>> {
  if (existsSync(file)) return err(`${file} is there already.`)
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  } catch (error) {
    return err(`The folder ${path.dirname(file)} cannot be made: ${(error as Error).message}.`)
  }
  const copied = await copyDatabase(database, draftOf(file), signal)
  if (!copied.ok) return copied
  if (existsSync(file)) {
    rmSync(draftOf(file), { force: true })
    return err(`${file} is there already.`)
  }
  renameSync(draftOf(file), file)
  syncFolder(path.dirname(file))
  return ok({ file, bytes: copied.value, at: statSync(file).mtimeMs })
}

/** The backups of a folder that have a name of ours, the newest first. */
export function listBackups(folder: string): readonly BackupFile[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .flatMap((name): readonly BackupFile[] => {
      const parts = namePattern.exec(name)
      const found = statSync(path.join(folder, name), { throwIfNoEntry: false })
      if (parts === null || found === undefined) return []
      const [year, month, day, hour, minute, second] = parts.slice(1).map(Number)
      const at = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second)
      return [{ file: path.join(folder, name), bytes: found.size, at }]
    })
    .toSorted((a, b) => b.at - a.at)
}

/** Deletes all but the newest `keep`, and what a killed server has left half written. Gives what went. */
export function pruneBackups(folder: string, keep: number): readonly string[] {
  const gone = listBackups(folder)
    .slice(Math.max(1, keep))
    .map(({ file }) => file)
  const drafts = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.part') && namePattern.test(name.slice(0, -'.part'.length)))
        .map((name) => path.join(folder, name))
    : []
  for (const file of [...gone, ...drafts]) rmSync(file, { force: true })
  return gone
}
