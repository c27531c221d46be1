import { tinyPng } from '../support/sse.ts'
import {
  beyond,
  members,
  messages,
  of,
  refused,
  type Sample,
  type Samples,
  schema,
  user,
} from './compatibility-samples.ts'

const tool = { name: 'look', input_schema: schema }
const tools = { tools: [tool] }
const deferred = { tools: [{ ...tool, defer_loading: true }] }
const search = { type: 'web_search_20250305', name: 'web_search' }
const system = (...content: readonly unknown[]) => messages(user('Hi'), { role: 'system', content })

export const messagesParameters: Samples = {
  '`model`': of({ model: 'claude-haiku-4.5' }),
  '`messages[].role` `user`, `assistant`': of(
    messages(user('Hi'), { role: 'assistant', content: 'Ho' }, user('Go on')),
  ),
  '`messages[].role` `system`': of(messages(user('Hi'), { role: 'system', content: 'Be brief.' })),
  '`system`': of({ system: 'Be brief.' }, { system: [{ type: 'text', text: 'Be brief.' }] }),
  '`max_tokens`': of({ max_tokens: 5 }),
  '`stop_sequences`': of({ stop_sequences: ['STOP'] }),
  '`stream`': of({ stream: true }),
  '`temperature`, `top_p`': of({ temperature: 0.5 }, { top_p: 0.5 }),
  '`top_k`': of({ top_k: 5 }),
  '`tools[]` with `name`, `description`, `input_schema`': [
    ...of(tools, { tools: [{ ...tool, type: 'custom' }] }),
    ...beyond(tools, { tools: [{ ...tool, description: 'Looks.' }] }),
  ],
  '`tools[].defer_loading`': beyond(tools, deferred),
  '`tools[].strict`': of({ tools: [{ ...tool, strict: true }] }),
  '`tools[].cache_control`, `eager_input_streaming`, `input_examples`': beyond(
    tools,
    { tools: [{ ...tool, cache_control: { type: 'ephemeral' } }] },
    { tools: [{ ...tool, eager_input_streaming: true }] },
    { tools: [{ ...tool, input_examples: [{ a: 'x' }] }] },
  ),
  '`tools[]` `web_search_20250305` and newer: `max_uses`, `allowed_domains`, `blocked_domains`': [
    ...of({ tools: [search] }, { tools: [{ ...search, type: 'web_search_20991231' }] }),
    ...beyond(
      { tools: [search] },
      { tools: [{ ...search, max_uses: 1 }] },
      { tools: [{ ...search, allowed_domains: ['a.example'] }] },
      { tools: [{ ...search, blocked_domains: ['a.example'] }] },
    ),
  ],
  '`tools[]` of other kinds (`code_execution_…`, `bash_…`, `web_fetch_…`)': of(
    { tools: [{ type: 'code_execution_20250825', name: 'code_execution' }] },
    { tools: [{ type: 'bash_20250124', name: 'bash' }] },
    { tools: [{ type: 'web_fetch_20250910', name: 'web_fetch' }] },
  ),
  '`tool_addition`, `tool_removal` blocks': [
    ...beyond({ ...tools, ...system() }, { ...tools, ...system({ type: 'tool_removal', tool: { name: 'look' } }) }),
    ...beyond(system(), system({ type: 'tool_addition', tool: { definition: tool } })),
  ],
  '`tool_choice` `auto`, `none`': beyond(tools, { ...tools, tool_choice: { type: 'none' } }),
  '`tool_choice` `any`, `tool`': of(
    { ...tools, tool_choice: { type: 'any' } },
    { ...tools, tool_choice: { type: 'tool', name: 'look' } },
    { tools: [search], tool_choice: { type: 'tool', name: 'web_search' } },
  ),
  '`disable_parallel_tool_use`': of({ ...tools, tool_choice: { type: 'auto', disable_parallel_tool_use: true } }),
  '`thinking` `enabled`, `adaptive`, `disabled`': of(
    { thinking: { type: 'enabled', budget_tokens: 2_000 } },
    { thinking: { type: 'adaptive' } },
    { thinking: { type: 'disabled' } },
  ),
  '`thinking.display`': beyond(
    { thinking: { type: 'adaptive' } },
    { thinking: { type: 'adaptive', display: 'omitted' } },
  ),
  '`output_config.effort`': [
    ...of({ output_config: { effort: 'low' } }),
    ...beyond(
      messages({ role: 'system', content: 'Hm' }, user('Hi')),
      messages({ role: 'system', content: 'Hm', output_config: { effort: 'low' } }, user('Hi')),
    ),
  ],
  '`output_config.format`, `output_format` (`json_schema`)': of(
    { output_config: { format: { type: 'json_schema', schema } } },
    { output_format: { type: 'json_schema', schema } },
  ),
  '`metadata.user_id`': of({ metadata: { user_id: 'user_a_session_11-22' } }, { metadata: { user_id: 'somebody' } }),
  '`conversation_id`': of({ conversation_id: 'c1' }),
  '`cache_control` anywhere': of(messages(user([{ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } }])), {
    cache_control: { type: 'ephemeral' },
  }),
  '`context_management`, `safeguards`, `service_tier`, `speed`, `container`, `mcp_servers`, `inference_geo`, `diagnostics`, `fallbacks`, `betas`':
    members(
      ...['context_management', 'safeguards', 'service_tier', 'speed', 'container', 'mcp_servers', 'inference_geo'],
      ...['diagnostics', 'fallbacks', 'betas'],
    ),
  '`thread`': refused({ thread: { id: 'thread_1' } }),
  '`compaction`': refused({ compaction: { type: 'summary' } }),
}

