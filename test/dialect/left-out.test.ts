import { describe, expect, test } from 'bun:test'
import { foldReply } from '../../server/conversation/reply.ts'
import { anthropic } from '../../server/dialect/anthropic/anthropic.ts'
import { openaiChat } from '../../server/dialect/openai-chat/openai-chat.ts'
import { anthropicFault, framesOf, openaiChatFault } from '../support/grammar.ts'
import { openaiResponsesFault } from '../support/responses-grammar.ts'
import {
  asStream,
  callBlock,
  encodeAll,
  finish,
  openaiResponses,
  replyContext,
  replyStart,
  richReply,
  textBlock,
} from './samples.ts'

// What clients break without (docs/compatibility.md). Each row takes one thing out of a sound stream: the sound stream
// has it, and the grammar check that every stream of the tests goes through notices when it is gone.

type Json = Record<string, unknown>
type Cut = (data: Json, event: string | undefined) => Json | undefined
type Path = readonly string[]

const at = (data: Json, path: Path): Json | undefined =>
  path.reduce<Json | undefined>((inner, key) => inner?.[key] as Json | undefined, data)

/** Takes one member out of every frame of one type that has it. */
const without =
  (type: string | undefined, ...path: Path): Cut =>
  (data, event) => {
    const copy = structuredClone(data)
    const owner = at(copy, path.slice(0, -1))
    if (event === type && owner !== undefined) delete owner[path.at(-1) ?? '']
    return copy
  }
const dropped =
  (...types: readonly string[]): Cut =>
  (data, event) =>
    types.includes(event ?? '') ? undefined : data

function rewrite(sse: string, cut: Cut, keepNames = true): string {
  return framesOf(sse)
    .map(({ event, data }) => {
      if (data === '[DONE]') return `data: ${data}\n\n`
      const kept = cut(JSON.parse(data) as Json, event)
      if (kept === undefined) return ''
      return `${event && keepNames ? `event: ${event}\n` : ''}data: ${JSON.stringify(kept)}\n\n`
    })
    .join('')
}

const same: Cut = (data) => data

describe('a Messages stream never leaves out', () => {
  const sound = encodeAll(anthropic, richReply)

  test('anything: as encoded it is sound', () => {
    expect(anthropicFault(sound)).toBeUndefined()
    expect(anthropicFault(rewrite(sound, same))).toBeUndefined()
  })

  test('the event lines', () => {
    expect(anthropicFault(rewrite(sound, same, false))).toBeDefined()
  })

  test.each([
    ['message_start', dropped('message_start')],
    ['message_start.message.usage', without('message_start', 'message', 'usage')],
    ['message_start.message.usage.input_tokens', without('message_start', 'message', 'usage', 'input_tokens')],
    ['message_start.message.content', without('message_start', 'message', 'content')],
    ['message_start.message.id', without('message_start', 'message', 'id')],
    ['message_start.message.model', without('message_start', 'message', 'model')],
    ['message_start.message.role', without('message_start', 'message', 'role')],
    ['content_block_start', dropped('content_block_start')],
    ['content_block_start.index', without('content_block_start', 'index')],
    ['content_block_start.content_block.text', without('content_block_start', 'content_block', 'text')],
    ['content_block_start.content_block.signature', without('content_block_start', 'content_block', 'signature')],
    ['the id of a tool call', without('content_block_start', 'content_block', 'id')],
    ['the input of a tool call', without('content_block_start', 'content_block', 'input')],
    ['content_block_delta.index', without('content_block_delta', 'index')],
    ['content_block_stop', dropped('content_block_stop')],
    ['message_delta.usage', without('message_delta', 'usage')],
    ['message_delta.delta.stop_reason', without('message_delta', 'delta', 'stop_reason')],
    ['message_delta.delta.stop_sequence', without('message_delta', 'delta', 'stop_sequence')],
    ['message_delta and message_stop', dropped('message_delta', 'message_stop')],
    ['message_stop', dropped('message_stop')],
  ] as const)('%s', (_, cut) => {
    const cutStream = rewrite(sound, cut)
    expect(cutStream).not.toBe(rewrite(sound, same))
    expect(anthropicFault(cutStream)).toBeDefined()
  })

  test('the signature of signed thinking, once, at its end; and makes none up', () => {
    expect(sound.match(/"signature_delta"/g)?.length).toBe(1)
    const unsigned = [replyStart, { type: 'reasoning-start', index: 0 }, { type: 'reasoning-end', index: 0 }] as const
    expect(encodeAll(anthropic, unsigned)).not.toContain('signature_delta')
  })

  test('and has no [DONE]', () => expect(sound).not.toContain('[DONE]'))
})

