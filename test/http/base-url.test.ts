import { expect, test } from 'bun:test'
import { baseUrlAdvice, clientPathOf, meantPath } from '../../server/http/base-url.ts'

test.each([
  ['/v1/v1/messages', '/v1/messages'],
  ['//v1/messages', '/v1/messages'],
  ['/v1//chat/completions', '/v1/chat/completions'],
  ['//v1//v1//v1/messages/count_tokens', '/v1/messages/count_tokens'],
  ['/v1/v1/models/claude-sonnet-4.5', '/v1/models/claude-sonnet-4.5'],
  ['/v1/messages', undefined],
  ['/v1/v1', undefined],
  ['//v2/accounts', undefined],
  ['//accounts', undefined],
  ['/v2/v1/messages', undefined],
] as const)('%s can only have meant %p', (sent, meant) => {
  expect(meantPath(sent)).toBe(meant)
  if (meant !== undefined) expect(meantPath(meant)).toBeUndefined()
})

test.each([
  ['/messages', 'anthropic', 'messages'],
  ['/messages/count_tokens', 'anthropic', 'messages/count_tokens'],
  ['/anthropic/v1/messages/', 'anthropic', 'messages'],
  ['/V1/Messages', 'anthropic', 'Messages'],
  ['/chat/completions', 'openai', 'chat/completions'],
  ['/v1/chat/completions/chat/completions', 'openai', 'chat/completions'],
  ['/openai/v1/responses', 'openai', 'responses'],
  ['/responses/resp_1/cancel', 'openai', 'responses/resp_1/cancel'],
  ['/models/claude-sonnet-4.5', 'either', 'models/claude-sonnet-4.5'],
] as const)('%s is a path of the %s API', (path, api, added) => {
  expect(clientPathOf(path)).toEqual({ api, added })
})

test.each(['/', '/accounts', '/keys', '/playground', '/completions', '/my-messages', '/v1/files', '/messages.js'])(
  '%s is no client’s path',
  (path) => {
    expect(clientPathOf(path)).toBeUndefined()
  },
)

test('the advice names the base URL and what the client adds to it', () => {
  expect(baseUrlAdvice('http://localhost:62311', 'anthropic', 'messages')).toBe(
    'Set the base URL to http://localhost:62311 (without /v1): an Anthropic client adds /v1/messages to it.',
  )
  expect(baseUrlAdvice('https://gateway.example', 'openai', 'chat/completions')).toBe(
    'Set the base URL to https://gateway.example/v1: an OpenAI client adds /chat/completions to it.',
  )
})
