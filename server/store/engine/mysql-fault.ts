import { StoreFault, type StoreFaultKind } from './fault.ts'

/**
 * Puts what the driver threw into words. The values of a failed statement are not repeated, so neither is the server's own
 * text where it may hold some. Source: mariadb.com/kb/en/mariadb-error-codes.
 */
export function mysqlFault(error: unknown, place: string): StoreFault {
  if (error instanceof StoreFault) return error
  const cause = driverError(error)
  if (cause === undefined) return new StoreFault('failed', `The database ${place} could not be used.`, plain(error))
  const detail = Object.assign(new Error(`${cause.code ?? 'no code'} ${cause.errno ?? ''}`.trim()), {
    errno: cause.errno,
  })
  if (cause.errno === undefined) {
    return new StoreFault('unreachable', `The database server of ${place} does not answer (${wordsOf(cause)}).`, detail)
  }
  const [kind, text] = missingRight(cause) ??
    faults[cause.errno] ?? ['failed', `could not be used (error ${cause.errno})`]
  return new StoreFault(kind, `The database ${place} ${text}.`, detail)
}

/** Which right the user lacks: the server's words begin with it, in capitals, and nothing else of them is repeated. */
function missingRight({ errno, message }: DriverError): readonly [StoreFaultKind, string] | undefined {
  const right = errno === 1142 || errno === 1143 ? /([A-Z]+(?: [A-Z]+)*) command denied/.exec(message)?.[1] : undefined
  if (right === undefined) return undefined
  return [
    'denied',
    `may not be used so by this user: it lacks the right ${right}; grant it, or all rights, on this database`,
  ]
}

/** The server's number for it, when it was the server that spoke. */
export const errnoOf = (fault: StoreFault): number | undefined =>
  (fault.cause as { readonly errno?: number } | undefined)?.errno

const rule = ['conflict', 'refused a row that breaks one of its rules'] as const
const tooLong = ['conflict', 'refused a row with a value that does not fit'] as const
const gone = ['unreachable', 'ended the connection'] as const
const full = ['disk-full', 'could not be written: the disk of its server is full'] as const
const fixed = ['read-only', 'cannot be written: its server is read-only'] as const
const busy = ['locked', 'is locked by another program'] as const
const denied = ['denied', 'may not be used by this user: check the user, the password and the rights granted'] as const

const faults: Readonly<Record<number, readonly [StoreFaultKind, string]>> = {
  1021: full,
  1040: ['unreachable', 'takes no more connections: raise max_connections of its server'],
  1044: denied,
  1045: denied,
  1048: rule,
  1049: ['denied', 'does not exist: create it, and grant this user all rights on it'],
  1053: gone,
  1062: rule,
  1114: full,
  1130: denied,
  1142: denied,
  1153: ['conflict', 'refused a statement that is too large: raise max_allowed_packet of its server'],
  1158: gone,
  1159: gone,
  1160: gone,
  1161: gone,
  1203: ['unreachable', 'takes no more connections of this user'],
  1205: busy,
  1213: busy,
  1226: ['unreachable', 'takes no more work of this user: raise its limits'],
  1227: denied,
  1264: tooLong,
  1290: fixed,
  1317: gone,
  1366: tooLong,
  1406: tooLong,
  1451: rule,
  1452: rule,
  1698: denied,
  1792: fixed,
  1836: fixed,
  1927: gone,
  3024: gone,
  3819: rule,
  4025: rule,
}

type DriverError = Error & { readonly errno?: number; readonly code?: string }

/** The ORM wraps the driver's error. Without a number it is not the server that speaks: the connection failed. */
function driverError(error: unknown): DriverError | undefined {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { errno, code } = cause as DriverError
    if (typeof errno === 'number' || code?.startsWith('ERR_MYSQL_') || connectionCodes.has(code ?? '')) return cause
  }
  return undefined
}

const connectionCodes: ReadonlySet<string> = new Set(['ENOTFOUND', 'ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE'])

const words: Readonly<Record<string, string>> = {
  ERR_MYSQL_CONNECTION_CLOSED: 'the connection was closed',
  ERR_MYSQL_CONNECTION_REFUSED: 'no connection',
  ERR_MYSQL_CONNECTION_TIMEOUT: 'no connection in time',
}
const wordsOf = ({ code, message }: DriverError): string => words[code ?? ''] ?? code ?? message

/** A bug's own text holds no values of ours. */
const plain = (error: unknown): Error =>
  error instanceof TypeError || error instanceof RangeError ? error : new Error('no code of the driver')
