import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { randomText } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'

export type KeyFile = {
  readonly text: string
  /** Set when others on this machine may read the file. */
  readonly warning?: string
}

/** The key text of a file, undefined when there is no file. A file of exactly 32 bytes that are no text is a raw key. */
export function readKeyFile(file: string): Result<KeyFile | undefined, string> {
  try {
    const bytes = readFileSync(file)
    const raw = bytes.length === 32 && !/^[\x20-\x7e\r\n\t]*$/.test(bytes.toString('latin1'))
    const text = raw ? bytes.toString('hex') : bytes.toString('utf8').trim()
    if (text === '') return err(`${file} is empty`)
    const mode = statSync(file).mode & 0o777
    const open = process.platform !== 'win32' && (mode & 0o077) !== 0
    const warning = `${file} can be read by others (mode ${mode.toString(8)}): chmod 600 ${file}`
    return ok({ text, ...(open && { warning }) })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ok(undefined)
    return err(`${file} cannot be read: ${messageOf(error)}`)
  }
}

/**
 * Writes a key file (mode 0600) that no crash leaves half written and that never replaces another: when one appeared
 * meanwhile, that one stays and false is returned. On disk, with its folder entry, when this returns.
 */
export function createKeyFile(file: string, text: string): Result<boolean, string> {
  const folder = path.dirname(file)
  const draft = `${file}.${randomText(8)}.new`
  try {
    mkdirSync(folder, { recursive: true })
    writeSynced(draft, `${text}\n`)
    try {
      linkSync(draft, file)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return ok(false)
      // A file system without hard links; two starts at once are kept apart by the lock of the data folder.
      if (exists(file)) return ok(false)
      renameSync(draft, file)
    }
    syncFolder(folder)
    return ok(true)
  } catch (error) {
    return err(`${file} cannot be written: ${messageOf(error)}`)
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Removes what a start that was killed while it made the key left beside it: copies of a key. */
export function removeKeyDrafts(file: string): void {
  const start = `${path.basename(file)}.`
  for (const name of readdirSync(path.dirname(file)))
    if (name.startsWith(start) && name.endsWith('.new')) rmSync(path.join(path.dirname(file), name), { force: true })
}

function writeSynced(file: string, text: string): void {
  const handle = openSync(file, 'wx', 0o600)
  try {
    writeSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  chmodSync(file, 0o600) // whatever the umask said
}

function syncFolder(folder: string): void {
  if (process.platform === 'win32') return // has no such call
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } catch {
    // some file systems do not sync folders; the file itself is on disk
  } finally {
    closeSync(handle)
  }
}

function exists(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