const text = { type: 'text', text: 'Hi' }
const asking = (...blocks: readonly object[]) => messages(user([text, ...blocks]))
const answered = (...blocks: readonly object[]) =>
  messages(user('Hi'), { role: 'assistant', content: [text, ...blocks] }, user('Go on'))
const called = (result: object) =>
  messages(
    user('Hi'),
    { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }] },
    user([{ type: 'tool_result', tool_use_id: 'toolu_1', ...result }]),
  )
const document = (source: object, more: object = {}) => asking({ type: 'document', source, ...more })
const base64 = (media_type: string, data: string) => ({
  type: 'base64',
  media_type,
  data: Buffer.from(data).toString('base64'),
})
const office = (kind: string): string => `application/vnd.openxmlformats-officedocument.${kind}`
const pdf = base64('application/pdf', '%PDF-1.4')
const refusedBlock = (block: object, member: string): readonly Sample[] => [
  { given: asking(block), field: `messages.0.content.1.source.${member}` },
]

export const messagesBlocks: Samples = {
  '`text`': [...of(asking({ type: 'text', text: 'More' }))],
  '`image`, base64 png, jpeg, gif, webp': of(
    ...['png', 'jpeg', 'gif', 'webp'].map((kind) =>
      asking({ type: 'image', source: { type: 'base64', media_type: `image/${kind}`, data: tinyPng } }),
    ),
  ),
  '`image`, `document` by `http(s)` URL': of(
    asking({ type: 'image', source: { type: 'url', url: 'https://a.example/a.png' } }),
    document({ type: 'url', url: 'https://a.example/a.pdf' }),
  ),
  '`image`, `document` by file id': [
    ...refusedBlock({ type: 'image', source: { type: 'file', file_id: 'f' } }, 'type'),
    ...refusedBlock({ type: 'document', source: { type: 'file', file_id: 'f' } }, 'type'),
  ],
  '`document`, plain text or blocks': of(
    document({ type: 'text', media_type: 'text/plain', data: 'Words' }, { title: 'T', context: 'C' }),
    document({ type: 'content', content: [text] }),
  ),
  '`document`, base64 PDF, docx, xlsx, pptx': of(
    document(pdf),
    document(base64(office('wordprocessingml.document'), 'x')),
    document(base64(office('spreadsheetml.sheet'), 'x')),
    document(base64(office('presentationml.presentation'), 'x')),
  ),
  '`document`, base64 text of any kind (CSV, Markdown, HTML, JSON, …)': of(
    ...['text/csv', 'text/markdown', 'text/html', 'application/json'].map((kind) => document(base64(kind, 'a,b'))),
  ),
  '`citations` of a `document`': beyond(document(pdf), document(pdf, { citations: { enabled: true } })),
  '`document` of other media types': refusedBlock({ type: 'document', source: base64('application/zip', 'x') }, 'data'),
  '`tool_use`, `tool_result`': of(
    called({ content: 'seen' }),
    called({ content: [text] }),
    called({ content: '' }),
    called({ content: 'no', is_error: true }),
  ),
  '`tool_reference`': beyond(
    { ...deferred, ...asking() },
    { ...deferred, ...asking({ type: 'tool_reference', tool_name: 'look' }) },
  ),
  '`thinking` with a signature, `redacted_thinking`': beyond(
    answered(),
    answered({ type: 'thinking', thinking: 'Hm', signature: 'c2ln' }),
    answered({ type: 'redacted_thinking', data: 'c2ln' }),
  ),
  '`server_tool_use` and `web_search_tool_result` of a web search': [{}, { tools: [search] }].flatMap((more) =>
    beyond(
      { ...answered(), ...more },
      {
        ...answered(
          { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'bun' } },
          {
            type: 'web_search_tool_result',
            tool_use_id: 'srvtoolu_1',
            content: [{ type: 'web_search_result', url: 'https://a.example', title: 'A' }],
          },
        ),
        ...more,
      },
    ),
  ),
  '`search_result`': of(asking({ type: 'search_result', source: 'https://a.example', title: 'A', content: [text] })),
  '`compaction`': of(asking({ type: 'compaction', content: 'They spoke.' })),
  '`server_tool_use`, other server results, unknown kinds': beyond(
    answered(),
    answered({ type: 'server_tool_use', id: 'srvtoolu_1', name: 'code_execution', input: {} }),
    answered({ type: 'code_execution_tool_result', tool_use_id: 'srvtoolu_1', content: {} }),
    answered({ type: 'hologram' }),
  ),
}
