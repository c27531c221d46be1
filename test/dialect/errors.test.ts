import { describe, expect, test } from 'bun:test'
import { type ErrorKind, errorKinds, type GatewayError } from '../../server/conversation/error.ts'
import { anthropic } from '../../server/dialect/anthropic/anthropic.ts'
import { openaiChat } from '../../server/dialect/openai-chat/openai-chat.ts'
import { framesOf } from '../support/grammar.ts'
import { dialects, encodeAll, failure, replyStart, streamFault, textBlock } from './samples.ts'

const context = { requestId: 'req_1' }

type Row = readonly [
  situation: string,
  error: GatewayError,
  anthropic: readonly [status: number, type: string],
  openai: readonly [status: number, type: string, code: string | null],
  headers: Readonly<Record<string, string>>,
]

const never = { 'x-should-retry': 'false' }
const wait = (seconds: number) => ({ 'retry-after': String(seconds) })
const e = (kind: ErrorKind, retryAfterMs?: number) => failure(kind, retryAfterMs === undefined ? {} : { retryAfterMs })
const spent = 'insufficient_quota'

const rows: readonly Row[] = [
  [
    'wrong key',
    e('authentication'),
    [401, 'authentication_error'],
    [401, 'authentication_error', 'invalid_api_key'],
    never,
  ],
  [
    'key without the right',
    e('permission'),
    [403, 'permission_error'],
    [403, 'permission_error', 'permission_denied'],
    never,
  ],
  [
    'short throttle',
    e('rate-limited', 2000),
    [429, 'rate_limit_error'],
    [429, 'rate_limit_error', 'rate_limit_exceeded'],
    wait(2),
  ],
  [
    'short throttle, time unknown',
    e('rate-limited'),
    [429, 'rate_limit_error'],
    [429, 'rate_limit_error', 'rate_limit_exceeded'],
    wait(5),
  ],
  [
    'provider throttles',
    e('service-throttled', 1001),
    [429, 'rate_limit_error'],
    [429, 'rate_limit_error', 'rate_limit_exceeded'],
    wait(2),
  ],
  [
    'all accounts rest',
    e('pool-cooling', 12_000),
    [429, 'rate_limit_error'],
    [429, 'rate_limit_error', 'rate_limit_exceeded'],
    wait(12),
  ],
  [
    'under a second',
    e('pool-cooling', 1),
    [429, 'rate_limit_error'],
    [429, 'rate_limit_error', 'rate_limit_exceeded'],
    wait(1),
  ],
  [
    'account spent',
    e('quota-exhausted', 3_600_000),
    [429, 'rate_limit_error'],
    [429, spent, spent],
    { ...wait(3600), ...never },
  ],
  [
    'all accounts spent',
    e('pool-exhausted', 86_400_000),
    [429, 'rate_limit_error'],
    [429, spent, spent],
    { ...wait(86_400), ...never },
  ],
  ['all spent, reset unknown', e('pool-exhausted'), [429, 'rate_limit_error'], [429, spent, spent], never],
  [
    'our limit, soon free',
    e('limit-reached', 20_000),
    [429, 'rate_limit_error'],
    [429, 'rate_limit_error', 'rate_limit_exceeded'],
    wait(20),
  ],
  [
    'our limit, free tomorrow',
    e('limit-reached', 7_200_000),
    [429, 'rate_limit_error'],
    [429, spent, spent],
    { ...wait(7200), ...never },
  ],
  [
    'no account left that is well',
    e('no-healthy-account'),
    [503, 'api_error'],
    [503, 'server_error', 'account_unavailable'],
    never,
  ],
  ['no account at all', e('no-account'), [503, 'api_error'], [503, 'server_error', 'account_unavailable'], never],
  [
    'account suspended',
    e('account-suspended'),
    [503, 'api_error'],
    [503, 'server_error', 'account_unavailable'],
    never,
  ],
  ['account refused', e('account-refused'), [503, 'api_error'], [503, 'server_error', 'account_unavailable'], never],
  [
    'account refused without a reason, which may pass',
    e('access-denied', 290_000),
    [503, 'api_error'],
    [503, 'server_error', 'account_unavailable'],
    wait(290),
  ],
  [
    'account restricted on suspicion',
    e('account-restricted', 1_800_000),
    [503, 'api_error'],
    [503, 'server_error', 'account_unavailable'],
    { ...wait(1800), ...never },
  ],
  [
    'access not renewed for now',
    e('renewal-failed', 700),
    [503, 'api_error'],
    [503, 'server_error', 'account_unavailable'],
    wait(1),
  ],
  ['token rejected', e('token-rejected'), [503, 'api_error'], [503, 'server_error', 'account_unavailable'], never],
  [
    'prompt too long',
    e('context-too-long'),
    [400, 'invalid_request_error'],
    [400, 'invalid_request_error', 'context_length_exceeded'],
    {},
  ],
  ['bad request', e('invalid-request'), [400, 'invalid_request_error'], [400, 'invalid_request_error', null], {}],
  ['bad signature', e('thinking-signature'), [400, 'invalid_request_error'], [400, 'invalid_request_error', null], {}],
  ['thread', e('unsupported-thread'), [400, 'invalid_request_error'], [400, 'invalid_request_error', null], {}],
  [
    'an answer that is not kept',
    e('previous-response-not-found'),
    [400, 'invalid_request_error'],
    [400, 'invalid_request_error', 'previous_response_not_found'],
    {},
  ],
  [
    'body too large',
    e('request-too-large'),
    [413, 'request_too_large'],
    [413, 'invalid_request_error', 'request_too_large'],
    {},
  ],
  [
    'body too slow',
    e('request-timeout'),
    [408, 'invalid_request_error'],
    [408, 'invalid_request_error', 'request_timeout'],
    {},
  ],
  [
    'an encoding we do not read',
    e('unsupported-encoding'),
    [415, 'invalid_request_error'],
    [415, 'invalid_request_error', 'unsupported_encoding'],
    {},
  ],
  ['model unknown', e('model-not-found'), [404, 'not_found_error'], [404, 'not_found_error', 'model_not_found'], {}],
  ['path unknown', e('not-found'), [404, 'not_found_error'], [404, 'not_found_error', 'not_found'], {}],
  [
    'model overloaded',
    e('model-overloaded', 9000),
    [529, 'overloaded_error'],
    [503, 'server_error', 'overloaded'],
    wait(9),
  ],
  [
    'waited in line too long',
    e('pool-busy', 9000),
    [529, 'overloaded_error'],
    [429, 'rate_limit_error', 'rate_limit_exceeded'],
    wait(9),
  ],
  [
    'line full, time unknown',
    e('pool-busy'),
    [529, 'overloaded_error'],
    [429, 'rate_limit_error', 'rate_limit_exceeded'],
    wait(5),
  ],
  ['stopping', e('shutting-down'), [529, 'overloaded_error'], [503, 'server_error', 'overloaded'], wait(5)],
  ['nothing came', e('empty-reply'), [529, 'overloaded_error'], [503, 'server_error', 'overloaded'], {}],
  ['provider failed', e('upstream-failed'), [502, 'api_error'], [502, 'server_error', 'upstream_error'], {}],
  [
    'provider failed, time known',
    e('upstream-failed', 3000),
    [502, 'api_error'],
    [502, 'server_error', 'upstream_error'],
    wait(3),
  ],
  [
    'provider out of reach',
    e('upstream-unreachable'),
    [503, 'api_error'],
    [503, 'server_error', 'upstream_unreachable'],
    wait(5),
  ],
  ['answer broke off', e('broken-reply'), [502, 'api_error'], [502, 'server_error', 'upstream_error'], {}],
  [
    'not what was demanded',
    e('unmet-demand'),
    [502, 'api_error'],
    [502, 'server_error', 'invalid_model_output'],
    { 'x-should-retry': 'false' },
  ],
  ['too slow', e('timeout'), [504, 'timeout_error'], [504, 'server_error', 'timeout'], {}],
  ['caller left', e('cancelled'), [499, 'api_error'], [499, 'server_error', 'cancelled'], {}],
  ['our fault', e('internal'), [500, 'api_error'], [500, 'server_error', 'internal_error'], {}],
]

