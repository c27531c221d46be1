import { type Static, Type } from '@sinclair/typebox'

const Note = Type.Object({
  kind: Type.Union([Type.Literal('repaired'), Type.Literal('left-out'), Type.Literal('note')]),
  text: Type.String(),
  /** How many rows it is true of. */
  count: Type.Integer(),
  /** The first of them, by id. */
  rows: Type.Array(Type.String()),
})

const Table = Type.Object({
  name: Type.String(),
  read: Type.Integer(),
  imported: Type.Integer(),
  /** Of those imported: with something changed so that it could be. */
  repaired: Type.Integer(),
  leftOut: Type.Integer(),
  notes: Type.Array(Note),
})

/** `GET /v2/import/report`: what became of a database of the original. Holds no secret. */
export const ImportReport = Type.Object({
  at: Type.String(),
  durationMs: Type.Integer(),
  /** Nothing was written: this is what would be. */
  dryRun: Type.Boolean(),
  source: Type.Object({
    kind: Type.Union([Type.Literal('sqlite'), Type.Literal('mysql'), Type.Literal('backup')]),
    /** Path or address, without a password. */
    name: Type.String(),
  }),
  /** Where the untouched original lies now; null: where it was. */
  keptAs: Type.Union([Type.String(), Type.Null()]),
  tables: Type.Array(Table),
  /** Tables of nobody's we know; they stay in the original. */
  otherTables: Type.Array(Type.Object({ name: Type.String(), rows: Type.Integer() })),
  advice: Type.Array(Type.String()),
})
export type ImportReport = Static<typeof ImportReport>

/** None was made in this data folder: null. */
export const ImportReportView = Type.Object({ report: Type.Union([ImportReport, Type.Null()]) })
export type ImportReportView = Static<typeof ImportReportView>
