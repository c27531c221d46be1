import { type Static, Type } from '@sinclair/typebox'

const optional = {
  debugLog: Type.Optional(Type.Boolean()),
  enableRequestLog: Type.Optional(Type.Boolean()),
  logRetentionDays: Type.Optional(Type.Integer({ description: 'days; 0 keeps everything' })),
  logMaxSizeMb: Type.Optional(Type.Integer({ description: 'of the request log; 0: no limit' })),
  enableIPRateLimit: Type.Optional(Type.Boolean()),
  ipRateLimitWindow: Type.Optional(Type.Integer({ description: 'minutes' })),
  ipRateLimitMax: Type.Optional(Type.Integer()),
  blockedIPs: Type.Optional(Type.Array(Type.String(), { maxItems: 10_000 })),
  maxErrorCount: Type.Optional(Type.Integer()),
  maxAccounts: Type.Optional(Type.Integer({ description: 'how many accounts may be added' })),
  fetchAttachments: Type.Optional(
    Type.Boolean({
      description: 'images and documents at http(s) addresses in requests are fetched, public ones only',
    }),
  ),
  alertsEnabled: Type.Optional(Type.Boolean()),
  alertRunOutHours: Type.Optional(Type.Integer({ description: 'how long before an account runs out it is told' })),
  alertWebhookUrl: Type.Optional(Type.String({ description: 'shown masked' })),
  alertWebhookSecret: Type.Optional(Type.String({ description: 'signs every alert; shown masked' })),
  layoutFullWidth: Type.Optional(Type.Boolean()),
  accountSelectionMode: Type.Optional(Type.String()),
  repairReplies: Type.Optional(
    Type.Boolean({ description: 'a reply that is not in the demanded form is asked for once more' }),
  ),
  compressionEnabled: Type.Optional(Type.Boolean()),
  compressionModel: Type.Optional(Type.String({ description: 'writes the summaries; empty: the one that serves' })),
  compressionAtPercent: Type.Optional(
    Type.Integer({ description: 'of the model’s window; 0: only once a conversation does not fit' }),
  ),
  announcementEnabled: Type.Optional(Type.Boolean()),
  announcementText: Type.Optional(Type.String()),
  forceModelEnabled: Type.Optional(Type.Boolean()),
  forceModel: Type.Optional(Type.String()),
  quotaRefreshConcurrency: Type.Optional(Type.Integer()),
  quotaRefreshInterval: Type.Optional(Type.Integer({ description: 'seconds' })),
  httpProxy: Type.Optional(Type.String()),
  proxyPoolEnabled: Type.Optional(Type.Boolean()),
  proxyPoolStrategy: Type.Optional(Type.String()),
  overageEnabled: Type.Optional(
    Type.Boolean({
      description: 'accounts whose own switch is on may go past their included quota at the provider’s price',
    }),
  ),
  overageMaxCredits: Type.Optional(Type.Integer({ description: 'a month, all accounts together; 0: no cap' })),
  overageMaxMicroUsd: Type.Optional(Type.Integer({ description: 'a month, all accounts together; 0: no cap' })),
  modelPrices: Type.Optional(
    Type.String({ description: 'JSON: {"name or start*": [input, output]}, dollars for a million tokens' }),
  ),
  timezone: Type.Optional(Type.String({ description: 'IANA name; empty: the system’s' })),
  sessionIdleHours: Type.Optional(
    Type.Integer({ description: 'hours without use after which a console session ends' }),
  ),
  sessionMaxHours: Type.Optional(
    Type.Integer({ description: 'hours after which a console session ends however it is used' }),
  ),
  backupIntervalHours: Type.Optional(
    Type.Integer({ description: 'hours between two backup files; 0: none by itself' }),
  ),
  backupHour: Type.Optional(
    Type.Integer({ description: 'the hour of the day for backups that are a day or more apart' }),
  ),
  backupKeep: Type.Optional(Type.Integer({ description: 'how many backup files are kept' })),
  backupFolder: Type.Optional(
    Type.String({ description: 'where they are kept, from the data folder on; empty: its folder backups' }),
  ),
}

