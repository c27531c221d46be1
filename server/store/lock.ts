import { Database } from 'bun:sqlite'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { err, ok, type Result } from '../lib/result.ts'

/** Held as long as the holder keeps this object; ends with `release`, or with the process, however it ends. */
export type Lock = { readonly release: () => void }
export type LockFault = { readonly kind: 'held' | 'unwritable'; readonly message: string }

export const lockFileName = 'server.lock'

/**
 * Takes the one lock of a data folder: an exclusive transaction on an empty database of its own. The system drops it with
 * the process, so no crash, no reused process id and no container border makes it stale, as they do with a file that
 * holds a process id. Nothing else may open that file: on POSIX systems closing any other handle to it in this process
 * would drop the lock. `waitMs` blocks the process.
 */
export function acquireLock(dataDir: string, waitMs = 0): Result<Lock, LockFault> {
  let db: Database | undefined
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 }) // one that is there keeps its mode
    db = new Database(path.join(dataDir, lockFileName), { create: true, readwrite: true })
    db.exec(`PRAGMA busy_timeout = ${waitMs}`)
    db.exec('PRAGMA journal_mode = MEMORY') // no companion file
    db.exec('BEGIN EXCLUSIVE')
    const held = db
    return ok({ release: () => held.close() })
  } catch (error) {
    db?.close()
    const { errno, message } = error as { readonly errno?: number; readonly message: string }
    if (errno === 5 || errno === 6) {
      return err({ kind: 'held', message: `Another claude-server is running on the data folder ${dataDir}.` })
    }
    return err({ kind: 'unwritable', message: `The data folder ${dataDir} cannot be written: ${message}.` })
  }
}
