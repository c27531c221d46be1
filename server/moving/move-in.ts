import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { hashPassword } from '../access/password.ts'
import type { ImportReport } from '../admin/contract/import-report.ts'
import type { Effects } from '../lib/effects.ts'
import { createProgress, type ProgressView } from '../lib/progress.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { sqliteFault } from '../store/engine/fault.ts'
import { isOriginalDatabase } from '../store/engine/recognise.ts'
import { type OpenStoreOptions, openStore } from '../store/open.ts'
import { holderOf } from './in-use.ts'
import { isMysqlAddress, type MysqlAddress, openMysqlSource } from './mysql-source.ts'
import { draftOfReport, removeReportDrafts, reportPath, saveReport } from './report.ts'
import { areOriginal, type Source } from './source.ts'
import { openSqliteSource } from './sqlite-source.ts'
import { buildingPath, copyPath, isSwitchPending, keptPath, removeLeftovers, switchDatabases } from './switch.ts'
import { type TakenOver, takeOver } from './take-over.ts'

export type MoveOptions = {
  /** Our database's place and how its secrets are sealed. The caller holds the folder's lock. */
  readonly database: string
  readonly dataDir: string
  readonly vault: Pick<OpenStoreOptions, 'masterKey' | 'masterKeyFile'>
  readonly maxInFlight: number
  readonly effects: Pick<Effects, 'now' | 'newId'>
  readonly view: ProgressView
}

/** Where an original is: a file, or `mysql://user:password@host:port/database`. */
export type Origin = string

/**
 * Imports an original's database. Ours is built in a file of its own, from nothing or from a copy of what is there, and takes its
 * place in one decided step; until then nothing that was there has changed, and an import that was cut short begins anew.
 */
export async function moveIn(origin: Origin, options: MoveOptions): Promise<Result<ImportReport, string>> {
  const { database, dataDir, effects } = options
  const startedAt = effects.now()
  removeAllLeftovers(options)
  const inPlace = isSameFile(origin, database)
  const opened = await openSource(origin, copyPath(database))
  if (!opened.ok) return opened
  const source = opened.value
  const building = buildingPath(database)
  // What lies at our place: the original itself, our own database, or nothing yet.
  const isMerge = !inPlace && existsSync(database) && (statSync(database).size > 0 || existsSync(`${database}-wal`))
  const before = inPlace ? filesState(database) : ''
  try {
    if (isMerge) {
      const copied = await copyOurs(options)
      if (!copied.ok) return copied
    }
    const taken = await build(source, building, options, startedAt, !isMerge)
    if (!taken.ok) return taken
    const day = new Date(startedAt).toISOString().slice(0, 10)
    const kept = keptPath(database, inPlace ? 'original' : 'before-import', day)
    const at = new Date(startedAt).toISOString()
    const report: ImportReport = {
      at,
      durationMs: effects.now() - startedAt,
      dryRun: false,
      ...taken.value,
      keptAs: inPlace ? kept : null,
    }
    if (inPlace && filesState(database) !== before) return err(stillRunning(database))
    const file = reportPath(dataDir, at)
    saveReport(draftOfReport(file), report)
    await source.close()
    const switched = switchDatabases(database, kept, [{ from: draftOfReport(file), to: file }])
    return switched.ok ? ok(report) : switched
  } catch (error) {
    return cutShort(error, building)
  } finally {
    await source.close()
    removeAllLeftovers(options)
  }
}

function removeAllLeftovers({ database, dataDir }: Pick<MoveOptions, 'database' | 'dataDir'>): void {
  removeLeftovers(database)
  if (!isSwitchPending(database)) removeReportDrafts(dataDir)
}

/** A disk that is full, or that cannot be written, in words. Anything else is thrown on. */
function cutShort(error: unknown, file: string): Result<never, string> {
  const fault = sqliteFault(error, file)
  if (fault.kind === 'failed') throw error
  return err(`The import was cut short. ${fault.message} Nothing was changed: the next start begins anew.`)
}

/**
 * What an import would do, done to a database that is thrown away: the same work, the same report. `into`: as into a copy of what
 * is there; nothing of it is touched.
 */
