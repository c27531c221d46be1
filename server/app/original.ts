import { existsSync, mkdirSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { ImportReport } from '../admin/contract/import-report.ts'
import type { Config } from '../config/schema.ts'
import type { Effects } from '../lib/effects.ts'
import type { ProgressView } from '../lib/progress.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { moveIn, openSource } from '../moving/move-in.ts'
import { moveInto, readinessOf } from '../moving/move-into.ts'
import type { MysqlAddress } from '../moving/mysql-source.ts'
import { latestReport, reportFields } from '../moving/report.ts'
import { finishSwitch, removeLeftovers } from '../moving/switch.ts'
import type { Logger } from '../observe/log.ts'
import { recognise } from '../store/engine/recognise.ts'
import type { Store } from '../store/store.ts'

export type Moving = {
  readonly view: ProgressView
  /** Shows the report to the person who started the server. */
  readonly show: (report: ImportReport) => void
  /** An original to import into a database on a server, in place of the tables that lie there themselves. */
  readonly origin?: string
  /** Databases of the original that it would have taken with it into a new data folder, in its order. */
  readonly formerPlaces: readonly string[]
}

/**
 * Imports the original's database where it lies in our place, or in one of those the original itself looked into when a data folder
 * was new. An import that was cut short is finished, or begun anew. Nothing where ours lies already.
 */
export async function moveOriginal(
  config: Config,
  effects: Effects,
  log: Logger,
  moving?: Moving,
): Promise<Result<void, string>> {
  const { databasePath: database } = config
  const finished = finishSwitch(database)
  if (!finished.ok) return finished
  const origin = originOf(database, moving?.formerPlaces ?? [])
  if (origin === undefined) {
    removeLeftovers(database)
    return ok(undefined)
  }
  log.info('import.started', { from: origin })
  mkdirSync(path.dirname(database), { recursive: true, mode: 0o700 })
  const moved = await moveIn(origin, {
    database,
    dataDir: config.dataDir,
    vault: config.vault,
    maxInFlight: config.pool.maxInFlightPerAccount,
    effects,
    view: viewOf(moving, effects, log),
  })
  if (!moved.ok) return moved
  tell(moved.value, config, log, moving)
  return ok(undefined)
}

function tell(report: ImportReport, { dataDir }: Config, log: Logger, moving: Moving | undefined): void {
  const file = latestReport(dataDir)?.file
  log.warn('import.finished', {
    message: 'The original’s database was imported. The report says what became of each row, and what to do now.',
    ...(file === undefined ? {} : { report: file }),
    ...reportFields(report),
  })
  moving?.show(report)
}

/**
 * The same for a database on a server: the original's tables stay as they are, ours lie beside them. Nothing where ours hold
 * anything already, unless that is what an import that was cut short has left.
 */
export async function moveOriginalTables(
  config: Config,
  store: Store,
  effects: Effects,
  log: Logger,
  moving?: Moving,
): Promise<Result<void, string>> {
  const readiness = await readinessOf(store)
  const { origin } = moving ?? {}
  if (readiness === 'in-use') return origin === undefined ? ok(undefined) : err(inUse)
  const opened = await openSource(origin ?? (await ownAddress(config)), path.join(config.dataDir, 'import-copy'))
  // Nothing of the original there: a new gateway.
  if (!opened.ok) return origin === undefined && readiness === 'empty' ? ok(undefined) : opened
  const source = opened.value
  log.info('import.started', { from: source.shown })
  try {
    const moved = await moveInto(source, store, {
      dataDir: config.dataDir,
      maxInFlight: config.pool.maxInFlightPerAccount,
      effects,
      view: viewOf(moving, effects, log),
    })
    if (!moved.ok) return moved
    tell(moved.value, config, log, moving)
    return ok(undefined)
  } finally {
    await source.close()
  }
}

const inUse =
  'The gateway’s database on the server is in use already: an import there needs an empty one. Nothing was changed.'

async function ownAddress({ database: { mysql } }: Config): Promise<MysqlAddress> {
  const { host, port, user, database, tls, caFile, password = '' } = mysql
  return {
    ...{ host, port, user, password, database },
    ...(tls === 'on' ? { tls: caFile ? { ca: await readFile(caFile, 'utf8') } : {} } : {}),
  }
}

function viewOf(moving: Moving | undefined, effects: Effects, log: Logger): ProgressView {
  return (
    moving?.view ?? {
      write: (text) => log.info('import.progress', { message: text.trim() }),
      isTerminal: false,
      columns: 80,
      now: effects.now,
    }
  )
}

function originOf(database: string, formerPlaces: readonly string[]): string | undefined {
  const isOriginal = (file: string): boolean => {
    const found = recognise(file)
    return found.ok && found.value === 'original'
  }
  if (isOriginal(database)) return database
  if (existsSync(database) && statSync(database).size > 0) return undefined
  return formerPlaces.find((place) => path.resolve(place) !== path.resolve(database) && isOriginal(place))
}
