import { type SQL, sql } from 'drizzle-orm'
import {
  type AnyMySqlColumn,
  bigint,
  boolean,
  check,
  double,
  index,
  mediumblob,
  mediumtext,
  mysqlTableCreator,
  primaryKey,
  text,
  uniqueIndex,
  varchar,
} from 'drizzle-orm/mysql-core'

// The tables of sqlite.ts, where their columns are explained, for MySQL and MariaDB: the same members, names, rules and indexes.
// Where an index needs a length, texts have one; an index of some rows only is one of all. Tables are made with a collation that
// compares as SQLite does, byte by byte (see mysql-migrate.ts). The prefix keeps them apart from the original server's.

const ourTable = mysqlTableCreator((name) => `claude_server_${name}`)
/** Whole numbers up to 2^53: times, counters, micro-USD. */
const whole = (name: string) => bigint(name, { mode: 'number' })

const isSwitch = (name: string, column: AnyMySqlColumn) => check(name, sql`${column} in (0, 1)`)
const isTime = (name: string, column: AnyMySqlColumn) => check(name, sql`${column} >= 0`)
const isJson = (name: string, column: AnyMySqlColumn) => check(name, sql`${column} is null or json_valid(${column})`)
const isOneOf = (name: string, column: AnyMySqlColumn, words: readonly string[]) =>
  check(name, sql`${column} in (${sql.raw(words.map((word) => `'${word}'`).join(', '))})`)
const isBetween = (name: string, column: AnyMySqlColumn, from: number, to: number) =>
  check(name, sql`${column} between ${sql.raw(String(from))} and ${sql.raw(String(to))}`)
const isNone = (column: AnyMySqlColumn): SQL => sql`${column} is null`

export const accounts = ourTable(
  'accounts',
  {
    id: varchar('id', { length: 64 }).primaryKey().notNull(),
    label: text('label').notNull(),
    enabled: boolean('enabled').notNull(),
    weight: whole('weight').notNull(),
    maxInFlight: whole('max_in_flight').notNull(),
    healthState: varchar('health_state', { length: 64 }).notNull(),
    healthSince: whole('health_since').notNull(),
    healthUntil: whole('health_until'),
    healthReason: text('health_reason'),
    healthKind: varchar('health_kind', { length: 64 }),
    failures: whole('failures').notNull(),
    limits: whole('limits'),
    quota: mediumtext('quota'),
    method: varchar('method', { length: 64 }).notNull(),
    email: text('email'),
    userId: text('user_id'),
    plan: text('plan'),
    region: varchar('region', { length: 64 }).notNull(),
    successCount: whole('success_count').notNull(),
    errorCount: whole('error_count').notNull(),
    accessExpiresAt: whole('access_expires_at'),
    lastRefreshAt: whole('last_refresh_at'),
    lastRefreshStatus: varchar('last_refresh_status', { length: 64 }),
    lastUsedAt: whole('last_used_at'),
    createdAt: whole('created_at').notNull(),
    updatedAt: whole('updated_at').notNull(),
    proxyId: varchar('proxy_id', { length: 64 }).references((): AnyMySqlColumn => proxies.id, { onDelete: 'set null' }),
    accountingHosts: mediumtext('accounting_hosts'),
    overage: boolean('overage').notNull().default(false),
    overageCredits: double('overage_credits'),
    overageMicroUsd: whole('overage_micro_usd'),
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

export const proxies = ourTable(
  'proxies',
  {
    id: varchar('id', { length: 64 }).primaryKey().notNull(),
    name: text('name').notNull(),
    sealed: mediumblob('sealed', { mode: 'buffer' }).notNull(),
    shown: text('shown').notNull(),
    weight: whole('weight').notNull(),
    enabled: boolean('enabled').notNull(),
    healthState: varchar('health_state', { length: 64 }).notNull(),
    checkedAt: whole('checked_at'),
    latencyMs: whole('latency_ms'),
    failures: whole('failures').notNull(),
    healthReason: text('health_reason'),
    createdAt: whole('created_at').notNull(),
    updatedAt: whole('updated_at').notNull(),
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

export const quotaReadings = ourTable(
  'quota_readings',
  {
    accountId: varchar('account_id', { length: 64 })
      .notNull()
      .references(() => accounts.id, { onDelete: 'cascade' }),
    at: whole('at').notNull(),
    used: double('used').notNull(),
    limit: double('limit').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.at] }),
    index('quota_readings_by_time').on(table.at),
    isTime('quota_readings_at', table.at),
  ],
)

export const accountEvents = ourTable(
  'account_events',
  {
    accountId: varchar('account_id', { length: 64 })
      .notNull()
      .references(() => accounts.id, { onDelete: 'cascade' }),
    at: whole('at').notNull(),
    kind: varchar('kind', { length: 64 }).notNull(),
    reason: text('reason'),
    cause: varchar('cause', { length: 64 }),
    until: whole('until'),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.at] }),
    index('account_events_by_time').on(table.at),
    isTime('account_events_at', table.at),
  ],
)

