import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import type { Config } from '../config/schema.ts'
import type { Effects } from '../lib/effects.ts'
import { createProgress, type Progress, type ProgressView } from '../lib/progress.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { companions } from '../moving/sqlite-source.ts'
import {
  buildingPath,
  isExchangePending,
  exchangePlanPath as planPath,
  trimKept,
  writeDurably,
} from '../moving/switch.ts'
import { StoreFault } from '../store/engine/fault.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { copyWhole, keptTableNames } from '../store/whole.ts'

// A database on a server cannot be exchanged by renaming files. What a restore has built lies in a database file; the next start
// keeps what is on the server in another one, and puts the first in its place in one transaction.

/** `keepsDeleted`: what was deleted and may come back is not replaced. */
type Plan = { readonly version: 1; readonly kept: string; readonly keepsDeleted?: boolean }
type Place = Pick<Config, 'databasePath' | 'dataDir' | 'vault'>

const readyPath = (database: string): string => `${database}.restoring`
const allOf = (file: string): readonly string[] => ['', ...companions].map((suffix) => file + suffix)
const remove = (file: string): void => {
  for (const name of allOf(file)) rmSync(name, { force: true })
}

/** What was built is to take the place of what is on the server. From here on it happens whatever ends the process. */
export function decideExchange(database: string, kept: string, keepsDeleted: boolean): void {
  remove(readyPath(database))
  renameSync(buildingPath(database), readyPath(database))
  writeDurably(planPath(database), JSON.stringify({ version: 1, kept, keepsDeleted } satisfies Plan))
}

/** `failed`: what was on the server is as it was. */
export type Exchanged = { readonly kept: string } | { readonly failed: string }

/**
 * Does what was decided, before anything else uses the store. Killed anywhere it is done again: what was here is kept once, and the
 * rows are put in whole. A fault that would come back gives the plan up, and what was on the server is as it was.
 */
export async function finishExchange(
  store: Store,
  place: Place,
  effects: Pick<Effects, 'now' | 'sleep'>,
  view: ProgressView,
): Promise<Result<Exchanged | undefined, string>> {
  const { databasePath: database } = place
  if (!isExchangePending(database)) return ok(undefined)
  const plan = readPlan(planPath(database))
  const { replace } = store.whole
  if (plan === undefined || replace === undefined)
    return err(`${planPath(database)} cannot be read: a restore that was cut short cannot be finished.`)
  try {
    if (!existsSync(plan.kept)) await keepWhole(store, plan.kept, place, effects, counting(store, 'Keeping', view))
    const ready = await openFile(readyPath(database), place, effects, true)
    const progress = await counting(ready, 'Restoring', view)
    try {
      await replace(ready.whole, progress.step, plan.keepsDeleted === true)
    } finally {
      progress.end()
      await ready.close()
    }
  } catch (error) {
    // Done again at the next start.
    if (error instanceof StoreFault && error.kind === 'unreachable') return err(error.message)
    giveUp(database)
    return ok({ failed: error instanceof Error ? error.message : String(error) })
  }
  remove(readyPath(database))
  rmSync(planPath(database))
  trimKept(database)
  return ok({ kept: plan.kept })
}

/** The plan stays under another name, for whoever looks into it; what was to be restored is in its backup still. */
function giveUp(database: string): void {
  renameSync(planPath(database), `${planPath(database)}.failed`)
  remove(readyPath(database))
}

function readPlan(file: string): Plan | undefined {
  try {
    const plan = JSON.parse(readFileSync(file, 'utf8')) as Plan // our own
    return plan.version === 1 && typeof plan.kept === 'string' ? plan : undefined
  } catch {
    return undefined
  }
}

/** Everything of a store in a database file of its own, which has its name once it is whole. */
export async function keepWhole(
  store: Pick<Store, 'snapshot'>,
  file: string,
  place: Place,
  effects: Pick<Effects, 'now' | 'sleep'>,
  watched: Progress | Promise<Progress>,
  signal?: AbortSignal,
): Promise<void> {
  const draft = `${file}.part`
  remove(draft)
  const progress = await watched
  const from = await store.snapshot()
  try {
    const to = await openFile(draft, place, effects, false)
    try {
      await copyWhole(from.whole, to.whole, async (rows) => {
        progress.step(rows)
        await effects.sleep(0)
        if (signal?.aborted) throw new Error('It was cancelled.')
      })
    } finally {
      await to.close()
    }
    for (const suffix of companions) rmSync(draft + suffix, { force: true })
    renameSync(draft, file)
  } catch (error) {
    remove(draft)
    throw error
  } finally {
    progress.end()
    await from.close()
  }
}

async function openFile(
  path: string,
  { dataDir, vault }: Place,
  { now, sleep }: Pick<Effects, 'now' | 'sleep'>,
  mustExist: boolean,
): Promise<Store> {
  const opened = await openStore({ ...{ path, dataDir, ...vault, mustExist, now, sleep }, onUnreadable: () => {} })
  if (!opened.ok) throw opened.error
  return opened.value.store
}

async function counting(store: Pick<Store, 'whole'>, what: string, view: ProgressView): Promise<Progress> {
  let total = 0
  for (const name of keptTableNames) total += await store.whole.count(name)
  return createProgress(view, { what, total, unit: 'rows' })
}
