import { type Static, Type } from '@sinclair/typebox'

/** What came of one item of a job. */
export const JobItem = Type.Object({
  index: Type.Integer({ description: 'from 0, in the order the items were given' }),
  /** The account (or other thing) it was about, where there is one. */
  id: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  ok: Type.Boolean(),
  outcome: Type.String({
    description: 'a word of the kind of job: added, renewed, enabled, refreshed, refused, failed …',
  }),
  error: Type.Optional(Type.String()),
  code: Type.Optional(Type.String()),
  /** What the words of `error` have in them, and in `reason` a finer word than `code`. */
  params: Type.Optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]))),
})
export type JobItem = Static<typeof JobItem>

/** `failed`: the job as a whole broke off; single items that fail do not end it. */
export const JobState = Type.Union([
  Type.Literal('running'),
  Type.Literal('done'),
  Type.Literal('cancelled'),
  Type.Literal('failed'),
])
export type JobState = Static<typeof JobState>

export const JobView = Type.Object({
  id: Type.String(),
  kind: Type.String({ description: 'accounts.import, accounts.refresh-quotas, …' }),
  state: JobState,
  /** How many items there are; null: not known yet. */
  total: Type.Union([Type.Integer(), Type.Null()]),
  done: Type.Integer({ description: 'items that are over, failed ones included' }),
  failed: Type.Integer(),
  created_at: Type.String(),
  ended_at: Type.Union([Type.String(), Type.Null()]),
  error: Type.Union([Type.String(), Type.Null()]),
  /** Why it failed in a stable word. */
  code: Type.Union([Type.String(), Type.Null()]),
})
export type JobView = Static<typeof JobView>

/** `GET /v2/jobs`: newest first. */
export const JobList = Type.Object({ jobs: Type.Array(JobView), count: Type.Integer() })
export type JobList = Static<typeof JobList>

/** `GET /v2/jobs/:id`: results as far as they are kept; `results_left_out` counts those beyond the bound. */
export const JobDetail = Type.Composite([
  JobView,
  Type.Object({ results: Type.Array(JobItem), results_left_out: Type.Integer() }),
])
export type JobDetail = Static<typeof JobDetail>

/** The answer 202 to a bulk route asked with `Prefer: respond-async`. */
export const JobStarted = Type.Object({ job: JobView })
export type JobStarted = Static<typeof JobStarted>

/** `POST /v2/accounts/batch` */
export const AccountBatch = Type.Object({
  action: Type.Union([
    Type.Literal('enable'),
    Type.Literal('disable'),
    Type.Literal('delete'),
    Type.Literal('check'),
    Type.Literal('set-proxy'),
    Type.Literal('set-weight'),
  ]),
  ids: Type.Array(Type.String(), { minItems: 1, maxItems: 5000 }),
  /** Of `set-proxy`: its id; null: none of its own. */
  proxyId: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  /** Of `set-weight`. */
  weight: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
})
export type AccountBatch = Static<typeof AccountBatch>

export const BatchDone = Type.Object({
  success: Type.Boolean({ description: 'true when no item failed' }),
  total: Type.Integer(),
  done: Type.Integer(),
  failed: Type.Integer(),
  message: Type.String(),
  results: Type.Array(JobItem),
})
export type BatchDone = Static<typeof BatchDone>

/** `POST /v2/jobs/:id/cancel`: `success` is false when it had ended before. */
export const JobCancelled = Type.Object({ success: Type.Boolean(), job: JobView })
