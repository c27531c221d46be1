import { type SQL, sql } from 'drizzle-orm'
import {
  type AnySQLiteColumn,
  blob,
  check,
  index,
  integer,
  primaryKey,
  real,
  sqliteTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core'

// All times are epoch milliseconds, UTC. Column names are snake_case, members camelCase.

const isSwitch = (name: string, column: AnySQLiteColumn) => check(name, sql`${column} in (0, 1)`)
const isTime = (name: string, column: AnySQLiteColumn) => check(name, sql`${column} >= 0`)
const isJson = (name: string, column: AnySQLiteColumn) => check(name, sql`${column} is null or json_valid(${column})`)
const isOneOf = (name: string, column: AnySQLiteColumn, words: readonly string[]) =>
  check(name, sql`${column} in (${sql.raw(words.map((word) => `'${word}'`).join(', '))})`)
const isBetween = (name: string, column: AnySQLiteColumn, from: number, to: number) =>
  check(name, sql`${column} between ${sql.raw(String(from))} and ${sql.raw(String(to))}`)
const isNone = (column: AnySQLiteColumn): SQL => sql`${column} is null`

export const accounts = sqliteTable(
  'accounts',
  {
    id: text('id').primaryKey().notNull(),
    label: text('label').notNull(),
    enabled: integer('enabled', { mode: 'boolean' }).notNull(),
    weight: integer('weight').notNull(),
    maxInFlight: integer('max_in_flight').notNull(),
    healthState: text('health_state').notNull(),
    healthSince: integer('health_since').notNull(),
    healthUntil: integer('health_until'),
    healthReason: text('health_reason'),
    /** `ErrorKind` a rest is for. */
    healthKind: text('health_kind'),
    failures: integer('failures').notNull(),
    limits: integer('limits'),
    /** `Quota` as JSON. */
    quota: text('quota'),
    method: text('method').notNull(),
    email: text('email'),
    userId: text('user_id'),
    plan: text('plan'),
    region: text('region').notNull(),
    successCount: integer('success_count').notNull(),
    errorCount: integer('error_count').notNull(),
    accessExpiresAt: integer('access_expires_at'),
    lastRefreshAt: integer('last_refresh_at'),
    lastRefreshStatus: text('last_refresh_status'),
    lastUsedAt: integer('last_used_at'),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    /** Its own way out; none: the pool's or the global one. */
    proxyId: text('proxy_id').references((): AnySQLiteColumn => proxies.id, { onDelete: 'set null' }),
    /** Hosts whose replies were seen to end with accounting: a JSON list. */
    accountingHosts: text('accounting_hosts'),
    /** May go past its included quota at the provider's price, where it offers that. */
    overage: integer('overage', { mode: 'boolean' }).notNull().default(false),
    /** A month, on top of what the provider itself caps; none: no cap of ours. */
    overageCredits: real('overage_credits'),
    overageMicroUsd: integer('overage_micro_usd'),
    /** The operator's own words. */
    notes: text('notes'),
  },
  (table) => [
    index('accounts_by_creation').on(table.createdAt, table.id),
    index('accounts_by_proxy').on(table.proxyId),
    isSwitch('accounts_enabled', table.enabled),
    isBetween('accounts_weight', table.weight, 1, 100),
    isBetween('accounts_max_in_flight', table.maxInFlight, 1, 1000),
    isOneOf('accounts_health_state', table.healthState, [
      'unchecked',
      'ready',
      'cooling',
      'exhausted',
      'expired',
      'suspended',
      'failing',
    ]),
    isOneOf('accounts_method', table.method, ['builder-id', 'identity-center', 'social', 'api-key']),
    check(
      'accounts_last_refresh_status',
      sql`${isNone(table.lastRefreshStatus)} or ${table.lastRefreshStatus} in ('success', 'failed')`,
    ),
    isJson('accounts_quota', table.quota),
    check('accounts_counters', sql`${table.failures} >= 0 and ${table.successCount} >= 0 and ${table.errorCount} >= 0`),
    isTime('accounts_created_at', table.createdAt),
  ],
)

/** Outbound proxies. The address may hold a password: sealed by the vault for its row, `shown` is the same without it. */
export const proxies = sqliteTable(
  'proxies',
  {
    id: text('id').primaryKey().notNull(),
    name: text('name').notNull(),
    sealed: blob('sealed', { mode: 'buffer' }).notNull(),
    shown: text('shown').notNull(),
    weight: integer('weight').notNull(),
    enabled: integer('enabled', { mode: 'boolean' }).notNull(),
    healthState: text('health_state').notNull(),
    checkedAt: integer('checked_at'),
    latencyMs: integer('latency_ms'),
    failures: integer('failures').notNull(),
    healthReason: text('health_reason'),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [
    check('proxies_id', sql`substr(${table.id}, 1, 4) = 'prx_'`),
    isSwitch('proxies_enabled', table.enabled),
    isBetween('proxies_weight', table.weight, 1, 100),
    isOneOf('proxies_health_state', table.healthState, ['unchecked', 'up', 'down']),
    check('proxies_failures', sql`${table.failures} >= 0`),
    isTime('proxies_created_at', table.createdAt),
  ],
)

/** What an account had spent and could spend, each time a reading showed another figure. */
export const quotaReadings = sqliteTable(
  'quota_readings',
  {
    accountId: text('account_id')
      .notNull()
      .references(() => accounts.id, { onDelete: 'cascade' }),
    at: integer('at').notNull(),
    used: real('used').notNull(),
    limit: real('limit').notNull(),
  },
  (table) => [
    primaryKey({ name: 'quota_readings_pk', columns: [table.accountId, table.at] }),
    index('quota_readings_by_time').on(table.at),
    isTime('quota_readings_at', table.at),
  ],
)

/** What became of an account: the states it came to and why, and what was done to it. */
export const accountEvents = sqliteTable(
  'account_events',
  {
    accountId: text('account_id')
      .notNull()
      .references(() => accounts.id, { onDelete: 'cascade' }),
    at: integer('at').notNull(),
    /** A health state, or what was done. */
    kind: text('kind').notNull(),
    reason: text('reason'),
    /** `ErrorKind` of a state. */
    cause: text('cause'),
    until: integer('until'),
  },
  (table) => [
    primaryKey({ name: 'account_events_pk', columns: [table.accountId, table.at] }),
    index('account_events_by_time').on(table.at),
    isTime('account_events_at', table.at),
  ],
)

/** Settings whose values are secrets, sealed by the vault for their name; `shown` is what may be displayed. */
export const sealedSettings = sqliteTable('sealed_settings', {
  name: text('name').primaryKey().notNull(),
  sealed: blob('sealed', { mode: 'buffer' }).notNull(),
  shown: text('shown').notNull(),
  updatedAt: integer('updated_at').notNull(),
})

/** `Credentials` as JSON, sealed by the vault for this account's row. */
export const credentials = sqliteTable('credentials', {
  accountId: text('account_id')
    .primaryKey()
    .notNull()
    .references(() => accounts.id, { onDelete: 'cascade' }),
  sealed: blob('sealed', { mode: 'buffer' }).notNull(),
  updatedAt: integer('updated_at').notNull(),
})

/** The provider's live model list of an account, as JSON. */
export const accountModels = sqliteTable(
  'account_models',
  {
    accountId: text('account_id')
      .primaryKey()
      .notNull()
      .references(() => accounts.id, { onDelete: 'cascade' }),
    models: text('models').notNull(),
    readAt: integer('read_at').notNull(),
  },
  (table) => [isJson('account_models_models', table.models)],
)

/** What a key or a user may do; none: no limit. Days and months are those of the `timezone` setting. */
const limitColumns = () => ({
  requestsPerMinute: integer('requests_per_minute'),
  requestsPerDay: integer('requests_per_day'),
  tokensPerDay: integer('tokens_per_day'),
  tokensPerMonth: integer('tokens_per_month'),
  microUsdPerMonth: integer('micro_usd_per_month'),
  creditsPerMonth: real('credits_per_month'),
  concurrency: integer('concurrency'),
})

/** Who gets keys. What holds for a user holds for all its keys together. */
export const users = sqliteTable(
  'users',
  {
    id: text('id').primaryKey().notNull(),
    name: text('name').notNull(),
    email: text('email'),
    notes: text('notes'),
    enabled: integer('enabled', { mode: 'boolean' }).notNull(),
    /** The larger, the earlier in line for an account. */
    priority: integer('priority').notNull(),
    expiresAt: integer('expires_at'),
    /** The only models it may use, as a JSON list of names; none: any. */
    models: text('models'),
    /** The only accounts it may use, as a JSON list of ids; none: any. */
    accountIds: text('account_ids'),
    ...limitColumns(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [
    index('users_by_creation').on(table.createdAt, table.id),
    isSwitch('users_enabled', table.enabled),
    isBetween('users_priority', table.priority, 0, 9),
    isJson('users_models', table.models),
    isJson('users_account_ids', table.accountIds),
    isTime('users_created_at', table.createdAt),
  ],
)

export const apiKeys = sqliteTable(
  'api_keys',
  {
    id: text('id').primaryKey().notNull(),
    name: text('name').notNull(),
    hash: text('hash').notNull().unique(),
    prefix: text('prefix').notNull(),
    last4: text('last4').notNull(),
    enabled: integer('enabled', { mode: 'boolean' }).notNull(),
    createdAt: integer('created_at').notNull(),
    lastUsedAt: integer('last_used_at'),
    /** The only accounts it may use, as a JSON list of ids; none: any. */
    accountIds: text('account_ids'),
    /** Whose it is; none: nobody's in particular. */
    userId: text('user_id').references(() => users.id, { onDelete: 'cascade' }),
    expiresAt: integer('expires_at'),
    notes: text('notes'),
    /** The only models it may use, as a JSON list of names; none: any. */
    models: text('models'),
    ...limitColumns(),
    /** Whether replies that miss are asked for once more; none: as the setting says. */
    repair: integer('repair', { mode: 'boolean' }),
    /** The key string before the last one, which opens as well until then. */
    previousHash: text('previous_hash'),
    previousUntil: integer('previous_until'),
    /** When its long conversations are made shorter; none: as the settings say. */
    compression: text('compression'),
    /** It may ask what would be sent. */
    dryRun: integer('dry_run', { mode: 'boolean' }),
  },
  (table) => [
    index('api_keys_by_user').on(table.userId),
    index('api_keys_by_previous_hash').on(table.previousHash),
    isSwitch('api_keys_enabled', table.enabled),
    check('api_keys_hash', sql`length(${table.hash}) = 64`),
  ],
)

/**
 * What a key, a user or an address has used: a row for each day it was used (`2026-11-28`), each month (`2026-11`) and in all
 * (`all`), so that no limit and no total asks for more than single rows. No foreign key: see `ip:` addresses.
 */
export const usageCounters = sqliteTable(
  'usage_counters',
  {
    /** An id, or `ip:` and an address. */
    subject: text('subject').notNull(),
    period: text('period').notNull(),
    requests: integer('requests').notNull(),
    inputTokens: integer('input_tokens').notNull(),
    outputTokens: integer('output_tokens').notNull(),
    inputMicroUsd: integer('input_micro_usd').notNull(),
    outputMicroUsd: integer('output_micro_usd').notNull(),
    credits: real('credits').notNull(),
  },
  (table) => [
    primaryKey({ name: 'usage_counters_pk', columns: [table.subject, table.period] }),
    index('usage_counters_by_period').on(table.period),
  ],
)

/** Calls under way: what is known to be used if this process ends before they do. Gone in the transaction that counts them. */
export const openCalls = sqliteTable('open_calls', {
  id: text('id').primaryKey().notNull(),
  keyId: text('key_id').notNull(),
  userId: text('user_id'),
  at: integer('at').notNull(),
  inputTokens: integer('input_tokens').notNull(),
  inputMicroUsd: integer('input_micro_usd').notNull(),
})

/** Addresses and ranges that get no answer, in CIDR form: `192.0.2.7/32`, `2001:db8::/32`. */
export const ipBlocks = sqliteTable(
  'ip_blocks',
  {
    range: text('range').primaryKey().notNull(),
    /** As it was given: a single address has no length. */
    shown: text('shown').notNull(),
    reason: text('reason').notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at'),
  },
  (table) => [isTime('ip_blocks_created_at', table.createdAt)],
)

/** Notes on single addresses, and limits of their own. */
export const ipConfigs = sqliteTable(
  'ip_configs',
  {
    ip: text('ip').primaryKey().notNull(),
    notes: text('notes'),
    requestsPerMinute: integer('requests_per_minute'),
    requestsPerDay: integer('requests_per_day'),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [isTime('ip_configs_created_at', table.createdAt)],
)

/** Which model a name that callers send stands for; a row without a key holds for all. */
export const modelMappings = sqliteTable(
  'model_mappings',
  {
    id: text('id').primaryKey().notNull(),
    name: text('name').notNull(),
    target: text('target').notNull(),
    keyId: text('key_id').references(() => apiKeys.id, { onDelete: 'cascade' }),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [
    index('model_mappings_by_key').on(table.keyId),
    check('model_mappings_id', sql`substr(${table.id}, 1, 4) = 'map_'`),
    check('model_mappings_names', sql`length(${table.name}) > 0 and length(${table.target}) > 0`),
    isTime('model_mappings_created_at', table.createdAt),
  ],
)

/** A link that gives its bearer a key's string, once: opening it makes the string. One for each key, the last. */
export const keyHandOvers = sqliteTable(
  'key_hand_overs',
  {
    keyId: text('key_id')
      .primaryKey()
      .notNull()
      .references(() => apiKeys.id, { onDelete: 'cascade' }),
    /** SHA-256 of what stands in the link. */
    hash: text('hash').notNull().unique(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    /** How long the string that the key had goes on opening, from the opening on. */
    graceMs: integer('grace_ms').notNull(),
    openedAt: integer('opened_at'),
  },
  (table) => [
    isTime('key_hand_overs_created_at', table.createdAt),
    check('key_hand_overs_hash', sql`length(${table.hash}) = 64`),
  ],
)

/** What was deleted and can come back: its rows as JSON, sealed by the vault for its id. */
export const deletedItems = sqliteTable(
  'deleted_items',
  {
    id: text('id').primaryKey().notNull(),
    kind: text('kind').notNull(),
    /** As it was called, for who looks for it. */
    name: text('name').notNull(),
    deletedAt: integer('deleted_at').notNull(),
    sealed: blob('sealed', { mode: 'buffer' }).notNull(),
    /** An account's, sealed as they were. */
    credentials: blob('credentials', { mode: 'buffer' }),
  },
  (table) => [
    index('deleted_items_by_time').on(table.kind, table.deletedAt, table.id),
    isOneOf('deleted_items_kinds', table.kind, ['account', 'user', 'key', 'proxy', 'mapping', 'block']),
    isTime('deleted_items_deleted_at', table.deletedAt),
  ],
)

export const settings = sqliteTable('settings', {
  name: text('name').primaryKey().notNull(),
  value: text('value').notNull(),
})

export const sessions = sqliteTable(
  'sessions',
  {
    hash: text('hash').primaryKey().notNull(),
    createdAt: integer('created_at').notNull(),
    lastSeenAt: integer('last_seen_at').notNull(),
    peer: text('peer').notNull(),
    userAgent: text('user_agent').notNull(),
    mustChangePassword: integer('must_change_password', { mode: 'boolean' }).notNull(),
    /** Whose: `owner`, or an operator's id. */
    subject: text('subject').notNull().default('owner'),
  },
  (table) => [
    index('sessions_by_subject').on(table.subject),
    index('sessions_by_last_seen').on(table.lastSeenAt),
    isSwitch('sessions_must_change_password', table.mustChangePassword),
    check('sessions_hash', sql`length(${table.hash}) = 64`),
  ],
)

/** People who sign in to the console by name, besides the owner with the one password. */
export const operators = sqliteTable(
  'operators',
  {
    id: text('id').primaryKey().notNull(),
    name: text('name').notNull(),
    /** The name as it is compared: case and width of letters do not matter. */
    folded: text('folded').notNull().unique(),
    role: text('role').notNull(),
    passwordHash: text('password_hash').notNull(),
    enabled: integer('enabled', { mode: 'boolean' }).notNull(),
    lastSignInAt: integer('last_sign_in_at'),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [
    check('operators_id', sql`substr(${table.id}, 1, 4) = 'opr_'`),
    isOneOf('operators_role', table.role, ['owner', 'admin', 'viewer']),
    isSwitch('operators_enabled', table.enabled),
    isTime('operators_created_at', table.createdAt),
  ],
)

/** Tokens of scripts for the admin API; the token itself is only here as its SHA-256. */
export const adminTokens = sqliteTable(
  'admin_tokens',
  {
    id: text('id').primaryKey().notNull(),
    name: text('name').notNull(),
    hash: text('hash').notNull().unique(),
    last4: text('last4').notNull(),
    /** JSON list. */
    scopes: text('scopes').notNull(),
    /** Who made it: it never may more than that one. */
    subject: text('subject').notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at'),
    lastUsedAt: integer('last_used_at'),
    lastPeer: text('last_peer'),
  },
  (table) => [
    index('admin_tokens_by_subject').on(table.subject),
    check('admin_tokens_hash', sql`length(${table.hash}) = 64`),
    isJson('admin_tokens_scopes', table.scopes),
    isTime('admin_tokens_created_at', table.createdAt),
  ],
)

/**
 * Every change through the admin API, each row with the hash of the one before. Triggers of the migration refuse to change
 * or delete a row; whoever makes the table anew must make them again.
 */
export const auditEntries = sqliteTable(
  'audit_entries',
  {
    seq: integer('seq').primaryKey().notNull(),
    at: integer('at').notNull(),
    actorKind: text('actor_kind').notNull(),
    actorId: text('actor_id').notNull(),
    actorName: text('actor_name').notNull(),
    peer: text('peer').notNull(),
    userAgent: text('user_agent').notNull(),
    action: text('action').notNull(),
    target: text('target'),
    status: integer('status').notNull(),
    /** JSON, without secrets. */
    before: text('before'),
    after: text('after'),
    requestId: text('request_id'),
    previousHash: text('previous_hash').notNull(),
    hash: text('hash').notNull(),
  },
  (table) => [
    index('audit_entries_by_time').on(table.at),
    index('audit_entries_by_actor').on(table.actorId, table.seq),
    index('audit_entries_by_target').on(table.target, table.seq),
    check('audit_entries_hashes', sql`length(${table.hash}) = 64 and length(${table.previousHash}) = 64`),
  ],
)

/** In the order of the list first, then what a look at a row asks for; `seq` too, or rows of one time would be sorted. */
const lookedAt = (table: Readonly<Record<(typeof lookedAtMembers)[number] | 'at', AnySQLiteColumn>>) =>
  [table.at, ...lookedAtMembers.map((member) => table[member])] as const
const lookedAtMembers = [
  'seq',
  'keyId',
  'userId',
  'accountId',
  'peer',
  'upstreamModel',
  'dialect',
  'status',
  'errorKind',
  'stream',
  'attempts',
  'durationMs',
  'firstTokenMs',
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'credits',
  'inputMicroUsd',
  'outputMicroUsd',
  'model',
  'session',
] as const

/**
 * No foreign keys: a request outlives the key and the account that served it. `seq` counts rows as they are written.
 * Two indexes in the order of time hold all that a filter or a sum asks for: rows are searched and added up without being
 * read, and a new one is written at the indexes' ends. An index for each filter cost five times as much as the row.
 */
export const requests = sqliteTable(
  'requests',
  {
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    id: text('id').notNull(),
    at: integer('at').notNull(),
    dialect: text('dialect').notNull(),
    keyId: text('key_id'),
    userId: text('user_id'),
    accountId: text('account_id'),
    /** As the caller named it. */
    model: text('model').notNull(),
    upstreamModel: text('upstream_model'),
    /** Why another model served than the one named. */
    modelReason: text('model_reason'),
    stream: integer('stream', { mode: 'boolean' }).notNull(),
    status: integer('status').notNull(),
    errorKind: text('error_kind'),
    errorMessage: text('error_message'),
    firstTokenMs: integer('first_token_ms'),
    durationMs: integer('duration_ms').notNull(),
    inputTokens: integer('input_tokens').notNull(),
    inputSource: text('input_source').notNull(),
    outputTokens: integer('output_tokens').notNull(),
    outputSource: text('output_source').notNull(),
    cacheReadTokens: integer('cache_read_tokens'),
    credits: real('credits'),
    /** None: no price is known for the model. */
    inputMicroUsd: integer('input_micro_usd'),
    outputMicroUsd: integer('output_micro_usd'),
    /** As the client names it. */
    session: text('session'),
    peer: text('peer').notNull(),
    userAgent: text('user_agent').notNull(),
    /** Calls to the provider. */
    attempts: integer('attempts').notNull().default(0),
    /** JSON: the attempts. */
    route: text('route').notNull(),
    /** JSON: what was changed or left out on the way. */
    notes: text('notes'),
    /** How the key began, of rows from elsewhere. */
    keyPrefix: text('key_prefix'),
  },
  (table) => [
    uniqueIndex('requests_by_id').on(table.id),
    index('requests_in_time').on(...lookedAt(table)),
    index('requests_failures')
      .on(...lookedAt(table), table.errorMessage)
      .where(sql`${table.errorKind} is not null`),
    isSwitch('requests_stream', table.stream),
    isTime('requests_at', table.at),
    check('requests_tokens', sql`${table.inputTokens} >= 0 and ${table.outputTokens} >= 0`),
  ],
)

/** The first and the last request of a conversation as the client names it: where a search for it looks. */
export const sessionSpans = sqliteTable(
  'session_spans',
  {
    session: text('session').primaryKey().notNull(),
    firstAt: integer('first_at').notNull(),
    lastAt: integer('last_at').notNull(),
  },
  (table) => [index('session_spans_by_time').on(table.lastAt)],
)

/**
 * Sums of `requests` over hours and days (UTC), so that no statistic reads the rows. `kind` says whose: of `all`, or of one
 * `key`, `user`, `account`, `model`, `ip`, `outcome`, or of two of them together (`key+account`; days only). They outlive the rows.
 * Like `split_rollups` without row numbers, which the ORM cannot say: the sums themselves lie in the order of the key.
 * Whoever makes the tables anew must write WITHOUT ROWID again.
 */
export const requestRollups = sqliteTable(
  'request_rollups',
  {
    /** Length of the period, ms. */
    grain: integer('grain').notNull(),
    kind: text('kind').notNull(),
    start: integer('start').notNull(),
    /** Of two: both with a `+` between. */
    subject: text('subject').notNull(),
    requests: integer('requests').notNull(),
    failures: integer('failures').notNull(),
    inputTokens: integer('input_tokens').notNull(),
    outputTokens: integer('output_tokens').notNull(),
    cacheReadTokens: integer('cache_read_tokens').notNull(),
    credits: real('credits').notNull(),
    inputMicroUsd: integer('input_micro_usd').notNull(),
    outputMicroUsd: integer('output_micro_usd').notNull(),
    durationMs: integer('duration_ms').notNull(),
  },
  (table) => [
    primaryKey({ name: 'request_rollups_pk', columns: [table.grain, table.kind, table.start, table.subject] }),
    index('request_rollups_by_subject').on(table.kind, table.subject, table.grain, table.start),
  ],
)

/** The same sums of `all`, of a `key`, `user` and `account` by model, dialect, status and outcome, one subject's side by side. */
export const splitRollups = sqliteTable(
  'split_rollups',
  {
    kind: text('kind').notNull(),
    subject: text('subject').notNull(),
    grain: integer('grain').notNull(),
    start: integer('start').notNull(),
    model: text('model').notNull(),
    dialect: text('dialect').notNull(),
    status: integer('status').notNull(),
    /** An error kind, or `ok`. */
    outcome: text('outcome').notNull(),
    requests: integer('requests').notNull(),
    failures: integer('failures').notNull(),
    inputTokens: integer('input_tokens').notNull(),
    outputTokens: integer('output_tokens').notNull(),
    cacheReadTokens: integer('cache_read_tokens').notNull(),
    credits: real('credits').notNull(),
    inputMicroUsd: integer('input_micro_usd').notNull(),
    outputMicroUsd: integer('output_micro_usd').notNull(),
    durationMs: integer('duration_ms').notNull(),
  },
  (table) => [
    primaryKey({
      name: 'split_rollups_pk',
      columns: [
        table.kind,
        table.subject,
        table.grain,
        table.start,
        table.model,
        table.dialect,
        table.status,
        table.outcome,
      ],
    }),
  ],
)

/** How many requests took how long, by the same periods and subjects: what percentiles are read from. */
export const latencyRollups = sqliteTable(
  'latency_rollups',
  {
    kind: text('kind').notNull(),
    subject: text('subject').notNull(),
    /** `total`, or `first` for the time to the first token. */
    measure: text('measure').notNull(),
    grain: integer('grain').notNull(),
    start: integer('start').notNull(),
    /** Eight to each doubling. */
    bucket: integer('bucket').notNull(),
    requests: integer('requests').notNull(),
  },
  (table) => [
    primaryKey({
      name: 'latency_rollups_pk',
      columns: [table.kind, table.subject, table.measure, table.grain, table.start, table.bucket],
    }),
    index('latency_rollups_by_time').on(table.grain, table.start),
  ],
)

/** Who came from where: a row for each address and user; the user is empty where nobody was recognised. */
export const visitors = sqliteTable(
  'visitors',
  {
    ip: text('ip').notNull(),
    userId: text('user_id').notNull(),
    firstAt: integer('first_at').notNull(),
    lastAt: integer('last_at').notNull(),
    requests: integer('requests').notNull(),
    failures: integer('failures').notNull(),
  },
  (table) => [
    primaryKey({ name: 'visitors_pk', columns: [table.ip, table.userId] }),
    index('visitors_by_time').on(table.lastAt),
    index('visitors_by_user').on(table.userId, table.lastAt),
  ],
)

/** How far the sums have come: the last `seq` in them. One row. */
export const rollupMarks = sqliteTable(
  'rollup_marks',
  { id: integer('id').primaryKey().notNull(), seq: integer('seq').notNull() },
  (table) => [check('rollup_marks_id', sql`${table.id} = 1`)],
)

/** Keys whose prompts and replies are kept for a while. No row: nothing is kept. */
export const captureRules = sqliteTable(
  'capture_rules',
  {
    keyId: text('key_id')
      .primaryKey()
      .notNull()
      .references(() => apiKeys.id, { onDelete: 'cascade' }),
    /** Of the prompt, and again of the reply; more is cut off. */
    maxBytes: integer('max_bytes').notNull(),
    keepMs: integer('keep_ms').notNull(),
    /** Nothing new is kept from then on. */
    until: integer('until').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [isBetween('capture_rules_max_bytes', table.maxBytes, 1, 1048576)],
)

/** Prompt and reply of one request as JSON, sealed by the vault for its id. */
export const captures = sqliteTable(
  'captures',
  {
    requestId: text('request_id').primaryKey().notNull(),
    keyId: text('key_id').notNull(),
    at: integer('at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    bytes: integer('bytes').notNull(),
    sealed: blob('sealed', { mode: 'buffer' }).notNull(),
  },
  (table) => [
    index('captures_by_expiry').on(table.expiresAt),
    index('captures_by_key').on(table.keyId),
    index('captures_by_time').on(table.at),
  ],
)

/** One row: the last batch of counters that was written, so that what a killed gateway has kept aside does not count twice. */
export const usageMarks = sqliteTable(
  'usage_marks',
  {
    id: integer('id').primaryKey().notNull(),
    epoch: text('epoch').notNull(),
    number: integer('number').notNull(),
  },
  (table) => [check('usage_marks_id', sql`${table.id} = 1`)],
)

/** One row: which key seals this database, a sealed value to try a key on, the salt of a passphrase. */
export const vaultMarks = sqliteTable(
  'vault_marks',
  {
    id: integer('id').primaryKey().notNull(),
    keyId: text('key_id').notNull(),
    trial: blob('trial', { mode: 'buffer' }).notNull(),
    salt: blob('salt', { mode: 'buffer' }).notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [check('vault_marks_id', sql`${table.id} = 1`)],
)
