import { copyFileSync, existsSync, constants as fileModes, statSync } from 'node:fs'
import { firstPassword, hashPassword } from '../access/password.ts'
import type { RestoreReport } from '../admin/contract/backup.ts'
import { ownerKeySetting } from '../admin/keys-service.ts'
import { settingsTable } from '../admin/settings-table.ts'
import { passwordHashSetting } from '../admin/stored-passwords.ts'
import type { Config } from '../config/schema.ts'
import type { Effects } from '../lib/effects.ts'
import { type Progress, silentProgress } from '../lib/progress.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { type BackupSection, readOriginalBackup } from '../moving/backup-source.ts'
import {
  buildingPath,
  decideSwitch,
  isExchangePending,
  isSwitchPending,
  keptPath,
  removeLeftovers,
} from '../moving/switch.ts'
import { takeOver } from '../moving/take-over.ts'
import { readMigrations } from '../store/engine/migrate.ts'
import { recognise } from '../store/engine/recognise.ts'
import { openSnapshot } from '../store/engine/sqlite.ts'
import { openStore } from '../store/open.ts'
import type { AuditEntry, Store } from '../store/store.ts'
import { createWholeStore, keptTableNames } from '../store/whole.ts'
import { createVault } from '../vault/vault.ts'
import { checkDatabase, copyDatabase } from './copy-database.ts'
import { decideExchange, keepWhole } from './exchange.ts'
import { isBackupStart } from './header.ts'
import { readBackup } from './read-backup.ts'

export type RestoreSource =
  /** Our portable form, or the original's JSON, as it comes. */
  | { readonly kind: 'text'; readonly lines: AsyncGenerator<string, void, undefined>; readonly passphrase?: string }
  /** A database file. */
  | { readonly kind: 'database'; readonly file: string }

export type RestoreOptions = {
  readonly config: Pick<Config, 'databasePath' | 'dataDir' | 'vault'> & {
    readonly pool: Pick<Config['pool'], 'maxInFlightPerAccount'>
  }
  readonly effects: Pick<Effects, 'now' | 'newId' | 'sleep' | 'turn'>
  readonly dryRun: boolean
  /** Who asked, for the audit log of the restored data. */
  readonly actor: Pick<AuditEntry, 'actorKind' | 'actorId' | 'actorName' | 'peer' | 'userAgent' | 'action'>
  /** Where the data lies on a server: its store, which is read alone. */
  readonly server?: Pick<Store, 'whole' | 'snapshot'>
  /** How far it is; `total` 0 where nobody knows. */
  readonly progress?: (total: number) => Progress
}

/** The original's JSON is read as a whole. */
const longestOriginal = 64 * 1024 * 1024

/**
 * Builds the restored database in a file of its own, beside the one in force, and checks it. Where all is well the switch is decided:
 * the next start puts it in place, and the database that was in force is kept under another name. Until then, and on any fault,
 * nothing that was there has changed. The caller sees to it that there is one at a time.
 */
