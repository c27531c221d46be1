import { copyFileSync, existsSync, constants as fileModes, statSync } from 'node:fs'
import { firstPassword, hashPassword } from '../access/password.ts'
import type { RestoreMode, RestoreReport } from '../admin/contract/backup.ts'
import type { ImportReport } from '../admin/contract/import-report.ts'
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
  copyPath,
  decideSwitch,
  isExchangePending,
  isSwitchPending,
  keptPath,
  removeLeftovers,
} from '../moving/switch.ts'
import { takeOver } from '../moving/take-over.ts'
import { StoreFault } from '../store/engine/fault.ts'
import { readMigrations } from '../store/engine/migrate.ts'
import { recognise } from '../store/engine/recognise.ts'
import { openSnapshot } from '../store/engine/sqlite.ts'
import { openStore } from '../store/open.ts'
import type { AuditEntry, Store } from '../store/store.ts'
import { createWholeStore, type KeptTable, keptTableNames, type WholeStore } from '../store/whole.ts'
import { createVault, type Vault } from '../vault/vault.ts'
import { type ChangeCount, countChanges } from './changes.ts'
import { compareStores } from './compare.ts'
import { checkDatabase, copyDatabase } from './copy-database.ts'
import { decideExchange, keepWhole } from './exchange.ts'
import { isBackupStart } from './header.ts'
import { mergeStores } from './merge.ts'
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
  readonly mode: RestoreMode
  /** Who asked, for the audit log of the restored data. */
  readonly actor: Pick<AuditEntry, 'actorKind' | 'actorId' | 'actorName' | 'peer' | 'userAgent' | 'action'>
  /** Where the data lies on a server: its store, which is read alone. */
  readonly server?: Pick<Store, 'whole' | 'snapshot'>
  /** How far it is; `total` 0 where nobody knows. */
  readonly progress?: (total: number) => Progress
  /** Told of each table that is merged, or held against what is here. */
  readonly onTable?: (name: KeptTable) => void
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
    const { dryRun, mode } = options
    if (dryRun) return ok({ ...built.value, mode, dryRun, keptAs: null })
    const day = new Date(options.effects.now()).toISOString().slice(0, 10)
    const kept = keptPath(database, 'before-restore', day)
    if (options.server !== undefined) {
      // Into a copy of what is here: what was deleted and may come back stays as well.
      decideExchange(database, kept, mode === 'merge' || built.value.kind === 'original')
      return ok({ ...built.value, mode, dryRun, keptAs: kept })
    }
    decideSwitch(database, kept)
    return ok({ ...built.value, mode, dryRun, keptAs: existsSync(database) ? kept : null })
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
  const opened = await openAt(buildingPath(options.config.databasePath), options)
  if (!opened.ok) return opened
  const { store } = opened.value
  try {
    for (const name of keptTableNames) {
      let number = 0
      for await (const rows of store.whole.read(name)) {
        for (const row of rows) {
          number++
          const fault = misfit(name, row)
          if (fault !== undefined) return err(`The backup cannot be restored: ${name} row ${number}: ${fault}.`)
        }
      }
    }
    return ok(undefined)
  } finally {
    await store.close()
  }
}

type Built = Pick<RestoreReport, 'kind' | 'createdAt' | 'tables' | 'import'>

/** What a source holds, in a database file of its own that is open. */
type Read = Pick<Built, 'kind' | 'createdAt' | 'import'> & {
  readonly store: Store
  readonly vault: Vault
  /** What the audit log says it was. */
  readonly backupOf: string
}
/** How a source is read: into which file, and what counts the rows that had to be left out. */
type Reading = RestoreOptions & { readonly into: string; readonly changes: ChangeCount; readonly progress: Progressing }
type Progressing = (total: number) => Progress

async function build(source: RestoreSource, given: RestoreOptions): Promise<Result<Built, string>> {
  const { databasePath } = given.config
  const isMerge = given.mode === 'merge'
  const changes = countChanges()
  const into = isMerge ? copyPath(databasePath) : buildingPath(databasePath)
  let current = silentProgress
  const progress: Progressing = (total) => {
    current.end()
    current = given.progress?.(total) ?? silentProgress
    return current
  }
  const options: Reading = { ...given, into, changes, progress }
  const before = await countsHere(given)
  const read = await readSource(source, options)
  try {
    if (!read.ok) return read
    return await (isMerge ? merged(read.value, before, options) : compared(read.value, before, options))
  } finally {
    current.end()
    if (read.ok) await read.value.store.close()
  }
}

type CountHere = Awaited<ReturnType<typeof countsHere>>

