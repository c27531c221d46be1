/** Why the database cannot be opened or written; `message` is for the operator and holds no values. */
export type StoreFaultKind =
  | 'original'
  | 'foreign'
  | 'newer'
  | 'read-only'
  | 'disk-full'
  | 'locked'
  | 'damaged'
  | 'conflict'
  | 'unreachable'
  /** The server refuses this user or has no such database: waiting does not help. */
  | 'denied'
  /** Another gateway has the database. */
  | 'held'
  | 'vault'
  | 'failed'

/** Thrown by repositories (their contract has no Result) and returned by everything that opens. */
export class StoreFault extends Error {
  override readonly name = 'StoreFault'
  readonly kind: StoreFaultKind
  constructor(kind: StoreFaultKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.kind = kind
  }
}

/** Puts what the driver or the file system threw into words. The values of a failed statement are not repeated. Source: sqlite.org/rescode. */
export function sqliteFault(error: unknown, path: string): StoreFault {
  if (error instanceof StoreFault) return error
  const [fileKind, fileText] = fileFaults[(error as NodeJS.ErrnoException | undefined)?.code ?? ''] ?? []
  if (fileKind !== undefined) return new StoreFault(fileKind, `The database ${path} ${fileText}.`, error)
  const cause = driverError(error)
  const code = typeof cause?.errno === 'number' ? cause.errno & 0xff : undefined
  const [kind, text] = (code === undefined ? undefined : faults[code]) ?? ['failed', 'could not be used']
  const detail = cause === undefined ? String(error) : `${cause.message} (${cause.code ?? 'no code'})`
  return new StoreFault(kind, `The database ${path} ${text}.`, new Error(detail))
}

const faults: Readonly<Record<number, readonly [StoreFaultKind, string]>> = {
  3: ['unreachable', 'may not be accessed: check the owner and mode of the file and its folder'],
  5: ['locked', 'is in use by another program'],
  6: ['locked', 'is in use by another program'],
  8: ['read-only', 'is read-only: check the owner and mode of the file, its -wal and -shm companions and its folder'],
  10: ['unreachable', 'could not be read or written: the disk reports an error'],
  11: ['damaged', 'is damaged: restore it from a backup'],
  13: ['disk-full', 'could not be written: the disk is full'],
  14: ['unreachable', 'cannot be opened: check that its folder exists and can be written'],
  19: ['conflict', 'refused a row that breaks one of its rules'],
  26: ['damaged', 'is not an SQLite database, or is damaged'],
}

const unwritable = ['read-only', 'cannot be written: check the owner and mode of the file and its folder'] as const
const full = ['disk-full', 'could not be written: the disk is full'] as const
const absent = ['unreachable', 'cannot be opened: check that its folder exists and that it is a file'] as const
const fileFaults: Readonly<Record<string, readonly [StoreFaultKind, string]>> = {
  EROFS: unwritable,
  EACCES: unwritable,
  EPERM: unwritable,
  ENOSPC: full,
  EDQUOT: full,
  ENOENT: absent,
  ENOTDIR: absent,
  EISDIR: absent,
}

type DriverError = Error & { readonly errno?: unknown; readonly code?: string }

/** The ORM wraps the driver's error. */
function driverError(error: unknown): DriverError | undefined {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (typeof (cause as DriverError).errno === 'number') return cause
  }
  return error instanceof Error && error.cause === undefined ? error : undefined
}