describe('a Chat Completions stream never leaves out', () => {
  const sound = encodeAll(openaiChat, richReply)
  const chunk =
    (cut: (data: Json, choice: Json, delta: Json) => Json | undefined): Cut =>
    (data) => {
      const copy = structuredClone(data)
      const choice = (copy.choices as readonly Json[])[0]
      return choice === undefined ? copy : cut(copy, choice, choice.delta as Json)
    }
  const calls = (delta: Json): readonly Json[] => (delta.tool_calls as readonly Json[] | undefined) ?? []
  const withoutInCalls = (key: string): Cut =>
    chunk((data, _, delta) => {
      for (const call of calls(delta)) delete call[key]
      return data
    })

  test('anything: as encoded it is sound', () => {
    expect(openaiChatFault(sound, true)).toBeUndefined()
    expect(openaiChatFault(rewrite(sound, same), true)).toBeUndefined()
  })

  test.each([
    ['the role chunk', chunk((data, _, delta) => ('role' in delta ? undefined : data))],
    ['the finish chunk', chunk((data, choice) => (choice.finish_reason === null ? data : undefined))],
    [
      'finish_reason: null',
      chunk((data, choice) => {
        if (choice.finish_reason === null) delete choice.finish_reason
        return data
      }),
    ],
    [
      'choices[].index',
      chunk((data, choice) => {
        delete choice.index
        return data
      }),
    ],
    ['tool_calls[].index', withoutInCalls('index')],
    ['tool_calls[].id', withoutInCalls('id')],
    ['tool_calls[].type', withoutInCalls('type')],
    ['object', without(undefined, 'object')],
    ['id', without(undefined, 'id')],
    ['created', without(undefined, 'created')],
    ['usage: null', without(undefined, 'usage')],
    ['the usage chunk', (data: Json) => ((data.choices as readonly unknown[]).length === 0 ? undefined : data)],
  ] as const)('%s', (_, cut) => {
    const cutStream = rewrite(sound, cut)
    expect(cutStream).not.toBe(rewrite(sound, same))
    expect(openaiChatFault(cutStream, true)).toBeDefined()
  })

  test('[DONE]', () => {
    expect(sound.endsWith('\n\ndata: [DONE]\n\n')).toBe(true)
    expect(openaiChatFault(sound.replace('data: [DONE]\n\n', ''), true)).toBeDefined()
  })

  test('logprobs and system_fingerprint, and says tool_calls after tool calls', () => {
    expect(sound).toContain('"logprobs":null,"finish_reason":"tool_calls"')
    expect(sound).toContain('"system_fingerprint":null')
  })

  test('but says nothing of usage to a caller who did not ask', () => {
    const quiet = encodeAll(openaiChat, richReply, { ...replyContext, form: { includeUsage: false } })
    expect(openaiChatFault(quiet, false)).toBeUndefined()
    expect(quiet).not.toContain('usage')
  })

  test('and shows reasoning as reasoning_content before the text, never as tags in the content', () => {
    const deltas = framesOf(sound)
      .filter(({ data }) => data !== '[DONE]')
      .map(({ data }) => Object.keys((JSON.parse(data).choices[0]?.delta as Json | undefined) ?? {})[0])
    expect(deltas).toEqual([
      'role',
      'reasoning_content',
      'content',
      'content',
      ...Array<string>(5).fill('tool_calls'),
      undefined,
      undefined,
    ])
    expect(sound).not.toContain('<think')
  })
})

describe('a Responses stream never leaves out', () => {
  const sound = encodeAll(openaiResponses, richReply)
  const delta = 'response.output_text.delta'

  test('anything: as encoded it is sound', () => {
    expect(openaiResponsesFault(sound)).toBeUndefined()
    expect(openaiResponsesFault(rewrite(sound, same))).toBeUndefined()
  })

  test('the event lines', () => {
    expect(openaiResponsesFault(rewrite(sound, same, false))).toBeDefined()
  })

  test.each([
    ['response.created', dropped('response.created')],
    ['response.in_progress', dropped('response.in_progress')],
    ['response.created.response.id', without('response.created', 'response', 'id')],
    ['response.created.response.object', without('response.created', 'response', 'object')],
    ['response.created.response.created_at', without('response.created', 'response', 'created_at')],
    ['response.output_item.added', dropped('response.output_item.added')],
    ['the id of an item', without('response.output_item.added', 'item', 'id')],
    ['the role of a message', without('response.output_item.added', 'item', 'role')],
    ['response.content_part.added', dropped('response.content_part.added')],
    ['response.content_part.done', dropped('response.content_part.done')],
    ['response.output_text.done', dropped('response.output_text.done')],
    ['response.reasoning_summary_part.added', dropped('response.reasoning_summary_part.added')],
    ['response.reasoning_summary_text.done', dropped('response.reasoning_summary_text.done')],
    ['response.function_call_arguments.delta', dropped('response.function_call_arguments.delta')],
    ['response.function_call_arguments.done', dropped('response.function_call_arguments.done')],
    ['item_id', without(delta, 'item_id')],
    ['output_index', without(delta, 'output_index')],
    ['content_index', without(delta, 'content_index')],
    ['sequence_number', without(delta, 'sequence_number')],
    ['response.output_item.done', dropped('response.output_item.done')],
    ['the call_id of a call', without('response.output_item.done', 'item', 'call_id')],
    ['response.completed', dropped('response.completed')],
    ['response.completed.response.output', without('response.completed', 'response', 'output')],
    ['response.completed.response.usage', without('response.completed', 'response', 'usage')],
  ] as const)('%s', (_, cut) => {
    const cutStream = rewrite(sound, cut)
    expect(cutStream).not.toBe(rewrite(sound, same))
    expect(openaiResponsesFault(cutStream)).toBeDefined()
  })

  test('and has no [DONE]', () => expect(sound).not.toContain('[DONE]'))
})

