import type { ErrorKind, GatewayError } from '../../conversation/error.ts'
import type { EncodedError, ErrorContext } from '../dialect.ts'
import { messageOf, retryHeaders } from '../retry-advice.ts'

/** The pool's state, not the caller's rights: clients take 401 and 403 for their own sign-in. */
const unavailable = [503, 'api_error'] as const

const wireErrors = {
  'invalid-request': [400, 'invalid_request_error'],
  'context-too-long': [400, 'invalid_request_error'],
  'request-too-large': [413, 'request_too_large'],
  'request-timeout': [408, 'invalid_request_error'],
  'unsupported-encoding': [415, 'invalid_request_error'],
  'model-not-found': [404, 'not_found_error'],
  'not-found': [404, 'not_found_error'],
  'unsupported-thread': [400, 'invalid_request_error'],
  'previous-response-not-found': [400, 'invalid_request_error'],
  'thinking-signature': [400, 'invalid_request_error'],
  authentication: [401, 'authentication_error'],
  permission: [403, 'permission_error'],
  'limit-reached': [429, 'rate_limit_error'],
  'token-rejected': unavailable,
  'account-suspended': unavailable,
  'account-refused': unavailable,
  'access-denied': unavailable,
  'account-restricted': unavailable,
  'renewal-failed': unavailable,
  'quota-exhausted': [429, 'rate_limit_error'],
  'rate-limited': [429, 'rate_limit_error'],
  'service-throttled': [429, 'rate_limit_error'],
  'model-overloaded': [529, 'overloaded_error'],
  'upstream-failed': [502, 'api_error'],
  'upstream-unreachable': unavailable,
  'empty-reply': [529, 'overloaded_error'],
  'broken-reply': [502, 'api_error'],
  'unmet-demand': [502, 'api_error'],
  timeout: [504, 'timeout_error'],
  'no-account': unavailable,
  'no-healthy-account': unavailable,
  'pool-cooling': [429, 'rate_limit_error'],
  'pool-exhausted': [429, 'rate_limit_error'],
  'pool-busy': [529, 'overloaded_error'],
  cancelled: [499, 'api_error'],
  'shutting-down': [529, 'overloaded_error'],
  internal: [500, 'api_error'],
} as const satisfies Record<ErrorKind, readonly [status: number, type: string]>

/** Exactly these tell the SDK's tool runner to go on without threads. */
const threadDetails = { error_code: 'thread_unsupported_request', unsupported: ['thread'] } as const

/** Status, headers and body of a failed Messages request. */
export function encodeError(error: GatewayError, context: ErrorContext): EncodedError {
  return {
    status: wireErrors[error.kind][0],
    headers: retryHeaders(error),
    body: bodyOf(error, messageOf(error), context.requestId),
  }
}

/** Worth another try, by a type that does not say so. */
const passing: ReadonlySet<ErrorKind> = new Set(['upstream-failed', 'upstream-unreachable', 'broken-reply', 'timeout'])

/** The data of a stream's `error` event. There is no status beside it, so some clients (opencode) read the text for whether to repeat. */
export function errorBody(error: GatewayError, requestId: string): object {
  const message = messageOf(error)
  const says = !passing.has(error.kind) || /retry|try again/i.test(message)
  return bodyOf(error, says ? message : `${message.replace(/[.\s]*$/, '.')} Please retry your request.`, requestId)
}

function bodyOf(error: GatewayError, message: string, requestId: string): object {
  return {
    type: 'error',
    error: {
      type: wireErrors[error.kind][1],
      message,
      ...(error.kind === 'unsupported-thread' ? { details: threadDetails } : {}),
    },
    request_id: requestId,
  }
}
