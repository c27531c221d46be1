import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import type { BackupFileView, RestoreReport } from '../admin/contract/backup.ts'
import type { PortableAsk } from '../admin/deps.ts'
import { openCore } from '../app/core.ts'
import { mib } from '../backup/copy-database.ts'
import { finishExchange } from '../backup/exchange.ts'
import { backupName, draftOf } from '../backup/file-backup.ts'
import { isBackupStart } from '../backup/header.ts'
import { passphraseFault } from '../backup/pieces.ts'
import { linesOf } from '../backup/read-backup.ts'
import { prepareRestore, type RestoreOptions } from '../backup/restore.ts'
import { createBackups, sourceOf } from '../backup/service.ts'
import type { Command } from '../config/command.ts'
import type { Config } from '../config/schema.ts'
import { createProgress, type ProgressView } from '../lib/progress.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { finishSwitch } from '../moving/switch.ts'
import { readControl } from '../store/control.ts'
import { acquireLock } from '../store/lock.ts'
import type { Said } from './answers.ts'
import { type CommandDeps, openBackend } from './backend.ts'
import { type CliIo, type Failure, failed, misused, table } from './io.ts'

type Options = Command['options']

/** `claude-server backup [FILE]`: by the running server, or from the data folder itself. */
export async function backUp(
  { operands: [operand], options }: Command,
  config: Config,
  deps: CommandDeps,
  io: CliIo,
): Promise<Result<Said, Failure>> {
  const isPortable = options.portable === true
  const ending = isPortable ? '.jsonl' : '.sqlite3'
  const file = path.resolve(
    operand ?? path.join(config.dataDir, 'backups', backupName(deps.effects.now()).replace('.sqlite3', ending)),
  )
  if (existsSync(file)) return err(failed(`${file} is there already.`))
  if (!isPortable && (options['request-log'] === true || options['no-passphrase'] === true)) {
    return err(misused('--request-log and --no-passphrase go with --portable; a database file always has everything.'))
  }
  const portable = isPortable ? await portableAsk(options, io) : ok(undefined)
  if (!portable.ok) return portable
  const watch = watchFile(draftOf(file), config.databasePath, deps, io)
  try {
    const made = await backUpTo(file, portable.value, config, deps, io)
    if (!made.ok) return made
    return ok({ json: made.value, text: `${made.value.file}  ${mib(made.value.bytes)}\n${hint(portable.value)}` })
  } finally {
    watch.end()
  }
}

function hint(portable: Pick<PortableAsk, 'passphrase'> | undefined): string {
  if (portable === undefined)
    return 'Its secrets are sealed with the master key of this data folder: keep a copy of that key elsewhere.\n'
  return portable.passphrase === undefined
    ? 'It holds every secret in the clear: whoever has the file has them all.\n'
    : 'It holds every secret; its passphrase opens it on any machine.\n'
}

async function portableAsk(options: Options, io: CliIo): Promise<Result<Omit<PortableAsk, 'secrets'>, Failure>> {
  const requestLog = options['request-log'] === true
  if (options['no-passphrase'] === true) return ok({ requestLog })
  const passphrase = withoutLineEnd(await io.stdin('Passphrase for the backup'))
  const fault = passphraseFault(passphrase)
  return fault === undefined ? ok({ requestLog, passphrase }) : err(failed(`The passphrase ${fault}.`))
}

async function backUpTo(
  file: string,
  portable: Omit<PortableAsk, 'secrets'> | undefined,
  config: Config,
  deps: CommandDeps,
  io: CliIo,
): Promise<Result<BackupFileView, Failure>> {
  const backend = await openBackend(config, deps, io.interrupted)
  if (!backend.ok) return err(failed(backend.error))
  if (backend.value.server !== undefined) {
    const made = await backend.value.backUp({ file, ...(portable === undefined ? {} : { portable }) })
    return made.ok ? made : err(failed(made.error))
  }
  await backend.value.close()
  const core = await openCore(config, deps.effects, deps.log, deps.version, { mustExist: true })
  if (!core.ok) return err(failed(core.error.message))
  try {
    const { store } = core.value
    const backups = createBackups({
      ...{ config, store, effects: deps.effects, log: deps.log, version: deps.version },
      settle: async () => {},
      policy: () => ({ folder: path.dirname(file), keep: Number.MAX_SAFE_INTEGER }),
    })
    const made = await backups.toFile(file, portable && { ...portable, secrets: true }, io.interrupted)
    return made.ok ? made : err(failed(made.error.message))
  } finally {
    await core.value.close()
  }
}

