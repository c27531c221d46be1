import { existsSync, readFileSync, statSync } from 'node:fs'
import type { Config } from '../config/schema.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { buildingPath, isExchangePending, isSwitchPending } from '../moving/switch.ts'
import type { Logger } from '../observe/log.ts'
import type { MysqlOptions } from '../store/engine/mysql.ts'
import { isOriginalDatabase } from '../store/engine/recognise.ts'
import { acquireLock, type Lock } from '../store/lock.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import type { Vault } from '../vault/vault.ts'
import { removeDrafts } from './drafts.ts'
import type { Moving } from './original.ts'
import { copyBeforeUpdate } from './safety-copy.ts'

/** Why the program cannot go on; `message` is one or more plain lines for standard error. */
export type StartFault = {
  readonly message: string
  readonly exitCode: 1 | 2
  /** Another process has the data folder; it may be done with it soon. */
  readonly held?: boolean
}

/** The data folder's lock, while a successor takes it. */
export type FolderLock = {
  readonly giveUp: () => void
  /** False: another process has it. */
  readonly takeBack: () => boolean
}

export type Data = {
  readonly lock: FolderLock
  /** Closing it also gives the data folder's lock back. */
  readonly store: Store
  readonly vault: Vault
  readonly keyCreated: boolean
  readonly keyFile?: string
}

/**
 * Takes the data folder's lock and opens what is in it; an original's database is imported first. `mustExist`: makes nothing that
 * is not there, and leaves a folder of the original's as it is, lock file included.
 */
export async function openData(
  config: Config,
  effects: Effects,
  log: Logger,
  mustExist: boolean,
  moving?: Moving,
): Promise<Result<Data, StartFault>> {
  const onServer = config.database.type === 'mysql'
  if (mustExist && (onServer ? isExchangePending : isSwitchPending)(config.databasePath)) {
    return err({
      message:
        'An import or a restore was cut short at its last step. The next start finishes it: claude-server serve.',
      exitCode: 1,
    })
  }
  const place = onServer ? config.dataDir : config.databasePath
  if (mustExist && !isThere(place)) {
    return err({
      message: `There is no gateway in this folder: ${place} does not exist. Name its folder with --data-dir FOLDER, or start it here first: claude-server serve.`,
      exitCode: 1,
    })
  }
  if (mustExist && !onServer && isOriginalDatabase(config.databasePath)) {
    return err({
      message:
        `${config.databasePath} is a database of the original claude-api. It was left untouched. ` +
        'The first start imports it: claude-server serve. What that would bring: claude-server import --dry-run ' +
        `${config.databasePath}`,
      exitCode: 1,
    })
  }
  const lock = acquireLock(config.dataDir)
  if (!lock.ok) return err({ message: lock.error.message, exitCode: 1, held: lock.error.kind === 'held' })
  if (!mustExist && !onServer && mayMove(config.databasePath, moving)) {
    // Loaded for those who move over.
    const { moveOriginal } = await import('./original.ts')
    const moved = await moveOriginal(config, effects, log, moving)
    if (!moved.ok) {
      lock.value.release()
      return err({ message: moved.error, exitCode: 1 })
    }
  }
  if (!mustExist) removeDrafts(config)
  const mysql = onServer ? mysqlOptions(config, effects, log, mustExist) : ok(undefined)
  if (!mysql.ok) {
    lock.value.release()
    return mysql
  }
  const copied = onServer ? ok(undefined) : await copyBeforeUpdate(config.databasePath, log, effects.now())
  if (!copied.ok) {
    lock.value.release()
    return err({ message: copied.error, exitCode: 1 })
  }
  const opened = await openStore({
    path: config.databasePath,
    ...(mysql.value === undefined ? {} : { mysql: mysql.value }),
    dataDir: config.dataDir,
    ...config.vault,
    acceptNewKey: config.newMasterKey,
    mustExist,
    now: effects.now,
    sleep: effects.sleep,
    onUnreadable: (accountId, reason) => log.warn('account.unreadable', { accountId, reason }),
  })
  if (!opened.ok) {
    lock.value.release()
    return err({ message: opened.error.message, exitCode: 1, held: opened.error.kind === 'held' })
  }
  const { store, vault } = opened.value
  if (onServer && !mustExist) {
    const exchanged = await exchangeRows(config, store, effects, log, moving)
    if (!exchanged.ok) {
      await store.close()
      lock.value.release()
      return err({ message: exchanged.error, exitCode: 1 })
    }
    const moved = await moveTables(config, store, effects, log, moving)
    if (!moved.ok) {
      await store.close()
      lock.value.release()
      return err({ message: moved.error, exitCode: 1 })
    }
  }
  for (const warning of vault.warnings) log.warn('vault.warning', { message: warning })
  let held: Lock | undefined = lock.value
  const giveUp = (): void => {
    held?.release()
    held = undefined
  }
  return ok({
    lock: {
      giveUp,
      takeBack: () => {
        const again = acquireLock(config.dataDir)
        if (again.ok) held = again.value
        return again.ok
      },
    },
    store: {
      ...store,
      close: async () => {
        await store.close()
        giveUp()
      },
    },
    vault: vault.vault,
    keyCreated: vault.created,
    ...(vault.path === undefined ? {} : { keyFile: vault.path }),
  })
}

