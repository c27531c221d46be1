import { sealReasoning } from '../../server/dialect/openai-responses/sealed-reasoning.ts'
import { createSummarySeal } from '../../server/dialect/openai-responses/summary-seal.ts'
import { beyond, members, messages, of, refused, type Samples, schema, user } from './compatibility-samples.ts'
import { vault } from './samples.ts'

const look = { name: 'look', parameters: schema }
const fn = { type: 'function', function: look }
const fns = { tools: [fn] }
const two = { tools: [fn, { type: 'function', function: { name: 'other' } }] }
const call = { id: 'c', type: 'function', function: { name: 'look', arguments: '' } }
const said = (more: object) => messages(user('Hi'), { role: 'assistant', content: 'Hm', ...more }, user('Go on'))

export const chatParameters: Samples = {
  '`model`': of({ model: 'claude-haiku-4.5' }),
  '`messages[].role` `system`, `developer`': of(
    messages({ role: 'system', content: 'Be brief.' }, user('Hi')),
    messages({ role: 'developer', content: 'Be brief.' }, user('Hi')),
  ),
  '`messages[].role` `user`, `assistant`, `tool`': of(
    messages(user('Hi'), { role: 'assistant', content: [{ type: 'text', text: 'Ho' }] }, user('')),
    messages(
      user('Hi'),
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'c', content: '' },
    ),
  ),
  '`messages[].role` `function`, `assistant.function_call`': of(
    messages(
      user('Hi'),
      { role: 'assistant', content: null, function_call: { name: 'look', arguments: '{}' } },
      { role: 'function', name: 'look', content: 'seen' },
    ),
  ),
  '`messages[].tool_calls`': beyond(said({}), said({ tool_calls: [call] })),
  '`messages[].reasoning_content`': beyond(said({}), said({ reasoning_content: 'I see' })),
  '`messages[].name`': of(messages({ ...user('Hi'), name: 'Ada' })),
  '`max_completion_tokens`, `max_tokens`': [
    ...of({ max_completion_tokens: 5 }, { max_tokens: 5 }),
    ...beyond({ max_tokens: 6 }, { max_completion_tokens: 5, max_tokens: 6 }),
  ],
  '`stop`': of({ stop: 'STOP' }, { stop: ['STOP'] }),
  '`stream`, `stream_options.include_usage`': [
    ...of({ stream: true }),
    ...beyond({ stream: true }, { stream: true, stream_options: { include_usage: true } }),
  ],
  '`temperature`, `top_p`': of({ temperature: 1.5 }, { top_p: 0.5 }),
  '`tools[].function`': [
    ...of(fns),
    ...beyond(
      fns,
      { tools: [{ ...fn, function: { ...look, strict: true } }] },
      { tools: [{ type: 'function', function: { name: 'look' } }] },
    ),
  ],
  '`web_search_options`; `tools[]` `web_search…`': of(
    { web_search_options: {} },
    { web_search_options: { user_location: { type: 'approximate', approximate: { city: 'Oslo' } } } },
    { tools: [{ type: 'web_search_preview', max_uses: 1 }] },
  ),
  '`tools[]` `custom`': of({ tools: [{ type: 'custom', custom: { name: 'look' } }] }),
  '`tools[]` of other kinds': of({ tools: [{ type: 'local_shell' }] }),
  '`functions`, `function_call`': [
    ...of({ functions: [look] }),
    ...beyond({ functions: [look] }, { functions: [look], function_call: { name: 'look' } }),
  ],
  '`tool_choice` `auto`, `none`': beyond(fns, { ...fns, tool_choice: 'none' }),
  '`tool_choice` `required`, named': of(
    { ...fns, tool_choice: 'required' },
    { ...fns, tool_choice: { type: 'function', function: { name: 'look' } } },
    { ...fns, tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [fn] } } },
    { tools: [{ type: 'web_search' }], tool_choice: 'required' },
  ),
  '`tool_choice` `allowed_tools`': beyond(two, {
    ...two,
    tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [fn] } },
  }),
  '`parallel_tool_calls`': of({ ...fns, parallel_tool_calls: false }),
  '`reasoning_effort`': of({ reasoning_effort: 'none' }, { reasoning_effort: 'low' }),
  '`thinking`': of({ thinking: { type: 'enabled', budget_tokens: 2_000 } }),
  '`response_format` `json_object`, `json_schema`': of(
    { response_format: { type: 'json_object' } },
    { response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } },
  ),
  '`prompt_cache_key`, `metadata.session_id`': of({ prompt_cache_key: 'k' }, { metadata: { session_id: 's' } }),
  '`user`, `safety_identifier`': of({ user: 'somebody' }, { safety_identifier: 'somebody' }),
  '`n`': refused({ n: 2 }),
  '`logprobs`, `top_logprobs`': refused({ logprobs: true }, { top_logprobs: 2 }),
  '`modalities` other than text, `audio`': refused({ modalities: ['audio'] }, { audio: { voice: 'a' } }),
  '`seed`, `presence_penalty`, `frequency_penalty`, `logit_bias`, `prediction`, `store`, `metadata`, `service_tier`, `verbosity`, `moderation`, `prompt_cache_options`, `prompt_cache_retention`':
    members(
      ...['seed', 'presence_penalty', 'frequency_penalty', 'logit_bias', 'prediction', 'store', 'metadata'],
      ...['service_tier', 'verbosity', 'moderation', 'prompt_cache_options', 'prompt_cache_retention'],
    ),
}

