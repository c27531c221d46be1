import { describe, expect, test } from 'bun:test'
import type { Conversation } from '../../server/conversation/conversation.ts'
import type { Note } from '../../server/conversation/note.ts'
import type { Form } from '../../server/dialect/openai-responses/form.ts'
import { openaiResponses } from './samples.ts'

const secret = 'sekrit-value'
const hello = { model: 'm', input: 'Hello' }
const fn = (name: string, more: object = {}) => ({ type: 'function', name, ...more })
const withItem = (item: object) => ({ input: [{ role: 'user', content: 'x' }, item] })
const withPart = (part: object) => withItem({ role: 'user', content: [part] })
const decode = (body: object) => openaiResponses.decode(JSON.parse(JSON.stringify({ ...hello, ...body })))
const decoded = (body: object): { readonly conversation: Conversation; readonly form: Form } => {
  const result = decode(body)
  if (!result.ok) throw new Error(result.error.message)
  return result.value as { conversation: Conversation; form: Form }
}

describe('openai-responses refuses by name', () => {
  type Row = readonly [body: object, field: string, says: RegExp]
  test.each([
    [{ model: undefined }, 'model', /is required/],
    [{ input: undefined }, 'input', /is required/],
    [{ input: [] }, 'input', /at least one item/],
    [{ input: 7 }, 'input', /must be a string or an array/],
    [withItem({ role: secret, content: 'x' }), 'input.1.role', /'user', 'assistant', 'system' or 'developer'/],
    [withItem({ role: 'user', content: 7 }), 'input.1.content', /must be a string or an array/],
    [withPart({ type: 'input_text' }), 'input.1.content.0.text', /is required/],
    [withPart({ type: 'input_image', image_url: `ftp://x/${secret}` }), 'input.1.content.0.image_url', /http\(s\)/],
    [withPart({ type: 'input_image', file_id: secret }), 'input.1.content.0.image_url', /base64 data URL/],
    [withPart({ type: 'input_file', file_url: 'ftp://x' }), 'input.1.content.0.file_url', /http or https/],
    [withPart({ type: 'input_audio' }), 'input.1.content.0.type', /audio/],
    [withItem({ type: 'function_call_output', output: 'x' }), 'input.1.call_id', /is required/],
    [withItem({ type: 'function_call_output', call_id: 'c', output: 7 }), 'input.1.output', /string or an array/],
    [withItem({ type: 'compaction', encrypted_content: secret }), 'input.1.encrypted_content', /cannot be opened/],
    [withItem({ type: 'compaction' }), 'input.1.encrypted_content', /is required/],
    [withItem({ type: 'item_reference', id: secret }), 'input.1.id', /still kept/],
    [{ tools: [{ type: 'function' }] }, 'tools.0.name', /is required/],
    [{ tools: [{ type: 'custom' }] }, 'tools.0.name', /is required/],
    [{ tools: [{ type: 'namespace', tools: [] }] }, 'tools.0.name', /is required/],
    [{ tools: [{ type: 'namespace', name: 'n', tools: [fn('')] }] }, 'tools.0.tools.0.name', /is required/],
    [{ tool_choice: secret }, 'tool_choice', /none, auto, required/],
    [{ tool_choice: 'required' }, 'tool_choice', /no tool to call/],
    [{ tool_choice: 'required', tools: [] }, 'tool_choice', /no tool to call/],
    [
      { tools: [{ type: 'web_search', filters: { allowed_domains: ['http://x y/'] } }] },
      'tools.0.filters.allowed_domains.0',
      /must be a domain/,
    ],
    [{ tool_choice: { type: 'function', name: secret } }, 'tool_choice', /no tool/],
    [{ tool_choice: { type: 'function' } }, 'tool_choice.name', /is required/],
    [{ max_output_tokens: 0 }, 'max_output_tokens', /at least 1/],
    [{ temperature: 3 }, 'temperature', /at most 2/],
    [{ text: { format: { type: secret } } }, 'text.format.type', /json_schema/],
    [{ text: { format: { type: 'json_schema', name: 'x' } } }, 'text.format.schema', /is required/],
    [{ background: true }, 'background', /background/],
    [{ conversation: secret }, 'conversation', /not kept/],
    [{ prompt: { id: secret } }, 'prompt', /not kept/],
    [{ top_logprobs: 3 }, 'top_logprobs', /not available/],
    [{ include: ['message.output_text.logprobs'] }, 'include', /not available/],
    [{ stream: 'yes' }, 'stream', /must be a boolean/],
  ] as readonly Row[])('%p: %s', (body, field, says) => {
    const result = decode(body)
    if (result.ok) throw new Error('accepted')
    expect(result.error).toMatchObject({ kind: 'invalid-request', field })
    expect(result.error.message).toMatch(says)
    expect(result.error.message).not.toContain(secret)
  })
})

