import { type Static, Type } from '@sinclair/typebox'
import { ImportReport } from './import-report.ts'

/** `POST /v2/backup/export`: ours, with everything. */
export const BackupAsk = Type.Object({
  /** Checked afresh, however the caller is signed in: the backup holds every secret. */
  password: Type.Optional(Type.String()),
  passphrase: Type.Optional(
    Type.String({
      description: 'encrypts the backup; at least 12 characters, and without it nobody can open the file',
    }),
  ),
  /** False, and no passphrase: in the clear. */
  encrypt: Type.Optional(Type.Boolean({ description: 'false: in the clear; default true' })),
  requestLog: Type.Optional(Type.Boolean({ description: 'with the rows of the request log; default false' })),
  /** False: every secret is masked. Such a file tells what there is, and cannot be restored. */
  secrets: Type.Optional(Type.Boolean({ description: 'default true' })),
})
export type BackupAsk = Static<typeof BackupAsk>

/** `merge`: into what is here. `replace`: in its place. */
export const RestoreMode = Type.Union([Type.Literal('merge'), Type.Literal('replace')], {
  description:
    'merge: what only the backup has is added, what both have is as the backup says, what only is here stays; replace (default): the backup takes the place of everything',
})
export type RestoreMode = Static<typeof RestoreMode>

/**
 * What becomes of rows. Of the backup: `added`, `changed`, `same`, `kept` and `invalid` together. Where the parts of a backup of the
 * original replace ours, `rows` are those there are afterwards, and `invalid` beside them.
 */
const Changes = Type.Object({
  added: Type.Integer({ description: 'only in the backup' }),
  changed: Type.Integer({ description: 'other than here, and taken from the backup' }),
  same: Type.Integer(),
  kept: Type.Integer({ description: 'other than here, or not for here: what is here stays (merge)' }),
  removed: Type.Integer({ description: 'only here, and gone afterwards (replace)' }),
  invalid: Type.Integer({ description: 'cannot stand here, and left out' }),
  reasons: Type.Array(Type.String(), { description: 'why, of the first of them' }),
})

const RestoredTable = Type.Object({
  name: Type.String(),
  /** In the backup. */
  rows: Type.Integer(),
  /** Here, which they replace; null: that could not be read. */
  replaces: Type.Union([Type.Integer(), Type.Null()]),
  /** Absent: what is here could not be read, or an earlier version made the report. */
  changes: Type.Optional(Changes),
})

/** What a restore has done, or would do. */
export const RestoreReport = Type.Object({
  /** `backup`: our portable form; `database`: a database file; `original`: a backup the original made. */
  kind: Type.Union([Type.Literal('backup'), Type.Literal('database'), Type.Literal('original')]),
  createdAt: Type.Union([Type.String(), Type.Null()]),
  dryRun: Type.Boolean(),
  /** Absent: an earlier version made the report, which replaced. */
  mode: Type.Optional(RestoreMode),
  tables: Type.Array(RestoredTable),
  /** Where the database lies that was in force before; null: nothing was changed. */
  keptAs: Type.Union([Type.String(), Type.Null()]),
  /** Of a backup of the original: what became of each row. */
  import: Type.Union([ImportReport, Type.Null()]),
})
export type RestoreReport = Static<typeof RestoreReport>

/** `POST /v2/backup/import`. The server starts anew with the restored data once it has answered. */
export const RestoreDone = Type.Object({
  success: Type.Boolean(),
  message: Type.String(),
  restarting: Type.Boolean(),
  report: RestoreReport,
})
export type RestoreDone = Static<typeof RestoreDone>

export const BackupFileView = Type.Object({
  name: Type.String({ description: 'what its routes call it' }),
  kind: Type.Union([Type.Literal('copy'), Type.Literal('before-restore')], {
    description: 'made on purpose, or kept by a restore',
  }),
  file: Type.String(),
  bytes: Type.Integer(),
  created_at: Type.String(),
})
export type BackupFileView = Static<typeof BackupFileView>

/** `GET /v2/backup/files`: the newest first. */
export const BackupFileList = Type.Object({ folder: Type.String(), files: Type.Array(BackupFileView) })
export type BackupFileList = Static<typeof BackupFileList>

/** `POST /v2/backup/files/:name/restore` */
export const RestoreAsk = Type.Object(
  {
    dry_run: Type.Optional(Type.Boolean({ description: 'true: says what it would do' })),
    mode: Type.Optional(RestoreMode),
  },
  { additionalProperties: false },
)
export type RestoreAsk = Static<typeof RestoreAsk>

/** `GET /v2/backup/last-restore`: null where there was none. */
export const LastRestore = Type.Object({
  at: Type.Union([Type.String(), Type.Null()]),
  report: Type.Union([RestoreReport, Type.Null()]),
  undo: Type.Union([Type.String(), Type.Null()], {
    description: 'the copy from before, while it is there: restoring it undoes the restore',
  }),
})
export type LastRestore = Static<typeof LastRestore>

const Cells = Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]))

/** `GET /v2/backup/export` as the original answered it; secrets are masked without a fresh password check. */
export const OriginalBackup = Type.Object({
  backup_version: Type.Integer(),
  backup_time: Type.String(),
  accounts: Type.Array(Cells),
  settings: Type.Record(Type.String(), Type.String()),
  blocked_ips: Type.Array(Cells),
  users: Type.Array(Cells),
  user_token_usage: Type.Array(Cells),
  imported_accounts: Type.Array(Cells),
})
export type OriginalBackup = Static<typeof OriginalBackup>