export const sealedSettings = ourTable('sealed_settings', {
  name: varchar('name', { length: 191 }).primaryKey().notNull(),
  sealed: mediumblob('sealed', { mode: 'buffer' }).notNull(),
  shown: text('shown').notNull(),
  updatedAt: whole('updated_at').notNull(),
})

export const credentials = ourTable('credentials', {
  accountId: varchar('account_id', { length: 64 })
    .primaryKey()
    .notNull()
    .references(() => accounts.id, { onDelete: 'cascade' }),
  sealed: mediumblob('sealed', { mode: 'buffer' }).notNull(),
  updatedAt: whole('updated_at').notNull(),
})

export const accountModels = ourTable(
  'account_models',
  {
    accountId: varchar('account_id', { length: 64 })
      .primaryKey()
      .notNull()
      .references(() => accounts.id, { onDelete: 'cascade' }),
    models: mediumtext('models').notNull(),
    readAt: whole('read_at').notNull(),
  },
  (table) => [isJson('account_models_models', table.models)],
)

const limitColumns = () => ({
  requestsPerMinute: whole('requests_per_minute'),
  requestsPerDay: whole('requests_per_day'),
  tokensPerDay: whole('tokens_per_day'),
  tokensPerMonth: whole('tokens_per_month'),
  microUsdPerMonth: whole('micro_usd_per_month'),
  creditsPerMonth: double('credits_per_month'),
  concurrency: whole('concurrency'),
})

export const users = ourTable(
  'users',
  {
    id: varchar('id', { length: 64 }).primaryKey().notNull(),
    name: text('name').notNull(),
    email: text('email'),
    notes: text('notes'),
    enabled: boolean('enabled').notNull(),
    priority: whole('priority').notNull(),
    expiresAt: whole('expires_at'),
    models: mediumtext('models'),
    accountIds: mediumtext('account_ids'),
    ...limitColumns(),
    createdAt: whole('created_at').notNull(),
    updatedAt: whole('updated_at').notNull(),
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

export const apiKeys = ourTable(
  'api_keys',
  {
    id: varchar('id', { length: 64 }).primaryKey().notNull(),
    name: text('name').notNull(),
    hash: varchar('hash', { length: 64 }).notNull().unique(),
    prefix: varchar('prefix', { length: 64 }).notNull(),
    last4: varchar('last4', { length: 64 }).notNull(),
    enabled: boolean('enabled').notNull(),
    createdAt: whole('created_at').notNull(),
    lastUsedAt: whole('last_used_at'),
    accountIds: mediumtext('account_ids'),
    userId: varchar('user_id', { length: 64 }).references(() => users.id, { onDelete: 'cascade' }),
    expiresAt: whole('expires_at'),
    notes: text('notes'),
    models: mediumtext('models'),
    ...limitColumns(),
    repair: boolean('repair'),
    previousHash: varchar('previous_hash', { length: 64 }),
    previousUntil: whole('previous_until'),
    compression: varchar('compression', { length: 20 }),
    dryRun: boolean('dry_run'),
  },
  (table) => [
    index('api_keys_by_user').on(table.userId),
    index('api_keys_by_previous_hash').on(table.previousHash),
    isSwitch('api_keys_enabled', table.enabled),
    check('api_keys_hash', sql`length(${table.hash}) = 64`),
  ],
)

export const usageCounters = ourTable(
  'usage_counters',
  {
    subject: varchar('subject', { length: 128 }).notNull(),
    period: varchar('period', { length: 16 }).notNull(),
    requests: whole('requests').notNull(),
    inputTokens: whole('input_tokens').notNull(),
    outputTokens: whole('output_tokens').notNull(),
    inputMicroUsd: whole('input_micro_usd').notNull(),
    outputMicroUsd: whole('output_micro_usd').notNull(),
    credits: double('credits').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.subject, table.period] }),
    index('usage_counters_by_period').on(table.period),
  ],
)