describe('openai-responses reads tools that come in the course of the conversation', () => {
  const bringing = (tools: unknown) => ({ type: 'additional_tools', role: 'developer', tools })
  const more = { role: 'user', content: 'And?' }
  const unreadable: readonly { readonly tools: unknown }[] = [
    { tools: 7 },
    { tools: [[]] },
    { tools: [{ name: 5 }] },
    { tools: [fn('')] },
    { tools: [{ type: 'namespace', name: 'n', tools: [fn('')] }] },
  ]

  test.each(unreadable)('and leaves out what nobody can read in the past: %j', ({ tools }) => {
    const notes: Note[] = []
    const body = { ...hello, input: [{ role: 'user', content: 'x' }, bringing(tools), bringing([fn('late')]), more] }
    const result = openaiResponses.decode(body, (note) => notes.push(note))
    if (!result.ok) throw new Error(result.error.message)
    expect(result.value.conversation.tools.map(({ name }) => name)).toEqual(['late'])
    expect(notes).toMatchObject([{ what: 'part-left-out', field: expect.stringMatching(/^input\.1/) }])
  })

  test.each([
    [bringing(7), 'input.1.tools'],
    [bringing([fn('a'), []]), 'input.1.tools.1'],
    [bringing([fn('a'), fn('')]), 'input.1.tools.1.name'],
    [bringing([{ type: 'namespace', name: 'n', tools: [fn('')] }]), 'input.1.tools.0.tools.0.name'],
  ])('and refuses it in the newest turn: %j', (item, field) => {
    expect(decode(withItem(item))).toMatchObject({ ok: false, error: { kind: 'invalid-request', field } })
  })
})

test('tools of different groups that would have one name are all there, and called by their own', () => {
  const tools = [
    { type: 'namespace', name: 'a', tools: [fn('b__c'), fn('b__c')] },
    { type: 'namespace', name: 'a__b', tools: [fn('c')] },
    { type: 'custom', name: 'a__b__c' },
  ]
  const { conversation, form } = decoded({ tools })
  expect(conversation.tools.map(({ name }) => name)).toEqual(['a__b__c', 'a__b__c_2', 'a__b__c_3'])
  expect([...form.names.values()]).toEqual([
    { kind: 'function', name: 'b__c', namespace: 'a' },
    { kind: 'function', name: 'c', namespace: 'a__b' },
    { kind: 'custom', name: 'a__b__c' },
  ])
  const choice = { type: 'function', namespace: 'a__b', name: 'c' }
  expect(decoded({ tools, tool_choice: choice }).conversation.toolChoice).toEqual({ type: 'tool', name: 'a__b__c_2' })
})

describe('openai-responses takes without an effect', () => {
  test.each([
    { background: false },
    { conversation: null, prompt: null, previous_response_id: null },
    { truncation: 'auto' },
    { text: { verbosity: 'low' } },
    {
      service_tier: 'priority',
      max_tool_calls: 3,
      moderation: { model: 'x' },
      context_management: [{ type: 'compaction' }],
    },
    { client_metadata: { a: 'b' }, prompt_cache_options: {}, stream_options: { include_obfuscation: true } },
    { include: ['file_search_call.results', 'a.future.thing'] },
    {
      tools: [
        { type: 'web_search', external_web_access: false },
        { type: 'tool_search' },
        { type: 'image_generation' },
        { type: 'local_shell' },
      ],
    },
    {
      tools: [
        { type: 'mcp', server_label: 'x', server_url: 'https://x' },
        { type: 'a_kind_of_the_future', name: 'x' },
      ],
    },
    { tools: [{ type: 'file_search' }], tool_choice: { type: 'file_search' } },
    { tools: [{ type: 'file_search' }], tool_choice: 'required' },
    {
      input: [
        { role: 'user', content: 'Hello' },
        { type: 'a_kind_of_the_future', data: [] },
      ],
    },
    {
      input: [
        { type: 'web_search_call', id: 'ws_1', status: 'completed' },
        { role: 'user', content: 'Hello' },
      ],
    },
    {
      input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello' }, { type: 'future' }] }],
    },
  ])('%j', (more) => {
    // Calls of tools that are left out pass, whatever the model knows them from.
    const { alsoDeclared: _, ...asked } = decoded(more).conversation
    expect(asked).toEqual(decoded({}).conversation)
  })
})

