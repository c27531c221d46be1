import { type Static, Type } from '@sinclair/typebox'
import { nextCursor } from './common.ts'
import { ImportOutcome } from './imports.ts'

const Text = Type.Union([Type.String(), Type.Null()])
const Label = Type.Union([Type.String({ maxLength: 255 }), Type.Null()])
const Time = Type.Union([Type.String({ description: 'RFC 3339, UTC' }), Type.Null()])

/** The original's status words; `state` below is ours and finer. */
export const AccountStatus = Type.Union(
  ['normal', 'disabled', 'suspended', 'exhausted', 'expired'].map((word) => Type.Literal(word)),
)
export const AccountState = Type.Union([
  Type.Literal('unchecked'),
  Type.Literal('ready'),
  Type.Literal('cooling'),
  Type.Literal('restricted'),
  Type.Literal('exhausted'),
  Type.Literal('expired'),
  Type.Literal('suspended'),
  Type.Literal('failing'),
  Type.Literal('disabled'),
])
export type AccountState = Static<typeof AccountState>

/** List item: the original's keys (no secrets), then ours. */
export const AccountListItem = Type.Object({
  id: Type.String(),
  label: Text,
  enabled: Type.Boolean(),
  status: Type.String({ description: 'normal, disabled, suspended, exhausted, expired' }),
  status_reason: Text,
  /** Why, as a word that stays: the kind of the failure that led to the state. */
  status_kind: Text,
  last_refresh_time: Type.String({ description: 'RFC 3339, UTC; `never`' }),
  last_refresh_status: Type.String({ description: 'success, failed, unknown' }),
  created_at: Type.String(),
  updated_at: Type.String(),
  error_count: Type.Integer(),
  success_count: Type.Integer(),
  q_user_id: Text,
  email: Text,
  usage_current: Type.Number(),
  usage_limit: Type.Number(),
  subscription_type: Text,
  quota_refreshed_at: Time,
  token_expiry: Type.Union([
    Type.Integer({ description: 'Epoch seconds: end of the free trial, as the original' }),
    Type.Null(),
  ]),
  // ours
  state: AccountState,
  state_since: Type.String(),
  state_until: Time,
  auth_method: Type.String({ description: 'builder-id, identity-center, social, api-key' }),
  region: Type.String(),
  access_token_expires_at: Time,
  quota_resets_at: Time,
  last_used_at: Time,
  in_flight: Type.Integer(),
  /** `offered`: the provider would let it go past its included quota. Its own switch and caps; what it has used this period. */
  overage: Type.Object({
    offered: Type.Boolean(),
    enabled: Type.Boolean(),
    max_credits: Type.Union([Type.Number(), Type.Null()]),
    max_micro_usd: Type.Union([Type.Integer(), Type.Null()]),
    used_credits: Type.Number(),
    provider_cap: Type.Union([Type.Number(), Type.Null()]),
    micro_usd_per_credit: Type.Union([Type.Integer(), Type.Null()]),
  }),
  /**
   * What is the matter of late with an account that keeps its state; gone by itself, by a check, or by off and on. What could not
   * be read of it has no `until`: conversations go on.
   */
  troubles: Type.Array(
    Type.Object({
      kind: Type.Union([
        Type.Literal('shaky'),
        Type.Literal('told-to-wait'),
        Type.Literal('model-refused'),
        Type.Literal('models-unread'),
        Type.Literal('quota-unread'),
        Type.Literal('profile-unread'),
        Type.Literal('access-unrenewed'),
      ]),
      model: Text,
      until: Time,
      reason: Text,
    }),
  ),
  burn_per_hour: Type.Union([
    Type.Number({ description: 'credits spent an hour, over the last 24 hours, else 7 days; null: unknown' }),
    Type.Null(),
  ]),
  /** When the quota is used up at that rate; null: unknown, or not before its reset. */
  runs_out_at: Time,
  proxy_id: Text,
  proxy_name: Text,
  /** Its share of the work against the others', 1 to 100. */
  weight: Type.Integer(),
  max_in_flight: Type.Integer(),
  notes: Text,
})
export type AccountListItem = Static<typeof AccountListItem>