export const openCalls = ourTable('open_calls', {
  id: varchar('id', { length: 64 }).primaryKey().notNull(),
  keyId: varchar('key_id', { length: 64 }).notNull(),
  userId: varchar('user_id', { length: 64 }),
  at: whole('at').notNull(),
  inputTokens: whole('input_tokens').notNull(),
  inputMicroUsd: whole('input_micro_usd').notNull(),
})

export const ipBlocks = ourTable(
  'ip_blocks',
  {
    range: varchar('range', { length: 64 }).primaryKey().notNull(),
    shown: text('shown').notNull(),
    reason: text('reason').notNull(),
    createdAt: whole('created_at').notNull(),
    expiresAt: whole('expires_at'),
  },
  (table) => [isTime('ip_blocks_created_at', table.createdAt)],
)

export const ipConfigs = ourTable(
  'ip_configs',
  {
    ip: varchar('ip', { length: 64 }).primaryKey().notNull(),
    notes: text('notes'),
    requestsPerMinute: whole('requests_per_minute'),
    requestsPerDay: whole('requests_per_day'),
    createdAt: whole('created_at').notNull(),
    updatedAt: whole('updated_at').notNull(),
  },
  (table) => [isTime('ip_configs_created_at', table.createdAt)],
)

export const modelMappings = ourTable(
  'model_mappings',
  {
    id: varchar('id', { length: 64 }).primaryKey().notNull(),
    name: text('name').notNull(),
    target: text('target').notNull(),
    keyId: varchar('key_id', { length: 64 }).references(() => apiKeys.id, { onDelete: 'cascade' }),
    createdAt: whole('created_at').notNull(),
    updatedAt: whole('updated_at').notNull(),
  },
  (table) => [
    index('model_mappings_by_key').on(table.keyId),
    check('model_mappings_id', sql`substr(${table.id}, 1, 4) = 'map_'`),
    check('model_mappings_names', sql`length(${table.name}) > 0 and length(${table.target}) > 0`),
    isTime('model_mappings_created_at', table.createdAt),
  ],
)

export const keyHandOvers = ourTable(
  'key_hand_overs',
  {
    keyId: varchar('key_id', { length: 64 })
      .primaryKey()
      .notNull()
      .references(() => apiKeys.id, { onDelete: 'cascade' }),
    hash: varchar('hash', { length: 64 }).notNull().unique(),
    createdAt: whole('created_at').notNull(),
    expiresAt: whole('expires_at').notNull(),
    graceMs: whole('grace_ms').notNull(),
    openedAt: whole('opened_at'),
  },
  (table) => [
    isTime('key_hand_overs_created_at', table.createdAt),
    check('key_hand_overs_hash', sql`length(${table.hash}) = 64`),
  ],
)