const flat = { type: 'function', ...look }
const flats = { tools: [flat] }
const flatTwo = { tools: [flat, { ...flat, name: 'other' }] }
const patch = { type: 'custom', name: 'patch' }

/** `resp_kept` and its item `msg_kept_0` are kept for the caller of these requests. */
export const keptResponse = {
  id: 'resp_kept',
  status: 'completed',
  output: [
    {
      id: 'msg_kept_0',
      type: 'message',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'Kept', annotations: [] }],
    },
  ],
}

export const responsesParameters: Samples = {
  '`model`': of({ model: 'claude-haiku-4.5' }),
  '`input`': of({ input: 'Hello' }, { input: [user('Hi'), user('And this')] }),
  '`instructions`': of({ instructions: 'Be brief.' }),
  '`previous_response_id`': of({ previous_response_id: 'resp_kept' }),
  '`store`': of({ store: false }),
  '`stream`, `stream_options.include_obfuscation`': of({ stream: true }),
  '`max_output_tokens`': of({ max_output_tokens: 5 }),
  '`temperature`, `top_p`': of({ temperature: 1.5 }, { top_p: 0.5 }),
  '`tools[]` `function`': [...of(flats), ...beyond(flats, { tools: [{ ...flat, strict: true }] })],
  '`tools[]` `custom`': [
    ...of({ tools: [patch] }),
    ...beyond(
      { tools: [patch] },
      { tools: [{ ...patch, format: { type: 'grammar', syntax: 'lark', definition: 'a' } }] },
    ),
  ],
  '`tools[]` `namespace`': of({ tools: [{ type: 'namespace', name: 'group', tools: [flat] }] }),
  '`tools[]` `web_search…`, `max_tool_calls`': [
    ...of({ tools: [{ type: 'web_search' }] }),
    ...beyond(
      { tools: [{ type: 'web_search' }] },
      { tools: [{ type: 'web_search' }], max_tool_calls: 1 },
      { tools: [{ type: 'web_search', filters: { blocked_domains: ['a.example'] } }] },
    ),
  ],
  '`tools[]` `file_search`, `code_interpreter`, `image_generation`, `mcp`, `computer…`, `tool_search`, `programmatic_tool_calling`, `local_shell`, `shell`, `apply_patch`, unknown kinds':
    of(
      ...[
        ...['file_search', 'code_interpreter', 'image_generation', 'mcp', 'computer_use_preview', 'tool_search'],
        ...['programmatic_tool_calling', 'local_shell', 'shell', 'apply_patch', 'hologram'],
      ].map((type) => ({ tools: [{ type }] })),
    ),
  '`tool_choice` `auto`, `none`': beyond(flats, { ...flats, tool_choice: 'none' }),
  '`tool_choice` `required`, `function`, `custom`, `web_search…`': of(
    { ...flats, tool_choice: 'required' },
    { ...flats, tool_choice: { type: 'function', name: 'look' } },
    { tools: [patch], tool_choice: { type: 'custom', name: 'patch' } },
    { tools: [{ type: 'web_search' }], tool_choice: { type: 'web_search_preview' } },
  ),
  '`tool_choice` `allowed_tools`': beyond(flatTwo, {
    ...flatTwo,
    tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [flat] },
  }),
  '`tool_choice` of a kind that is ignored': of({
    tools: [{ type: 'file_search' }],
    tool_choice: { type: 'file_search' },
  }),
  '`parallel_tool_calls`': of({ ...flats, parallel_tool_calls: false }),
  '`reasoning.effort`': of({ reasoning: { effort: 'none' } }, { reasoning: { effort: 'low' } }),
  '`reasoning.summary`, `generate_summary`': of(
    { reasoning: { summary: 'auto' } },
    { reasoning: { generate_summary: 'auto' } },
  ),
  '`include` `reasoning.encrypted_content`': of({ include: ['reasoning.encrypted_content'] }),
  '`include` `web_search_call.action.sources`': of({ include: ['web_search_call.action.sources'] }),
  '`include` `message.output_text.logprobs`, `top_logprobs`': refused(
    { include: ['message.output_text.logprobs'] },
    { top_logprobs: 2 },
  ),
  '`text.format` `json_object`, `json_schema`': of(
    { text: { format: { type: 'json_object' } } },
    { text: { format: { type: 'json_schema', name: 'x', schema } } },
  ),
  '`prompt_cache_key`, `metadata.session_id`': of({ prompt_cache_key: 'k' }, { metadata: { session_id: 's' } }),
  '`user`, `safety_identifier`': of({ user: 'somebody' }, { safety_identifier: 'somebody' }),
  '`background`, `conversation`, `prompt`': refused(
    { background: true },
    { conversation: 'c' },
    { prompt: { id: 'p' } },
  ),
  '`text.verbosity`, `truncation`, `metadata`, `service_tier`, `context_management`, `moderation`, `prompt_cache_options`, `prompt_cache_retention`, `client_metadata`, other `include`':
    [
      ...of(
        { text: { verbosity: 'low' } },
        { truncation: 'auto' },
        { include: ['computer_call_output.output.image_url'] },
      ),
      ...members('metadata', 'service_tier', 'context_management', 'moderation', 'prompt_cache_options'),
      ...members('prompt_cache_retention', 'client_metadata'),
    ],
}