describe('what each failure looks like', () => {
  test.each([...rows])('%s', (_, error, [status, type], [openaiStatus, openaiType, code], headers) => {
    const message = error.kind === 'context-too-long' ? expect.any(String) : error.message
    const details = error.kind === 'unsupported-thread' ? { details: expect.any(Object) } : {}
    expect(anthropic.encodeError(error, context)).toEqual({
      status,
      headers,
      body: { type: 'error', error: { type, message, ...details }, request_id: 'req_1' },
    })
    expect(openaiChat.encodeError(error, context)).toEqual({
      status: openaiStatus,
      headers,
      body: { error: { message, type: openaiType, param: null, code } },
    })
  })

  test('only what is wrong with the caller’s own key is a 401 or 403', () => {
    for (const kind of errorKinds) {
      for (const dialect of dialects) {
        const { status } = dialect.encodeError(failure(kind), context)
        expect([kind, status === 401 || status === 403]).toEqual([
          kind,
          ['authentication', 'permission'].includes(kind),
        ])
      }
    }
  })

  test('every kind has a row', () => {
    expect(new Set(rows.map(([, error]) => error.kind))).toEqual(new Set(errorKinds))
  })
})

test('a thread is refused in the very words that let the SDK go on without', () => {
  const decoded = anthropic.decode({
    model: 'm',
    messages: [{ role: 'user', content: 'x' }],
    thread: { type: 'create' },
  })
  if (decoded.ok) throw new Error('accepted')
  expect(anthropic.encodeError(decoded.error, context)).toEqual({
    status: 400,
    headers: {},
    body: {
      type: 'error',
      error: {
        type: 'invalid_request_error',
        message: 'thread is not supported',
        details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] },
      },
      request_id: 'req_1',
    },
  })
})