/** One account: the list item plus its secrets, masked (`••••` and the last 4). */
export const AccountView = Type.Composite([
  AccountListItem,
  Type.Object({
    clientId: Text,
    clientSecret: Text,
    refreshToken: Text,
    accessToken: Text,
    /** The original's; nothing of the kind is kept here. */
    machine_id: Type.Null(),
    username: Type.Null(),
    password: Type.Null(),
    profile_arn: Text,
    start_url: Text,
    /** Google, Github, BuilderId, Enterprise; null: not said. */
    sign_in_provider: Text,
    /** Where its tokens are renewed; `region` is where its conversations go. */
    identity_region: Text,
    /** Of `POST /v2/accounts` alone: `present` and `renewed` when the sign-in belongs to an account that was there. */
    outcome: Type.Optional(ImportOutcome),
  }),
])
export type AccountView = Static<typeof AccountView>

/**
 * `POST /v2/accounts`: the original's fields, and ours for the other sign-in methods. Every other spelling that the reader of
 * sign-ins knows is taken as well (docs/accounts.md).
 */
export const AccountCreate = Type.Object({
  label: Type.Optional(Label),
  method: Type.Optional(
    Type.Union(['builder-id', 'identity-center', 'social', 'api-key'].map((word) => Type.Literal(word))),
  ),
  clientId: Type.Optional(Text),
  clientSecret: Type.Optional(Text),
  refreshToken: Type.Optional(Text),
  accessToken: Type.Optional(Text),
  apiKey: Type.Optional(Text),
  region: Type.Optional(Text),
  startUrl: Type.Optional(Text),
  profileArn: Type.Optional(Text),
  enabled: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
  errorCount: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
  successCount: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
  /** Its own outbound proxy (`POST /v2/accounts` alone; lists of another installation know other ids). */
  proxyId: Type.Optional(Text),
  /** Check the sign-in before saving (default false, as the original). */
  check: Type.Optional(Type.Boolean()),
})
export type AccountCreate = Static<typeof AccountCreate>

/** `PATCH /v2/accounts/:id`: absent stays as it is, and so do null ones of the first six but for the label, which goes. */
export const AccountPatch = Type.Object({
  label: Type.Optional(Label),
  enabled: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
  clientId: Type.Optional(Text),
  clientSecret: Type.Optional(Text),
  refreshToken: Type.Optional(Text),
  accessToken: Type.Optional(Text),
  weight: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  maxInFlight: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  /** May go past its included quota at the provider's price; counts only while `overageEnabled` is on. */
  overage: Type.Optional(
    Type.Union([
      Type.Boolean(),
      // As it is read.
      Type.Object({
        enabled: Type.Boolean(),
        max_credits: Type.Optional(Type.Union([Type.Number({ minimum: 0, maximum: 1_000_000_000 }), Type.Null()])),
        max_micro_usd: Type.Optional(
          Type.Union([Type.Integer({ minimum: 0, maximum: 1_000_000_000_000 }), Type.Null()]),
        ),
      }),
    ]),
  ),
  /** A month; 0 and null: no cap but the provider's own. */
  overageMaxCredits: Type.Optional(Type.Union([Type.Number({ minimum: 0, maximum: 1_000_000_000 }), Type.Null()])),
  overageMaxMicroUsd: Type.Optional(
    Type.Union([Type.Integer({ minimum: 0, maximum: 1_000_000_000_000 }), Type.Null()]),
  ),
  /** Its own outbound proxy; null: none. */
  proxyId: Type.Optional(Text),
  /** Empty and null: none. */
  notes: Type.Optional(Type.Union([Type.String({ maxLength: 500 }), Type.Null()])),
})
export type AccountPatch = Static<typeof AccountPatch>