export const deletedItems = ourTable(
  'deleted_items',
  {
    id: varchar('id', { length: 64 }).primaryKey().notNull(),
    kind: varchar('kind', { length: 64 }).notNull(),
    name: text('name').notNull(),
    deletedAt: whole('deleted_at').notNull(),
    sealed: mediumblob('sealed', { mode: 'buffer' }).notNull(),
    credentials: mediumblob('credentials', { mode: 'buffer' }),
  },
  (table) => [
    index('deleted_items_by_time').on(table.kind, table.deletedAt, table.id),
    isOneOf('deleted_items_kinds', table.kind, ['account', 'user', 'key', 'proxy', 'mapping', 'block']),
    isTime('deleted_items_deleted_at', table.deletedAt),
  ],
)

export const settings = ourTable('settings', {
  name: varchar('name', { length: 191 }).primaryKey().notNull(),
  value: mediumtext('value').notNull(),
})

export const sessions = ourTable(
  'sessions',
  {
    hash: varchar('hash', { length: 64 }).primaryKey().notNull(),
    createdAt: whole('created_at').notNull(),
    lastSeenAt: whole('last_seen_at').notNull(),
    peer: text('peer').notNull(),
    userAgent: text('user_agent').notNull(),
    mustChangePassword: boolean('must_change_password').notNull(),
    subject: varchar('subject', { length: 64 }).notNull().default('owner'),
  },
  (table) => [
    index('sessions_by_subject').on(table.subject),
    index('sessions_by_last_seen').on(table.lastSeenAt),
    isSwitch('sessions_must_change_password', table.mustChangePassword),
    check('sessions_hash', sql`length(${table.hash}) = 64`),
  ],
)

export const operators = ourTable(
  'operators',
  {
    id: varchar('id', { length: 64 }).primaryKey().notNull(),
    name: text('name').notNull(),
    folded: varchar('folded', { length: 191 }).notNull().unique(),
    role: varchar('role', { length: 64 }).notNull(),
    passwordHash: text('password_hash').notNull(),
    enabled: boolean('enabled').notNull(),
    lastSignInAt: whole('last_sign_in_at'),
    createdAt: whole('created_at').notNull(),
    updatedAt: whole('updated_at').notNull(),
  },
  (table) => [
    check('operators_id', sql`substr(${table.id}, 1, 4) = 'opr_'`),
    isOneOf('operators_role', table.role, ['owner', 'admin', 'viewer']),
    isSwitch('operators_enabled', table.enabled),
    isTime('operators_created_at', table.createdAt),
  ],
)

export const adminTokens = ourTable(
  'admin_tokens',
  {
    id: varchar('id', { length: 64 }).primaryKey().notNull(),
    name: text('name').notNull(),
    hash: varchar('hash', { length: 64 }).notNull().unique(),
    last4: varchar('last4', { length: 64 }).notNull(),
    scopes: mediumtext('scopes').notNull(),
    subject: varchar('subject', { length: 64 }).notNull(),
    createdAt: whole('created_at').notNull(),
    expiresAt: whole('expires_at'),
    lastUsedAt: whole('last_used_at'),
    lastPeer: text('last_peer'),
  },
  (table) => [
    index('admin_tokens_by_subject').on(table.subject),
    check('admin_tokens_hash', sql`length(${table.hash}) = 64`),
    isJson('admin_tokens_scopes', table.scopes),
    isTime('admin_tokens_created_at', table.createdAt),
  ],
)

export const auditEntries = ourTable(
  'audit_entries',
  {
    seq: whole('seq').primaryKey().notNull(),
    at: whole('at').notNull(),
    actorKind: varchar('actor_kind', { length: 64 }).notNull(),
    actorId: varchar('actor_id', { length: 64 }).notNull(),
    actorName: text('actor_name').notNull(),
    peer: text('peer').notNull(),
    userAgent: text('user_agent').notNull(),
    action: text('action').notNull(),
    target: varchar('target', { length: 512 }),
    status: whole('status').notNull(),
    before: mediumtext('before'),
    after: mediumtext('after'),
    requestId: varchar('request_id', { length: 64 }),
    previousHash: varchar('previous_hash', { length: 64 }).notNull(),
    hash: varchar('hash', { length: 64 }).notNull(),
  },
  (table) => [
    index('audit_entries_by_time').on(table.at),
    index('audit_entries_by_actor').on(table.actorId, table.seq),
    index('audit_entries_by_target').on(table.target, table.seq),
    check('audit_entries_hashes', sql`length(${table.hash}) = 64 and length(${table.previousHash}) = 64`),
  ],
)

