import { describe, expect, test } from 'bun:test'
import { anthropic } from '../../server/dialect/anthropic/anthropic.ts'
import { openaiChat } from '../../server/dialect/openai-chat/openai-chat.ts'
import { openaiResponses as responses } from './samples.ts'

const secret = 'DO-NOT-REPEAT'
const user = { role: 'user', content: 'x' }
const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) })
const part = (content: unknown) => ({
  messages: [user, { role: 'user', content: [{ type: 'text', text: 'a' }, content] }],
})
const said = (message: object) => ({ messages: [user, message] })

type Row = readonly [body: unknown, field: string, says: RegExp]

const messagesRows: readonly Row[] = [
  [[], '', /must be an object/],
  [null, '', /must be an object/],
  ['text', '', /must be an object/],
  [{ model: undefined }, 'model', /is required/],
  [{ model: 5 }, 'model', /must be a string/],
  [{ model: '' }, 'model', /must not be empty/],
  [{ messages: undefined }, 'messages', /is required/],
  [{ messages: [] }, 'messages', /must have at least one entry/],
  [{ messages: secret }, 'messages', /must be an array/],
  [{ messages: [secret] }, 'messages.0', /must be an object/],
  [said({ role: secret, content: 'x' }), 'messages.1.role', /must be 'user', 'assistant' or 'system'/],
  [said({ role: 'user' }), 'messages.1.content', /is required/],
  [said({ role: 'user', content: 7 }), 'messages.1.content', /must be a string or an array/],
  [said({ role: 'user', content: [{ type: 7 }] }), 'messages.1.content.0.type', /must be a string/],
  [said({ role: 'user', content: [{ text: secret }] }), 'messages.1.content.0.type', /is required/],
  [part({ type: 'text' }), 'messages.1.content.1.text', /is required/],
  [part({ type: 'text', text: 3 }), 'messages.1.content.1.text', /must be a string/],
  [part({ type: 'image' }), 'messages.1.content.1.source', /is required/],
  [
    part({ type: 'image', source: { type: 'base64', media_type: 'image/bmp', data: 'AAAA' } }),
    'messages.1.content.1.source.media_type',
    /image\/png/,
  ],
  [
    part({ type: 'image', source: { type: 'base64', media_type: 'image/png', data: `${secret}!` } }),
    'messages.1.content.1.source.data',
    /base64/,
  ],
  [
    part({ type: 'image', source: { type: 'base64', media_type: 'image/png', data: '' } }),
    'messages.1.content.1.source.data',
    /base64/,
  ],
  [
    part({ type: 'image', source: { type: 'base64', media_type: 'image/png' } }),
    'messages.1.content.1.source.data',
    /base64/,
  ],
  [
    part({ type: 'image', source: { type: 'url', url: `ftp://x/${secret}` } }),
    'messages.1.content.1.source.url',
    /http\(?s?\)?/,
  ],
  [
    part({ type: 'image', source: { type: 'file', file_id: secret } }),
    'messages.1.content.1.source.type',
    /send base64/,
  ],
  [
    part({ type: 'document', source: { type: 'url', url: `ftp://x/${secret}` } }),
    'messages.1.content.1.source.url',
    /http\(?s?\)?/,
  ],
  [
    part({ type: 'document', source: { type: 'file', file_id: secret } }),
    'messages.1.content.1.source.type',
    /send base64/,
  ],
  [
    part({ type: 'document', source: { type: 'base64', media_type: 'application/msword', data: 'AAAA' } }),
    'messages.1.content.1.source.data',
    /only PDF, Word/,
  ],
  [part({ type: 'tool_result', content: 'x' }), 'messages.1.content.1.tool_use_id', /is required/],
  [
    part({ type: 'tool_result', tool_use_id: 'a', content: 5 }),
    'messages.1.content.1.content',
    /must be a string or an array/,
  ],
  [
    part({ type: 'tool_result', tool_use_id: 'a', is_error: 'yes' }),
    'messages.1.content.1.is_error',
    /must be a boolean/,
  ],
  [
    part({ type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text' }] }),
    'messages.1.content.1.content.0.text',
    /is required/,
  ],
  [part({ type: 'tool_use', id: 'a', name: 'b', input: {} }), 'messages.1.content.1.type', /assistant/],
  [said({ role: 'system', content: [{ type: 'image', source: {} }] }), 'messages.1.content.0.type', /text only/],
  [{ system: 5 }, 'system', /must be a string or an array/],
  [{ tools: [{ description: 'x' }] }, 'tools.0.name', /is required/],
  [{ tools: [{ name: 'a', input_schema: 'x' }] }, 'tools.0.input_schema', /must be an object/],
  [{ tools: [{ name: 'a' }, { name: 'a' }] }, 'tools.1.name', /unique/],
  [{ tool_choice: { type: 'tool' } }, 'tool_choice.name', /is required/],
  [{ tool_choice: { type: 'tool', name: secret } }, 'tool_choice.name', /no tool/],
  [{ tool_choice: { type: secret } }, 'tool_choice.type', /'auto', 'any', 'none' or 'tool'/],
  [{ tool_choice: 'auto' }, 'tool_choice', /must be an object/],
  [{ tool_choice: { type: 'any' } }, 'tool_choice', /no tool to call/],
  [{ tool_choice: { type: 'any' }, tools: [] }, 'tool_choice', /no tool to call/],
  [
    { tools: [{ type: 'web_search_20250305', name: 'web_search', allowed_domains: ['a.example', 'http://x y/'] }] },
    'tools.0.allowed_domains.1',
    /must be a domain/,
  ],
  ...[
    'a.example:443',
    'https://a.example:80/x',
    '*',
    '*.*',
    'a.*.example',
    'a..example',
    'a.example/*/b',
    'a.example/b?c',
  ].map(
    (domain) =>
      [
        { tools: [{ type: 'web_search_20250305', name: 'web_search', blocked_domains: ['a.example', domain] }] },
        'tools.0.blocked_domains.1',
        /must be a domain, like example.com/,
      ] as const,
  ),
  [{ max_tokens: 0 }, 'max_tokens', /must be at least 1/],
  [{ max_tokens: 1.5 }, 'max_tokens', /must be an integer/],
  [{ max_tokens: '100' }, 'max_tokens', /must be an integer/],
  [{ temperature: 1.5 }, 'temperature', /must be at most 1/],
  [{ top_p: -1 }, 'top_p', /must be at least 0/],
  [{ stop_sequences: 'END' }, 'stop_sequences', /must be an array/],
  [{ stop_sequences: [1] }, 'stop_sequences.0', /must be a string/],
  [{ stream: 'true' }, 'stream', /must be a boolean/],
  [{ thinking: { type: 'enabled', budget_tokens: 'x' } }, 'thinking.budget_tokens', /must be an integer/],
  [{ output_config: { format: { type: 'json_schema' } } }, 'output_config.format.schema', /is required/],
  [{ output_config: { format: { type: secret } } }, 'output_config.format.type', /json_schema/],
  [{ thread: { type: 'continue', previous_message_id: secret } }, 'thread', /thread is not supported/],
  [{ compaction: { instructions: secret } }, 'compaction', /not supported/],
  [{ metadata: { user_id: 5 } }, 'metadata.user_id', /must be a string/],
  [{ future: deep(300) }, 'future', /nested more than 256/],
]

const chatRows: readonly Row[] = [
  [[], '', /must be an object/],
  [{ model: undefined }, 'model', /is required/],
  [{ messages: undefined }, 'messages', /is required/],
  [{ messages: [] }, 'messages', /at least one message/],
  [{ messages: undefined, input: [] }, 'input', /at least one message/],
  [said({ role: secret, content: 'x' }), 'messages.1.role', /'system', 'developer'/],
  [said({ role: 'user', content: 7 }), 'messages.1.content', /must be a string or an array/],
  [part({ type: 'text', text: null }), 'messages.1.content.1.text', /must be a string/],
  [part({ type: 'input_audio', input_audio: { data: secret } }), 'messages.1.content.1.type', /audio/],
  [part({ type: 'video_url', video_url: { url: secret } }), 'messages.1.content.1.type', /video/],
  [
    part({ type: 'image_url', image_url: { url: `ftp://x/${secret}` } }),
    'messages.1.content.1.image_url.url',
    /base64 data URL or an http\(s\) address/,
  ],
  [
    part({ type: 'image_url', image_url: { url: 'data:image/png,abc' } }),
    'messages.1.content.1.image_url.url',
    /base64 data URL/,
  ],
  [
    part({ type: 'image_url', image_url: { url: 'data:image/tiff;base64,AAAA' } }),
    'messages.1.content.1.image_url.url',
    /image\/png/,
  ],
  [part({ type: 'input_image', image_url: 'ftp://x' }), 'messages.1.content.1.image_url', /http\(s\) address/],
  [part({ type: 'input_image', file_id: secret }), 'messages.1.content.1.image_url', /base64 data URL/],
  [part({ type: 'file', file: { file_id: secret } }), 'messages.1.content.1.file.file_id', /file_data/],
  [part({ type: 'file', file: {} }), 'messages.1.content.1.file.file_data', /is required/],
  [part({ type: 'input_file', file_url: 'ftp://x' }), 'messages.1.content.1.file_url', /http or https/],
  [
    part({ type: 'file', file: { file_data: 'data:application/zip;base64,AAAA' } }),
    'messages.1.content.1.file.file_data',
    /only PDF, Word/,
  ],
  [part({ type: 'tool_use', id: 'a', name: 'b' }), 'messages.1.content.1.type', /assistant/],
  [said({ role: 'tool', content: 'x' }), 'messages.1.tool_call_id', /is required/],
  [said({ role: 'function', name: secret, content: 'x' }), 'messages.1.name', /no function/],
  [
    said({ role: 'system', content: [{ type: 'image_url', image_url: { url: 'x' } }] }),
    'messages.1.content.0.type',
    /text only/,
  ],
  [{ messages: undefined, input: [{ type: 'function_call_output', output: 'f' }] }, 'input.0.call_id', /is required/],
  [{ messages: undefined, input: [{ type: 'item_reference', id: secret }] }, 'input.0.id', /still kept/],
  [{ tools: [{ type: 'function', function: {} }] }, 'tools.0.function.name', /is required/],
  [{ tools: [{ type: 'function', parameters: {} }] }, 'tools.0.name', /is required/],
  [{ tool_choice: secret }, 'tool_choice', /none, auto, required/],
  [{ tool_choice: 'required' }, 'tool_choice', /no tool to call/],
  [{ tool_choice: 'required', tools: [] }, 'tool_choice', /no tool to call/],
  [{ tool_choice: { type: 'function', function: { name: secret } } }, 'tool_choice', /no tool/],
  [{ tool_choice: { type: 'function' } }, 'tool_choice.name', /is required/],
  [{ max_tokens: 0 }, 'max_tokens', /must be at least 1/],
  [{ max_completion_tokens: 'x' }, 'max_completion_tokens', /must be an integer/],
  [{ temperature: 2.5 }, 'temperature', /must be at most 2/],
  [{ stop: 5 }, 'stop', /must be a string or an array/],
  [{ response_format: { type: secret } }, 'response_format.type', /json_schema/],
  [{ response_format: { type: 'json_schema', json_schema: {} } }, 'response_format.json_schema.schema', /is required/],
  [{ response_format: { type: 'json_schema', json_schema: null } }, 'response_format.json_schema', /is required/],
  [{ response_format: { type: 'json_schema' } }, 'response_format.json_schema', /is required/],
  [{ response_format: { type: 'json_schema', schema: null } }, 'response_format.schema', /is required/],
  [{ functions: [{ name: 'a' }], function_call: { name: 'x' } }, 'function_call', /names no tool/],
  [{ functions: [{ name: 'a' }], function_call: {} }, 'function_call.name', /is required/],
  [{ functions: [], function_call: 'required' }, 'function_call', /there is no tool to call/],
  [{ tool_choice: { type: 'allowed_tools', mode: 'x' } }, 'tool_choice.mode', /must be/],
  [
    { tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'x' } } },
    'tool_choice.allowed_tools.mode',
    /must be/,
  ],
  [{ n: 2 }, 'n', /only one answer/],
  [{ logprobs: true }, 'logprobs', /not available/],
  [{ top_logprobs: 5 }, 'top_logprobs', /not available/],
  [{ modalities: ['text', 'audio'] }, 'modalities', /only text/],
  [{ audio: { voice: secret } }, 'audio', /not supported/],
  [{ previous_response_id: secret }, 'previous_response_id', /not kept/],
  [{ conversation: secret }, 'conversation', /not kept/],
  [{ prompt: { id: secret } }, 'prompt', /not kept/],
  [{ background: true }, 'background', /later/],
  [{ stream_options: { include_usage: 1 } }, 'stream_options.include_usage', /must be a boolean/],
  [{ future: deep(300) }, 'future', /nested more than 256/],
]

