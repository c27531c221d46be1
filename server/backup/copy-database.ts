import { constants, Database } from 'bun:sqlite'
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { err, ok, type Result } from '../lib/result.ts'
import { sqliteFault } from '../store/engine/fault.ts'

/** The hidden subcommand under which the program copies one database to a new file. */
export const copyDatabaseCommand = 'copy-database'

type Outcome = { readonly ok: true; readonly bytes: number } | { readonly ok: false; readonly error: string }

/** The child's side: `VACUUM INTO`, looked through afterwards. Resolves to the exit code. */
export async function runCopyChild([from = '', to = '']: readonly string[]): Promise<number> {
  process.umask(0o077)
  await Bun.write(Bun.stdout, JSON.stringify(copyNow(from, to)))
  return 0
}

function copyNow(from: string, to: string): Outcome {
  let db: Database | undefined
  try {
    db = new Database(from, { readonly: true })
    db.exec('PRAGMA busy_timeout = 5000')
    db.query('VACUUM INTO ?').run(to)
    const fault = checkDatabase(to)
    if (fault !== undefined) return { ok: false, error: fault }
    syncFile(to)
    return { ok: true, bytes: statSync(to).size }
  } catch (error) {
    return { ok: false, error: sqliteFault(error, from).message }
  } finally {
    db?.close()
  }
}

/** What SQLite finds wrong with a file, in a sentence; undefined: nothing. */
export function checkDatabase(file: string): string | undefined {
  let db: Database | undefined
  try {
    // The usual way to read one leaves companions behind; a log beside it can be read in no other.
    db =
      sizeOf(`${file}-wal`) > 0
        ? new Database(file, { readwrite: true, create: false })
        : new Database(
            `${pathToFileURL(file).href}?immutable=1`,
            constants.SQLITE_OPEN_URI | constants.SQLITE_OPEN_READONLY,
          )
    const rows = db.query<{ readonly quick_check: string }, []>('PRAGMA quick_check(1)').all()
    return rows[0]?.quick_check === 'ok' ? undefined : `${file} is damaged: ${rows[0]?.quick_check}`
  } catch (error) {
    return sqliteFault(error, file).message
  } finally {
    db?.close()
  }
}

/** This very program, asked to copy: the executable alone, or Bun with the entry file. */
const ownCommand = (): readonly string[] =>
  Bun.isStandaloneExecutable
    ? [process.execPath, copyDatabaseCommand]
    : [process.execPath, path.join(import.meta.dir, '..', 'main.ts'), copyDatabaseCommand]

/** Room that stays free on the disk: the server needs some to go on. */
const spareBytes = 64 * 1024 * 1024

/**
 * A copy of an open database as it is at one moment, without what was deleted, in a new file that only the operator can read. In a
 * process of its own: it takes seconds for each GB, and everything else goes on meanwhile.
 */
export async function copyDatabase(from: string, to: string, signal?: AbortSignal): Promise<Result<number, string>> {
  try {
    const bytes = sizeOf(from) + sizeOf(`${from}-wal`)
    const { bavail, bsize } = statfsSync(path.dirname(to))
    if (bavail * bsize < bytes + spareBytes) {
      return err(
        `There is no room for a copy of ${mib(bytes)} in ${path.dirname(to)}: ${mib(bavail * bsize)} are free.`,
      )
    }
    rmSync(to, { force: true })
  } catch (error) {
    return err(`${to} cannot be written: ${(error as Error).message}.`)
  }
  const child = Bun.spawn([...ownCommand(), from, to], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'ignore',
    env: childEnvironment(),
    ...(signal === undefined ? {} : { signal, killSignal: 'SIGKILL' }),
  })
  const [output] = await Promise.all([new Response(child.stdout).text(), child.exited])
  const outcome = outcomeOf(output)
  if (outcome?.ok === true) return ok(outcome.bytes)
  for (const suffix of ['', '-journal']) rmSync(to + suffix, { force: true })
  if (signal?.aborted) return err('It was cancelled.')
  return err(outcome?.error ?? 'The copy broke off.')
}

function outcomeOf(output: string): Outcome | undefined {
  try {
    return JSON.parse(output) as Outcome // our own child wrote it
  } catch {
    return undefined
  }
}

/** What a process needs to start at all; the variable keeps the entry from starting itself anew. */
function childEnvironment(): Record<string, string> {
  const kept = ['PATH', 'SystemRoot', 'TEMP', 'TMP', 'TMPDIR', 'HOME'].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...Object.fromEntries(kept), BUN_CONFIG_MAX_HTTP_REQUESTS: '16' }
}

function syncFile(file: string): void {
  const handle = openSync(file, 'r+')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0
export const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`
