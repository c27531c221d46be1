import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { err, ok, type Result } from '../lib/result.ts'
import { companions, removeCopy } from './sqlite-source.ts'

/** What is renamed, in this order; a file that has gone already is done. */
type Step = { readonly from: string; readonly to: string }
type Plan = { readonly version: 1; readonly steps: readonly Step[] }

/** Where an import builds our database, and copies the original to when it must; a restore has there what is merged. */
export const buildingPath = (database: string): string => `${database}.importing`
export const copyPath = (database: string): string => `${database}.import-copy`
const planPath = (database: string): string => `${database}.import-plan.json`

/** What an import that was cut short has left behind; nothing while a switch that was decided is not done. */
export function removeLeftovers(database: string): void {
  if (isSwitchPending(database)) return
  removeCopy(buildingPath(database))
  removeCopy(copyPath(database))
  removeCopy(`${buildingPath(database)}.part`)
  rmSync(`${planPath(database)}.new`, { force: true })
}

/** Of a restore into a database on a server, which the next start finishes. */
export const exchangePlanPath = (database: string): string => `${database}.restore-plan.json`
export const isExchangePending = (database: string): boolean => existsSync(exchangePlanPath(database))
export const isSwitchPending = (database: string): boolean => existsSync(planPath(database))

/** The name the old database gets beside the new one: of that day, behind those that are there, never one that is. */
export function keptPath(database: string, word: string, day: string): string {
  const start = `${path.basename(database)}.${word}-${day}`
  const ending = new RegExp(`^(?:-(\\d+))?(?:${companions.join('|')})?$`)
  const turns = readdirSync(path.dirname(database)).flatMap((name) => {
    const found = name.startsWith(start) ? ending.exec(name.slice(start.length)) : null
    return found === null ? [] : [Number(found[1] ?? 1)]
  })
  const turn = Math.max(0, ...turns) + 1
  return path.join(path.dirname(database), `${start}${turn === 1 ? '' : `-${turn}`}`)
}

/**
 * Puts the finished database in the place of the old one, which goes to `kept` with all that belongs to it, untouched. Decided once
 * the plan is on disk: whatever ends this process then, `finishSwitch` goes on where it stopped.
 */
export function switchDatabases(database: string, kept: string, more: readonly Step[] = []): Result<void, string> {
  decideSwitch(database, kept, more)
  return finishSwitch(database)
}

/** The same, left to the next start: for a database that is still open. */
export function decideSwitch(database: string, kept: string, more: readonly Step[] = []): void {
  const steps: readonly Step[] = [
    ...[...companions, ''].map((suffix) => ({ from: database + suffix, to: kept + suffix })),
    ...more,
    { from: buildingPath(database), to: database },
  ]
  const plan: Plan = {
    version: 1,
    steps: steps.map(({ from, to }) => ({ from: path.resolve(from), to: path.resolve(to) })),
  }
  syncFile(buildingPath(database))
  writeDurably(planPath(database), JSON.stringify(plan))
}

/** Does what is left of a switch that was decided. Nothing when there is none. */
export function finishSwitch(database: string): Result<void, string> {
  const file = planPath(database)
  if (!existsSync(file)) return ok(undefined)
  const plan = readPlan(file)
  if (plan === undefined)
    return err(`${file} cannot be read: an import or a restore that was cut short cannot be finished.`)
  const last = plan.steps.at(-1)
  // Once the last step is done the other names belong to our database.
  if (last !== undefined && existsSync(last.from)) {
    for (const { from, to } of plan.steps) {
      if (!existsSync(from)) continue
      if (existsSync(to))
        return err(
          `An import or a restore was cut short, and now both ${from} and ${to} are there. Move one of them away.`,
        )
      renameSync(from, to)
      makePrivate(to)
    }
    syncFolder(path.dirname(database))
  }
  rmSync(file)
  syncFolder(path.dirname(database))
  trimKept(database)
  return ok(undefined)
}

/** What the original wrote for everybody to read holds every secret in the clear. Where modes cannot be changed it stays as it was. */
function makePrivate(file: string): void {
  try {
    chmodSync(file, 0o600)
  } catch {
    // a file system without modes, or another owner
  }
}

/** So many of the databases that imports and restores have put aside stay. The original's own are never among them. */
export const mostKept = 3
const keptName = /\.before-(?:import|restore)-(\d{4}-\d{2}-\d{2})(?:-(\d+))?$/

export function trimKept(database: string): void {
  const folder = path.dirname(database)
  const kept = readdirSync(folder).flatMap((name) => {
    const [, day = '', turn = '1'] = (name.startsWith(path.basename(database)) && keptName.exec(name)) || []
    return day === '' ? [] : [{ name, day, turn: Number(turn) }]
  })
  const newestFirst = kept.toSorted((a, b) => b.day.localeCompare(a.day) || b.turn - a.turn)
  for (const { name } of newestFirst.slice(mostKept))
    for (const suffix of ['', ...companions]) rmSync(path.join(folder, name + suffix), { force: true })
}

function readPlan(file: string): Plan | undefined {
  try {
    const plan = JSON.parse(readFileSync(file, 'utf8')) as Plan // our own
    return plan.version === 1 && Array.isArray(plan.steps) ? plan : undefined
  } catch {
    return undefined
  }
}

/** On disk under its name, whole or not at all; only the operator can read it. */
export function writeDurably(file: string, text: string): void {
  const draft = `${file}.new`
  rmSync(draft, { force: true })
  try {
    const handle = openSync(draft, 'wx', 0o600)
    try {
      writeFileSync(handle, text)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    renameSync(draft, file)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
  syncFolder(path.dirname(file))
}

function syncFile(file: string): void {
  const handle = openSync(file, 'r+')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** The names in a folder are on disk. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return // has no such call
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } catch {
    // some file systems do not sync folders; the names are in their journal
  } finally {
    closeSync(handle)
  }
}