/** How far a file is, by its size: the work is done by another process. */
function watchFile(draft: string, database: string, { effects }: CommandDeps, { err: write, ...io }: CliIo) {
  const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0
  const view = { write, isTerminal: io.isTerminal, columns: io.columns, now: effects.now }
  const progress = createProgress(view, {
    what: 'Backing up',
    total: Math.ceil((sizeOf(database) + sizeOf(`${database}-wal`)) / 1_048_576),
    unit: 'MiB',
  })
  let seen = 0
  let cancel = (): void => {}
  const look = (): void => {
    const now = Math.floor(sizeOf(draft) / 1_048_576)
    progress.step(Math.max(0, now - seen))
    seen = Math.max(seen, now)
    cancel = effects.after(200, look)
  }
  look()
  return {
    end: (): void => {
      cancel()
      progress.end()
    },
  }
}

/** `claude-server restore FILE`: a database file, our portable form, or a backup of the original. */
export async function restore(
  { operands: [operand = ''], options }: Command,
  config: Config,
  deps: CommandDeps,
  io: CliIo,
): Promise<Result<Said, Failure>> {
  const file = path.resolve(operand)
  const dryRun = options['dry-run'] === true
  const { mode = 'replace' } = options
  if (mode !== 'merge' && mode !== 'replace') return err(misused('--mode is merge or replace.'))
  if (!existsSync(file)) return err(failed(`${file} does not exist.`))
  if (!existsSync(config.dataDir)) {
    return err(
      failed(`There is no data folder ${config.dataDir}: start the gateway there first (claude-server serve).`),
    )
  }
  const passphrase = (await isEncrypted(file)) ? withoutLineEnd(await io.stdin('Passphrase of the backup')) : undefined
  const given = passphrase === undefined ? {} : { passphrase }
  const lock = acquireLock(config.dataDir)
  if (!lock.ok) {
    if (lock.error.kind !== 'held') return err(failed(lock.error.message))
    const backend = await openBackend(config, deps, io.interrupted)
    if (!backend.ok) return err(failed(backend.error))
    if (backend.value.server === undefined) {
      await backend.value.close()
      return err(failed('Another command had the data folder: try again.'))
    }
    const before = readControl(config.dataDir)?.startedAt
    const done = await backend.value.restore({ file, mode, dry_run: dryRun, ...given })
    if (!done.ok) return err(failed(done.error))
    if (!dryRun) await startedAnew(config, before, deps, io)
    return ok(said(done.value.report))
  }
  if (config.database.type === 'mysql') {
    lock.value.release()
    return restoreOnServer(file, given, { dryRun, mode }, config, deps, io)
  }
  try {
    // One that was decided before this one.
    const former = finishSwitch(config.databasePath)
    if (!former.ok) return err(failed(former.error))
    const source = await sourceOf({ file }, passphrase)
    if (!source.ok) return err(failed(source.error))
    const done = await prepareRestore(source.value, { config, dryRun, mode, ...askedHere(deps, io) })
    if (!done.ok) return err(failed(done.error))
    const finished = finishSwitch(config.databasePath)
    return finished.ok ? ok(said(done.value)) : err(failed(finished.error))
  } finally {
    lock.value.release()
  }
}

const viewOf = ({ effects }: CommandDeps, { err: write, ...io }: CliIo): ProgressView => ({
  ...{ write, isTerminal: io.isTerminal, columns: io.columns },
  now: effects.now,
})

