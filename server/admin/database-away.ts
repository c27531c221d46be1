import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { StoreFault, type StoreFaultKind } from '../store/engine/fault.ts'

/** Faults that end by themselves, or when somebody looks after the database: the same request may be sent again. */
const passing: ReadonlySet<StoreFaultKind> = new Set([
  'unreachable',
  'held',
  'locked',
  'read-only',
  'disk-full',
  'denied',
])

const retrySeconds = 5
const message = 'The database of the gateway cannot be used at the moment; the log of the server says why.'

/** What the admin API answers while the database is away; undefined for any other fault. */
export function databaseAway(error: unknown): Response | undefined {
  if (!isPassing(error)) return undefined
  const body = { error: message, code: 'DATABASE_UNAVAILABLE' }
  return Response.json(body, { status: 503, headers: { 'retry-after': String(retrySeconds) } })
}

/** The same for the client APIs. */
export function databaseAwayError(error: unknown): GatewayError | undefined {
  if (!isPassing(error)) return undefined
  return gatewayError('pool-busy', message, { retryAfterMs: retrySeconds * 1000, cause: String(error) })
}

const isPassing = (error: unknown): boolean => error instanceof StoreFault && passing.has(error.kind)
