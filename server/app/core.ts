import type { Passwords } from '../access/password.ts'
import type { AccountDeps } from '../admin/account-deps.ts'
import { acceptSignIn } from '../admin/account-reading.ts'
import type { AdminLog } from '../admin/admin-log.ts'
import { storedPasswords } from '../admin/stored-passwords.ts'
import { createUnreadBook } from '../admin/unread-book.ts'
import type { Config } from '../config/schema.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { unwatched, type WatchMemory } from '../lib/watch-memory.ts'
import type { Logger } from '../observe/log.ts'
import type { HealthPolicy } from '../pool/health.ts'
import type { PoolStats } from '../pool/pool.ts'
import type { Trouble } from '../pool/shakes.ts'
import type { Verdict } from '../pool/verdict.ts'
import type { Store } from '../store/store.ts'
import { createUnwrittenKeeper, type UnwrittenKeeper } from '../store/unwritten.ts'
import { createAccountChecker } from '../upstream/amazonq/check.ts'
import type { AmazonQSettings } from '../upstream/amazonq/endpoint.ts'
import { classifyHttpError } from '../upstream/amazonq/errors.ts'
import { createTokenKeeper, type TokenKeeper, type TokenKeeperDeps } from '../upstream/amazonq/refresh.ts'
import { createSignIns, type SignIns } from '../upstream/amazonq/sign-in.ts'
import type { Vault } from '../vault/vault.ts'
import { type FolderLock, openData, type StartFault } from './data.ts'
import type { Moving } from './original.ts'
import { createOutbound, type Outbound } from './outbound.ts'
import { poolSettings } from './pool-settings.ts'
import { createStoreFaults, type StoreFaults } from './store-faults.ts'

export type CoreHooks = {
  /** Make nothing that is not there: no data folder, no database, no master key. Default: a new folder is set up. */
  readonly mustExist?: boolean
  /** How the import of an original's database is shown, and where else one may lie. */
  readonly moving?: Moving
  /** Row or credentials changed or went: holders of copies take the new state over. */
  readonly accountsChanged?: (id: string) => Promise<void> | void
  /** The sign-in of an account turned out dead. */
  readonly signInLost?: (id: string, reason: string) => void
  /** As the token keeper asks it: another process renews tokens now. */
  readonly renewElsewhere?: NonNullable<TokenKeeperDeps['elsewhere']>
  readonly inFlight?: (id: string) => number
  readonly poolStats?: () => PoolStats | undefined
  readonly troubles?: (id: string) => readonly Trouble[]
  readonly standing?: (id: string, modelId: string) => Verdict | undefined
  /** Told of every holder of bounded size. */
  readonly memory?: WatchMemory
  /** As the settings have it now; default: as the configuration says. */
  readonly healthPolicy?: () => HealthPolicy
}

/** Everything below the network's edge, opened on the data folder: for the server, and for subcommands without one. */
export type Core = {
  readonly config: Config
  /** Requests made with these leave by the way of the account they are for. */
  readonly effects: Effects
  readonly outbound: Outbound
  readonly log: Logger
  readonly store: Store
  readonly vault: Vault
  readonly lock: FolderLock
  readonly storeFaults: StoreFaults
  /** What waits for a database that is away. */
  readonly unwritten: UnwrittenKeeper
  readonly settings: AmazonQSettings
  readonly tokens: TokenKeeper
  readonly signIns: SignIns
  readonly passwords: Passwords
  readonly accountDeps: AccountDeps
  /** This start has made the master key. */
  readonly keyCreated: boolean
  /** Where the master key lies, unless it came from the environment. */
  readonly keyFile?: string
  readonly close: () => Promise<void>
}