export const requests = ourTable(
  'requests',
  {
    seq: whole('seq').primaryKey().autoincrement(),
    id: varchar('id', { length: 64 }).notNull(),
    at: whole('at').notNull(),
    dialect: varchar('dialect', { length: 64 }).notNull(),
    keyId: varchar('key_id', { length: 64 }),
    userId: varchar('user_id', { length: 64 }),
    accountId: varchar('account_id', { length: 64 }),
    model: text('model').notNull(),
    upstreamModel: varchar('upstream_model', { length: 255 }),
    modelReason: text('model_reason'),
    stream: boolean('stream').notNull(),
    status: whole('status').notNull(),
    errorKind: varchar('error_kind', { length: 64 }),
    errorMessage: text('error_message'),
    firstTokenMs: whole('first_token_ms'),
    durationMs: whole('duration_ms').notNull(),
    inputTokens: whole('input_tokens').notNull(),
    inputSource: varchar('input_source', { length: 64 }).notNull(),
    outputTokens: whole('output_tokens').notNull(),
    outputSource: varchar('output_source', { length: 64 }).notNull(),
    cacheReadTokens: whole('cache_read_tokens'),
    credits: double('credits'),
    inputMicroUsd: whole('input_micro_usd'),
    outputMicroUsd: whole('output_micro_usd'),
    session: varchar('session', { length: 128 }),
    peer: varchar('peer', { length: 64 }).notNull(),
    userAgent: text('user_agent').notNull(),
    attempts: whole('attempts').notNull().default(0),
    route: mediumtext('route').notNull(),
    notes: mediumtext('notes'),
    keyPrefix: varchar('key_prefix', { length: 64 }),
  },
  (table) => [
    uniqueIndex('requests_by_id').on(table.id),
    // An index here takes 16 columns at most, and none of some rows only: both are of the order of time alone.
    index('requests_in_time').on(table.at, table.seq),
    index('requests_failures').on(table.errorKind, table.at, table.seq),
    isSwitch('requests_stream', table.stream),
    isTime('requests_at', table.at),
    check('requests_tokens', sql`${table.inputTokens} >= 0 and ${table.outputTokens} >= 0`),
  ],
)

export const sessionSpans = ourTable(
  'session_spans',
  {
    session: varchar('session', { length: 128 }).primaryKey().notNull(),
    firstAt: whole('first_at').notNull(),
    lastAt: whole('last_at').notNull(),
  },
  (table) => [index('session_spans_by_time').on(table.lastAt)],
)

export const requestRollups = ourTable(
  'request_rollups',
  {
    grain: whole('grain').notNull(),
    kind: varchar('kind', { length: 64 }).notNull(),
    start: whole('start').notNull(),
    subject: varchar('subject', { length: 255 }).notNull(),
    requests: whole('requests').notNull(),
    failures: whole('failures').notNull(),
    inputTokens: whole('input_tokens').notNull(),
    outputTokens: whole('output_tokens').notNull(),
    cacheReadTokens: whole('cache_read_tokens').notNull(),
    credits: double('credits').notNull(),
    inputMicroUsd: whole('input_micro_usd').notNull(),
    outputMicroUsd: whole('output_micro_usd').notNull(),
    durationMs: whole('duration_ms').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.grain, table.kind, table.start, table.subject] }),
    index('request_rollups_by_subject').on(table.kind, table.subject, table.grain, table.start),
  ],
)

