import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { maxBackupBytes } from '../admin/body.ts'
import type { BackupAccess, BackupFault, PortableAsk } from '../admin/deps.ts'
import type { Config } from '../config/schema.ts'
import type { Effects } from '../lib/effects.ts'
import { type Progress, silentProgress } from '../lib/progress.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { syncFolder } from '../moving/switch.ts'
import type { Logger } from '../observe/log.ts'
import { StoreFault } from '../store/engine/fault.ts'
import { readMigrations } from '../store/engine/migrate.ts'
import type { Store } from '../store/store.ts'
import { keepWhole } from './exchange.ts'
import { faultReason } from './fault-reason.ts'
import { type BackupFile, backUpToFile, backupName, draftOf, pruneBackups } from './file-backup.ts'
import {
  type CopyPlaces,
  copyView,
  findCopy,
  keptCopies,
  readLastRestore,
  removeKept,
  saveLastRestore,
} from './kept-copies.ts'
import { originalForm } from './original-form.ts'
import { noPassphrase, passphraseFault, wrongPassphrase } from './pieces.ts'
import { linesOf } from './read-backup.ts'
import { prepareRestore, type RestoreSource } from './restore.ts'
import { writeBackup } from './write-backup.ts'

export type BackupDeps = {
  readonly config: Pick<Config, 'databasePath' | 'database' | 'dataDir' | 'vault' | 'pool'>
  readonly store: Store
  readonly effects: Pick<Effects, 'now' | 'newId' | 'sleep' | 'turn' | 'after'>
  readonly log: Logger
  readonly version: string
  /** Writes what waits in memory. */
  readonly settle: () => Promise<void>
  /** As the settings have it now. */
  readonly policy: () => { readonly folder: string; readonly keep: number }
  /** Starts the server anew, soon. Absent: nothing can be restored here. */
  readonly restart?: () => void
  readonly progress?: (total: number) => Progress
}

/** A reader that is slower loses the backup: as long as one is read the log of the database only grows. */
const longestReadMs = 600_000

export function createBackups(deps: BackupDeps): BackupAccess {
  const { config, store, effects, log } = deps
  /** What follows from a database being a file: copies of it, and its exchange. */
  const isFile = config.database.type === 'sqlite'
  let restoring = false
  const places = (): CopyPlaces => ({ folder: deps.policy().folder, database: config.databasePath })

  const portable = async (ask: PortableAsk): Promise<Result<AsyncGenerator<string, void, undefined>, BackupFault>> => {
    const fault = ask.passphrase === undefined ? undefined : passphraseFault(ask.passphrase)
    if (fault !== undefined) return err(refused(`The passphrase ${fault}.`))
    await deps.settle()
    let snapshot: Awaited<ReturnType<Store['snapshot']>>
    try {
      snapshot = await store.snapshot()
    } catch (error) {
      if (error instanceof StoreFault) return err(refused(error.message))
      throw error
    }
    const { whole } = snapshot
    let open = true
    const close = async (): Promise<void> => {
      if (open) await snapshot.close()
      open = false
    }
    const cancel = effects.after(longestReadMs, () => void close())
    async function* text(): AsyncGenerator<string, void, undefined> {
      try {
        yield* writeBackup(whole, {
          ...ask,
          now: effects.now(),
          server: deps.version,
          schema: readMigrations().at(-1)?.name ?? '',
          turn: effects.turn,
        })
      } finally {
        cancel()
        await close()
      }
    }
    return ok(text())
  }

  /** A database file of what lies on a server. */
  const serverToFile = async (file: string, signal?: AbortSignal): Promise<Result<BackupFile, string>> => {
    if (existsSync(file)) return err(`${file} is there already.`)
    try {
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
      await keepWhole(store, file, config, effects, deps.progress?.(0) ?? silentProgress, signal)
      syncFolder(path.dirname(file))
      const { size, mtimeMs } = statSync(file)
      return ok({ file, bytes: size, at: mtimeMs })
    } catch (error) {
      return err(`${file} cannot be written: ${(error as Error).message}`)
    }
  }

  return {
    original: async (secrets) => {
      await deps.settle()
      return originalForm(store, secrets, effects.now())
    },
    portable,
    toFile: async (given, ask, signal) => {
      const { folder, keep } = deps.policy()
      const file = given === undefined ? path.join(folder, backupName(effects.now())) : path.resolve(given)
      await deps.settle()
      const made =
        ask !== undefined
          ? await portableToFile(await portable(ask), file)
          : isFile
            ? await backUpToFile(config.databasePath, file, signal)
            : await serverToFile(file, signal)
      if (!made.ok) {
        log.error('backup.failed', { cause: made.error })
        return err(refused(made.error))
      }
      const gone = given === undefined ? pruneBackups(folder, keep) : []
      log.info('backup.written', { file, bytes: made.value.bytes, removed: gone.length })
      return ok(copyView(made.value))
    },
    files: async () => ({ folder: deps.policy().folder, files: [...keptCopies(places())] }),
    find: async (name) => findCopy(places(), name),
    remove: async (name) => {
      const found = findCopy(places(), name)
      if (found === undefined) return false
      removeKept(found)
      log.info('backup.removed', { file: found.file })
      return true
    },
    lastRestore: async () => readLastRestore(config.dataDir, places()),
    restore: async (from, { passphrase, ...how }) => {
      const { dryRun } = how
      const { restart } = deps
      if (restart === undefined && !dryRun)
        return err({ kind: 'unavailable', message: 'Nothing is restored in a demo.' })
      if (restoring)
        return err({
          kind: 'busy',
          message: 'Another restore is under way: wait for it to end.',
          reason: 'restore-running',
        })
      restoring = true
      let decided = false
      try {
        await deps.settle()
        const source = await sourceOf(from, passphrase)
        if (!source.ok) return err(refused(source.error))
        const done = await prepareRestore(source.value, {
          ...how,
          config,
          effects,
          ...(isFile ? {} : { server: store }),
          ...(deps.progress === undefined ? {} : { progress: deps.progress }),
        })
        if (!done.ok) {
          log.warn('restore.refused', { cause: done.error })
          return err(refused(done.error))
        }
        if (dryRun) return done
        decided = true
        saveLastRestore(config.dataDir, effects.now(), done.value)
        log.warn('restore.decided', {
          message: 'A backup was restored. The server starts anew with it.',
          kind: done.value.kind,
          mode: how.mode,
          ...(done.value.keptAs === null ? {} : { keptAs: done.value.keptAs }),
        })
        // After the answer.
        effects.after(100, () => restart?.())
        return done
      } finally {
        restoring = decided
      }
    },
  }
}