describe('a prompt that is too long', () => {
  const messageIn = (error: GatewayError): readonly string[] =>
    dialects.map((dialect) => {
      const { body } = dialect.encodeError(error, context)
      return (body as { readonly error: { readonly message: string } }).error.message
    })

  test('says so as each API does, with numbers when they are known', () => {
    const error = failure('context-too-long', { contextTokens: { input: 250_000, maximum: 200_000 } })
    const numbers = 'prompt is too long: 250000 tokens > 200000 maximum'
    const ofOpenai = `This model's maximum context length is 200000 tokens. However, your messages resulted in 250000 tokens. Please reduce the length of the messages. (${numbers})`
    expect(messageIn(error)).toEqual(dialects.map(({ family }) => (family === 'anthropic' ? numbers : ofOpenai)))
  })

  test.each([undefined, { input: 150_000, maximum: 200_000 }])('claims no numbers that do not hold: %p', (tokens) => {
    const error = failure('context-too-long', tokens === undefined ? {} : { contextTokens: tokens })
    for (const message of messageIn(error)) {
      expect(message).toContain('prompt is too long')
      expect(message).toContain('maximum context length')
      expect(message).not.toMatch(/\d/)
    }
  })
})

describe('a stream that breaks', () => {
  const broken = [replyStart, ...textBlock(0, 'Half'), { type: 'error', error: failure('broken-reply') }] as const

  test('ends in an error event that advises another try, and without message_stop, as Messages', () => {
    const frames = framesOf(encodeAll(anthropic, broken))
    expect(frames.at(-1)?.event).toBe('error')
    expect(JSON.parse(frames.at(-1)?.data ?? '')).toEqual({
      type: 'error',
      error: { type: 'api_error', message: 'It went wrong. Please retry your request.' },
      request_id: 'req_1',
    })
    expect(frames.some((frame) => frame.event === 'message_delta' || frame.event === 'message_stop')).toBe(false)
  })

  test('ends in an error frame and without [DONE] or a finish as Chat Completions', () => {
    const sse = encodeAll(openaiChat, broken)
    expect(JSON.parse(framesOf(sse).at(-1)?.data ?? '')).toEqual({
      error: { message: 'It went wrong.', type: 'server_error', param: null, code: 'upstream_error' },
    })
    expect(sse).not.toContain('[DONE]')
    expect(sse).not.toMatch(/"finish_reason":"/)
  })

  test.each([...dialects])('says so in $name even before anything was begun', (dialect) => {
    const sse = encodeAll(dialect, [{ type: 'error', error: failure('pool-cooling') }])
    expect(streamFault(dialect, sse)).toBeUndefined()
    const { error, response } = JSON.parse(framesOf(sse).at(-1)?.data ?? '')
    expect((error ?? response.error).message).toStartWith('It went wrong.')
  })
})

test('the field at fault is named as param', () => {
  const { body } = openaiChat.encodeError(failure('invalid-request', { field: 'messages.0.role' }), context)
  expect(body).toMatchObject({ error: { param: 'messages.0.role' } })
})
