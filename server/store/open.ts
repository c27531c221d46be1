import { mkdirSync } from 'node:fs'
import { eq } from 'drizzle-orm'
import { err, ok, type Result } from '../lib/result.ts'
import { type OpenedVault, openVault, type VaultMark, type VaultOptions } from '../vault/open.ts'
import type { Vault } from '../vault/vault.ts'
import { createAccountStore } from './accounts.ts'
import { createAdminTokenStore } from './admin-tokens.ts'
import { createAuditStore } from './audit.ts'
import { createCaptureStore } from './captures.ts'
import { countSealed, type OnUnreadable } from './credentials.ts'
import { createDeletedStore } from './deleted.ts'
import type { Engine } from './engine/engine.ts'
import { StoreFault } from './engine/fault.ts'
import type { MysqlOptions } from './engine/mysql.ts'
import { openSqlite } from './engine/sqlite.ts'
import { createHandOverStore } from './hand-overs.ts'
import { createIpStore } from './ips.ts'
import { createKeyStore } from './keys.ts'
import { createModelMappingStore } from './model-mappings.ts'
import { createOperatorStore } from './operators.ts'
import { createProxyStore } from './proxies.ts'
import { createRequestStore } from './requests.ts'
import { createRollupStore } from './rollups.ts'
import { createSealedSettingsStore } from './sealed-settings.ts'
import { createSessionStore } from './sessions.ts'
import { createSettingsStore } from './settings.ts'
import type { Store } from './store.ts'
import { createUsageStore } from './usage.ts'
import { createUserStore } from './users.ts'
import { createVisitorStore } from './visitors.ts'
import { createWholeStore } from './whole.ts'

export type StoreDeps = {
  readonly engine: Engine
  readonly vault: Vault
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
  readonly onUnreadable: OnUnreadable
}

/** The repositories over one engine. Failed statements reject with a `StoreFault`. */
export function createStore(deps: StoreDeps): Store {
  const { engine } = deps
  return {
    accounts: createAccountStore(deps),
    keys: createKeyStore(engine),
    handOvers: createHandOverStore(engine),
    users: createUserStore(deps),
    usage: createUsageStore(engine),
    ips: createIpStore(engine),
    modelMappings: createModelMappingStore(deps),
    settings: createSettingsStore(engine),
    sessions: createSessionStore(engine),
    operators: createOperatorStore(deps),
    adminTokens: createAdminTokenStore(engine),
    audit: createAuditStore(deps),
    requests: createRequestStore(engine, deps.now, deps.sleep),
    rollups: createRollupStore(engine, deps.now, deps.sleep),
    visitors: createVisitorStore(engine, deps.now),
    captures: createCaptureStore(deps),
    proxies: createProxyStore(deps),
    deleted: createDeletedStore(deps),
    sealedSettings: createSealedSettingsStore(deps),
    whole: createWholeStore(deps),
    describe: engine.describe,
    snapshot: async () => {
      const of = await engine.snapshot()
      return { whole: createWholeStore({ engine: of, vault: deps.vault }), close: of.close }
    },
    isUp: engine.isUp,
    checkpoint: engine.checkpoint,
    close: engine.close,
  }
}

export type OpenStoreOptions = Pick<
  VaultOptions,
  'masterKey' | 'masterKeyFile' | 'acceptNewKey' | 'mustExist' | 'dataDir'
> &
  Pick<StoreDeps, 'now' | 'sleep' | 'onUnreadable'> & {
    /** The database file, absolute. */
    readonly path: string
    /** In its place a database on a server. */
    readonly mysql?: Omit<MysqlOptions, 'mustExist'>
  }
export type OpenedStore = { readonly store: Store; readonly vault: Omit<OpenedVault, 'mark'> }

/**
 * Makes the data folder, opens the database, finds the master key and proves it, in the order that changes nothing when
 * one of them fails. The caller holds the folder's lock. Faults are for the operator; none of them is worth a retry.
 */
export async function openStore(options: OpenStoreOptions): Promise<Result<OpenedStore, StoreFault>> {
  const { path, mysql, now, sleep, onUnreadable, ...keys } = options
  try {
    mkdirSync(options.dataDir, { recursive: true, mode: 0o700 })
  } catch (error) {
    return err(
      new StoreFault(
        'unreachable',
        `The data folder ${options.dataDir} cannot be made: ${(error as Error).message}.`,
        error,
      ),
    )
  }
  const engine =
    mysql === undefined
      ? openSqlite({ path, now })
      : await (await loadMysql()).openMysql({ ...mysql, mustExist: options.mustExist ?? false })
  if (!engine.ok) return engine
  try {
    const known = await loadMark(engine.value)
    const sealed = await countSealed(engine.value)
    const opened = openVault({ ...keys, ...(known !== undefined && { mark: known }), hasSealed: sealed > 0 })
    if (!opened.ok) {
      await engine.value.close()
      return err(new StoreFault('vault', opened.error.message))
    }
    const { mark, ...vault } = opened.value
    if (mark !== known) await saveMark(engine.value, mark, now())
    return ok({ store: createStore({ engine: engine.value, vault: vault.vault, now, sleep, onUnreadable }), vault })
  } catch (error) {
    await engine.value.close()
    if (error instanceof StoreFault) return err(error)
    throw error
  }
}

async function loadMark(engine: Engine): Promise<VaultMark | undefined> {
  const { vaultMarks } = engine.tables
  const rows = await engine.read((db) => db.select().from(vaultMarks).where(eq(vaultMarks.id, 1)))
  const row = rows[0]
  return row && { keyId: row.keyId, check: row.trial, salt: row.salt }
}

async function saveMark(engine: Engine, mark: VaultMark, createdAt: number): Promise<void> {
  const { vaultMarks } = engine.tables
  const row = { keyId: mark.keyId, trial: Buffer.from(mark.check), salt: Buffer.from(mark.salt), createdAt }
  await engine.atomic((db) => [db.upsert(vaultMarks, { id: 1, ...row }, { target: vaultMarks.id, set: row })], {
    durable: true,
  })
}

/** Nearly every gateway has SQLite: the other engine, its tables and driver are loaded where they are asked for. */
const loadMysql = () => import('./engine/mysql.ts')