describe('a whole answer', () => {
  const fold = async (...events: Parameters<typeof asStream>[0]) => {
    const reply = await foldReply(asStream([replyStart, ...events]))
    if (!reply.ok) throw new Error(reply.error.message)
    return {
      chat: openaiChat.encodeReply(reply.value, replyContext) as { readonly choices: readonly Json[] } & Json,
      messages: anthropic.encodeReply(reply.value, replyContext) as Json,
    }
  }

  test('of Chat Completions has index, role, finish_reason, usage, id, object, created and model', async () => {
    const { chat } = await fold(...textBlock(0, 'Hi'), finish('end'))
    expect(chat).toMatchObject({
      id: 'chatcmpl-abc123',
      object: 'chat.completion',
      created: 1_759_104_000,
      model: 'claude-sonnet-4.5',
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hi' } }],
      usage: { prompt_tokens: 12, completion_tokens: 7, total_tokens: 19 },
    })
    expect(chat.choices[0]?.message).not.toHaveProperty('tool_calls')
  })

  test('of tool calls alone has content null, and an empty input as "{}"', async () => {
    const { chat, messages } = await fold(...callBlock(0, 'toolu_1', 'now'), finish('tool-calls'))
    expect(chat.choices[0]?.message).toMatchObject({
      content: null,
      tool_calls: [{ id: 'toolu_1', type: 'function', function: { name: 'now', arguments: '{}' } }],
    })
    expect(messages).toMatchObject({ content: [{ type: 'tool_use', id: 'toolu_1', name: 'now', input: {} }] })
  })

  test('of Messages has type, usage and stop_reason', async () => {
    const { messages } = await fold(...textBlock(0, 'Hi'), finish('max-tokens'))
    expect(messages).toMatchObject({
      id: 'msg_abc123',
      type: 'message',
      role: 'assistant',
      stop_reason: 'max_tokens',
      stop_sequence: null,
      usage: { input_tokens: 12, output_tokens: 7, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 },
    })
  })
})

describe('the older functions are answered in their own form', () => {
  const context = { ...replyContext, form: { includeUsage: false, legacyFunctions: true } }
  const events = [replyStart, ...callBlock(0, 'toolu_1', 'f', '{"a"', ':1}'), finish('tool-calls')]

  test('in a stream', () => {
    const deltas = framesOf(encodeAll(openaiChat, events, context))
      .filter(({ data }) => data !== '[DONE]')
      .map(({ data }) => JSON.parse(data).choices[0])
    expect(deltas.map((choice) => choice.delta).slice(1)).toEqual([
      { function_call: { name: 'f', arguments: '' } },
      { function_call: { arguments: '{"a"' } },
      { function_call: { arguments: ':1}' } },
      {},
    ])
    expect(deltas.at(-1).finish_reason).toBe('function_call')
  })

  test('as a whole', async () => {
    const reply = await foldReply(asStream(events))
    if (!reply.ok) throw new Error(reply.error.message)
    expect(openaiChat.encodeReply(reply.value, context)).toMatchObject({
      choices: [
        {
          message: { content: null, function_call: { name: 'f', arguments: '{"a":1}' } },
          finish_reason: 'function_call',
        },
      ],
    })
  })

  test('and only they', () => {
    const body = { model: 'm', messages: [{ role: 'user', content: 'x' }], functions: [{ name: 'f' }] }
    expect(openaiChat.decode(body)).toMatchObject({ ok: true, value: { form: { legacyFunctions: true } } })
    expect(openaiChat.decode({ ...body, tools: [] })).not.toHaveProperty('value.form.legacyFunctions')
  })
})