const input = (...items: readonly object[]) => ({ input: [user('Hi'), ...items, user('Go on')] })
const output = (...items: readonly object[]) => ({ input: [user('Hi'), ...items] })
const functionCall = { type: 'function_call', call_id: 'c', name: 'look', arguments: '{}' }

export const responsesItems: Samples = {
  '`message`, or no type and a `role`': beyond(
    input(),
    input({ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Ho' }] }),
    input({ role: 'developer', content: 'Be brief.' }),
  ),
  '`function_call`, `custom_tool_call` and their outputs': beyond(
    output(),
    output(functionCall, {
      type: 'function_call_output',
      call_id: 'c',
      output: [{ type: 'input_text', text: 'seen' }],
    }),
    output(
      { type: 'custom_tool_call', call_id: 'c', name: 'patch', input: 'x' },
      { type: 'custom_tool_call_output', call_id: 'c', output: 'done' },
    ),
  ),
  '`local_shell_call`, `shell_call`, `apply_patch_call` and their outputs': beyond(
    output(),
    output(
      { type: 'local_shell_call', call_id: 'c', action: { type: 'exec', command: ['ls'] } },
      { type: 'local_shell_call_output', call_id: 'c', output: 'a' },
    ),
    output(
      { type: 'shell_call', call_id: 'c', action: { commands: ['ls'] } },
      { type: 'shell_call_output', call_id: 'c', output: [{ stdout: 'a', outcome: { type: 'exit', exit_code: 0 } }] },
    ),
    output(
      { type: 'apply_patch_call', call_id: 'c', operation: { type: 'delete_file', path: 'a' } },
      { type: 'apply_patch_call_output', call_id: 'c', status: 'completed' },
    ),
  ),
  '`reasoning`': beyond(
    input(),
    input({
      type: 'reasoning',
      summary: [],
      encrypted_content: sealReasoning({ type: 'reasoning', text: 'Hm', signature: 'c2ln' }),
    }),
  ),
  '`compaction`': beyond(
    input(),
    input({ type: 'compaction', encrypted_content: createSummarySeal(vault).seal('They spoke.') }),
  ),
  '`compaction_trigger` as the last item': beyond(output(), output({ type: 'compaction_trigger' })),
  '`item_reference`, or nothing but an `id`': beyond(
    input(),
    input({ type: 'item_reference', id: 'msg_kept_0' }),
    input({ id: 'msg_kept_0' }),
  ),
  '`additional_tools`, `tool_search_output`': beyond(
    input(),
    input({ type: 'additional_tools', tools: [flat] }),
    input({ type: 'tool_search_output', tools: [flat] }),
  ),
  '`web_search_call`': beyond(
    input(),
    input({ type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'bun' } }),
  ),
  '`mcp_call`, other calls of hosted tools, unknown kinds': beyond(
    input(),
    input({ type: 'mcp_call', id: 'mcp_1', name: 'look', output: 'seen' }),
    input({ type: 'file_search_call', id: 'fs_1', queries: ['bun'], status: 'completed' }),
    input({ type: 'hologram' }),
  ),
}
