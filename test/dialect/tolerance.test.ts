import { describe, expect, test } from 'bun:test'
import { decodeCount } from '../../server/dialect/anthropic/decode.ts'
import { caseNames, readCaseJson } from '../support/fixture-cases.ts'
import { dialects } from './samples.ts'

const [anthropic, openaiChat] = dialects
if (anthropic === undefined || openaiChat === undefined) throw new Error('too few dialects')

/** The same JSON with a member nobody knows in every object but those whose every member has a meaning of its own. */
function withUnknowns(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withUnknowns)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([key, member]) => [
    key,
    hasOwnMeaning(key, member) ? member : withUnknowns(member),
  ])
  return { ...Object.fromEntries(members), x_future_member: { nested: [1, 'two', null] } }
}
const hasOwnMeaning = (key: string, value: unknown): boolean =>
  ['input_schema', 'parameters', 'schema', 'action', 'operation'].includes(key) ||
  (key === 'input' && !Array.isArray(value))

for (const dialect of dialects) {
  describe(`${dialect.name} ignores members it does not know`, () => {
    test.each([...caseNames('requests', `${dialect.name}.json`)])('%s', (name) => {
      const body = readCaseJson<unknown>('requests', name, `${dialect.name}.json`)
      const decoded = dialect.decode(withUnknowns(body))
      const plain = dialect.decode(body)
      if (!decoded.ok || !plain.ok) throw new Error('refused')
      expect(decoded.value.conversation).toEqual(plain.value.conversation)
    })
  })
}

const user = { role: 'user', content: 'x' }
const decode = (dialect: typeof anthropic, more: object) => {
  const decoded = dialect.decode({ model: 'm', messages: [user], ...more })
  if (!decoded.ok) throw new Error(decoded.error.message)
  return decoded.value
}
/** But for the names of tools that are left out: calls of them pass, whatever the model knows them from. */
const shown = (dialect: typeof anthropic, more: object) => {
  const { conversation, ...rest } = decode(dialect, more)
  const { alsoDeclared: _, ...asked } = conversation
  return { ...rest, conversation: asked }
}

describe('parameters that change nothing', () => {
  test.each([
    [
      {
        top_k: 5,
        service_tier: 'auto',
        container: 'c',
        mcp_servers: [],
        inference_geo: 'eu',
        betas: ['x'],
        speed: 'fast',
      },
    ],
    [{ context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] } }],
    [{ safeguards: [{ type: 'dangerous_tool_use', classifier_context: { a: 1 } }] }],
    [{ cache_control: { type: 'ephemeral' } }],
    [{ tools: [{ type: 'bash_20250124', name: 'bash' }], tool_choice: { type: 'any' } }],
    [
      {
        tools: [
          { type: 'code_execution_20250825', name: 'code_execution' },
          { type: 'future_20300101', name: 'x' },
        ],
      },
    ],
    [{ thinking: { type: 'a_future_kind' } }],
    [{ output_config: { effort: 'a_future_step' } }],
    [{ temperature: null, top_p: null, system: null, tools: null, tool_choice: null, thinking: null, thread: null }],
    [{ metadata: {}, stop_sequences: [], stream: false }],
    [{ stop_sequences: [''] }],
  ])('as Messages: %j', (more) => {
    expect(shown(anthropic, more)).toEqual(shown(anthropic, {}))
  })

  test.each([
    [{ n: 1, seed: 1, store: false, service_tier: 'auto', verbosity: 'low', logit_bias: {}, prediction: null }],
    [{ presence_penalty: 1, frequency_penalty: -1, logprobs: false, top_logprobs: 0, metadata: { a: 'b' } }],
    [{ modalities: ['text'], audio: null, background: false, include: ['reasoning.encrypted_content'] }],
    [{ truncation: 'auto', client_metadata: {}, safety_identifier: '' }],
    [{ tools: [{ type: 'code_interpreter' }], tool_choice: 'required' }],
    [
      {
        tools: [
          { type: 'web_search', external_web_access: false },
          { type: 'custom', name: 'c' },
          { type: 'namespace', name: 'n', tools: [] },
        ],
      },
    ],
    [{ reasoning_effort: 'a_future_step' }],
    [{ temperature: null, stop: null, tools: null, stream_options: null, response_format: null, n: null }],
    [{ response_format: { type: 'text' }, text: { format: { type: 'text' } }, stop: [] }],
    [{ stop: '' }],
  ])('as Chat Completions: %j', (more) => {
    expect(shown(openaiChat, more)).toEqual(shown(openaiChat, {}))
  })
})

