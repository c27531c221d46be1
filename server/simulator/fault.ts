import { type Failure, malformed, tokenInvalid } from './failure.ts'

const upset = 'Encountered an unexpected error when processing the request, please try again.'
const html = (status: number, title: string): Failure => ({
  status,
  type: 'gateway',
  message: title,
  plain: { contentType: 'text/html', text: `<html><body><h1>${status} ${title}</h1></body></html>` },
})
/** A 200 that holds nothing of use. */
const answered = (text: string): Omit<Failure, 'message'> => ({
  status: 200,
  type: 'none',
  plain: { contentType: 'application/json', text },
})
const denied = (message: string, reason: string | null = null, status = 403): Failure => ({
  status,
  type: 'AccessDeniedException',
  message,
  reason,
})
const throttled = (message: string, reason: string | null, status = 429): Failure => ({
  status,
  type: 'ThrottlingException',
  message,
  reason,
})
const spent = (message: string, reason: string): Failure => ({
  status: 402,
  type: 'ServiceQuotaExceededException',
  message,
  reason,
})
const server = (message: string, reason: string | null = null, type = 'InternalServerException'): Failure => ({
  status: 500,
  type,
  message,
  reason,
})

/** Failures answered instead of a reply: bodies as they were seen from the service (provider's protocol notes). */
export const errorFaults = {
  // the token
  'token-invalid': tokenInvalid,
  'token-invalid-401': {
    status: 401,
    type: 'UnauthorizedException',
    message: 'Unauthorized',
    plain: { contentType: 'text/plain', text: 'Unauthorized' },
  },
  'token-invalid-400': { ...tokenInvalid, status: 400 },
  // the account
  forbidden: denied('User is not authorized to make this call.'),
  suspended: denied(
    "Your User ID (d-simulated) temporarily is suspended. We've locked your account as a security precaution.",
    'TEMPORARILY_SUSPENDED',
  ),
  'suspended-unnamed': denied(
    'Your User ID is temporarily suspended. We detected unusual user activity and locked it.',
  ),
  'suspended-400': denied('Your User ID is temporarily suspended.', 'TEMPORARILY_SUSPENDED', 400),
  'feature-gate': denied('This feature is not supported.', 'FEATURE_NOT_SUPPORTED'),
  subscription: denied('Your subscription does not support this application.'),
  'profile-required': { ...malformed, message: 'profileArn is required for this request.' },
  'profile-required-403': denied('profileArn is required for this request.'),
  // its allowance
  'monthly-limit': spent('You have reached the limit.', 'MONTHLY_REQUEST_COUNT'),
  'monthly-limit-429': throttled('Maximum Request reached for this month.', 'MONTHLY_REQUEST_COUNT'),
  'monthly-limit-400': throttled('Maximum Request reached for this month.', 'MONTHLY_REQUEST_COUNT', 400),
  'overage-limit': spent("You've reached your overage limit.", 'OVERAGE_REQUEST_LIMIT_EXCEEDED'),
  'daily-limit': throttled('Maximum Request reached for today.', 'DAILY_REQUEST_COUNT'),
  // its rate
  rate: throttled('Too many requests, please wait before trying again.', 'USER_REQUEST_RATE_EXCEEDED'),
  'credit-rate': throttled('60-minute credit limit exceeded', 'CREDIT_CONSUMPTION_RATE_EXCEEDED'),
  'service-rate': throttled('Too many requests, please wait before trying again.', 'SERVICE_REQUEST_RATE_EXCEEDED'),
  suspicion: throttled(
    'We have detected suspicious activity. Temporary limits are in place while we investigate.',
    'USER_REQUEST_RATE_EXCEEDED',
  ),
  // the model
  capacity: throttled('I am experiencing high traffic, please try again shortly.', 'INSUFFICIENT_MODEL_CAPACITY'),
  'model-unavailable': server(
    'Encountered unexpectedly high load when processing the request, please try again.',
    'MODEL_TEMPORARILY_UNAVAILABLE',
  ),
  'high-load': server('Encountered unexpectedly high load when processing the request, please try again.'),
  'invalid-model': {
    ...malformed,
    message: 'Invalid model ID. Please select a different model to continue.',
    reason: 'INVALID_MODEL_ID',
  },
  // the request
  malformed,
  'too-long': { ...malformed, message: 'Input is too long.', reason: 'CONTENT_LENGTH_EXCEEDS_THRESHOLD' },
  'body-too-large': { ...malformed, message: 'failed to buffer the request body: length limit exceeded' },
  'conversation-limit': spent('The conversation has reached its limit.', 'CONVERSATION_LIMIT_EXCEEDED'),
  'thinking-signature': {
    ...malformed,
    message: 'Invalid signature in thinking block.',
    reason: 'THINKING_SIGNATURE_INVALID',
  },
  'internal-check': {
    ...malformed,
    message: 'The request could not be processed due to an internal validation error. Please try again.',
  },
  // the service
  'service-down': server(
    'The service is temporarily unavailable. Please try again later.',
    null,
    'ServiceUnavailableException',
  ),
  '402': spent('You have reached the limit.', 'MONTHLY_REQUEST_COUNT'),
  '404': { status: 404, type: 'ResourceNotFoundException', message: 'Not found.' },
  'empty-list': { ...answered('[]'), message: 'a list instead of an object' },
  'nothing-listed': {
    ...answered('{"models":[],"profiles":[],"usageBreakdownList":[]}'),
    message: 'nothing in the lists',
  },
  '408': html(408, 'Request Timeout'),
  '429': throttled('Too many requests, please wait before trying again.', null),
  '500': server(upset),
  '502': html(502, 'Bad Gateway'),
  '503': html(503, 'Service Temporarily Unavailable'),
  '504': html(504, 'Gateway Time-out'),
} as const satisfies Readonly<Record<string, Failure>>

