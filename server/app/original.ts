import { existsSync, mkdirSync, statSync } from 'node:fs'
import path from 'node:path'
import type { ImportReport } from '../admin/contract/import-report.ts'
import type { Config } from '../config/schema.ts'
import type { Effects } from '../lib/effects.ts'
import type { ProgressView } from '../lib/progress.ts'
import { ok, type Result } from '../lib/result.ts'
import { moveIn } from '../moving/move-in.ts'
import { latestReport, reportFields } from '../moving/report.ts'
import { finishSwitch, removeLeftovers } from '../moving/switch.ts'
import type { Logger } from '../observe/log.ts'
import { recognise } from '../store/engine/recognise.ts'

export type Moving = {
  readonly view: ProgressView
  /** Shows the report to the person who started the server. */
  readonly show: (report: ImportReport) => void
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
  mkdirSync(path.dirname(database), { recursive: true })
  const moved = await moveIn(origin, {
    database,
    dataDir: config.dataDir,
    vault: config.vault,
    maxInFlight: config.pool.maxInFlightPerAccount,
    effects,
    view: moving?.view ?? {
      write: (text) => log.info('import.progress', { message: text.trim() }),
      isTerminal: false,
      columns: 80,
      now: effects.now,
    },
  })
  if (!moved.ok) return moved
  const file = latestReport(config.dataDir)?.file
  log.warn('import.finished', {
    message: 'The original’s database was imported. The report says what became of each row, and what to do now.',
    ...(file === undefined ? {} : { report: file }),
    ...reportFields(moved.value),
  })
  moving?.show(moved.value)
  return ok(undefined)
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