/** What was built is what is restored; it is held against what it replaces. */
async function compared(
  { store, vault, backupOf, ...read }: Read,
  before: CountHere,
  options: Reading,
): Promise<Result<Built, string>> {
  const { changes, effects, onTable = () => {} } = options
  const isCompared = await withHere(options, vault, (here) =>
    compareStores(store.whole, here, { effects, changes, onTable }),
  )
  const tables: Built['tables'] = []
  for (const name of keptTableNames) {
    const own = isCompared ? { changes: { ...changes.of(name), reasons: [...changes.of(name).reasons] } } : {}
    tables.push({ name, rows: await store.whole.count(name), replaces: before(name), ...own })
  }
  await signedOut(store, options, backupOf)
  return ok({ ...read, tables })
}

/** Into a copy of what is here. */
async function merged(
  { store, backupOf, ...read }: Read,
  before: CountHere,
  options: Reading,
): Promise<Result<Built, string>> {
  const { changes, config, effects, server, onTable = () => {} } = options
  const copied = await copyHere(options)
  if (!copied.ok) return copied
  const opened = await openAt(buildingPath(config.databasePath), options)
  if (!opened.ok) return opened
  const here = opened.value.store
  try {
    let rows = 0
    for (const name of keptTableNames) rows += await store.whole.count(name)
    const misfit = server?.whole.misfit ?? (() => undefined)
    await mergeStores(store, here, { effects, changes, misfit, onTable, progress: options.progress(rows) })
    await signedOut(here, options, backupOf)
  } finally {
    await here.close()
  }
  const tables = keptTableNames.map((name) => {
    const { reasons, ...counts } = changes.of(name)
    const { added, changed, same, kept, invalid } = counts
    const own = { changes: { ...counts, reasons: [...reasons] } }
    return { name, rows: added + changed + same + kept + invalid, replaces: before(name), ...own }
  })
  return ok({ ...read, tables })
}

/** Nobody who was signed in is afterwards, and the restore is the first entry after those of the backup. */
async function signedOut(
  store: Store,
  { actor, effects, dryRun, mode }: RestoreOptions,
  backupOf: string,
): Promise<void> {
  await store.sessions.removeAll({})
  if (dryRun) return
  await store.audit.append({ ...actor, at: effects.now(), status: 200, after: JSON.stringify({ backupOf, mode }) })
}

async function readSource(source: RestoreSource, options: Reading): Promise<Result<Read, string>> {
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
  options: Reading,
): Promise<Result<Read, string>> {
  const opened = await openAt(options.into, options)
  if (!opened.ok) return opened
  const { store, vault } = opened.value
  return closedOnFault(store, async () => {
    const progress = options.progress(rowsOf(header))
    const read = await readBackup(lines, store.whole, {
      ...(passphrase === undefined ? {} : { passphrase }),
      // What is here stays beside what is left out; in a replacement it would be lost.
      ...(options.mode === 'merge' ? { invalid: options.changes.invalid } : {}),
      newestSchema: readMigrations().at(-1)?.name ?? '',
      step: progress.step,
      turn: options.effects.turn,
    })
    if (!read.ok) return err(`The backup cannot be restored: ${read.error}.`)
    await store.whole.settle()
    const { createdAt } = read.value.header
    return ok({ kind: 'backup', createdAt, import: null, backupOf: createdAt, store, vault })
  })
}

async function fromDatabase(file: string, options: Reading): Promise<Result<Read, string>> {
  const found = recognise(file)
  if (!found.ok) return err(found.error.message)
  if (found.value === 'original')
    return err(`${file} is a database of the original claude-api: claude-server import takes it over.`)
  if (found.value !== 'ours') return err(`${file} is no backup: ${whatItIs[found.value]}.`)
  const { into } = options
  // A copy that was made by hand may have its log beside it.
  for (const suffix of ['', '-wal'])
    if (existsSync(file + suffix)) copyFileSync(file + suffix, into + suffix, fileModes.COPYFILE_FICLONE)
  if (checkDatabase(into) !== undefined) return err(`${file} is damaged, and was not restored.`)
  const opened = await openAt(into, options)
  if (!opened.ok) return err(`${file}: ${opened.error}`)
  const createdAt = new Date(statSync(file).mtimeMs).toISOString()
  options.progress(0)
  return ok({ kind: 'database', createdAt, import: null, backupOf: createdAt, ...opened.value })
}

const whatItIs = {
  nothing: 'there is no such file',
  empty: 'the file is empty',
  foreign: 'it is the database of another program',
} as const