export const AccountList = Type.Object({
  accounts: Type.Array(AccountListItem),
  count: Type.Integer(),
  pagination: Type.Object({
    total: Type.Integer(),
    page: Type.Integer(),
    pageSize: Type.Integer(),
    pages: Type.Integer(),
  }),
  total: Type.Integer({ description: 'that match' }),
  next_cursor: nextCursor,
  counts: Type.Record(Type.String(), Type.Integer(), { description: 'by `state`, of those that match `q`' }),
  quotaStats: Type.Object({
    totalUsage: Type.Number(),
    totalLimit: Type.Number(),
    count: Type.Integer(),
    percent: Type.Integer(),
    /** Credits an hour of all accounts that can serve; null: of none is it known. */
    burnPerHour: Type.Union([Type.Number(), Type.Null()]),
    /** When they have spent all they have, resets on the way counted in; null: unknown, or not before the last reset. */
    runsOutAt: Time,
  }),
  accountStats: Type.Object({
    totalCount: Type.Integer(),
    enabledCount: Type.Integer(),
    successTotal: Type.Integer(),
    errorTotal: Type.Integer(),
  }),
  statusStats: Type.Record(Type.String(), Type.Integer()),
  /** The pool since the server started; zeros when none runs. */
  poolStats: Type.Object({
    waiting: Type.Integer({ description: 'requests in line for an account' }),
    conversations: Type.Integer({ description: 'remembered, each with its account' }),
    conversationHits: Type.Integer({ description: 'requests of a known conversation that its own account served' }),
    conversationMisses: Type.Integer({ description: 'those that another account served' }),
    /** Share of hits, 0 to 1; null: none counted yet. */
    conversationHitRate: Type.Union([Type.Number(), Type.Null()]),
  }),
})
export type AccountList = Static<typeof AccountList>

/** `POST /v2/accounts/enable-all`, `disable-all` */
export const AccountsSwitched = Type.Object({ success: Type.Boolean(), count: Type.Integer(), message: Type.String() })
export type AccountsSwitched = Static<typeof AccountsSwitched>

/** `GET /v2/accounts/:id/quota`. `nextDateReset` and `freeTrialExpiry` are epoch seconds, as the original. */
export const QuotaView = Type.Object({
  /** Only when no figures could be read: token_invalid, suspended, error. */
  status: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
  usedPercent: Type.Union([Type.Number(), Type.Null()]),
  currentUsage: Type.Optional(Type.Number()),
  usageLimit: Type.Optional(Type.Number()),
  subscriptionType: Type.Optional(Text),
  quotaRefreshedAt: Type.Optional(Type.String()),
  daysUntilReset: Type.Optional(Type.Integer()),
  nextDateReset: Type.Optional(Type.Integer()),
  userId: Type.Optional(Type.String()),
  freeTrialExpiry: Type.Optional(Type.Integer()),
  freeTrialStatus: Type.Optional(Type.String()),
  fromCache: Type.Boolean(),
})
export type QuotaView = Static<typeof QuotaView>

/**
 * `gateway`: everything that makes up a sign-in; `original`: the eight members of the original's export alone; `kiro`: as Kiro's
 * own token file, with the client beside the token (API keys, which it does not know, are left out).
 */
export const ExportFormat = Type.Union([Type.Literal('gateway'), Type.Literal('original'), Type.Literal('kiro')])
export type ExportFormat = Static<typeof ExportFormat>

/** `GET /v2/accounts/export` and, with the password in the body, `POST`: a bare list of these. */
export const ExportedAccount = Type.Object({
  label: Text,
  clientId: Text,
  clientSecret: Text,
  refreshToken: Text,
  accessToken: Text,
  enabled: Type.Boolean(),
  errorCount: Type.Integer(),
  successCount: Type.Integer(),
  // ours
  id: Type.Optional(Type.String()),
  email: Type.Optional(Text),
  userId: Type.Optional(Text),
  authMethod: Type.Optional(Type.String()),
  provider: Type.Optional(Text),
  identityRegion: Type.Optional(Text),
  startUrl: Type.Optional(Text),
  profileArn: Type.Optional(Text),
  apiKey: Type.Optional(Text),
  status: Type.Optional(Type.String()),
  created_at: Type.Optional(Type.String()),
})
export type ExportedAccount = Static<typeof ExportedAccount>

/** An item of the `kiro` format: the members of `kiro-auth-token.json`, and of the client registration it names. */
export const KiroToken = Type.Object({
  accessToken: Type.Optional(Type.String()),
  refreshToken: Type.Optional(Type.String()),
  expiresAt: Type.Optional(Type.String()),
  authMethod: Type.String(),
  provider: Type.String(),
  region: Type.Optional(Type.String()),
  profileArn: Type.Optional(Type.String()),
  startUrl: Type.Optional(Type.String()),
  clientIdHash: Type.Optional(Type.String()),
  clientId: Type.Optional(Type.String()),
  clientSecret: Type.Optional(Type.String()),
})
export type KiroToken = Static<typeof KiroToken>