export const splitRollups = ourTable(
  'split_rollups',
  {
    kind: varchar('kind', { length: 64 }).notNull(),
    subject: varchar('subject', { length: 255 }).notNull(),
    grain: whole('grain').notNull(),
    start: whole('start').notNull(),
    model: varchar('model', { length: 255 }).notNull(),
    dialect: varchar('dialect', { length: 64 }).notNull(),
    status: whole('status').notNull(),
    outcome: varchar('outcome', { length: 64 }).notNull(),
    requests: whole('requests').notNull(),
    failures: whole('failures').notNull(),
    inputTokens: whole('input_tokens').notNull(),
    outputTokens: whole('output_tokens').notNull(),
    cacheReadTokens: whole('cache_read_tokens').notNull(),
    credits: double('credits').notNull(),
    inputMicroUsd: whole('input_micro_usd').notNull(),
    outputMicroUsd: whole('output_micro_usd').notNull(),
    durationMs: whole('duration_ms').notNull(),
  },
  (table) => [
    primaryKey({
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

export const latencyRollups = ourTable(
  'latency_rollups',
  {
    kind: varchar('kind', { length: 64 }).notNull(),
    subject: varchar('subject', { length: 255 }).notNull(),
    measure: varchar('measure', { length: 64 }).notNull(),
    grain: whole('grain').notNull(),
    start: whole('start').notNull(),
    bucket: whole('bucket').notNull(),
    requests: whole('requests').notNull(),
  },
  (table) => [
    primaryKey({
      columns: [table.kind, table.subject, table.measure, table.grain, table.start, table.bucket],
    }),
    index('latency_rollups_by_time').on(table.grain, table.start),
  ],
)

export const visitors = ourTable(
  'visitors',
  {
    ip: varchar('ip', { length: 64 }).notNull(),
    userId: varchar('user_id', { length: 64 }).notNull(),
    firstAt: whole('first_at').notNull(),
    lastAt: whole('last_at').notNull(),
    requests: whole('requests').notNull(),
    failures: whole('failures').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.ip, table.userId] }),
    index('visitors_by_time').on(table.lastAt),
    index('visitors_by_user').on(table.userId, table.lastAt),
  ],
)

export const rollupMarks = ourTable(
  'rollup_marks',
  { id: whole('id').primaryKey().notNull(), seq: whole('seq').notNull() },
  (table) => [check('rollup_marks_id', sql`${table.id} = 1`)],
)

export const captureRules = ourTable(
  'capture_rules',
  {
    keyId: varchar('key_id', { length: 64 })
      .primaryKey()
      .notNull()
      .references(() => apiKeys.id, { onDelete: 'cascade' }),
    maxBytes: whole('max_bytes').notNull(),
    keepMs: whole('keep_ms').notNull(),
    until: whole('until').notNull(),
    createdAt: whole('created_at').notNull(),
  },
  (table) => [isBetween('capture_rules_max_bytes', table.maxBytes, 1, 1048576)],
)

export const captures = ourTable(
  'captures',
  {
    requestId: varchar('request_id', { length: 64 }).primaryKey().notNull(),
    keyId: varchar('key_id', { length: 64 }).notNull(),
    at: whole('at').notNull(),
    expiresAt: whole('expires_at').notNull(),
    bytes: whole('bytes').notNull(),
    sealed: mediumblob('sealed', { mode: 'buffer' }).notNull(),
  },
  (table) => [
    index('captures_by_expiry').on(table.expiresAt),
    index('captures_by_key').on(table.keyId),
    index('captures_by_time').on(table.at),
  ],
)

export const usageMarks = ourTable(
  'usage_marks',
  {
    id: whole('id').primaryKey().notNull(),
    epoch: varchar('epoch', { length: 64 }).notNull(),
    number: whole('number').notNull(),
  },
  (table) => [check('usage_marks_id', sql`${table.id} = 1`)],
)

export const vaultMarks = ourTable(
  'vault_marks',
  {
    id: whole('id').primaryKey().notNull(),
    keyId: varchar('key_id', { length: 64 }).notNull(),
    trial: mediumblob('trial', { mode: 'buffer' }).notNull(),
    salt: mediumblob('salt', { mode: 'buffer' }).notNull(),
    createdAt: whole('created_at').notNull(),
  },
  (table) => [check('vault_marks_id', sql`${table.id} = 1`)],
)