/** To be merged it is read by itself; else into a copy of what is here, where the parts that are in it take the place of ours. */
async function fromOriginal(
  lines: AsyncGenerator<string, void, undefined>,
  options: Reading,
): Promise<Result<Read, string>> {
  let text = ''
  for await (const line of lines) {
    text += `${line}\n`
    if (text.length > longestOriginal) return err('The backup is too large for one of the original (64 MiB).')
  }
  const value = parsed(text)
  if (value === undefined) return err('The backup is no JSON: it is damaged, cut, or no backup at all.')
  const original = readOriginalBackup(value, 'backup')
  if (!original.ok) return err(`The backup cannot be restored: ${original.error}.`)
  const { now, newId } = options.effects
  const startedAt = now()
  if (options.mode === 'replace') {
    const copied = await copyHere(options)
    if (!copied.ok) return copied
  }
  const opened = await openAt(options.into, options)
  if (!opened.ok) return opened
  const { store, vault } = opened.value
  const { source, sections } = original.value
  return closedOnFault(store, async () => {
    if (options.mode === 'replace') await clearSections(store, sections, value as Readonly<Record<string, unknown>>) // the reader has looked at it
    const taken = await takeOver({
      ...{ source, store, newId, hashPassword },
      now: startedAt,
      maxInFlight: options.config.pool.maxInFlightPerAccount,
      isNew: false,
      progress: options.progress(source.tables.reduce((sum, { rows }) => sum + rows, 0)),
    })
    noteLeftOut(taken, options.changes)
    const at = new Date(startedAt).toISOString()
    const report = { at, durationMs: now() - startedAt, dryRun: options.dryRun, ...taken, keptAs: null }
    return ok({ kind: 'original', createdAt: null, import: report, backupOf: 'the original', store, vault })
  })
}

/** By the tables of the original. */
const cameTo: Readonly<Record<string, KeptTable>> = {
  ...{ settings: 'settings', accounts: 'accounts', imported_accounts: 'accounts', users: 'users' },
  ...{ user_token_usage: 'usageCounters', blocked_ips: 'ipBlocks', ip_configs: 'ipConfigs' },
  ...{ proxies: 'proxies', request_logs: 'requests' },
}

function noteLeftOut({ tables }: Pick<ImportReport, 'tables'>, changes: ChangeCount): void {
  for (const { name, notes } of tables) {
    const table = cameTo[name]
    if (table === undefined) continue
    for (const { text, count, rows } of notes.filter(({ kind }) => kind === 'left-out'))
      changes.invalid(table, [rows.join(', '), text].filter(Boolean).join(': '), count)
  }
}

async function closedOnFault(store: Store, read: () => Promise<Result<Read, string>>): Promise<Result<Read, string>> {
  let done: Result<Read, string> | undefined
  try {
    done = await read()
    return done
  } finally {
    if (done?.ok !== true) await store.close()
  }
}

/** What is here, to be changed. */
async function copyHere({ config, effects, server }: RestoreOptions): Promise<Result<void, string>> {
  const building = buildingPath(config.databasePath)
  if (server !== undefined) {
    await keepWhole(server, building, config, effects, silentProgress)
    return ok(undefined)
  }
  const copied = await copyDatabase(config.databasePath, building)
  return copied.ok ? ok(undefined) : copied
}

/** False: what is here cannot be read, which keeps nobody from replacing it. */
async function withHere(
  { config, server }: RestoreOptions,
  vault: Vault,
  work: (here: WholeStore) => Promise<void>,
): Promise<boolean> {
  if (server !== undefined) {
    const snapshot = await server.snapshot()
    try {
      await work(snapshot.whole)
      return true
    } finally {
      await snapshot.close()
    }
  }
  const snapshot = existsSync(config.databasePath) ? openSnapshot(config.databasePath) : undefined
  if (snapshot?.ok !== true) return false
  try {
    await work(createWholeStore({ engine: snapshot.value, vault }))
    return true
  } catch (error) {
    if (error instanceof StoreFault) return false
    throw error
  } finally {
    await snapshot.value.close()
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

async function openAt(
  path: string,
  { config, effects }: RestoreOptions,
): Promise<Result<{ readonly store: Store; readonly vault: Vault }, string>> {
  const opened = await openStore({
    path,
    dataDir: config.dataDir,
    ...config.vault,
    mustExist: true,
    now: effects.now,
    sleep: effects.sleep,
    onUnreadable: () => {},
  })
  return opened.ok ? ok({ store: opened.value.store, vault: opened.value.vault.vault }) : err(opened.error.message)
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