/** Which accounts a list, or an act on many, means; all members hold together. */
export const accountFilter = {
  status: Type.Optional(Type.String({ description: 'words of `status` or `state`, by commas' })),
  q: Type.Optional(Type.String({ description: 'part of a label, an e-mail or an id' })),
  method: Type.Optional(Type.String({ description: 'words of `auth_method`, by commas' })),
  plan: Type.Optional(Type.String({ description: 'words of `subscription_type`, by commas' })),
  proxy: Type.Optional(Type.String({ description: 'id of its own proxy; `none`: those without' })),
  quota: Type.Optional(Type.String({ description: 'at least so much of it is used, percent' })),
} as const

/** `GET /v2/accounts/ids`: those that match, for acts on all of them. At most 5,000. */
export const AccountIds = Type.Object({ ids: Type.Array(Type.String()), total: Type.Integer() })
export type AccountIds = Static<typeof AccountIds>

/** `GET /v2/accounts/:id/choices`: how it stood towards the newest requests of the log, and how it stands now. */
export const AccountChoices = Type.Object({
  /** What the pool would say of it this moment, for a request of `model`; null: no pool runs. */
  now: Type.Object({ verdict: Type.Union([Type.String(), Type.Null()]), model: Text }),
  looked_at: Type.Integer({ description: 'requests' }),
  since: Time,
  /** How often it was what; `unnamed`: not among those the record names. */
  verdicts: Type.Record(Type.String(), Type.Integer()),
  recent: Type.Array(
    Type.Object({
      request_id: Type.String(),
      timestamp: Type.String(),
      model: Type.String(),
      verdict: Type.String(),
      by: Type.Optional(Type.String()),
    }),
  ),
})
export type AccountChoices = Static<typeof AccountChoices>

/** `GET /v2/accounts/:id/events`: what became of it, newest first. */
export const AccountEvents = Type.Object({
  events: Type.Array(
    Type.Object({
      timestamp: Type.String(),
      kind: Type.String({ description: 'a state it came to, or `enabled`, `disabled`, `changed`, `renewed`, `added`' }),
      /** Why, in the provider's or our words; what was changed. */
      reason: Text,
      cause: Type.Union([Type.String({ description: 'the kind of the failure' }), Type.Null()]),
      until: Time,
    }),
  ),
})
export type AccountEvents = Static<typeof AccountEvents>

export const ExportAsk = Type.Object({
  /** The password of whoever asks, once more: secrets leave with it alone. */
  password: Type.Optional(Type.String()),
  format: Type.Optional(ExportFormat),
  /** Only these; absent: all. */
  ids: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: 5000 })),
})
export type ExportAsk = Static<typeof ExportAsk>

/** `GET /v2/accounts/incomplete`: those whose sign-in lacks what its method needs to be renewed. */
export const AccountsIncomplete = Type.Object({ accounts: Type.Array(AccountView), count: Type.Integer() })
export type AccountsIncomplete = Static<typeof AccountsIncomplete>

/** `POST /v2/accounts/sync-emails`: `total` is all accounts, `skipped` those that had an address. */
export const EmailsSynced = Type.Object({
  success: Type.Boolean(),
  total: Type.Integer(),
  synced: Type.Integer(),
  skipped: Type.Integer(),
  failed: Type.Integer(),
  message: Type.String(),
  results: Type.Array(
    Type.Object({
      id: Type.String(),
      success: Type.Boolean(),
      email: Type.Optional(Type.String()),
      error: Type.Optional(Type.String()),
    }),
  ),
})
export type EmailsSynced = Static<typeof EmailsSynced>

/** `POST /v2/accounts/refresh-quotas`: each account that is switched on counts once. */
export const QuotasRefreshed = Type.Object({
  success: Type.Boolean(),
  message: Type.String(),
  stats: Type.Object({
    success: Type.Integer(),
    suspended: Type.Integer(),
    expired: Type.Integer(),
    exhausted: Type.Integer(),
    error: Type.Integer(),
  }),
})
export type QuotasRefreshed = Static<typeof QuotasRefreshed>

/** `POST /v2/accounts/reset-stats`: both, unless one is said to be left. */
export const ResetStats = Type.Object({
  counters: Type.Optional(Type.Boolean()),
  requestLogs: Type.Optional(Type.Boolean()),
})
export type ResetStats = Static<typeof ResetStats>