test('the names of tools that are declared and not shown are known, but for those taken away or not allowed', () => {
  const later = (name: string) => ({ name, defer_loading: true, input_schema: { type: 'object' } })
  const bash = { type: 'bash_20250124', name: 'bash' }
  const tools = [later('a'), later('b'), later('c'), bash, { type: 'web_search_20250305', name: 'web_search' }]
  const changed = {
    role: 'user',
    content: [
      { type: 'tool_reference', tool_name: 'a' },
      { type: 'tool_removal', tool: { name: 'b' } },
    ],
  }
  expect(decode(anthropic, { tools }).conversation.alsoDeclared).toEqual(['a', 'b', 'c', 'bash'])
  const messages = [changed, user]
  expect(decode(anthropic, { tools, messages }).conversation.alsoDeclared).toEqual(['c', 'bash'])
  const kinds = [{ type: 'local_shell' }, { type: 'shell' }, { type: 'web_search' }]
  expect(decode(openaiChat, { tools: kinds }).conversation.alsoDeclared).toEqual(['local_shell', 'shell'])
  const choice = { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'shell' }] }
  expect(decode(openaiChat, { tools: kinds, tool_choice: choice }).conversation.alsoDeclared).toEqual(['shell'])
})

describe('a session is found, and never mistaken for who asks', () => {
  type Row = readonly [more: object, session: string | undefined, endUser: string | undefined]
  const uuid = '3f0c2a52-8f1d-4a6e-9d3b-0c5f7c1e2ab4'
  test.each([
    [{ metadata: { user_id: `user_${'a'.repeat(64)}_account_${uuid}_session_${uuid}` } }, uuid, undefined],
    [{ metadata: { user_id: `user_${'a'.repeat(64)}_account__session_${uuid}` } }, uuid, undefined],
    [
      { metadata: { user_id: JSON.stringify({ device_id: 'd', account_uuid: '', session_id: uuid }) } },
      uuid,
      undefined,
    ],
    [{ conversation_id: 'mine', metadata: { user_id: `user_a_account__session_${uuid}` } }, 'mine', undefined],
    [{ conversation_id: 'y'.repeat(1000) }, 'y'.repeat(256), undefined],
    [{ metadata: { user_id: `someone_session_${uuid}` } }, undefined, `someone_session_${uuid}`],
    [{ metadata: { user_id: JSON.stringify({ device_id: 'd' }) } }, undefined, '{"device_id":"d"}'],
    [{ metadata: { user_id: JSON.stringify({ session_id: 7 }) } }, undefined, '{"session_id":7}'],
    [{ metadata: { user_id: JSON.stringify({ session_id: ' ' }) } }, undefined, '{"session_id":" "}'],
    [{ metadata: { user_id: '{broken' } }, undefined, '{broken'],
    [{ metadata: { user_id: 'someone' } }, undefined, 'someone'],
    [{ metadata: { user_id: null } }, undefined, undefined],
    [{ metadata: { user_id: '  ' } }, undefined, undefined],
    [{ metadata: { user_id: 'y'.repeat(1000) } }, undefined, 'y'.repeat(256)],
    [{ conversation_id: 'mine', metadata: { user_id: 'someone' } }, 'mine', 'someone'],
  ] as readonly Row[])('in a Messages body: %j', (more, session, endUser) => {
    const { conversation } = decode(anthropic, more)
    expect([conversation.session, conversation.endUser]).toEqual([session, endUser])
  })

  test.each([
    [{ prompt_cache_key: 'key', user: 'u' }, 'key', 'u'],
    [{ metadata: { session_id: 's' }, user: 'u' }, 's', 'u'],
    [{ prompt_cache_key: 'key', metadata: { session_id: 's' } }, 'key', undefined],
    [{ user: 'u', safety_identifier: 'i' }, undefined, 'u'],
    [{ safety_identifier: 'i' }, undefined, 'i'],
    [{ user: null }, undefined, undefined],
    [{ user: ' ', prompt_cache_key: '' }, undefined, undefined],
  ] as readonly Row[])('in a Chat body: %j', (more, session, endUser) => {
    const { conversation } = decode(openaiChat, more)
    expect([conversation.session, conversation.endUser]).toEqual([session, endUser])
  })
})