/** An original's database lies here, or where one would be looked for, or an import of one was cut short. */
function mayMove(database: string, moving: Moving | undefined): boolean {
  if (isSwitchPending(database) || existsSync(buildingPath(database)) || isOriginalDatabase(database)) return true
  return !existsSync(database) && (moving?.formerPlaces ?? []).some((place) => existsSync(place))
}

/** An empty file is what a mistyped path or a full disk leaves behind. */
function isThere(place: string): boolean {
  const found = statSync(place, { throwIfNoEntry: false })
  return found !== undefined && (found.isDirectory() || found.size > 0)
}

/** A gateway that ended just now gives its lock back within moments. */
const handOverMs = 5_000

/** Subcommands do not wait: somebody sits before them. */
function mysqlOptions(
  { database: { mysql } }: Config,
  effects: Effects,
  log: Logger,
  mustExist: boolean,
): Result<MysqlOptions, StartFault> {
  const { host, port, user, database, tls, caFile, password = '', startWaitSeconds } = mysql
  let ca: string | undefined
  try {
    ca = caFile ? readFileSync(caFile, 'utf8') : undefined
  } catch (error) {
    return err({ message: `database.mysql.ca_file cannot be read: ${(error as Error).message}.`, exitCode: 2 })
  }
  return ok({
    place: { host, port, user, password, database, tls, ...(ca === undefined ? {} : { ca }) },
    effects,
    waitMs: mustExist ? 0 : startWaitSeconds * 1000,
    handOverMs: mustExist ? 0 : handOverMs,
    onEvent: (event, message) =>
      log[event === 'back' || event === 'migrating' ? 'info' : 'warn'](`database.${event}`, { message }),
  })
}

/** Finishes a restore that was decided; loaded when there is one. */
async function exchangeRows(
  config: Config,
  store: Store,
  effects: Effects,
  log: Logger,
  moving: Moving | undefined,
): Promise<Result<void, string>> {
  if (!isExchangePending(config.databasePath)) return ok(undefined)
  const { finishExchange } = await import('../backup/exchange.ts')
  const view = moving?.view ?? {
    write: (text: string) => log.info('restore.progress', { message: text.trim() }),
    isTerminal: false,
    columns: 80,
    now: effects.now,
  }
  const done = await finishExchange(store, config, effects, view)
  if (!done.ok) return done
  if (done.value !== undefined && 'failed' in done.value)
    log.error('restore.failed', { message: 'The database on the server is as it was.', cause: done.value.failed })
  else log.warn('restore.finished', { ...done.value })
  return ok(undefined)
}

/** Loaded for those who may move over: whose database has nothing of ours, or a part of an import. */
async function moveTables(
  config: Config,
  store: Store,
  effects: Effects,
  log: Logger,
  moving: Moving | undefined,
): Promise<Result<void, string>> {
  const settings = await store.settings.all()
  const mayBegin = Object.keys(settings).length === 0 || settings.original_import === 'running'
  if (!mayBegin && moving?.origin === undefined) return ok(undefined)
  const { moveOriginalTables } = await import('./original.ts')
  return moveOriginalTables(config, store, effects, log, moving)
}
