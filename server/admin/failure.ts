import { status } from 'elysia'
import type { ErrorKind, GatewayError } from '../conversation/error.ts'
import type { JobItem } from './contract/jobs.ts'
import type { AdminError, AdminErrorShown } from './contract/session.ts'
import type { Refusal } from './refusal.ts'

type FailureStatus = 400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 500 | 502 | 503 | 504

/** How the admin API spells each kind of failure. An account's own faults are 400, as the original answered a failed refresh. */
const wireFailure = {
  'invalid-request': [400, 'INVALID_REQUEST'],
  'context-too-long': [400, 'INVALID_REQUEST'],
  'request-too-large': [413, 'TOO_LARGE'],
  'request-timeout': [400, 'INVALID_REQUEST'],
  'unsupported-encoding': [415, 'UNSUPPORTED_ENCODING'],
  'model-not-found': [404, 'NOT_FOUND'],
  'not-found': [404, 'NOT_FOUND'],
  'unsupported-thread': [400, 'INVALID_REQUEST'],
  'previous-response-not-found': [400, 'INVALID_REQUEST'],
  'thinking-signature': [400, 'INVALID_REQUEST'],
  authentication: [401, 'UNAUTHORIZED'],
  permission: [403, 'FORBIDDEN'],
  'limit-reached': [429, 'LIMIT_REACHED'],
  'token-rejected': [400, 'SIGN_IN_EXPIRED'],
  'account-suspended': [400, 'ACCOUNT_SUSPENDED'],
  'account-refused': [400, 'ACCOUNT_REFUSED'],
  'access-denied': [400, 'ACCOUNT_REFUSED'],
  'account-restricted': [400, 'ACCOUNT_RESTRICTED'],
  'renewal-failed': [502, 'PROVIDER_UNREACHABLE'],
  'quota-exhausted': [400, 'QUOTA_EXHAUSTED'],
  'rate-limited': [429, 'RATE_LIMITED'],
  'service-throttled': [503, 'PROVIDER_BUSY'],
  'model-overloaded': [503, 'PROVIDER_BUSY'],
  'upstream-failed': [502, 'PROVIDER_FAILED'],
  'upstream-unreachable': [502, 'PROVIDER_UNREACHABLE'],
  'empty-reply': [502, 'PROVIDER_FAILED'],
  'broken-reply': [502, 'PROVIDER_FAILED'],
  'unmet-demand': [502, 'PROVIDER_FAILED'],
  timeout: [504, 'TIMEOUT'],
  'no-account': [503, 'NO_ACCOUNT'],
  'no-healthy-account': [503, 'NO_ACCOUNT'],
  'pool-cooling': [503, 'NO_ACCOUNT'],
  'pool-exhausted': [503, 'NO_ACCOUNT'],
  'pool-busy': [503, 'NO_ACCOUNT'],
  cancelled: [400, 'CANCELLED'],
  'shutting-down': [503, 'SHUTTING_DOWN'],
  internal: [500, 'INTERNAL'],
} as const satisfies Record<ErrorKind, readonly [status: FailureStatus, code: string]>

/** What a route answers as `code`; for failures that are told otherwise, as those of single items of a job. */
export const codeOf = (error: GatewayError): string => error.code ?? wireFailure[error.kind][1]

/** A failure as a job tells it of one of its items. */
export const itemFailure = (error: GatewayError): Pick<JobItem, 'ok' | 'outcome' | 'error' | 'code' | 'params'> => ({
  ...{ ok: false, outcome: 'failed', error: error.message, code: codeOf(error) },
  ...(error.params === undefined ? {} : { params: { ...error.params } }),
})

/** A failure as a route's answer. `code` says it finer than the kind does. */
export function fail(error: GatewayError, code = codeOf(error)) {
  return status<FailureStatus, AdminError>(wireFailure[error.kind][0], bodyOf(error, code))
}

/** What is asked for is there already. */
export function failConflict(error: GatewayError) {
  return status<FailureStatus, AdminError>(409, bodyOf(error, error.code ?? 'CONFLICT'))
}

const bodyOf = ({ message, field, params, retryAfterMs }: GatewayError, code: string): AdminError => ({
  error: message,
  code,
  ...(field === undefined ? {} : { field }),
  ...(params === undefined ? {} : { params: { ...params } }),
  ...(retryAfterMs === undefined ? {} : { retryAfter: seconds(retryAfterMs) }),
})

/** Somebody is not who they must be: a wrong password is 403 for who is signed in, as 401 would end the session in a client. */
export function failRefused({ code, message, retryAfterMs }: Refusal, field?: string): Response {
  const body = { error: message, code, ...(field === undefined ? {} : { field }) }
  return code === 'LOCKED' ? refuse(429, body, retryAfter(retryAfterMs ?? 0)) : refuse(403, body)
}

/** A failure before or outside any route. */
export function refuse(httpStatus: number, body: AdminError, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(body, { status: httpStatus, headers: { 'cache-control': 'no-store', ...headers } })
}

/** `Retry-After` in whole seconds, at least one. */
export const retryAfter = (ms: number): { readonly 'retry-after': string } => ({ 'retry-after': String(seconds(ms)) })
const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000))

/** What every failure says, whoever refused: the same words for the original's scripts and for the console, and how to find it in the log. */
export async function completeFailure(response: Response, requestId: string | undefined): Promise<Response> {
  if (response.status < 400 || response.headers.get('content-type')?.startsWith('application/json') !== true)
    return response
  const { status, headers } = response
  const text = await response.text()
  const failure = readFailure(text)
  if (failure === undefined) return new Response(text, { status, headers })
  const wait = failure.retryAfter ?? Number(headers.get('retry-after') ?? Number.NaN)
  const shown: AdminErrorShown = {
    ...failure,
    message: failure.error,
    params: failure.params ?? {},
    ...(requestId === undefined ? {} : { requestId }),
    ...(Number.isInteger(wait) ? { retryAfter: wait } : {}),
  }
  headers.delete('content-length')
  if (shown.retryAfter !== undefined) headers.set('retry-after', String(shown.retryAfter))
  return Response.json(shown, { status, headers })
}

/** Other APIs' errors, and the sign-in's, are left as they are. */
function readFailure(text: string): AdminError | undefined {
  try {
    const body: Partial<AdminError> | null = JSON.parse(text)
    return typeof body?.error === 'string' && typeof body.code === 'string' ? (body as AdminError) : undefined
  } catch {
    return undefined
  }
}