const whole = (body: unknown): unknown =>
  typeof body === 'object' && body !== null && !Array.isArray(body) ? { model: 'm', messages: [user], ...body } : body

for (const [dialect, rows] of [
  [anthropic, messagesRows],
  [openaiChat, chatRows],
] as const) {
  describe(`${dialect.name} refuses by name`, () => {
    test.each(rows.map(([body, field, says]) => [field || 'the body itself', says, body] as const))(
      '%s: %p',
      (named, says, body) => {
        const decoded = dialect.decode(JSON.parse(JSON.stringify(whole(body))))
        if (decoded.ok) throw new Error('accepted')
        expect(decoded.error.field).toBe(named === 'the body itself' ? '' : named)
        expect(decoded.error.message).toMatch(says)
        expect(decoded.error.message).not.toContain(secret)
        expect(['invalid-request', 'unsupported-thread']).toContain(decoded.error.kind)
      },
    )
  })
}

describe('a body is bounded by what it brings, past or not', () => {
  const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)
  const text = { type: 'text', text: 'x' }
  const results = {
    role: 'user',
    content: times(20, { type: 'tool_result', tool_use_id: 't', content: times(99, text) }),
  }
  const tool = { name: 'a', input_schema: {}, type: 'function', function: { name: 'a' } }
  const rows: readonly (readonly [string, object, string, RegExp])[] = [
    ['messages', { messages: times(20_001, user) }, 'messages', /at most 20,000 entries/],
    [
      'parts of one',
      { messages: [{ role: 'user', content: times(50_001, text) }] },
      'messages.0',
      /at most 50,000 parts/,
    ],
    ['parts of results', { messages: times(30, results) }, 'messages.25', /at most 50,000 parts/],
    ['tools', { messages: [user], tools: times(10_001, tool) }, 'tools', /at most 10,000 entries/],
  ]
  for (const dialect of [anthropic, openaiChat])
    test.each(rows)(`${dialect.name}: %s`, (_, body, field, says) => {
      const decoded = dialect.decode({ model: 'm', max_tokens: 1, ...body })
      expect(decoded).toMatchObject({ ok: false, error: { kind: 'invalid-request', field } })
      expect(decoded.ok ? '' : decoded.error.message).toMatch(says)
    })
  test.each(rows.slice(0, 3))('responses: %s', (_, { messages }: { messages?: readonly object[] }, field, says) => {
    const decoded = responses.decode({ model: 'm', input: messages })
    expect(decoded).toMatchObject({ ok: false, error: { field: field.replace('messages', 'input') } })
    expect(decoded.ok ? '' : decoded.error.message).toMatch(says)
  })
  test.each([anthropic, openaiChat])('so many are read: $name', (dialect) => {
    const messages = [...times(19_000, user), { role: 'user', content: times(40_000, text) }]
    expect(dialect.decode({ model: 'm', max_tokens: 1, messages }).ok).toBe(true)
  })
})