/** Failures of the connection or inside a 200. "Text" below means the first content frames (`afterFrames`, default 3). */
export const streamFaults = [
  'reset', // connection reset before any byte
  'reset-after-text',
  'slow-headers', // the answer starts after `waitMs`
  'silence', // 200, then nothing for `waitMs`, then the reply
  'silence-after-text',
  'cut-in-frame', // the body ends inside a frame
  'cut-boundary', // the body ends between frames, without the closing ones
  'no-stop', // tool uses lack `stop`; otherwise a whole reply
  'stop-incomplete', // `stop: true` on incomplete JSON
  'exception-first', // 200 whose first content frame is an exception
  'exception-after-text',
  'exception-too-long', // text, then ContentLengthExceededException
  'empty', // 200 without content frames
  'filtered', // 200 without content, stopReason CONTENT_FILTERED, no metering
  'nothing-said', // 200 without content, closed as ever: END_TURN, context usage, metering
  'cut-characters', // characters beyond the first plane are cut in two, each half in a delta of its own
  'crc', // one content frame's checksum is wrong
] as const

export type ErrorFaultName = keyof typeof errorFaults
export type StreamFaultName = (typeof streamFaults)[number]
export type FaultName = ErrorFaultName | StreamFaultName

export type Fault = {
  readonly name: FaultName
  /** `rate`, `credit-rate`, `service-rate`, `429`: the body's `retryAfterMilliseconds`. */
  readonly retryAfterMs?: number
  /** Also sends `Retry-After` (whole seconds, rounded up). */
  readonly retryAfterHeader?: boolean
  /** `silence…`, `slow-headers`: how long; default 1,000. */
  readonly waitMs?: number
  /** Content frames before the fault; default 3. */
  readonly afterFrames?: number
}

export const asFault = (fault: FaultName | Fault): Fault => (typeof fault === 'string' ? { name: fault } : fault)

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(errorFaults, name) || (streamFaults as readonly string[]).includes(name)
}

/** The error answer of a fault, or undefined when it happens inside a stream. */
export function failureOf(fault: Fault): Failure | undefined {
  if (!Object.hasOwn(errorFaults, fault.name)) return undefined
  const failure: Failure = errorFaults[fault.name as ErrorFaultName]
  if (fault.retryAfterMs === undefined) return failure
  return {
    ...failure,
    more: { retryAfterMilliseconds: fault.retryAfterMs },
    ...(fault.retryAfterHeader ? { headers: { 'retry-after': `${Math.ceil(fault.retryAfterMs / 1000)}` } } : {}),
  }
}
