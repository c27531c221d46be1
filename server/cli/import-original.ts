import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import type { ImportReport } from '../admin/contract/import-report.ts'
import { openData } from '../app/data.ts'
import type { Config } from '../config/schema.ts'
import type { ProgressView } from '../lib/progress.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { moveIn, rehearse } from '../moving/move-in.ts'
import { isMysqlAddress } from '../moving/mysql-source.ts'
import { reportText } from '../moving/report.ts'
import { finishSwitch } from '../moving/switch.ts'
import { isOriginalDatabase, recognise } from '../store/engine/recognise.ts'
import { acquireLock } from '../store/lock.ts'
import type { Said } from './answers.ts'
import type { CommandDeps } from './backend.ts'
import { type CliIo, type Failure, failed, misused } from './io.ts'

export type ImportAsk = {
  readonly source?: string
  readonly dryRun: boolean
  readonly purge: boolean
  readonly yes: boolean
}

/** `claude-server import`: takes an original's database over, says what that would bring, or deletes what imports have kept. */
export async function importOriginal(
  { source, dryRun, purge, yes }: ImportAsk,
  config: Config,
  { effects, log }: Pick<CommandDeps, 'effects' | 'log'>,
  io: CliIo,
): Promise<Result<Said, Failure>> {
  if (purge) {
    return source === undefined && !dryRun
      ? purgeOriginal(config, yes, io)
      : err(misused('--purge-original takes neither a source nor --dry-run.'))
  }
  if (source === undefined)
    return err(misused('import needs a source: a file, or mysql://user:password@host:3306/database.'))
  const origin = originOf(source)
  const view = { write: io.err, isTerminal: io.isTerminal, columns: io.columns, now: effects.now }
  const maxInFlight = config.pool.maxInFlightPerAccount
  // Nothing is made, the lock's file included, for a source that is none.
  const fault = isMysqlAddress(origin) ? undefined : faultOf(origin)
  if (fault !== undefined) return err(failed(fault))
  if (dryRun) return said(await rehearse(origin, { effects, view, maxInFlight }, ours(config)))
  if (config.database.type === 'mysql') return intoServer(origin, config, { effects, log }, view)
  const lock = acquireLock(config.dataDir)
  if (!lock.ok) {
    const hint = lock.error.kind === 'held' ? ' Stop it first: an import takes the whole database.' : ''
    return err(failed(`${lock.error.message}${hint}`))
  }
  try {
    const finished = finishSwitch(config.databasePath)
    if (!finished.ok) return err(failed(finished.error))
    const { databasePath: database, dataDir, vault } = config
    if (isOriginalDatabase(database) && !isSame(origin, database)) {
      const message = `${database} is itself a database of the original: import that one first (claude-server serve does).`
      return err(failed(message))
    }
    return said(await moveIn(origin, { database, dataDir, vault, maxInFlight, effects, view }))
  } finally {
    lock.value.release()
  }
}

/** What is here already: an import would be added to it. */
function ours({ databasePath: database, dataDir, vault }: Config): Parameters<typeof rehearse>[2] {
  const found = recognise(database)
  return found.ok && found.value === 'ours' ? { database, dataDir, vault } : undefined
}

function faultOf(file: string): string | undefined {
  const found = recognise(file)
  if (!found.ok) return found.error.message
  if (found.value === 'original') return undefined
  return `${file} ${found.value === 'nothing' ? 'does not exist' : 'is not a database of the original claude-api'}.`
}

/** A database on a server cannot be exchanged as a whole: only an empty one is imported into. */
async function intoServer(
  origin: string,
  config: Config,
  { effects, log }: Pick<CommandDeps, 'effects' | 'log'>,
  view: ProgressView,
): Promise<Result<Said, Failure>> {
  let report: ImportReport | undefined
  const show = (made: ImportReport): void => {
    report = made
  }
  const data = await openData(config, effects, log, false, { origin, view, show, formerPlaces: [] })
  if (!data.ok) return err(failed(data.error.message))
  await data.value.store.close()
  return report === undefined ? err(failed('Nothing was imported.')) : ok({ json: report, text: reportText(report) })
}

/** A folder stands for the original's database in it. */
function originOf(source: string): string {
  if (isMysqlAddress(source)) return source
  const file = path.resolve(source)
  return statSync(file, { throwIfNoEntry: false })?.isDirectory() === true ? path.join(file, 'data.sqlite3') : file
}

const isSame = (a: string, b: string): boolean => existsSync(a) && existsSync(b) && statSync(a).ino === statSync(b).ino

const said = (moved: Awaited<ReturnType<typeof moveIn>>): Result<Said, Failure> =>
  moved.ok ? ok({ json: moved.value, text: reportText(moved.value) }) : err(failed(moved.error))

/** Asked first: nobody can bring them back. */
async function purgeOriginal(config: Config, yes: boolean, io: CliIo): Promise<Result<Said, Failure>> {
  const files = keptOriginals(config.databasePath)
  if (files.length === 0) return ok({ json: { removed: [] }, text: 'There is no kept original in this data folder.\n' })
  if (!yes) {
    io.err(`These files hold every password, key and sign-in of the original in clear text:\n`)
    for (const file of files) io.err(`  ${file}\n`)
    const answer = await io.stdin('Delete them for good? Type yes')
    if (answer.trim().toLowerCase() !== 'yes') return err(failed('Nothing was deleted.'))
  }
  for (const file of files) rmSync(file)
  return ok({ json: { removed: files }, text: files.map((file) => `Deleted ${file}\n`).join('') })
}

const keptName = /\.original-\d{4}-\d{2}-\d{2}(-\d+)?(-wal|-shm|-journal)?$/

export function keptOriginals(database: string): readonly string[] {
  const folder = path.dirname(database)
  const base = path.basename(database)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${base}.original-`) && keptName.test(name))
    .toSorted()
    .map((name) => path.join(folder, name))
}