describe('what is asked for reaches the conversation', () => {
  test.each([
    [
      { thinking: { type: 'enabled', budget_tokens: 31999, display: 'summarized' } },
      { thinking: { type: 'enabled', budgetTokens: 31999 } },
    ],
    [{ thinking: { type: 'adaptive', display: 'updates' } }, { thinking: { type: 'adaptive' } }],
    [{ thinking: { type: 'disabled' }, temperature: 1 }, { thinking: { type: 'disabled' } }],
    [{ output_config: { effort: 'max' } }, { effort: 'max' }],
    [
      { output_format: { type: 'json_schema', schema: { type: 'object' } } },
      { output: { type: 'json-schema', schema: { type: 'object' } } },
    ],
    [
      { tools: [{ name: 'a' }], tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
      { parallelToolCalls: false, toolChoice: { type: 'auto' } },
    ],
    [{ tools: [{ name: 'a' }], tool_choice: { type: 'none' } }, { toolChoice: { type: 'none' } }],
    [{ tools: [{ name: 'a' }], tool_choice: { type: 'any' } }, { toolChoice: { type: 'any' } }],
    [{ max_tokens: 999_999_999 }, { limits: { maxOutputTokens: 999_999_999, stop: [] } }],
    [{ tools: [{ name: 'a', defer_loading: true }] }, { tools: [] }],
    [
      { tools: [{ name: 'a', defer_loading: true }], tool_choice: { type: 'tool', name: 'a' } },
      { toolChoice: { type: 'tool', name: 'a' } },
    ],
    [{ stream: true }, { stream: true }],
  ])('of Messages: %j', (more, expected) => {
    expect(decode(anthropic, more).conversation).toMatchObject(expected)
  })

  const tool = { type: 'function', function: { name: 'a' } }
  const other = { type: 'function', function: { name: 'b' } }
  test.each([
    [{ reasoning_effort: 'none' }, { thinking: { type: 'disabled' } }],
    [{ reasoning_effort: 'minimal' }, { thinking: { type: 'unspecified' }, effort: 'minimal' }],
    [{ reasoning_effort: 'low' }, { thinking: { type: 'adaptive' }, effort: 'low' }],
    [{ reasoning_effort: 'medium' }, { thinking: { type: 'adaptive' }, effort: 'medium' }],
    [{ reasoning_effort: 'high' }, { thinking: { type: 'adaptive' }, effort: 'high' }],
    [{ reasoning_effort: 'xhigh' }, { thinking: { type: 'adaptive' }, effort: 'xhigh' }],
    [{ reasoning: { effort: 'high', summary: 'auto' } }, { thinking: { type: 'adaptive' }, effort: 'high' }],
    [{ thinking: { type: 'disabled' }, reasoning_effort: 'high' }, { thinking: { type: 'disabled' } }],
    [{ max_tokens: 10, max_completion_tokens: 20 }, { limits: { maxOutputTokens: 20, stop: [] } }],
    [{ max_output_tokens: 30 }, { limits: { maxOutputTokens: 30, stop: [] } }],
    [{ stop: 'END' }, { limits: { stop: ['END'] } }],
    [{ response_format: { type: 'json_object' } }, { output: { type: 'json' } }],
    [
      { text: { format: { type: 'json_schema', name: 't', schema: { a: 1 } } } },
      { output: { type: 'json-schema', name: 't', schema: { a: 1 } } },
    ],
    [{ tools: [tool], tool_choice: 'none' }, { toolChoice: { type: 'none' } }],
    [{ tools: [tool], tool_choice: 'required' }, { toolChoice: { type: 'any' } }],
    [{ tools: [tool], tool_choice: { type: 'function', name: 'a' } }, { toolChoice: { type: 'tool', name: 'a' } }],
    [{ tools: [tool], tool_choice: { type: 'tool', name: 'a' } }, { toolChoice: { type: 'tool', name: 'a' } }],
    [
      { tools: [{ type: 'web_search' }], tool_choice: { type: 'function', name: 'web_search' } },
      { toolChoice: { type: 'auto' } },
    ],
    [
      {
        tools: [tool, other],
        tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [tool] } },
      },
      {
        toolChoice: { type: 'any' },
        tools: [{ name: 'a', description: '', schema: { type: 'object', properties: {} } }],
      },
    ],
    [{ tools: [tool], parallel_tool_calls: false }, { parallelToolCalls: false }],
    [{ tools: [tool], parallel_tool_calls: true }, { parallelToolCalls: true }],
    [{ tools: [tool, tool] }, { tools: [{ name: 'a', description: '', schema: { type: 'object', properties: {} } }] }],
    [{ messages: undefined, input: 'Hi' }, { messages: [{ role: 'user', parts: [{ type: 'text', text: 'Hi' }] }] }],
  ])('of Chat Completions: %j', (more, expected) => {
    expect(decode(openaiChat, more).conversation).toMatchObject(expected)
  })

  test('only a caller who asks for it gets the usage chunk', () => {
    expect(decode(openaiChat, { stream_options: { include_usage: true } }).form).toEqual({ includeUsage: true })
    expect(decode(openaiChat, { stream_options: {} }).form).toEqual({ includeUsage: false })
    expect(decode(openaiChat, {}).form).toEqual({ includeUsage: false })
  })
})