export async function openCore(
  config: Config,
  given: Effects,
  log: Logger,
  version: string,
  hooks: CoreHooks = {},
): Promise<Result<Core, StartFault>> {
  const data = await openData(config, given, log, hooks.mustExist === true, hooks.moving)
  if (!data.ok) return data
  const { store, vault, keyCreated, keyFile, lock } = data.value
  const { accounts } = store
  const settings = upstreamSettings(config, version)
  const storeFaults = createStoreFaults(given, log)
  const outbound = await createOutbound({ store, settings, effects: given, log, storeFaults })
  const { effects } = outbound
  const quietly = (work: Promise<unknown>): void => void work.catch(storeFaults.failed)

  const { memory = unwatched } = hooks
  const unwritten = createUnwrittenKeeper(config.dataDir, vault)
  const tokens = createTokenKeeper({
    settings,
    effects,
    store: accounts.credentials,
    memory,
    onDead: (accountId, reason, message) => {
      log.warn('account.sign-in-lost', { accountId, reason, message })
      hooks.signInLost?.(accountId, message)
    },
    onUnsaved: unwritten.keepTokens,
    ...(hooks.renewElsewhere === undefined ? {} : { elsewhere: hooks.renewElsewhere }),
    onRefresh: (accountId, outcome) =>
      quietly(
        accounts.updateProfile(accountId, {
          lastRefreshAt: outcome.at,
          lastRefreshStatus: outcome.ok ? 'success' : 'failed',
          ...(outcome.ok ? { accessExpiresAt: outcome.accessExpiresAt } : {}),
          updatedAt: outcome.at,
        }),
      ),
  })
  const control = { settings, effects, classify: classifyHttpError }
  const { checkAccount } = createAccountChecker({
    ...control,
    tokens,
    credentials: accounts.credentials.load,
    memory,
  })
  const adminLog: AdminLog = (level, event, fields) => log[level](event, fields)
  const accountDeps: AccountDeps = {
    store,
    effects,
    checkAccount,
    refreshAccount: tokens.refreshNow,
    adoptCredentials: tokens.adopt,
    accountsChanged: async (id) => {
      const record = await accounts.get(id)
      outbound.takeOver(id, record)
      if (record === undefined) tokens.forget(id)
      await hooks.accountsChanged?.(id)
    },
    outbound: outbound.hooks,
    inFlight: hooks.inFlight ?? (() => 0),
    ...(hooks.poolStats === undefined ? {} : { poolStats: hooks.poolStats }),
    unread: createUnreadBook(memory),
    ...(hooks.troubles === undefined ? {} : { troubles: hooks.troubles }),
    ...(hooks.standing === undefined ? {} : { standing: hooks.standing }),
    healthPolicy: hooks.healthPolicy ?? (() => poolSettings(config, {}).health),
    newAccountRoom: config.pool.maxInFlightPerAccount,
    log: adminLog,
    memory,
  }
  const signIns = createSignIns({ ...control, onSignedIn: (signedIn) => acceptSignIn(accountDeps, signedIn) })

  const passwords = storedPasswords(store.settings)
  if (config.adminPassword !== undefined) {
    const seeded = await passwords.seed(config.adminPassword)
    if (!seeded.ok) {
      await outbound.close()
      await store.close()
      return err({ message: `ADMIN_PASSWORD: ${seeded.error.message}`, exitCode: 2 })
    }
  }
  return ok({
    config,
    effects,
    outbound,
    log,
    store,
    vault,
    lock,
    storeFaults,
    unwritten,
    settings,
    tokens,
    signIns,
    passwords,
    accountDeps,
    keyCreated,
    ...(keyFile === undefined ? {} : { keyFile }),
    close: async () => {
      signIns.stop()
      await tokens.settled()
      await outbound.close()
      await store.close()
    },
  })
}

export function upstreamSettings({ upstream }: Config, version: string): AmazonQSettings {
  return {
    protocol: upstream.protocol,
    host: upstream.host,
    ...(upstream.qUrl === undefined ? {} : { qUrl: upstream.qUrl }),
    ...(upstream.oidcUrl === undefined ? {} : { oidcUrl: upstream.oidcUrl }),
    ...(upstream.kiroAuthUrl === undefined ? {} : { kiroAuthUrl: upstream.kiroAuthUrl }),
    origin: upstream.origin,
    optOut: upstream.optOut,
    defaultRegion: upstream.region,
    version,
    connectTimeoutMs: upstream.connectTimeoutMs,
    firstEventTimeoutMs: upstream.firstEventTimeoutMs,
    idleTimeoutMs: upstream.idleTimeoutMs,
  }
}
