import { expect, test } from 'bun:test'
import { history } from '../../ui/src/features/playground/chat.tsx'
import { faultText } from '../../ui/src/features/playground/fault.ts'
import { type Answer, startAnswer, step } from '../../ui/src/features/playground/stream.ts'
import { tokenSource } from '../../ui/src/features/playground/token-source.ts'

type Data = Readonly<Record<string, unknown>>

const run = (events: readonly Data[]): Answer =>
  events.reduce((answer: Answer, event, index) => step(answer, event, 1000 + index * 100), startAnswer(500))

test('a plain answer is put together with its times and the tokens the API gave', () => {
  const answer = run([
    { type: 'message_start', message: { usage: { input_tokens: 18, output_tokens: 1 } } },
    { type: 'ping' },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hel' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'lo' } },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 92 } },
    { type: 'message_stop' },
  ])
  expect(answer).toEqual({
    text: 'Hello',
    thinking: '',
    sentAt: 500,
    firstAt: 1300,
    endedAt: 1600,
    inputTokens: 18,
    outputTokens: 92,
    stopReason: 'end_turn',
  })
})

test('thinking counts as the first token and is kept apart from the text', () => {
  const answer = run([
    { type: 'content_block_delta', delta: { type: 'thinking_delta', thinking: 'Hm.' } },
    { type: 'content_block_delta', delta: { type: 'signature_delta', signature: 'xyz' } },
    { type: 'content_block_delta', delta: { type: 'text_delta', text: '<b>Yes</b>' } },
  ])
  expect(answer).toMatchObject({ thinking: 'Hm.', text: '<b>Yes</b>', firstAt: 1000 })
  expect(answer.endedAt).toBeUndefined()
})

test('cached input is part of the input', () => {
  const usage = { input_tokens: 10, cache_read_input_tokens: 90, cache_creation_input_tokens: 5 }
  expect(run([{ type: 'message_start', message: { usage } }]).inputTokens).toBe(105)
})

test('a failure inside the stream ends the answer and keeps what arrived', () => {
  const answer = run([
    { type: 'content_block_delta', delta: { type: 'text_delta', text: 'Half' } },
    { type: 'error', error: { type: 'overloaded_error', message: 'Busy.' }, request_id: 'req_1' },
  ])
  expect(answer).toMatchObject({ text: 'Half', endedAt: 1100 })
  expect(answer.fault).toEqual({ status: 200, type: 'overloaded_error', message: 'Busy.', requestId: 'req_1' })
})

test.each([
  {},
  { type: 'new_event' },
  { type: 'content_block_delta', delta: null },
  { type: 'message_start', message: 3 },
])('what it does not know changes nothing: %p', (event) => {
  expect(run([event])).toEqual(startAnswer(500))
})

test('only answered questions are sent along with the next one', () => {
  const answered = { ...startAnswer(0), text: 'Yes.', endedAt: 1 }
  const failed = { ...answered, fault: { status: 200, type: 'api_error', message: '' } }
  const turns = history([
    { question: 'one', answer: answered },
    { question: 'two', answer: failed },
    { question: 'three', answer: { ...startAnswer(0), endedAt: 1 } },
    { question: 'four', answer: answered },
  ])
  expect(turns.map((turn) => turn.content)).toEqual(['one', 'Yes.', 'four', 'Yes.'])
})

test.each([
  [0, 'connection_error', 'error.unreachable'],
  [401, 'authentication_error', 'playground.errorKey'],
  [403, 'permission_error', 'playground.error'],
  [429, 'rate_limit_error', 'playground.errorBusy'],
  [200, 'connection_error', 'playground.errorBroken'],
  [200, 'overloaded_error', 'playground.error'],
  [500, 'api_error', 'playground.error'],
] as const)('a failure %p %s is headed %s', (status, type, key) => {
  expect(faultText({ status, type, message: '' })).toBe(key)
})

test('a token count of unknown origin is called an estimate', () => {
  expect(['measured', 'derived', 'estimated', 'toString', ''].map(tokenSource)).toEqual([
    'playground.source.measured',
    'playground.source.derived',
    'playground.source.estimated',
    'playground.source.estimated',
    'playground.source.estimated',
  ])
})
