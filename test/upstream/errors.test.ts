import { describe, expect, test } from 'bun:test'
import type { ErrorKind } from '../../server/conversation/error.ts'
import { classifyException, classifyHttpError } from '../../server/upstream/amazonq/errors.ts'

const classify = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  classifyHttpError(status, new Headers(headers), typeof body === 'string' ? body : JSON.stringify(body))

type Row = readonly [situation: string, status: number, body: unknown, kind: ErrorKind]
const named = (name: string, message: string, reason?: string): object => ({
  __type: `com.amazon.aws.codewhisperer#${name}`,
  message,
  ...(reason === undefined ? {} : { reason }),
})
const suspended =
  'Your User ID (d-9067642ac7.44a8) temporarily is suspended. We have locked your account as a security precaution.'

const rows: readonly Row[] = [
  ['an invalid bearer', 403, { message: 'The bearer token included in the request is invalid.' }, 'token-rejected'],
  ['an expired one', 403, named('ExpiredTokenException', 'The token has expired'), 'token-rejected'],
  ['any 401', 401, '', 'token-rejected'],
  ['a bare Unauthorized', 403, 'Unauthorized', 'token-rejected'],
  ['a 400 that names the token', 400, named('AccessDeniedException', 'Invalid bearer token.'), 'token-rejected'],
  ['a plain 403', 403, named('AccessDeniedException', 'User is not authorized to make this call.'), 'access-denied'],
  ['a 403 without a word', 403, '', 'access-denied'],
  ['a suspension', 403, named('AccessDeniedException', suspended, 'TEMPORARILY_SUSPENDED'), 'account-suspended'],
  [
    'a suspension by wording',
    403,
    named('AccessDeniedException', 'Your User ID is temporarily suspended.'),
    'account-suspended',
  ],
  ['a suspension as a 400', 400, named('ValidationException', suspended), 'account-suspended'],
  ['another product', 403, named('AccessDeniedException', 'x', 'FEATURE_NOT_SUPPORTED'), 'account-refused'],
  ['another subscription', 403, { message: 'Your subscription does not support this application' }, 'account-refused'],
  ['no profile', 400, { message: 'profileArn is required for this request' }, 'account-refused'],
  [
    'spent credits',
    402,
    { message: 'You have reached the limit.', reason: 'MONTHLY_REQUEST_COUNT' },
    'quota-exhausted',
  ],
  [
    'spent credits, older',
    429,
    named('ThrottlingException', 'Maximum Request reached for this month.', 'MONTHLY_REQUEST_COUNT'),
    'quota-exhausted',
  ],
  [
    'spent credits, as a 400',
    400,
    named('ThrottlingException', 'Maximum Request reached for this month.'),
    'quota-exhausted',
  ],
  [
    'spent overage',
    403,
    { message: "You've reached your overage limit.", reason: 'OVERAGE_REQUEST_LIMIT_EXCEEDED' },
    'quota-exhausted',
  ],
  ['a 402 without a reason', 402, '{}', 'quota-exhausted'],
  ['a long conversation', 402, { message: 'x', reason: 'CONVERSATION_LIMIT_EXCEEDED' }, 'context-too-long'],
  [
    'a rate',
    429,
    { message: 'Too many requests, please wait before trying again.', reason: 'USER_REQUEST_RATE_EXCEEDED' },
    'rate-limited',
  ],
  ['a rate by credits', 429, named('ThrottlingException', '60-minute credit limit exceeded'), 'rate-limited'],
  ['a bare 429', 429, '', 'rate-limited'],
  ['a suspicion', 429, { message: 'We have detected suspicious activity on your account.' }, 'account-restricted'],
  [
    'a suspicion with the reason of a rate',
    429,
    {
      message: 'Temporary limits are in place while we investigate.',
      reason: 'USER_REQUEST_RATE_EXCEEDED',
    },
    'account-restricted',
  ],
  [
    'a suspicion as a 403',
    403,
    named('AccessDeniedException', 'Your account is temporarily restricted due to unusual activity.'),
    'account-restricted',
  ],
  [
    'a suspension for the same cause',
    403,
    named('AccessDeniedException', 'Your User ID is temporarily suspended. We detected unusual user activity.'),
    'account-suspended',
  ],
  ['a suspicion as a 400', 400, named('ThrottlingException', 'Suspicious activity detected.'), 'account-restricted'],
  ['a request that speaks of it', 400, { message: 'Invalid value: suspicious activity' }, 'invalid-request'],
  [
    'spent quota that speaks of it',
    429,
    { message: 'temporary limits', reason: 'MONTHLY_REQUEST_COUNT' },
    'quota-exhausted',
  ],
  ['a filter’s page', 403, '<html><h1>Request blocked, suspicious</h1></html>', 'upstream-failed'],
  ['a sign-in page on the way', 401, '<!doctype html><title>Log in</title>', 'upstream-failed'],
  ['a rate of the service', 429, { reason: 'SERVICE_REQUEST_RATE_EXCEEDED' }, 'service-throttled'],
  [
    'a full model',
    429,
    { message: 'I am experiencing high traffic, please try again shortly.', reason: 'INSUFFICIENT_MODEL_CAPACITY' },
    'model-overloaded',
  ],
  [
    'a full model by wording',
    500,
    { message: 'Encountered unexpectedly high load when processing the request, please try again.', reason: null },
    'model-overloaded',
  ],
  [
    'an unknown model',
    400,
    { message: 'Invalid model ID. Please select a different model to continue.', reason: 'INVALID_MODEL_ID' },
    'model-not-found',
  ],
  ['too long', 400, { message: 'Input is too long.', reason: 'CONTENT_LENGTH_EXCEEDS_THRESHOLD' }, 'context-too-long'],
  ['too long by wording', 400, { message: 'Input is too long.' }, 'context-too-long'],
  ['a changed signature', 400, { message: 'x', reason: 'THINKING_SIGNATURE_INVALID' }, 'thinking-signature'],
  ['a malformed request', 400, { message: 'Improperly formed request.', reason: null }, 'invalid-request'],
  [
    'a malformed tool use',
    400,
    { message: 'Invalid tool use format.', reason: 'REQUEST_BODY_INVALID' },
    'invalid-request',
  ],
  [
    'an image for a text model',
    400,
    { message: "This model doesn't support the image content block", reason: 'IMAGE_FORMAT_UNSUPPORTED' },
    'invalid-request',
  ],
  ['a nested reason', 400, { error: { reason: 'INVALID_MODEL_ID', message: 'x' } }, 'model-not-found'],
  ['a request that is too large', 413, '', 'context-too-long'],
  [
    'a request that could not even be read',
    400,
    { message: 'failed to buffer the request body: length limit exceeded', reason: null },
    'context-too-long',
  ],
  ['a body that is too large in other words', 413, { message: 'Request body too large' }, 'context-too-long'],
  ['the words of another provider', 400, { message: 'prompt is too long: 2 tokens > 1 maximum' }, 'context-too-long'],
  ['an image that is too large', 400, { message: 'The image payload is too large' }, 'invalid-request'],
  ['the same as plain text', 400, 'failed to buffer the request body: length limit exceeded', 'context-too-long'],
  [
    'a passing fault as a 400',
    400,
    { message: 'The request could not be processed due to an internal validation error. Please try again.' },
    'upstream-failed',
  ],
  [
    'any 500',
    500,
    { message: 'Encountered an unexpected error when processing the request, please try again.', reason: null },
    'upstream-failed',
  ],
  ['any 502', 502, '<html>Bad Gateway</html>', 'upstream-failed'],
  ['any 504', 504, '', 'timeout'],
  ['a wrong address', 404, 'not found', 'upstream-failed'],
  ['a redirect', 302, '', 'upstream-failed'],
  ['a 200 that is no reply', 200, { message: 'x' }, 'upstream-failed'],
]