describe('a token count', () => {
  test('needs neither a model nor a limit', () => {
    const decoded = decodeCount({ messages: [{ role: 'user', content: 'foo' }], tools: [] })
    expect(decoded).toMatchObject({ ok: true, value: { model: '', messages: [{ role: 'user' }] } })
  })

  test('reads what a Messages request has', () => {
    const body = readCaseJson<object>('requests', 'claude-code-newer-models', 'anthropic.json')
    expect(decodeCount(body)).toEqual({ ok: true, value: decode(anthropic, body).conversation })
  })

  test('refuses as Messages does', () => {
    expect(decodeCount({ messages: 5 })).toMatchObject({ ok: false, error: { field: 'messages' } })
  })
})

test('tool schemas pass through untouched, whatever keywords they have', () => {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    additionalProperties: {},
    properties: {
      url: { type: 'string', format: 'uri', minLength: 1, pattern: '^x' },
      count: { type: 'integer', exclusiveMinimum: 0, maximum: 9_007_199_254_740_991, default: 1 },
      any: { anyOf: [{ const: 'a' }, { enum: ['b'] }], title: 'Any' },
      map: { type: 'object', propertyNames: { maxLength: 3 }, properties: {} },
    },
  }
  const asMessages = decode(anthropic, { tools: [{ name: 'a', input_schema: schema }] }).conversation.tools
  const asChat = decode(openaiChat, { tools: [{ function: { name: 'a', parameters: schema } }] }).conversation.tools
  expect(asMessages[0]?.schema).toEqual(schema)
  expect(asChat).toEqual(asMessages)
})
