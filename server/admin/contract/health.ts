import { type Static, Type } from '@sinclair/typebox'
import { StartSetting } from './settings.ts'

const NullableInteger = Type.Union([Type.Integer(), Type.Null()])

/** What is looked at; the console has words for each in its languages. */
export const healthChecks = ['database', 'disk', 'accounts', 'keys', 'backup', 'encryption', 'reverse-proxy'] as const

export const HealthCheck = Type.Object({
  name: Type.Union(healthChecks.map((name) => Type.Literal(name))),
  level: Type.Union([Type.Literal('pass'), Type.Literal('warn'), Type.Literal('fail')]),
  /** Finer than the level: what exactly was found. */
  reason: Type.String(),
  params: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
})
export type HealthCheck = Static<typeof HealthCheck>

/** Something that grows with use, and how far it may. */
export const HeldSize = Type.Object({
  name: Type.String({ description: 'as in /metrics, without the prefix' }),
  help: Type.String(),
  value: Type.Number(),
  limit: Type.Union([Type.Number(), Type.Null()], { description: 'null: bounded by something else, or a counter' }),
})
export type HeldSize = Static<typeof HeldSize>

/** `GET /v2/health`: the process itself. Holds no secret. */
export const HealthView = Type.Object({
  version: Type.String(),
  commit: Type.Union([Type.String(), Type.Null()]),
  commit_date: Type.Union([Type.String(), Type.Null()], { description: 'when that was committed' }),
  runtime: Type.String(),
  system: Type.String(),
  cpus: Type.Integer(),
  pid: Type.Integer(),
  started_at: Type.String(),
  now: Type.String({ description: 'the clock of the server, to be held against the browser’s' }),
  memory_bytes: Type.Integer(),
  heap_bytes: Type.Integer(),
  data_dir: Type.String(),
  disk: Type.Object({ free_bytes: NullableInteger, total_bytes: NullableInteger }),
  database: Type.Object({
    engine: Type.String(),
    version: Type.String(),
    place: Type.String(),
    writable: Type.Boolean(),
    bytes: NullableInteger,
  }),
  pool: Type.Object({
    accounts: Type.Integer(),
    in_service: Type.Integer(),
    in_flight: Type.Integer(),
    waiting: Type.Integer(),
  }),
  streams: Type.Object({ open: Type.Integer(), limit: Type.Integer() }),
  sizes: Type.Array(HeldSize),
  checks: Type.Array(HealthCheck),
  configuration: Type.Array(StartSetting),
  reset_command: Type.Union([Type.String(), Type.Null()]),
})
export type HealthView = Static<typeof HealthView>
