import { describe, expect, test } from 'bun:test'
import type { ReplyEvent } from '../../server/conversation/event.ts'
import { foldReply } from '../../server/conversation/reply.ts'
import { anthropic } from '../../server/dialect/anthropic/anthropic.ts'
import { openaiChat } from '../../server/dialect/openai-chat/openai-chat.ts'
import { asStream, type dialects, encodeAll, finish, openaiResponses, replyContext, replyStart } from './samples.ts'

const schema = { type: 'object' }
const say = { model: 'm', messages: [{ role: 'user', content: 'x' }] }
const rows = [
  [
    'Messages',
    anthropic,
    { ...say, output_config: { format: { type: 'json_schema', schema } } },
    'output_config.format.schema',
    true,
  ],
  [
    'Messages, the older name',
    anthropic,
    { ...say, output_format: { type: 'json_schema', schema } },
    'output_format.schema',
    true,
  ],
  [
    'Chat Completions',
    openaiChat,
    { ...say, response_format: { type: 'json_schema', json_schema: { name: 'n', schema, strict: true } } },
    'response_format.json_schema.schema',
    true,
  ],
  [
    'Chat Completions, not strict',
    openaiChat,
    { ...say, response_format: { type: 'json_schema', json_schema: { name: 'n', schema } } },
    'response_format.json_schema.schema',
    undefined,
  ],
  [
    'Responses',
    openaiResponses,
    { model: 'm', input: 'x', text: { format: { type: 'json_schema', name: 'n', schema, strict: true } } },
    'text.format.schema',
    true,
  ],
] as const
test.each(rows)('%s: where the schema stands, and how strictly it is meant', (_, dialect, body, at, strict) => {
  const decoded = dialect.decode(body)
  if (!decoded.ok) throw new Error(decoded.error.message)
  const { output } = decoded.value.conversation
  expect(output).toMatchObject({ type: 'json-schema', at })
  expect(output.type === 'json-schema' && output.strict).toBe(strict)
})

const tools = [
  [
    'Messages',
    anthropic,
    { ...say, tools: [{ name: 't', input_schema: schema, strict: true }] },
    'tools.0.input_schema',
  ],
  [
    'Chat Completions',
    openaiChat,
    { ...say, tools: [{ type: 'function', function: { name: 't', parameters: schema, strict: true } }] },
    'tools.0.function.parameters',
  ],
  [
    'Chat Completions, as Messages spells it',
    openaiChat,
    { ...say, tools: [{ name: 't', input_schema: schema, strict: true }] },
    'tools.0.input_schema',
  ],
  [
    'Responses',
    openaiResponses,
    { model: 'm', input: 'x', tools: [{ type: 'function', name: 't', parameters: schema, strict: true }] },
    'tools.0.parameters',
  ],
] as const
test.each(tools)('%s: a strict tool', (_, dialect, body, at) => {
  const decoded = dialect.decode(body)
  if (!decoded.ok) throw new Error(decoded.error.message)
  expect(decoded.value.conversation.tools[0]?.strict).toEqual({ at })
})

describe('why there is no answer', () => {
  const refusal: readonly ReplyEvent[] = [
    replyStart,
    { type: 'text-start', index: 0, isRefusal: true },
    { type: 'text-delta', index: 0, text: 'No JSON.' },
    { type: 'text-end', index: 0 },
    finish('refusal'),
  ]
  const whole = async (dialect: (typeof dialects)[number]) => {
    const reply = await foldReply(asStream(refusal))
    if (!reply.ok) throw new Error(reply.error.message)
    return dialect.encodeReply(reply.value, replyContext)
  }

  test('Messages: stop_reason refusal', async () => {
    expect(await whole(anthropic)).toMatchObject({
      stop_reason: 'refusal',
      content: [{ type: 'text', text: 'No JSON.' }],
    })
    expect(encodeAll(anthropic, refusal)).toContain('"stop_reason":"refusal"')
  })
  test('Chat Completions: message.refusal, no content', async () => {
    expect(await whole(openaiChat)).toMatchObject({
      choices: [{ finish_reason: 'stop', message: { content: null, refusal: 'No JSON.' } }],
    })
    const sse = encodeAll(openaiChat, refusal)
    expect(sse).toContain('{"refusal":"No JSON."}')
    expect(sse).toContain('"finish_reason":"stop"')
    expect(sse).not.toContain('{"content":"No')
  })
  test('Responses: a refusal part in a completed response', async () => {
    const part = { type: 'refusal', refusal: 'No JSON.' }
    expect(await whole(openaiResponses)).toMatchObject({
      status: 'completed',
      output: [{ type: 'message', content: [part] }],
    })
    const sse = encodeAll(openaiResponses, refusal)
    expect(sse).toContain('event: response.refusal.delta')
    expect(sse).toContain('event: response.refusal.done')
    expect(sse).toContain('event: response.completed')
    expect(sse).not.toContain('output_text')
  })
})
