import type { Conversation, Message } from '../../server/conversation/conversation.ts'
import { encodeRequest } from '../../server/upstream/amazonq/encode.ts'
import type { Measurement } from './codec.bench.ts'

/** A coding agent's request in the middle of a session: 20 tools, a long system prompt, 60 turns with tool results. */
function session(): Conversation {
  const properties = Object.fromEntries(
    Array.from({ length: 6 }, (_, index) => [`field${index}`, { type: 'string', description: 'x'.repeat(80) }]),
  )
  const turns = Array.from({ length: 30 }, (_, index): readonly Message[] => [
    { role: 'user', parts: [{ type: 'text', text: `Please look at file ${index}. ${'word '.repeat(200)}` }] },
    {
      role: 'assistant',
      parts: [
        { type: 'text', text: 'Reading it.' },
        { type: 'tool-call', id: `toolu_${index}`, name: 'mcp__files__read', input: { path: `src/file${index}.ts` } },
      ],
    },
    {
      role: 'user',
      parts: [
        {
          type: 'tool-result',
          callId: `toolu_${index}`,
          isError: false,
          parts: [{ type: 'text', text: 'line\n'.repeat(400) }],
        },
      ],
    },
    { role: 'assistant', parts: [{ type: 'text', text: 'I have read it. '.repeat(20) }] },
  ])
  return {
    model: 'claude-sonnet-4.5',
    system: ['You are careful. '.repeat(1_500)],
    messages: [...turns.flat(), { role: 'user', parts: [{ type: 'text', text: 'Go on.' }] }],
    tools: Array.from({ length: 20 }, (_, index) => ({
      name: `mcp__server__tool_${index}`,
      description: 'Does something useful. '.repeat(30),
      schema: { $schema: 'x', type: 'object', properties, required: ['field0'], additionalProperties: false },
    })),
    toolChoice: { type: 'auto' },
    parallelToolCalls: true,
    limits: { stop: [], maxOutputTokens: 32_000 },
    thinking: { type: 'unspecified' },
    output: { type: 'text' },
    stream: true,
  }
}

export async function run(): Promise<readonly Measurement[]> {
  const conversation = session()
  const model = {
    id: 'claude-sonnet-4.5',
    name: 'm',
    maxInputTokens: 200_000,
    maxOutputTokens: 64_000,
    acceptsImages: true,
  }
  const encode = (): string => {
    const encoded = encodeRequest(conversation, model, {
      conversationId: 'c',
      access: {},
      settings: { origin: 'AI_EDITOR' },
    })
    return encoded.ok ? JSON.stringify(encoded.value.body) : encoded.error.message
  }
  const plain = (): string => JSON.stringify(conversation)
  const time = (task: () => string): number => {
    for (let turn = 0; turn < 50; turn++) task()
    const startedAt = performance.now()
    for (let turn = 0; turn < 300; turn++) task()
    return (performance.now() - startedAt) / 300
  }
  const [ours, baseline] = [time(encode), time(plain)]
  return [
    { name: `encode a session of ${Math.round(plain().length / 1_024)} KiB`, value: ours, unit: 'ms' },
    { name: '  ratio to JSON.stringify of the same conversation', value: ours / baseline, unit: '×' },
  ]
}

if (import.meta.main) for (const { name, value, unit } of await run()) console.log(name, value.toFixed(2), unit)
