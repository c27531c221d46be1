import { type Static, Type } from '@sinclair/typebox'
import { alertKinds } from './alerts.ts'
import { JobItem, JobView } from './jobs.ts'

/** What `GET /v2/events?topics=` can be asked for, by commas; left out: all. */
export const eventTopics = ['status', 'jobs', 'accounts', 'settings', 'alerts', 'logs'] as const
export type EventTopic = (typeof eventTopics)[number]

/** What the console points out and nobody is woken for. */
export const noticeKinds = [
  'requests.failing',
  'pool.low',
  'pool.quota',
  'account.expiring',
  'account.duplicate',
  'backup.old',
  'disk.low',
  'log.off',
] as const
export type NoticeKind = (typeof noticeKinds)[number]
const AttentionKind = Type.Union([...alertKinds, ...noticeKinds].map((kind) => Type.Literal(kind)))

/** Something that wants a person. `id` stays the same as long as it lasts. */
export const AttentionItem = Type.Object({
  id: Type.String(),
  kind: AttentionKind,
  severity: Type.Union([Type.Literal('critical'), Type.Literal('warning')]),
  account_id: Type.Optional(Type.String()),
  proxy_id: Type.Optional(Type.String()),
  user_id: Type.Optional(Type.String()),
  key_id: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  /** What there is of it, and of how much: accounts ready, credits used, bytes free, requests that failed. */
  figures: Type.Optional(Type.Object({ count: Type.Number(), of: Type.Optional(Type.Number()) })),
  since: Type.Union([Type.String(), Type.Null()]),
  /** The provider's own words, or when it will happen, or how a limit stands. */
  detail: Type.Union([Type.String(), Type.Null()]),
})
export type AttentionItem = Static<typeof AttentionItem>

/** `GET /v2/status`, and event `status` whenever it changes: the numbers beside the menu and in the footer. */
export const StatusView = Type.Object({
  badges: Type.Object({ accounts: Type.Integer(), proxies: Type.Integer() }),
  counters: Type.Object({
    accounts: Type.Integer(),
    /** Accounts that can serve at this moment. */
    in_service: Type.Integer(),
    in_flight: Type.Integer(),
    waiting: Type.Integer(),
    jobs_running: Type.Integer(),
  }),
  attention: Type.Array(AttentionItem),
  version: Type.String(),
})
export type StatusView = Static<typeof StatusView>

/** The data of each event by its name. `ping` has none; `resync`: something was missed, read everything anew. */
export const EventData = Type.Object({
  status: StatusView,
  job: Type.Composite([
    JobView,
    /** Those that ended since the last such event, at most 200. */
    Type.Object({ items: Type.Array(JobItem) }),
  ]),
  account: Type.Object({ id: Type.String() }),
  settings: Type.Object({ names: Type.Array(Type.String()) }),
  /** Also limits of users and keys, whether a webhook is set or not. */
  alert: AttentionItem,
  /** How many requests ended since the last such event; `GET /v2/logs/tail` gives them. Has no id and is not caught up on. */
  logs: Type.Object({ ended: Type.Integer() }),
})
export type EventData = Static<typeof EventData>