export async function prepareRestore(
  source: RestoreSource,
  options: RestoreOptions,
): Promise<Result<RestoreReport, string>> {
  const { databasePath: database } = options.config
  if (isSwitchPending(database) || isExchangePending(database))
    return err('A restore is decided already: the next start finishes it.')
  removeLeftovers(database)
  try {
    const built = await build(source, options)
    if (!built.ok) return built
    const fault = checkDatabase(buildingPath(database))
    if (fault !== undefined) return err(fault)
    const misfit = await misfitIn(options)
    if (!misfit.ok) return misfit
    if (options.dryRun) return ok({ ...built.value, dryRun: true, keptAs: null })
    const day = new Date(options.effects.now()).toISOString().slice(0, 10)
    const kept = keptPath(database, 'before-restore', day)
    if (options.server !== undefined) {
      decideExchange(database, kept)
      return ok({ ...built.value, dryRun: false, keptAs: kept })
    }
    decideSwitch(database, kept)
    return ok({ ...built.value, dryRun: false, keptAs: existsSync(database) ? kept : null })
  } catch (error) {
    return err(`The backup could not be restored: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    removeLeftovers(database)
  }
}

/** What a file holds and the tables of the server cannot. */
async function misfitIn(options: RestoreOptions): Promise<Result<void, string>> {
  const misfit = options.server?.whole.misfit
  if (misfit === undefined) return ok(undefined)
  const opened = await openBuilding(options)
  if (!opened.ok) return opened
  try {
    for (const name of keptTableNames) {
      let number = 0
      for await (const rows of opened.value.whole.read(name)) {
        for (const row of rows) {
          number++
          const fault = misfit(name, row)
          if (fault !== undefined) return err(`The backup cannot be restored: ${name} row ${number}: ${fault}.`)
        }
      }
    }
    return ok(undefined)
  } finally {
    await opened.value.close()
  }
}

type Built = Omit<RestoreReport, 'dryRun' | 'keptAs'>

async function build(source: RestoreSource, options: RestoreOptions): Promise<Result<Built, string>> {
  if (source.kind === 'database') return fromDatabase(source.file, options)
  const first = await source.lines.next()
  if (first.done === true) return err('The backup is empty.')
  async function* all(): AsyncGenerator<string, void, undefined> {
    yield first.value as string // not done
    yield* source.kind === 'text' ? source.lines : []
  }
  return isBackupStart(first.value)
    ? fromBackup(all(), first.value, source.passphrase, options)
    : fromOriginal(all(), options)
}

async function fromBackup(
  lines: AsyncGenerator<string, void, undefined>,
  header: string,
  passphrase: string | undefined,
  options: RestoreOptions,
): Promise<Result<Built, string>> {
  const before = await countsHere(options)
  const opened = await openBuilding(options)
  if (!opened.ok) return opened
  const store = opened.value
  const progress = options.progress?.(rowsOf(header)) ?? silentProgress
  try {
    const read = await readBackup(lines, store.whole, {
      ...(passphrase === undefined ? {} : { passphrase }),
      newestSchema: readMigrations().at(-1)?.name ?? '',
      step: progress.step,
      turn: options.effects.turn,
    })
    if (!read.ok) return err(`The backup cannot be restored: ${read.error}.`)
    await store.whole.settle()
    await note(store, options, { backupOf: read.value.header.createdAt })
    const rows = new Map(read.value.tables.map((table) => [table.name, table.rows]))
    return ok({
      kind: 'backup',
      createdAt: read.value.header.createdAt,
      tables: keptTableNames.map((name) => ({ name, rows: rows.get(name) ?? 0, replaces: before(name) })),
      import: null,
    })
  } finally {
    progress.end()
    await store.close()
  }
}

async function fromDatabase(file: string, options: RestoreOptions): Promise<Result<Built, string>> {
  const found = recognise(file)
  if (!found.ok) return err(found.error.message)
  if (found.value === 'original')
    return err(`${file} is a database of the original claude-api: claude-server import takes it over.`)
  if (found.value !== 'ours') return err(`${file} is no backup: ${whatItIs[found.value]}.`)
  const before = await countsHere(options)
  const building = buildingPath(options.config.databasePath)
  const progress = options.progress?.(0) ?? silentProgress
  try {
    // A copy that was made by hand may have its log beside it.
    for (const suffix of ['', '-wal'])
      if (existsSync(file + suffix)) copyFileSync(file + suffix, building + suffix, fileModes.COPYFILE_FICLONE)
    const fault = checkDatabase(building)
    if (fault !== undefined) return err(`${file} is damaged, and was not restored.`)
    const opened = await openBuilding(options)
    if (!opened.ok) return err(`${file}: ${opened.error}`)
    const store = opened.value
    try {
      await store.sessions.removeAll({})
      const tables: Built['tables'] = []
      for (const name of keptTableNames) {
        const rows = await store.whole.count(name)
        tables.push({ name, rows, replaces: before(name) })
        progress.step(rows)
        await options.effects.turn()
      }
      const createdAt = new Date(statSync(file).mtimeMs).toISOString()
      await note(store, options, { backupOf: createdAt })
      return ok({ kind: 'database', createdAt, tables, import: null })
    } finally {
      await store.close()
    }
  } finally {
    progress.end()
  }
}

const whatItIs = {
  nothing: 'there is no such file',
  empty: 'the file is empty',
  foreign: 'it is the database of another program',
} as const

/** Into a copy of what is here: the parts that are in the backup take the place of ours, as the original had it. */
async function fromOriginal(
  lines: AsyncGenerator<string, void, undefined>,
  options: RestoreOptions,
): Promise<Result<Built, string>> {
  let text = ''
  for await (const line of lines) {
    text += `${line}\n`
    if (text.length > longestOriginal) return err('The backup is too large for one of the original (64 MiB).')
  }
  const value = parsed(text)
  if (value === undefined) return err('The backup is no JSON: it is damaged, cut, or no backup at all.')
  const read = readOriginalBackup(value, 'backup')
  if (!read.ok) return err(`The backup cannot be restored: ${read.error}.`)
  const { databasePath } = options.config
  const { now, newId } = options.effects
  const startedAt = now()
  const before = await countsHere(options)
  if (options.server === undefined) {
    const copied = await copyDatabase(databasePath, buildingPath(databasePath))
    if (!copied.ok) return copied
  } else {
    await keepWhole(options.server, buildingPath(databasePath), options.config, options.effects, silentProgress)
  }
  const opened = await openBuilding(options)
  if (!opened.ok) return opened
  const store = opened.value
  const { source, sections } = read.value
  const progress = options.progress?.(source.tables.reduce((sum, { rows }) => sum + rows, 0)) ?? silentProgress
  try {
    await clearSections(store, sections, value as Readonly<Record<string, unknown>>)
    const taken = await takeOver({
      source,
      store,
      now: startedAt,
      newId,
      hashPassword,
      maxInFlight: options.config.pool.maxInFlightPerAccount,
      isNew: false,
      progress,
    })
    await store.sessions.removeAll({})
    await note(store, options, { backupOf: 'the original' })
    const tables: Built['tables'] = []
    for (const name of keptTableNames)
      tables.push({ name, rows: await store.whole.count(name), replaces: before(name) })
    const at = new Date(startedAt).toISOString()
    const report = { at, durationMs: now() - startedAt, dryRun: options.dryRun, ...taken, keptAs: null }
    return ok({ kind: 'original', createdAt: null, tables, import: report })
  } finally {
    progress.end()
    await store.close()
  }
}

async function clearSections(
  store: Store,
  sections: ReadonlySet<BackupSection>,
  value: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (sections.has('users')) for (const { id } of await store.users.list()) await store.users.remove(id)
  if (sections.has('accounts'))
    for (const { account } of await store.accounts.list()) await store.accounts.remove(account.id)
  if (sections.has('blocked_ips')) await store.ips.unblock((await store.ips.blocks()).map(({ range }) => range))
  if (!sections.has('settings')) return
  const given = (value.settings ?? {}) as Readonly<Record<string, unknown>> // the reader has looked at it
  const gone: Record<string, null> = {}
  for (const setting of settingsTable)
    if (Object.hasOwn(given, setting.stored) || Object.hasOwn(given, setting.json)) gone[setting.stored] = null
  for (const name of Object.keys(gone)) await store.sealedSettings.write(name, null)
  // Nobody is locked out, nor let in by the password every original begins with.
  const password = given.admin_password ?? given.adminPassword
  if (typeof password === 'string' && password !== '' && password !== firstPassword) gone[passwordHashSetting] = null
  const key = given.api_key ?? given.apiKey
  const ownerKey = (await store.settings.all())[ownerKeySetting]
  if (typeof key === 'string' && key !== '' && ownerKey !== undefined) {
    await store.keys.remove(ownerKey)
    gone[ownerKeySetting] = null
  }
  await store.settings.write(gone)
}

async function openBuilding({ config, effects }: RestoreOptions): Promise<Result<Store, string>> {
  const opened = await openStore({
    path: buildingPath(config.databasePath),
    dataDir: config.dataDir,
    ...config.vault,
    mustExist: true,
    now: effects.now,
    sleep: effects.sleep,
    onUnreadable: () => {},
  })
  return opened.ok ? ok(opened.value.store) : err(opened.error.message)
}

/** How many rows each table has here; null where that cannot be read, which keeps nobody from restoring. */
async function countsHere({
  config,
  server,
}: RestoreOptions): Promise<(name: (typeof keptTableNames)[number]) => number | null> {
  const counts = new Map<string, number>()
  if (server !== undefined) {
    for (const name of keptTableNames) counts.set(name, await server.whole.count(name))
    return (name) => counts.get(name) ?? null
  }
  const snapshot = existsSync(config.databasePath) ? openSnapshot(config.databasePath) : undefined
  if (snapshot?.ok === true) {
    try {
      // Nothing is opened with it.
      const whole = createWholeStore({ engine: snapshot.value, vault: createVault(new Uint8Array(32)) })
      for (const name of keptTableNames) counts.set(name, await whole.count(name))
    } catch {
      // damaged: all the more reason to restore
    } finally {
      await snapshot.value.close()
    }
  }
  return (name) => counts.get(name) ?? null
}

/** The restore is the first entry after those of the backup. */
const note = (store: Store, { actor, effects, dryRun }: RestoreOptions, what: object): Promise<void> =>
  dryRun
    ? Promise.resolve()
    : store.audit.append({ ...actor, at: effects.now(), status: 200, after: JSON.stringify(what) })

function rowsOf(headerLine: string): number {
  const header = parsed(headerLine) as { readonly tables?: Readonly<Record<string, unknown>> } | undefined
  return Object.values(header?.tables ?? {}).reduce<number>(
    (sum, rows) => sum + (typeof rows === 'number' ? rows : 0),
    0,
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text, (name, member: unknown) => (name === '__proto__' ? undefined : member))
  } catch {
    return undefined
  }
}
