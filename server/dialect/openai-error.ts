import type { ErrorKind, GatewayError } from '../conversation/error.ts'
import type { EncodedError } from './dialect.ts'
import { isSpentForLong, openaiMessageOf, retryHeaders } from './retry-advice.ts'

type WireError = readonly [status: number, type: string, code: string | null]

const spent = [429, 'insufficient_quota', 'insufficient_quota'] as const satisfies WireError
/** The pool's state, not the caller's rights: clients take 401 and 403 for their own sign-in. */
const unavailable = [503, 'server_error', 'account_unavailable'] as const satisfies WireError
const throttled = [429, 'rate_limit_error', 'rate_limit_exceeded'] as const satisfies WireError

const wireErrors = {
  'invalid-request': [400, 'invalid_request_error', null],
  'context-too-long': [400, 'invalid_request_error', 'context_length_exceeded'],
  'request-too-large': [413, 'invalid_request_error', 'request_too_large'],
  'request-timeout': [408, 'invalid_request_error', 'request_timeout'],
  'unsupported-encoding': [415, 'invalid_request_error', 'unsupported_encoding'],
  'model-not-found': [404, 'not_found_error', 'model_not_found'],
  'not-found': [404, 'not_found_error', 'not_found'],
  'unsupported-thread': [400, 'invalid_request_error', null],
  'previous-response-not-found': [400, 'invalid_request_error', 'previous_response_not_found'],
  'thinking-signature': [400, 'invalid_request_error', null],
  authentication: [401, 'authentication_error', 'invalid_api_key'],
  permission: [403, 'permission_error', 'permission_denied'],
  'limit-reached': throttled,
  'token-rejected': unavailable,
  'account-suspended': unavailable,
  'account-refused': unavailable,
  'access-denied': unavailable,
  'account-restricted': unavailable,
  'renewal-failed': unavailable,
  'quota-exhausted': spent,
  'rate-limited': throttled,
  'service-throttled': throttled,
  'model-overloaded': [503, 'server_error', 'overloaded'],
  'upstream-failed': [502, 'server_error', 'upstream_error'],
  'upstream-unreachable': [503, 'server_error', 'upstream_unreachable'],
  'empty-reply': [503, 'server_error', 'overloaded'],
  'broken-reply': [502, 'server_error', 'upstream_error'],
  'unmet-demand': [502, 'server_error', 'invalid_model_output'],
  timeout: [504, 'server_error', 'timeout'],
  'no-account': unavailable,
  'no-healthy-account': unavailable,
  'pool-cooling': throttled,
  'pool-exhausted': spent,
  // Ours, not the provider's: whoever asks less is served, so it is a limit to these clients.
  'pool-busy': throttled,
  cancelled: [499, 'server_error', 'cancelled'],
  'shutting-down': [503, 'server_error', 'overloaded'],
  internal: [500, 'server_error', 'internal_error'],
} as const satisfies Record<ErrorKind, WireError>

/** Status, headers and body of a failed request of either OpenAI API. */
export function encodeError(error: GatewayError): EncodedError {
  return { status: wireErrors[error.kind][0], headers: retryHeaders(error), body: errorBody(error) }
}

/** The body, which is also the data of a stream's last frame when it breaks. */
export function errorBody(error: GatewayError): object {
  const [type, code] = errorCodeOf(error)
  return { error: { message: openaiMessageOf(error), type, param: error.field || null, code } }
}

/** What went wrong in this family's own words. */
export function errorCodeOf(error: GatewayError): readonly [type: string, code: string | null] {
  const [, type, code] = isSpentForLong(error) ? spent : wireErrors[error.kind]
  return [type, code]
}
