import { describe, expect, test } from 'bun:test'
import type { Subject } from '../../server/conversation/subject.ts'
import { createLocate } from '../../server/dialect/locate.ts'

const png = 'iVBORw0KGgoAAAANSUhEUg=='
const schema = { type: 'object', properties: { call_id: { type: 'string', id: 'c1' } } }

const bodies = {
  messages: {
    thinking: { type: 'enabled' },
    tools: [
      { name: 'a', input_schema: schema },
      { name: 'read', description: 'x', input_schema: schema },
    ],
    messages: [
      { role: 'user', content: 'look' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'c1', name: 'read', input: { id: 'c1' } }] },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'c1', content: [{ type: 'text', text: 'seen' }] }],
      },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'c1', name: 'read', input: {} }] },
      { role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } }] },
    ],
  },
  chat: {
    reasoning_effort: 'high',
    tools: [{ type: 'function', function: { name: 'read', parameters: schema } }],
    messages: [
      { role: 'user', content: 'look' },
      { role: 'assistant', tool_calls: [{ id: 'c1', type: 'function', function: { name: 'read', arguments: '{}' } }] },
      { role: 'tool', tool_call_id: 'c1', content: 'seen' },
      { role: 'assistant', tool_calls: [{ id: 'c1', type: 'function', function: { name: 'read', arguments: '{}' } }] },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } }] },
    ],
  },
  responses: {
    reasoning: { effort: 'high' },
    tools: [
      { type: 'namespace', name: 'files', tools: [{ type: 'function', name: 'write', parameters: schema }] },
      { type: 'function', name: 'read', parameters: schema },
    ],
    input: [
      { role: 'user', content: [{ type: 'input_text', text: 'look' }] },
      { type: 'function_call', call_id: 'c1', name: 'read', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c1', output: 'seen' },
      { type: 'function_call', call_id: 'c1', name: 'read', arguments: '{}' },
      { role: 'user', content: [{ type: 'input_image', image_url: `data:image/png;base64,${png}` }] },
    ],
  },
}

type Row = readonly [subject: Subject, messages: string, chat: string, responses: string]
const rows: readonly Row[] = [
  [
    { kind: 'tool', name: 'read', part: 'schema', within: ['properties', 'call_id'] },
    'tools.1.input_schema.properties.call_id',
    'tools.0.function.parameters.properties.call_id',
    'tools.1.parameters.properties.call_id',
  ],
  [
    { kind: 'tool', name: 'read', part: 'description' },
    'tools.1.description',
    'tools.0.function.description',
    'tools.1.description',
  ],
  [
    { kind: 'call', id: 'c1', occurrence: 0, part: 'input' },
    'messages.1.content.0.input',
    'messages.1.tool_calls.0.function.arguments',
    'input.1.arguments',
  ],
  [{ kind: 'call', id: 'c1', occurrence: 1, part: 'id' }, 'messages.3.content.0', 'messages.3.tool_calls.0', 'input.3'],
  [{ kind: 'result', callId: 'c1' }, 'messages.2.content.0', 'messages.2', 'input.2'],
  [
    { kind: 'image', base64: png },
    'messages.4.content.0.source.data',
    'messages.4.content.0.image_url.url',
    'input.4.content.0.image_url',
  ],
  [{ kind: 'text', text: 'look' }, 'messages.0.content', 'messages.0.content', 'input.0.content.0.text'],
  [{ kind: 'messages' }, 'messages', 'messages', 'input'],
  [{ kind: 'thinking' }, 'thinking', 'reasoning_effort', 'reasoning'],
]

describe.each(rows)('%j', (subject, messages, chat, responses) => {
  test('is found in the caller’s own spelling, whichever API it speaks', () => {
    expect(createLocate(bodies.messages)(subject)).toBe(messages)
    expect(createLocate(bodies.chat)(subject)).toBe(chat)
    expect(createLocate(bodies.responses)(subject)).toBe(responses)
  })
})

test('a tool of a group is found by the name the model knows', () => {
  const locate = createLocate(bodies.responses)
  expect(locate({ kind: 'tool', name: 'files__write', part: 'name' })).toBe('tools.0.tools.0.name')
})

test('what does not stand in the body is not found, and what only looks like it is none', () => {
  const locate = createLocate(bodies.messages)
  expect(locate({ kind: 'text', text: 'nowhere' })).toBeUndefined()
  expect(locate({ kind: 'call', id: 'c1', occurrence: 2, part: 'id' })).toBeUndefined()
  expect(locate({ kind: 'tool', name: 'gone', part: 'name' })).toBeUndefined()
  expect(createLocate('no object')({ kind: 'messages' })).toBeUndefined()
})

test('a call of a freeform tool of Chat Completions is found in its own form', () => {
  const call = { id: 'c1', type: 'custom', custom: { name: 'paint', input: 'a cat' } }
  const locate = createLocate({ messages: [{ role: 'assistant', tool_calls: [call] }] })
  const at = 'messages.0.tool_calls.0'
  expect(locate({ kind: 'call', id: 'c1', occurrence: 0, part: 'input' })).toBe(`${at}.custom.input`)
  expect(locate({ kind: 'tool', name: 'paint', part: 'name' })).toBe(`${at}.custom.name`)
})