export async function rehearse(
  origin: Origin,
  options: Pick<MoveOptions, 'effects' | 'view' | 'maxInFlight'>,
  into?: Pick<MoveOptions, 'database' | 'dataDir' | 'vault'>,
): Promise<Result<ImportReport, string>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'claude-server-import-'))
  const startedAt = options.effects.now()
  try {
    const opened = await openSource(origin, path.join(folder, 'copy'))
    if (!opened.ok) return opened
    try {
      const database = path.join(folder, 'data.sqlite3')
      if (into !== undefined) {
        for (const suffix of ['', '-wal'])
          if (existsSync(into.database + suffix)) copyFileSync(into.database + suffix, database + suffix)
      }
      const whole = { ...options, dataDir: into?.dataDir ?? folder, vault: into?.vault ?? {}, database }
      const taken = await build(opened.value, database, whole, startedAt, into === undefined)
      if (!taken.ok) return taken
      const durationMs = options.effects.now() - startedAt
      return ok({ at: new Date(startedAt).toISOString(), durationMs, dryRun: true, ...taken.value, keptAs: null })
    } catch (error) {
      return cutShort(error, folder)
    } finally {
      await opened.value.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Opens an original, and nothing that is none. `copy`: where a file with a log beside it may be copied to. */
export async function openSource(origin: Origin | MysqlAddress, copy: string): Promise<Result<Source, string>> {
  if (typeof origin !== 'string' || isMysqlAddress(origin)) {
    const opened = await openMysqlSource(origin)
    if (!opened.ok) return opened
    if (areOriginal(opened.value.tables)) return opened
    await opened.value.close()
    return err(`${opened.value.shown} holds no tables of the original claude-api.`)
  }
  if (!existsSync(origin)) return err(`${origin} does not exist.`)
  if (!isOriginalDatabase(origin)) return err(`${origin} is not a database of the original claude-api.`)
  const holder = holderOf(origin)
  if (holder !== undefined)
    return err(`${origin} is in use (process ${holder}): stop the original first. Nothing was changed.`)
  return openSqliteSource(origin, copy)
}

async function build(
  source: Source,
  file: string,
  { dataDir, vault, maxInFlight, effects, view }: MoveOptions,
  now: number,
  isNew: boolean,
): Promise<Result<TakenOver, string>> {
  const opened = await openStore({
    path: file,
    dataDir,
    ...vault,
    now: effects.now,
    // Nobody else is waiting: nothing gives way.
    sleep: async () => {},
    onUnreadable: () => {},
  })
  if (!opened.ok) return err(opened.error.message)
  const { store } = opened.value
  const total = source.tables.reduce((sum, { rows }) => sum + rows, 0)
  const progress = createProgress(view, { what: 'Importing', total, unit: 'rows' })
  try {
    return ok(await takeOver({ source, store, now, newId: effects.newId, hashPassword, maxInFlight, isNew, progress }))
  } finally {
    progress.end()
    // What it could not write is gone with the file; the first fault is the one to tell.
    await store.close().catch(() => {})
  }
}

/** Our own database as it stands, for an import into it. Opening and closing it brings its log into the file. */
async function copyOurs({ database, dataDir, vault, effects }: MoveOptions): Promise<Result<void, string>> {
  const opened = await openStore({
    path: database,
    dataDir,
    ...vault,
    mustExist: true,
    now: effects.now,
    sleep: async () => {},
    onUnreadable: () => {},
  })
  if (!opened.ok) return err(opened.error.message)
  await opened.value.store.close()
  copyFileSync(database, buildingPath(database))
  return ok(undefined)
}

/** What tells that a file was written to meanwhile. */
function filesState(database: string): string {
  return ['', '-wal', '-journal']
    .map((suffix) => statSync(database + suffix, { throwIfNoEntry: false }))
    .map((found) => (found === undefined ? '-' : `${found.size} ${found.mtimeMs}`))
    .join(', ')
}

const stillRunning = (database: string): string =>
  `${database} was written to while it was imported: stop the original first. Nothing was changed.`

function isSameFile(origin: Origin, database: string): boolean {
  if (isMysqlAddress(origin) || !existsSync(origin) || !existsSync(database)) return false
  const [a, b] = [statSync(origin), statSync(database)]
  return a.ino === b.ino && a.dev === b.dev
}
