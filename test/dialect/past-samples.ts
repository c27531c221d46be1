/** A sound agent conversation in each API's spelling: tools, an image, thinking, a PDF; `history` ends before the newest turn. */
export type Talk = {
  readonly tools: readonly object[]
  readonly history: readonly object[]
  /** Each a sound newest turn of its own. */
  readonly newest: readonly (readonly object[])[]
}

export const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const schema = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] }
const names = ['read', 'mcp__files__list', 'bash']

const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } }
const text = (words: string) => ({ type: 'text', text: words })
const use = (id: string, name: string, input: object) => ({ type: 'tool_use', id, name, input })
const result = (id: string, content: unknown, more: object = {}) => ({
  type: 'tool_result',
  tool_use_id: id,
  content,
  ...more,
})

export const messagesTalk: Talk = {
  tools: names.map((name) => ({ name, description: `Does ${name}.`, input_schema: schema })),
  history: [
    {
      role: 'user',
      content: [text('Look at this'), image, { type: 'document', source: { type: 'text', data: 'Plan' } }],
    },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'I plan.', signature: 'c2lnbmVk' },
        text('I look.'),
        use('toolu_1', 'read', { path: '/a', lines: [1, 2] }),
        use('toolu_2', 'bash', { command: 'ls', nested: { a: { b: [null, true] } } }),
      ],
    },
    { role: 'user', content: [result('toolu_1', [text('one'), image]), result('toolu_2', 'two', { is_error: true })] },
    { role: 'assistant', content: [{ type: 'redacted_thinking', data: 'c2VhbGVk' }, text('Done.')] },
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Go on' },
    { role: 'assistant', content: [use('toolu_3', 'mcp__files__list', {})] },
    { role: 'user', content: [result('toolu_3', [])] },
    { role: 'assistant', content: 'Nothing there.' },
  ],
  newest: [
    [{ role: 'user', content: 'hello' }],
    [{ role: 'user', content: [text('and this?'), image] }],
    [{ role: 'user', content: [result('toolu_3', 'late'), result('toolu_2', [text('again'), image]), text('next')] }],
    [
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: 'The answer is' },
    ],
  ],
}

const url = { type: 'image_url', image_url: { url: `data:image/png;base64,${png}`, detail: 'low' } }
const call = (id: string, name: string, input: object) => ({
  id,
  type: 'function',
  function: { name, arguments: JSON.stringify(input) },
})

export const chatTalk: Talk = {
  tools: names.map((name) => ({
    type: 'function',
    function: { name, description: `Does ${name}.`, parameters: schema },
  })),
  history: [
    { role: 'system', content: 'You are an agent.' },
    {
      role: 'user',
      content: [
        text('Look'),
        url,
        { type: 'file', file: { file_data: 'data:text/plain;base64,UGxhbg==', filename: 'a.txt' } },
      ],
    },
    {
      role: 'assistant',
      content: 'I look.',
      reasoning_content: 'I plan.',
      tool_calls: [call('call_1', 'read', { path: '/a' }), call('call_2', 'bash', { command: 'ls', deep: { a: [1] } })],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'one' },
    { role: 'tool', tool_call_id: 'call_2', content: [text('two'), url] },
    { role: 'developer', content: [text('Be brief.')] },
    { role: 'assistant', content: null, function_call: { name: 'bash', arguments: '{"command":"pwd"}' } },
    { role: 'function', name: 'bash', content: '/home' },
    { role: 'assistant', content: [text('In between'), { type: 'refusal', refusal: 'no' }] },
    { role: 'user', content: 'Go on' },
    { role: 'assistant', content: null, tool_calls: [call('call_3', 'mcp__files__list', {})] },
    { role: 'tool', tool_call_id: 'call_3', content: '' },
    { role: 'assistant', content: 'Nothing there.' },
  ],
  newest: [
    [{ role: 'user', content: 'hello' }],
    [{ role: 'user', content: [text('and this?'), url] }],
    [
      { role: 'assistant', content: null, tool_calls: [call('call_2', 'bash', {}), call('call_3', 'read', {})] },
      { role: 'tool', tool_call_id: 'call_3', content: 'late' },
      { role: 'tool', tool_call_id: 'call_2', content: [text('again'), url] },
    ],
    [
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: 'The answer is' },
    ],
  ],
}

export const itemsTalk: Talk = {
  tools: names.map((name) => ({ type: 'function', name, description: `Does ${name}.`, parameters: schema })),
  history: [
    { role: 'developer', content: 'You are an agent.' },
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Look' }] },
    { type: 'reasoning', id: 'rs_1', summary: [] },
    { type: 'function_call', call_id: 'call_1', name: 'read', arguments: '{"path":"/a"}' },
    { type: 'custom_tool_call', call_id: 'call_2', name: 'bash', input: 'ls' },
    { type: 'function_call_output', call_id: 'call_1', output: 'one' },
    { type: 'custom_tool_call_output', call_id: 'call_2', output: [{ type: 'input_text', text: 'two' }] },
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Done.' }] },
    { role: 'user', content: 'Go on' },
    { type: 'function_call', call_id: 'call_3', name: 'mcp__files__list', arguments: '{}' },
    { type: 'function_call_output', call_id: 'call_3', output: '' },
    { role: 'assistant', content: 'Nothing there.' },
  ],
  newest: [
    [{ role: 'user', content: 'hello' }],
    [{ type: 'message', role: 'user', content: [{ type: 'input_image', image_url: `data:image/png;base64,${png}` }] }],
    [
      { type: 'function_call', call_id: 'call_3', name: 'read', arguments: '{}' },
      { type: 'function_call_output', call_id: 'call_3', output: 'late' },
    ],
  ],
}
