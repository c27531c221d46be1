import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { err, ok, type Result } from '../lib/result.ts'

export const backupFormat = 'claude-server-backup'
/** Of the form. A backup with a higher one is refused. */
export const backupVersion = 1

const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

const Encryption = Type.Object({
  cipher: Type.Literal('aes-256-gcm'),
  kdf: Type.Literal('scrypt'),
  // Whoever made the file says what opening it costs: bounded, 1 GiB at most.
  n: Type.Integer({ minimum: 16_384, maximum: 1_048_576, multipleOf: 16_384 }),
  r: Type.Integer({ minimum: 1, maximum: 8 }),
  p: Type.Integer({ minimum: 1, maximum: 4 }),
  /** base64 */
  salt: Type.String({ minLength: 22, maxLength: 88 }),
  /** base64, 7 bytes: the number of a piece and whether it is the last follow. */
  nonce: Type.String({ minLength: 10, maxLength: 12 }),
})
export type Encryption = typeof Encryption.static

/** The first line of a backup. */
export const BackupHeader = Type.Object({
  format: Type.Literal(backupFormat),
  version: Type.Integer({ minimum: 1 }),
  createdAt: Type.String({ maxLength: 40 }),
  /** Version of the program that made it. */
  server: Type.String({ maxLength: 100 }),
  /** The newest change of the tables it knows. */
  schema: Type.String({ maxLength: 200 }),
  /** False: everything secret was left out, so that it only tells what there was. */
  secrets: Type.Boolean(),
  requestLog: Type.Boolean(),
  /** Rows of each table. */
  tables: Type.Record(Type.String({ maxLength: 64 }), Count),
  /** Null: the lines that follow are in the clear. */
  encryption: Type.Union([Encryption, Type.Null()]),
})
export type BackupHeader = typeof BackupHeader.static

/** Whether a text begins as a backup of ours does: with its header, whatever else is true of it. */
export const isBackupStart = (line: string): boolean => /^\s*\{\s*"format"\s*:\s*"claude-server-backup"/.test(line)

export function readHeader(line: string, newestSchema: string): Result<BackupHeader, string> {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return err('its first line is no JSON: it is not a backup, or was damaged')
  }
  const { format, version } = (value ?? {}) as { readonly format?: unknown; readonly version?: unknown }
  if (format !== backupFormat) return err('its first line is not the header of a backup')
  if (typeof version === 'number' && version > backupVersion) {
    return err(`it was made by a newer version of this program (form ${version}; this one reads ${backupVersion})`)
  }
  if (!Value.Check(BackupHeader, value)) {
    const fault = Value.Errors(BackupHeader, value).First()
    return err(`its header is damaged: ${fault?.path.slice(1).replaceAll('/', '.') || 'header'}: ${fault?.message}`)
  }
  // The names of changes begin with their time.
  if (value.schema > newestSchema) {
    return err(`it was made by a newer version of this program (${value.server}): restore it with that one`)
  }
  return ok(value)
}