/**
 * `PUT /v2/settings`: any subset. `apiKey` and `adminPassword` are secrets: sent back masked they stay as they are; an empty
 * `apiKey` revokes the owner's key. A member that is no setting, and a change that nothing would follow from, is refused by name.
 */
export const SettingsUpdate = Type.Object(
  {
    ...optional,
    adminPassword: Type.Optional(Type.String()),
    apiKey: Type.Optional(Type.String()),
    port: Type.Optional(Type.Integer()),
    reset: Type.Optional(
      Type.Array(Type.String(), { maxItems: 200, description: 'settings that go back to their defaults' }),
    ),
  },
  { additionalProperties: true },
)
export type SettingsUpdate = Static<typeof SettingsUpdate>

/** `GET /v2/settings`, and with `warnings` the answer to PUT. Secrets are masked: `••••` and the last 4. */
export const SettingsView = Type.Composite([
  Type.Required(Type.Object(optional)),
  Type.Object({
    adminPassword: Type.String(),
    apiKey: Type.String({ description: 'masked; empty when there is no owner key' }),
    port: Type.Integer({ description: 'the port in use; set by flag, environment or file' }),
    version: Type.String(),
    edition: Type.String(),
    isFreeEdition: Type.Boolean(),
    supportedForceModels: Type.Array(Type.String()),
    supportedCompressionModels: Type.Array(Type.String()),
    chatConfig: Type.Object({
      budgetTokens: Type.Integer(),
      maxTokens: Type.Integer(),
      timeoutMs: Type.Integer(),
    }),
    testMode: Type.Boolean({ description: 'true: dangerous routes need the header X-Test-Password' }),
    currentAccountCount: Type.Integer(),
    supportedAccountSelectionModes: Type.Array(
      Type.Object({ value: Type.String(), label: Type.String(), description: Type.String() }),
    ),
    /** Settings that are kept but change nothing in this version. */
    withoutEffect: Type.Array(Type.String()),
  }),
])
export type SettingsView = Static<typeof SettingsView>

export const SettingsSaved = Type.Composite([SettingsView, Type.Object({ warnings: Type.Array(Type.String()) })])
export type SettingsSaved = Static<typeof SettingsSaved>

const settingTypes = [
  ...(['boolean', 'integer', 'text', 'proxy', 'webhook', 'secret', 'list', 'choice', 'timezone', 'prices'] as const),
]

/** One setting that can be changed here: what it may be, what it is at first, and whether it was changed. */
export const SettingField = Type.Object({
  name: Type.String({ description: 'its member in GET /v2/settings' }),
  type: Type.Union(settingTypes.map((type) => Type.Literal(type))),
  initial: Type.Unknown({ description: 'what holds while it was never set' }),
  changed: Type.Boolean(),
  takesEffect: Type.Boolean({ description: 'false: kept, but nothing follows from it' }),
  minimum: Type.Optional(Type.Integer()),
  maximum: Type.Optional(Type.Integer()),
  longest: Type.Optional(Type.Integer({ description: 'characters' })),
  choices: Type.Optional(Type.Array(Type.String())),
})
export type SettingField = Static<typeof SettingField>

/** What the server was started with. Not to be changed while it runs; secrets are only said to be set. */
export const StartSetting = Type.Object({
  key: Type.String({ description: 'as in config.yaml' }),
  value: Type.String(),
  from: Type.Union([Type.Literal('flag'), Type.Literal('env'), Type.Literal('file'), Type.Literal('default')]),
  where: Type.Union([Type.String(), Type.Null()], { description: 'the option, the variable, or file:line' }),
})
export type StartSetting = Static<typeof StartSetting>

/** `GET /v2/settings/fields` */
export const SettingsFields = Type.Object({ fields: Type.Array(SettingField), start: Type.Array(StartSetting) })
export type SettingsFields = Static<typeof SettingsFields>
