import type { KeyCompression } from '../access/key-compression.ts'
import type { UsageBook, UsageMark } from '../access/ledger.ts'
import type { Limits, Used } from '../access/limits.ts'
import type { Role, Scope } from '../access/role.ts'
import type { SessionKeeper } from '../access/session.ts'
import type { ModelMapping } from '../catalog/mapping.ts'
import type { ErrorKind } from '../conversation/error.ts'
import type { ModelInfo } from '../conversation/model.ts'
import type { Quota } from '../conversation/quota.ts'
import type { ProxyHealth } from '../egress/health.ts'
import type { Account, Health, HealthState } from '../pool/account.ts'
import type { QuotaReading } from '../pool/burn.ts'
import type { CredentialStore, Credentials, SignInMethod } from '../upstream/amazonq/credentials.ts'
import type { EngineState } from './engine/engine.ts'
import type { RequestFilter } from './request-filter.ts'
import type { RequestPlace, RequestRecord } from './request-record.ts'
import type { RollUp } from './roll-up.ts'
import type { StatisticsStore } from './statistics.ts'
import type { WholeStore } from './whole.ts'

/** Everything kept on disk, one repository per concept. The same contract for every engine; all times epoch ms UTC. */
export type Store = {
  readonly accounts: AccountStore
  readonly keys: KeyStore
  readonly handOvers: HandOverStore
  readonly users: UserStore
  readonly usage: UsageStore
  readonly ips: IpStore
  readonly modelMappings: ModelMappingStore
  readonly settings: SettingsStore
  readonly sessions: SessionStore
  readonly operators: OperatorStore
  readonly adminTokens: AdminTokenStore
  readonly audit: AuditStore
  readonly requests: RequestStore
  readonly rollups: RollupStore
  readonly visitors: VisitorStore
  readonly captures: CaptureStore
  readonly proxies: ProxyStore
  readonly deleted: DeletedStore
  readonly sealedSettings: SealedSettingsStore
  /** All of it as rows, for backups. */
  readonly whole: WholeStore
  /** The same as it is at this moment, until it is closed; others go on writing. Throws `StoreFault`s. */
  readonly snapshot: () => Promise<{ readonly whole: WholeStore; readonly close: () => Promise<void> }>
  /** Engine name, version and path for `doctor` and /health; throws nothing. */
  readonly describe: () => Promise<EngineState>
  /** False while the database is known to be away. */
  readonly isUp: () => boolean
  /** Brings what was committed into the database's own file. */
  readonly checkpoint: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Who the account is at the provider, and its counters: for people, not for the pool. */
export type AccountProfile = {
  readonly method: SignInMethod
  readonly email?: string
  readonly userId?: string
  /** The provider's own title: `KIRO PRO`. */
  readonly plan?: string
  /** API region, e.g. `us-east-1`. */
  readonly region: string
  readonly successCount: number
  readonly errorCount: number
  readonly accessExpiresAt?: number
  readonly lastRefreshAt?: number
  readonly lastRefreshStatus?: 'success' | 'failed'
  /** Its own outbound proxy; gone by itself when that proxy is removed. */
  readonly proxyId?: string
  /** The operator's own words. */
  readonly notes?: string
  /** Hosts whose replies to it were seen to end with accounting. */
  readonly accountingHosts?: readonly string[]
  readonly updatedAt: number
}
export type AccountRecord = { readonly account: Account; readonly profile: AccountProfile }

/** What became of an account. `kind`: a health state it came to, or what was done to it. */
export type AccountEvent = {
  readonly kind: HealthState | 'enabled' | 'disabled' | 'changed' | 'renewed' | 'added'
  readonly reason?: string
  readonly cause?: ErrorKind
  /** Epoch ms. */
  readonly until?: number
}

export type AccountStore = {
  readonly list: () => Promise<readonly AccountRecord[]>
  readonly get: (id: string) => Promise<AccountRecord | undefined>
  /** Row and sealed credentials in one transaction. */
  readonly create: (record: AccountRecord, credentials: Credentials) => Promise<void>
  /** Only the members given change; `undefined` in a patch means "leave". `null` clears. False when there is no such row. */
  readonly updateAccount: (
    id: string,
    patch: {
      label?: string
      enabled?: boolean
      weight?: number
      maxInFlight?: number
      lastUsedAt?: number
      /** Null caps: none. */
      overage?: {
        readonly enabled?: boolean
        readonly maxCredits?: number | null
        readonly maxMicroUsd?: number | null
      }
    },
  ) => Promise<boolean>
  /** Another state than before is also an event. */
  readonly saveHealth: (id: string, health: Health) => Promise<void>
  /** Notes what became of it; nothing where it is gone. */
  readonly addEvent: (id: string, event: AccountEvent) => Promise<void>
  /** Newest first, at most 200. */
  readonly events: (id: string) => Promise<readonly (AccountEvent & { readonly at: number })[]>
  /** Deletes events older than 90 days, and of each account those beyond 200. */
  readonly pruneEvents: () => Promise<void>
  readonly saveAccountingHosts: (id: string, hosts: readonly string[]) => Promise<void>
  /** Keeps the quota, and a reading of it when its figures are others than the last reading's. */
  readonly saveQuota: (id: string, quota: Quota) => Promise<void>
  /** The readings of one account since `since`, and the last one before it; oldest first. */
  readonly quotaReadings: (id: string, since: number) => Promise<readonly QuotaReading[]>
  /** Deletes readings older than 40 days; of those older than 2 days keeps the last of each hour. Gives how many went. */
  readonly pruneQuotaReadings: () => Promise<number>
  readonly updateProfile: (
    id: string,
    patch: Partial<Omit<AccountProfile, 'successCount' | 'errorCount' | 'proxyId' | 'notes' | 'accountingHosts'>> & {
      readonly proxyId?: string | null
      readonly notes?: string | null
    },
  ) => Promise<void>
  /** Adds to the counters. */
  readonly count: (id: string, add: { success?: number; error?: number }) => Promise<void>
  readonly remove: (id: string) => Promise<boolean>
  /**
   * Durable and sealed. A sealed row that cannot be opened (wrong or lost master key) loads as `undefined`; the repository
   * reports it once through the `onUnreadable` callback it was made with.
   */
  readonly credentials: CredentialStore
  readonly saveModels: (id: string, models: readonly ModelInfo[], readAt: number) => Promise<void>
  /** Of one account, or of all. */
  readonly loadModels: (
    id?: string,
  ) => Promise<ReadonlyMap<string, { readonly models: readonly ModelInfo[]; readonly readAt: number }>>
}

/** A client key. Only its SHA-256 is kept; `prefix` (first 7 characters) and `last4` are for display. */
export type KeyRecord = {
  readonly id: string
  readonly name: string
  /** Lower-case hex SHA-256 of the whole key. */
  readonly hash: string
  readonly prefix: string
  readonly last4: string
  readonly enabled: boolean
  readonly createdAt: number
  readonly lastUsedAt?: number
  readonly userId?: string
  readonly expiresAt?: number
  readonly notes?: string
  /** The only accounts it may use; absent: any. Never empty, as the models. */
  readonly accountIds?: readonly string[]
  readonly models?: readonly string[]
  readonly limits?: Limits
  /** Whether replies that miss are asked for once more; absent: as the setting says. */
  readonly repair?: boolean
  /** The hash of the string before the last one, which opens as well until `previousUntil`. */
  readonly previousHash?: string
  readonly previousUntil?: number
  /** When its long conversations are made shorter; absent: as the settings say. */
  readonly compression?: KeyCompression
  /** It may ask what would be sent. */
  readonly dryRun?: boolean
}
/** Members that may be taken away by null: no list, no end, no notes, no such limit from now on. */
type Clearable<T> = { readonly [Name in keyof T]?: T[Name] | null }
export type LimitChange = Clearable<Limits>
/** `hash`, `prefix` and `last4` change together. */
export type KeyChange = Partial<Pick<KeyRecord, 'name' | 'enabled' | 'hash' | 'prefix' | 'last4'>> &
  Clearable<
    Pick<
      KeyRecord,
      | 'accountIds'
      | 'models'
      | 'expiresAt'
      | 'notes'
      | 'previousHash'
      | 'previousUntil'
      | 'compression'
      | 'dryRun'
      | 'repair'
    >
  > & {
    readonly limits?: LimitChange
  }
export type KeyStore = {
  readonly list: () => Promise<readonly KeyRecord[]>
  readonly create: (key: KeyRecord) => Promise<void>
  readonly get: (id: string) => Promise<KeyRecord | undefined>
  /** By its string, or by the one it had before, whether that still opens or not. */
  readonly findByHash: (hash: string) => Promise<KeyRecord | undefined>
  /** The key as it is now; undefined when there is none with this id. */
  readonly update: (id: string, change: KeyChange) => Promise<KeyRecord | undefined>
  readonly remove: (id: string) => Promise<boolean>
  readonly touch: (id: string, at: number) => Promise<void>
}

/** A link that gives its bearer a key's string, once. Only the SHA-256 of what stands in it is kept. */
export type HandOverRecord = {
  readonly keyId: string
  readonly hash: string
  readonly createdAt: number
  readonly expiresAt: number
  /** How long the string that the key had goes on opening, from the opening on. */
  readonly graceMs: number
  readonly openedAt?: number
}
export type HandOverStore = {
  readonly list: () => Promise<readonly HandOverRecord[]>
  readonly findByHash: (hash: string) => Promise<HandOverRecord | undefined>
  /** In place of the key's last one. */
  readonly save: (record: HandOverRecord) => Promise<void>
  /** Marks it and changes its key, both or neither. False: it is not there, or was opened before. */
  readonly open: (hash: string, at: number, change: KeyChange) => Promise<boolean>
  readonly remove: (keyId: string) => Promise<boolean>
}

/** Who gets keys. What holds for a user holds for all its keys together. */
export type UserRecord = {
  readonly id: string
  readonly name: string
  readonly email?: string
  readonly notes?: string
  readonly enabled: boolean
  /** 0 to 9; the larger, the earlier in line. */
  readonly priority: number
  readonly expiresAt?: number
  /** Absent: any. Never empty, as the accounts. */
  readonly models?: readonly string[]
  readonly accountIds?: readonly string[]
  readonly limits?: Limits
  readonly createdAt: number
  readonly updatedAt: number
}
export type UserChange = Partial<Pick<UserRecord, 'name' | 'enabled' | 'priority'>> &
  Clearable<Pick<UserRecord, 'email' | 'notes' | 'expiresAt' | 'models' | 'accountIds'>> & {
    readonly limits?: LimitChange
  }
export type UserStore = {
  /** Newest first. */
  readonly list: () => Promise<readonly UserRecord[]>
  readonly get: (id: string) => Promise<UserRecord | undefined>
  /** Users with their keys, in one transaction. */
  readonly create: (entries: readonly { readonly user: UserRecord; readonly key: KeyRecord }[]) => Promise<void>
  /** The user as it is now; undefined when there is none with this id. */
  readonly update: (id: string, change: UserChange) => Promise<UserRecord | undefined>
  /** Its keys and the counters of both go with it. */
  readonly remove: (id: string) => Promise<boolean>
}

/** Counters of keys, users and addresses by day, month and in all; calls under way. Never depends on the request log. */
export type UsageStore = UsageBook & {
  /** Of the last batch that was written with one. */
  readonly mark: () => Promise<UsageMark | undefined>
  /** One period of many subjects; those without a row are absent. */
  readonly ofPeriod: (period: string, subjects?: readonly string[]) => Promise<ReadonlyMap<string, Used>>
  /** The days of one subject from one day on, newest first. */
  readonly days: (subject: string, from: string) => Promise<readonly { readonly day: string; readonly used: Used }[]>
  /** Deletes the rows of days before `day`. */
  readonly pruneDays: (before: string) => Promise<void>
}

/** `range` in CIDR form; `shown` as it was given. */
export type IpBlock = {
  readonly range: string
  readonly shown: string
  readonly reason: string
  readonly createdAt: number
  readonly expiresAt?: number
}
/** Absent limits: none of its own. */
export type IpConfig = {
  readonly ip: string
  readonly notes?: string
  readonly requestsPerMinute?: number
  readonly requestsPerDay?: number
  readonly createdAt: number
  readonly updatedAt: number
}
export type IpStore = {
  /** Newest first. */
  readonly blocks: () => Promise<readonly IpBlock[]>
  /** One that is there already gets the new reason and time. */
  readonly block: (blocks: readonly IpBlock[]) => Promise<void>
  readonly unblock: (ranges: readonly string[]) => Promise<number>
  readonly configs: () => Promise<readonly IpConfig[]>
  readonly saveConfig: (config: IpConfig) => Promise<void>
  readonly removeConfig: (ip: string) => Promise<boolean>
}

/** An operator's mapping of a model name, as it is kept. Those of a key go with it. */
export type ModelMappingRecord = ModelMapping & { readonly createdAt: number; readonly updatedAt: number }
export type ModelMappingStore = {
  /** In the order they were added. */
  readonly list: () => Promise<readonly ModelMappingRecord[]>
  readonly create: (mapping: ModelMappingRecord) => Promise<void>
  /** `keyId` null: for all keys from now on. False when there is no such row. */
  readonly update: (
    id: string,
    patch: { readonly name?: string; readonly target?: string; readonly keyId?: string | null },
  ) => Promise<boolean>
  readonly remove: (id: string) => Promise<boolean>
}

/** Text values by key. Unknown keys are kept. */
export type SettingsStore = {
  readonly all: () => Promise<Readonly<Record<string, string>>>
  /** Writes all entries in one transaction; `null` removes. */
  readonly write: (entries: Readonly<Record<string, string | null>>) => Promise<void>
}

/** Console sign-ins, as `access` keeps them. */
export type SessionStore = SessionKeeper & {
  /** Deletes those last seen, or opened, before a time. */
  readonly prune: (before: { readonly lastSeen: number; readonly created: number }) => Promise<void>
}

/** Somebody who signs in to the console by name. */
export type OperatorRecord = {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly passwordHash: string
  readonly enabled: boolean
  readonly lastSignInAt?: number
  readonly createdAt: number
  readonly updatedAt: number
}
export type OperatorStore = {
  /** In the order they were added. */
  readonly list: () => Promise<readonly OperatorRecord[]>
  readonly get: (id: string) => Promise<OperatorRecord | undefined>
  /** Case and width of letters do not matter. */
  readonly findByName: (name: string) => Promise<OperatorRecord | undefined>
  readonly create: (operator: OperatorRecord) => Promise<void>
  /** False when there is no such row. */
  readonly update: (
    id: string,
    patch: Partial<Pick<OperatorRecord, 'name' | 'role' | 'passwordHash' | 'enabled' | 'lastSignInAt'>>,
  ) => Promise<boolean>
  /** With it go its sessions, tokens and second factor. */
  readonly remove: (id: string) => Promise<boolean>
}

/** A token for the admin API. Only its SHA-256 is kept. */
export type AdminTokenRecord = {
  readonly id: string
  readonly name: string
  readonly hash: string
  readonly last4: string
  readonly scopes: readonly Scope[]
  /** `owner`, or the id of the operator who made it. */
  readonly subject: string
  readonly createdAt: number
  /** Absent: never. */
  readonly expiresAt?: number
  readonly lastUsedAt?: number
  readonly lastPeer?: string
}
export type AdminTokenStore = {
  readonly list: () => Promise<readonly AdminTokenRecord[]>
  readonly create: (token: AdminTokenRecord) => Promise<void>
  readonly findByHash: (hash: string) => Promise<AdminTokenRecord | undefined>
  readonly remove: (id: string) => Promise<boolean>
  readonly touch: (id: string, at: number, peer: string) => Promise<void>
}

/** One change by somebody who was let in. `before` and `after` are JSON and hold no secret. */
export type AuditEntry = {
  readonly at: number
  /** `link`: whoever held one that hands a key over. */
  readonly actorKind: 'owner' | 'operator' | 'token' | 'command-line' | 'link'
  readonly actorId: string
  readonly actorName: string
  readonly peer: string
  readonly userAgent: string
  /** Method and route: `PATCH /v2/accounts/:id`. */
  readonly action: string
  readonly target?: string
  readonly status: number
  readonly before?: string
  readonly after?: string
  readonly requestId?: string
}
/** `hash` covers the entry, its number and the hash before it. */
export type AuditRecord = AuditEntry & { readonly seq: number; readonly previousHash: string; readonly hash: string }
export type AuditFilter = {
  /** Of this actor, by id or name. */
  readonly actor?: string
  /** Part of the action. */
  readonly action?: string
  readonly target?: string
  readonly from?: number
  readonly until?: number
}
export type AuditVerdict =
  | { readonly ok: true; readonly entries: number }
  | { readonly ok: false; readonly entries: number; readonly seq: number; readonly reason: string }
export type AuditStore = {
  /** On disk when it resolves. Entries keep the order of the calls. */
  readonly append: (entry: AuditEntry) => Promise<void>
  /** Newest first; those with a number below `before`, when given. */
  readonly list: (filter: AuditFilter, limit: number, before?: number) => Promise<readonly AuditRecord[]>
  /** Reads the whole chain: that each hash is right, no number is missing, and the end is the sealed one. */
  readonly verify: () => Promise<AuditVerdict>
}

/** A kept request with what people know its parts by. `seq` counts rows as they were written. */
export type KeptRequest = RequestRecord & {
  readonly seq: number
  readonly keyName?: string
  readonly userName?: string
  readonly userPriority?: number
  readonly accountLabel?: string
  /** Prompt and reply were kept and have not expired. */
  readonly captured: boolean
}
export type RequestPage = {
  readonly rows: readonly KeptRequest[]
  /** Where the next page begins; absent: there is none. */
  readonly next?: RequestPlace
  /** The search stopped here, before the page was full: it looks at a bounded number of rows. */
  readonly searchedUntil?: number
}
export type RequestCount = { readonly count: number; readonly complete: boolean }
export type RequestStore = {
  readonly append: (rows: readonly RequestRecord[]) => Promise<void>
  readonly page: (
    filter: RequestFilter,
    page: { readonly limit: number; readonly offset?: number; readonly before?: RequestPlace },
  ) => Promise<RequestPage>
  readonly find: (id: string) => Promise<KeptRequest | undefined>
  /** How many rows match; not complete: at least so many. `most`: of how many that are looked at, else a bounded number. */
  readonly count: (filter: RequestFilter, options?: { readonly most?: number }) => Promise<RequestCount>
  /** Rows written after `seq`, oldest first. */
  readonly after: (seq: number, limit: number) => Promise<readonly (RequestRecord & { readonly seq: number })[]>
  /** Deletes rows older than `before`; returns how many. */
  readonly prune: (before: number) => Promise<number>
  /** Deletes all rows; returns how many. */
  readonly clear: () => Promise<number>
  /** What the rows take on disk with their indexes, as far as a sample of them tells, and how far back they go. */
  readonly size: () => Promise<{ readonly rows: number; readonly bytes: number; readonly oldestAt?: number }>
  /** The time of the row that `rows` newer ones follow; undefined: there are not so many. */
  readonly timeBehind: (rows: number) => Promise<number | undefined>
}

/** Sums of the request log; they outlive its rows. */
export type RollupStore = RollUp &
  StatisticsStore & {
    /** Deletes sums that are not kept any longer. */
    readonly prune: () => Promise<void>
    /** Deletes all sums and visitors. */
    readonly clear: () => Promise<void>
  }

/** An address requests came from; with `lastUserId` the user who was seen there last. */
export type Visitor = {
  readonly ip: string
  readonly firstAt: number
  readonly lastAt: number
  readonly requests: number
  readonly failures: number
  /** In the last 24 hours and in the last one. */
  readonly requestsDay: number
  readonly requestsHour: number
  readonly lastUserId?: string
}
export type VisitorStore = {
  /** The last visit first. */
  readonly list: (limit: number) => Promise<readonly Visitor[]>
  readonly ofUser: (userId: string) => Promise<readonly Visitor[]>
  /** Forgets those last seen before `before`, and the oldest beyond `most` rows. */
  readonly prune: (before: number, most: number) => Promise<void>
}

/** For how long prompts and replies of a key are kept, and how much of each; `until`: nothing new from then on. */
export type CaptureRule = {
  readonly keyId: string
  readonly maxBytes: number
  readonly keepMs: number
  readonly until: number
  readonly createdAt: number
}
/** `cut`: there was more. */
export type Content = { readonly prompt: string; readonly reply: string; readonly cut: boolean }
export type CaptureStore = {
  readonly rules: () => Promise<readonly CaptureRule[]>
  readonly saveRule: (rule: CaptureRule) => Promise<void>
  /** Takes with it all that was kept of the key. */
  readonly removeRule: (keyId: string) => Promise<boolean>
  /** Sealed. */
  readonly save: (
    of: { readonly requestId: string; readonly keyId: string; readonly expiresAt: number },
    content: Content,
  ) => Promise<void>
  /** Undefined: not kept, expired, or sealed with another key. */
  readonly find: (requestId: string) => Promise<Content | undefined>
  /** Deletes what has expired, and the oldest beyond `most`. */
  readonly prune: (most: number) => Promise<void>
}

/** An outbound proxy. `url` may hold a password; absent: it is sealed with another key and must be given again. */
export type ProxyRecord = {
  readonly id: string
  readonly name: string
  readonly url?: string
  /** The address without its password. */
  readonly shownUrl: string
  /** 1-100 */
  readonly weight: number
  readonly enabled: boolean
  readonly health: ProxyHealth
  readonly createdAt: number
  readonly updatedAt: number
}
export type ProxyStore = {
  /** In the order they were added. */
  readonly list: () => Promise<readonly ProxyRecord[]>
  readonly get: (id: string) => Promise<ProxyRecord | undefined>
  readonly create: (proxy: ProxyRecord & { readonly url: string }) => Promise<void>
  /** `url` and `shownUrl` go together. False when there is no such row. */
  readonly update: (
    id: string,
    patch: {
      readonly name?: string
      readonly address?: { readonly url: string; readonly shownUrl: string }
      readonly weight?: number
      readonly enabled?: boolean
    },
  ) => Promise<boolean>
  readonly saveHealth: (id: string, health: ProxyHealth) => Promise<void>
  readonly remove: (id: string) => Promise<boolean>
}

/** A mapping of a model's name, a block of addresses: the id of that one is its range. */
export type DeletedKind = 'account' | 'user' | 'key' | 'proxy' | 'mapping' | 'block'
/** Something that was deleted and can come back; `name`: as it was called. */
export type DeletedRecord = {
  readonly id: string
  readonly kind: DeletedKind
  readonly name: string
  readonly deletedAt: number
}
/**
 * `key-taken`: another key has the same string now; `user-gone`: whose key it was is not there; `key-gone`: the key a mapping was
 * for; `name-taken`, `range-taken`: the name is mapped, the range is blocked again.
 */
export type Restored =
  | 'restored'
  | 'unknown'
  | 'unreadable'
  | 'key-taken'
  | 'user-gone'
  | 'key-gone'
  | 'name-taken'
  | 'range-taken'
export type DeletedStore = {
  /** Newest first, of one kind or of all; `total` counts those beyond `most` too. */
  readonly list: (
    kind: DeletedKind | undefined,
    most: number,
  ) => Promise<{ readonly items: readonly DeletedRecord[]; readonly total: number }>
  /** Deletes a thing with all that goes with it, so that it can come back. False: there is no such. */
  readonly take: (kind: DeletedKind, id: string, as: { readonly name: string; readonly at: number }) => Promise<boolean>
  readonly has: (kind: DeletedKind, id: string) => Promise<boolean>
  /** The address of a proxy, the credentials of an account as JSON; undefined: there are none, or they cannot be opened. */
  readonly secretOf: (kind: 'account' | 'proxy', id: string) => Promise<string | undefined>
  /** Puts it back with all that went with it. A proxy is again that of the accounts it had, where they have none now. */
  readonly restore: (kind: DeletedKind, id: string) => Promise<Restored>
  /** Gone for good, its counters too. False: there is no such. */
  readonly purge: (id: string) => Promise<boolean>
  /** The same for all that were deleted before a time; gives how many. */
  readonly prune: (before: number) => Promise<number>
}

/** Settings whose values are secrets: kept sealed, with what may be displayed beside it. */
export type SealedSettingsStore = {
  /** What may be displayed, by name. */
  readonly shown: () => Promise<Readonly<Record<string, string>>>
  /** Undefined when there is none or it cannot be opened. */
  readonly read: (name: string) => Promise<string | undefined>
  /** `null` removes. Durable. */
  readonly write: (name: string, entry: { readonly value: string; readonly shown: string } | null) => Promise<void>
}