describe('what is asked for in a Responses request reaches the conversation', () => {
  const tool = (name: string, description = '') => ({ name, description, schema: { type: 'object', properties: {} } })
  test.each([
    [{ instructions: 'Be brief.' }, { system: ['Be brief.'] }],
    [{ reasoning: { effort: 'none' } }, { thinking: { type: 'disabled' } }],
    [{ reasoning: { effort: 'minimal' } }, { thinking: { type: 'unspecified' }, effort: 'minimal' }],
    [{ reasoning: { effort: 'xhigh' } }, { thinking: { type: 'adaptive' }, effort: 'xhigh' }],
    [{ reasoning: { effort: 'some new one' } }, { thinking: { type: 'unspecified' } }],
    [{ max_output_tokens: 30 }, { limits: { maxOutputTokens: 30, stop: [] } }],
    [{ text: { format: { type: 'json_object' } } }, { output: { type: 'json' } }],
    [
      { text: { format: { type: 'json_schema', name: 't', schema: { a: 1 }, strict: true } } },
      { output: { type: 'json-schema', name: 't', schema: { a: 1 } } },
    ],
    [{ parallel_tool_calls: false }, { parallelToolCalls: false }],
    [{ tools: [fn('a')], tool_choice: 'none' }, { toolChoice: { type: 'none' } }],
    [{ tools: [fn('a')], tool_choice: 'required' }, { toolChoice: { type: 'any' } }],
    [{ tools: [fn('a')], tool_choice: fn('a') }, { toolChoice: { type: 'tool', name: 'a' } }],
    [
      { tools: [{ type: 'custom', name: 'p' }], tool_choice: { type: 'custom', name: 'p' } },
      { toolChoice: { type: 'tool', name: 'p' } },
    ],
    [
      { tools: [{ type: 'namespace', name: 'mcp__s', tools: [fn('a')] }], tool_choice: fn('a') },
      { toolChoice: { type: 'tool', name: 'mcp__s__a' }, tools: [tool('mcp__s__a')] },
    ],
    [
      {
        tools: [fn('a'), fn('b'), { type: 'namespace', name: 'n', description: 'Of n.', tools: [fn('a'), fn('c')] }],
        tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [fn('b'), fn('a', { namespace: 'n' })] },
      },
      { toolChoice: { type: 'auto' }, tools: [tool('b'), tool('n__a', 'Of n.')] },
    ],
    [{ tools: [fn('a'), fn('a')] }, { tools: [tool('a')] }],
    [withItem({ type: 'additional_tools', role: 'developer', tools: [fn('late')] }), { tools: [tool('late')] }],
    [
      withItem({
        type: 'tool_search_output',
        call_id: 'c',
        tools: [{ type: 'namespace', name: 'n', tools: [fn('late')] }],
      }),
      { tools: [tool('n__late')] },
    ],
    [
      { prompt_cache_key: 'key', user: 'u' },
      { session: 'key', endUser: 'u' },
    ],
    [
      { metadata: { session_id: 's' }, safety_identifier: 'i' },
      { session: 's', endUser: 'i' },
    ],
    [{ stream: true }, { stream: true }],
  ])('%j', (more, expected) => {
    expect(decoded(more).conversation).toMatchObject(expected)
  })

  test('two groups may hold tools of one name; each call goes back to its own', () => {
    const tools = ['mcp__a', 'mcp__b'].map((name) => ({ type: 'namespace', name, tools: [fn('search')] }))
    const { conversation, form } = decoded({ tools })
    expect(conversation.tools.map(({ name }) => name)).toEqual(['mcp__a__search', 'mcp__b__search'])
    expect(form.names.get('mcp__b__search')).toEqual({ kind: 'function', name: 'search', namespace: 'mcp__b' })
  })

  test('a freeform tool is a function of one text, its grammar told in words', () => {
    const format = { type: 'grammar', syntax: 'regex', definition: '^a+$' }
    const [custom] = decoded({ tools: [{ type: 'custom', name: 'p', description: 'Does.', format }] }).conversation
      .tools
    expect(custom).toMatchObject({
      description: 'Does.\n\nThe input must follow this regex grammar:\n^a+$',
      schema: { properties: { input: { type: 'string' } }, required: ['input'] },
    })
  })
})