function askedHere(deps: CommandDeps, io: CliIo): Pick<RestoreOptions, 'effects' | 'actor' | 'progress'> {
  return {
    effects: deps.effects,
    actor: {
      ...{ actorKind: 'command-line', actorId: 'command-line', actorName: 'command line' },
      ...{ peer: '', userAgent: '', action: 'restore' },
    },
    progress: (total) => createProgress(viewOf(deps, io), { what: 'Restoring', total, unit: 'rows' }),
  }
}

/** The same into a database on a server, whose rows are put in the place of those that are there. */
async function restoreOnServer(
  file: string,
  given: { readonly passphrase?: string },
  how: Pick<RestoreOptions, 'dryRun' | 'mode'>,
  config: Config,
  deps: CommandDeps,
  io: CliIo,
): Promise<Result<Said, Failure>> {
  const core = await openCore(config, deps.effects, deps.log, deps.version, { mustExist: true })
  if (!core.ok) return err(failed(core.error.message))
  const { store } = core.value
  try {
    const source = await sourceOf({ file }, given.passphrase)
    if (!source.ok) return err(failed(source.error))
    const done = await prepareRestore(source.value, { config, ...how, server: store, ...askedHere(deps, io) })
    if (!done.ok) return err(failed(done.error))
    if (how.dryRun) return ok(said(done.value))
    const finished = await finishExchange(store, config, deps.effects, viewOf(deps, io))
    if (!finished.ok) return err(failed(finished.error))
    if (finished.value !== undefined && 'failed' in finished.value)
      return err(failed(`The database on the server is as it was: ${finished.value.failed}`))
    return ok(said(done.value))
  } finally {
    await core.value.close()
  }
}

const longestRestartMs = 90_000

/** The server drops what it held, and is there again under the same port. */
async function startedAnew(
  config: Config,
  before: number | undefined,
  { effects }: CommandDeps,
  io: CliIo,
): Promise<void> {
  for (const until = effects.now() + longestRestartMs; effects.now() < until && !io.interrupted.aborted; ) {
    const now = readControl(config.dataDir)?.startedAt
    if (now !== undefined && now !== before) return
    await effects.sleep(100, io.interrupted)
  }
  io.err('The server has not come back yet; its log says why.\n')
}

async function isEncrypted(file: string): Promise<boolean> {
  try {
    const first = await linesOf(Bun.file(file).slice(0, 65_536).stream()).next()
    return first.done !== true && isBackupStart(first.value) && !first.value.includes('"encryption":null')
  } catch {
    return false // no text
  }
}

const withoutLineEnd = (text: string): string => text.replace(/\r?\n$/, '')

function said(report: RestoreReport): Said {
  const { dryRun, mode, tables } = report
  const shown = tables.filter((one) => one.rows > 0 || (one.replaces ?? 0) > 0)
  const changed = shown.map(({ changes: counts }) =>
    counts === undefined ? columns.map(() => '?') : columns.map((column) => String(counts[column])),
  )
  const rows = shown.map((one, index) => [
    ...[one.name, String(one.rows), one.replaces === null ? '?' : String(one.replaces)],
    ...(changed[index] ?? []),
  ])
  const faults = shown.flatMap(({ name, changes: counts }) =>
    (counts?.reasons ?? []).map((reason) => `${name} ${reason}\n`),
  )
  const head = dryRun
    ? `What a restore would do (${mode ?? 'replace'}; nothing was changed):`
    : `Restored. What was here before is kept as ${report.keptAs ?? 'nothing: there was no database'}.`
  const tail = dryRun ? '' : 'Everybody signs in to the console again.\n'
  const headers = ['TABLE', 'IN THE BACKUP', 'HERE', ...columns.map((column) => titles[column])]
  const left = faults.length === 0 ? '' : `Left out:\n${faults.join('')}`
  return { json: report, text: `${head}\n\n${table([headers, ...rows])}\n${left}${tail}` }
}

const titles = {
  added: 'NEW',
  changed: 'CHANGED',
  same: 'SAME',
  kept: 'KEPT AS HERE',
  removed: 'REMOVED',
  invalid: 'INVALID',
} as const
const columns = Object.keys(titles) as readonly (keyof typeof titles)[] // its own keys
