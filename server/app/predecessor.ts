import { Database } from 'bun:sqlite'
import { existsSync } from 'node:fs'
import { controlHeader } from '../admin/gate.ts'
import type { Begun } from '../admin/succession.ts'
import { successionPath } from '../admin/succession-routes.ts'
import type { Config } from '../config/schema.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Logger } from '../observe/log.ts'
import { type Control, readControl } from '../store/control.ts'
import { gapOf, newerFault, onlyAdds, readMigrations } from '../store/engine/migrate.ts'
import { isOriginalDatabase } from '../store/engine/recognise.ts'
import { acquireLock } from '../store/lock.ts'
import type { StartFault } from './data.ts'

/** A server of the same folder that has given the folder up and still serves. */
export type Predecessor = {
  /** Its own process id, and those of processes before it that still finish what they have begun. */
  readonly pids: readonly number[]
  readonly port: number
  /** Whether its port can be listened on beside it; else it has closed it. */
  readonly openPort: () => Promise<boolean>
}

const askMs = 90_000
const leaveMs = 3_600_000
const lookMs = 50

/**
 * Comes to terms with the server that runs in this folder, if one does. Undefined: the folder is free, as for any start. A server
 * that cannot run beside this one (another database, tables that will be changed) is asked to end, and waited for.
 */
export async function approach(
  config: Config,
  effects: Pick<Effects, 'fetch' | 'after' | 'sleep' | 'now'>,
  log: Logger,
  isAlive: (pid: number) => boolean,
  onLeaving: () => void,
): Promise<Result<Predecessor | undefined, StartFault>> {
  const place = readControl(config.dataDir)
  if (place === undefined || !isAlive(place.pid) || isFree(config.dataDir)) return ok(undefined)
  const beside = mayRunBeside(config)
  if (!beside.ok) return err({ message: beside.error, exitCode: 1 })
  if (beside.value !== undefined) {
    log.warn('succession.one-after-the-other', { message: beside.value })
    onLeaving()
    const left = await ask(place, effects, '/leave')
    if (!left.ok) return err({ message: left.error, exitCode: 1 })
    const until = effects.now() + leaveMs
    while (!isFree(config.dataDir) && effects.now() < until) await effects.sleep(lookMs)
    return ok(undefined)
  }
  const begun = await ask<Begun>(place, effects, '/begin', { pid: process.pid })
  if (!begun.ok) return err({ message: begun.error, exitCode: 1 })
  return ok({
    pids: [place.pid, ...begun.value.elders],
    port: begun.value.port,
    openPort: async () => {
      const opened = await ask<{ readonly shared: boolean }>(place, effects, '/port')
      return opened.ok && opened.value.shared
    },
  })
}

/** Why two processes cannot have this database at a time; undefined: they can. */
function mayRunBeside({ database, databasePath }: Config): Result<string | undefined, string> {
  if (database.type === 'mysql') return ok('On MySQL one server at a time: the old one ends first.')
  if (!existsSync(databasePath) || isOriginalDatabase(databasePath))
    return ok('The database is made anew: the old server ends first.')
  let db: Database | undefined
  try {
    db = new Database(databasePath, { readonly: true })
    const gap = gapOf(db, readMigrations())
    if (gap === undefined) return ok('The database is made anew: the old server ends first.')
    if (gap.strange.length > 0) return err(newerFault(databasePath, gap.strange).message)
    const changing = gap.missing.filter((migration) => !onlyAdds(migration))
    if (changing.length === 0) return ok(undefined)
    return ok(`Tables are changed (${changing.map(({ name }) => name).join(', ')}): the old server ends first.`)
  } catch (error) {
    return err(`The database ${databasePath} cannot be read: ${String(error)}.`)
  } finally {
    db?.close()
  }
}

function isFree(dataDir: string): boolean {
  const lock = acquireLock(dataDir)
  if (lock.ok) lock.value.release()
  return lock.ok
}

async function ask<T>(
  place: Control,
  effects: Pick<Effects, 'fetch' | 'after'>,
  path: string,
  body: object = {},
): Promise<Result<T, string>> {
  const controller = new AbortController()
  const cancel = effects.after(askMs, () => controller.abort())
  const host = place.host.includes(':') ? `[${place.host}]` : place.host
  const who = `The running server (pid ${place.pid})`
  try {
    const answer = await effects.fetch(`http://${host}:${place.port}${successionPath}${path}`, {
      method: 'POST',
      headers: { [controlHeader]: place.token, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      proxy: false,
      signal: controller.signal,
    })
    if (answer.status === 404) return err(`${who} is of a version that cannot be taken over. Stop it first.`)
    const said = (await answer.json()) as T & { readonly error?: string }
    return answer.ok ? ok(said) : err(`${who} refuses: ${said.error ?? answer.status}`)
  } catch (error) {
    return err(`${who} does not answer on port ${place.port}: ${String(error)}`)
  } finally {
    cancel()
  }
}