function refused(message: string): BackupFault {
  const reason = faultReason(message)
  return {
    kind: [wrongPassphrase, noPassphrase].some((fault) => message.includes(fault)) ? 'passphrase' : 'refused',
    message,
    ...(reason === undefined ? {} : { reason }),
  }
}

/** What lies in a file is told by its beginning. */
export async function sourceOf(
  from: { readonly body: AsyncIterable<Uint8Array> } | { readonly file: string },
  passphrase?: string,
): Promise<Result<RestoreSource, string>> {
  const given = passphrase === undefined ? {} : { passphrase }
  if ('body' in from) {
    const body = await begun(bounded(from.body))
    return isDatabaseStart(body.start) ? err(databaseSent) : ok({ kind: 'text', lines: linesOf(body.all), ...given })
  }
  const { file } = from
  if (!existsSync(file) || !statSync(file).isFile()) return err(`${file} does not exist, or is no file.`)
  try {
    if (isDatabase(file)) return ok({ kind: 'database', file })
  } catch (error) {
    return err(`${file} cannot be read: ${(error as Error).message}.`)
  }
  return ok({ kind: 'text', lines: linesOf(Bun.file(file).stream()), ...given })
}

function isDatabase(file: string): boolean {
  const start = Buffer.alloc(15)
  const handle = openSync(file, 'r')
  try {
    readSync(handle, start, 0, start.length, 0)
  } finally {
    closeSync(handle)
  }
  return isDatabaseStart(start)
}

const isDatabaseStart = (start: Buffer): boolean => start.toString('latin1', 0, 15) === 'SQLite format 3'
const databaseSent =
  'This is a database file. It is restored on the machine it lies on: `claude-server restore FILE`; a copy in the folder of backups also ' +
  'by `POST /v2/backup/files/NAME/restore`. What is sent here is a portable backup (`POST /v2/backup/export`) or one of the original.'

/** The first bytes of what comes, and all of it. */
async function begun(
  chunks: AsyncGenerator<Uint8Array, void, undefined>,
): Promise<{ readonly start: Buffer; readonly all: AsyncGenerator<Uint8Array, void, undefined> }> {
  let start: Buffer = Buffer.alloc(0)
  while (start.length < 15) {
    const next = await chunks.next()
    if (next.done === true) break
    start = Buffer.concat([start, next.value])
  }
  async function* all(): AsyncGenerator<Uint8Array, void, undefined> {
    yield start
    yield* chunks
  }
  return { start, all: all() }
}

async function* bounded(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.byteLength
    if (bytes > maxBackupBytes) throw new RangeError('it is larger than 1 GiB: restore it from a file on the machine')
    yield chunk
  }
}

async function portableToFile(
  text: Result<AsyncGenerator<string, void, undefined>, BackupFault>,
  file: string,
): Promise<Result<BackupFile, string>> {
  if (!text.ok) return err(text.error.message)
  if (existsSync(file)) return err(`${file} is there already.`)
  const draft = draftOf(file)
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
    rmSync(draft, { force: true })
    const handle = openSync(draft, 'wx', 0o600)
    try {
      for await (const piece of text.value) writeSync(handle, piece)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    renameSync(draft, file)
    syncFolder(path.dirname(file))
    const { size, mtimeMs } = statSync(file)
    return ok({ file, bytes: size, at: mtimeMs })
  } catch (error) {
    rmSync(draft, { force: true })
    return err(`${file} cannot be written: ${(error as Error).message}.`)
  }
}