describe('whose fault it is', () => {
  test.each(rows)('%s', (_, status, body, kind) => expect(classify(status, body).kind).toBe(kind))
})

test('the REST form names the class in a header', () => {
  expect(classify(400, { message: 'x' }, { 'x-amzn-errortype': 'ThrottlingException:http://internal/' }).kind).toBe(
    'rate-limited',
  )
})

describe('how long to wait', () => {
  test.each([
    ['the body in milliseconds', { retryAfterMilliseconds: 300_000 }, {}, 300_000],
    ['the header in seconds', {}, { 'retry-after': '7' }, 7_000],
    ['the body before the header', { retryAfterMilliseconds: 5 }, { 'retry-after': '7' }, 5],
    [
      'a date against the answer’s own',
      {},
      { date: 'Thu, 15 Jan 2026 12:00:00 GMT', 'retry-after': 'Thu, 15 Jan 2026 12:01:00 GMT' },
      60_000,
    ],
    ['a date alone says nothing', {}, { 'retry-after': 'Thu, 15 Jan 2026 12:01:00 GMT' }, undefined],
    ['nonsense says nothing', { retryAfterMilliseconds: -5 }, { 'retry-after': 'soon' }, undefined],
  ])('%s', (_, body, headers, expected) =>
    expect(classify(429, body, headers as Record<string, string>).retryAfterMs).toBe(expected),
  )
})

describe('what is shown', () => {
  test('is the provider’s message without the user it is about', () => {
    const { message, cause } = classify(403, named('AccessDeniedException', suspended, 'TEMPORARILY_SUSPENDED'))
    expect(message).toBe('Your User ID temporarily is suspended. We have locked your account as a security precaution.')
    expect(cause).toContain('TEMPORARILY_SUSPENDED')
    expect(message + cause).not.toContain('9067642ac7')
  })
  test.each([
    ['an ARN', 'Profile arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL is gone', '123456789012'],
    ['an address', 'User jane.doe@example.com is unknown', 'jane.doe'],
    ['a token', `Token aoaAAAAA${'x'.repeat(60)} is bad`, 'xxxxx'],
  ])('never holds %s', (_, written, secret) => {
    const { message, cause } = classify(400, { message: written })
    expect(message + cause).not.toContain(secret)
  })
  test('is never a page of HTML, never endless, never empty', () => {
    expect(classify(502, '<html>secret</html>').message).toBe('The provider answered with status 502.')
    expect(classify(400, { message: 'x '.repeat(5_000) }).message.length).toBeLessThanOrEqual(500)
    expect(classifyException('error', '').message).toBe('The provider reported an error.')
  })
})

test('the provider’s request id is kept for the log', () => {
  expect(classify(500, '', { 'x-amzn-requestid': 'abc-1' }).cause).toContain('request abc-1')
})
