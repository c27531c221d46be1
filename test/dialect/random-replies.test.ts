import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { FinishReason } from '../../server/conversation/ending.ts'
import type { ReplyEvent } from '../../server/conversation/event.ts'
import { foldReply, type ReplyBlock } from '../../server/conversation/reply.ts'
import { anthropic } from '../../server/dialect/anthropic/anthropic.ts'
import { openaiChat } from '../../server/dialect/openai-chat/openai-chat.ts'
import type { ToolNames } from '../../server/dialect/openai-responses/names.ts'
import { anthropicFault, framesOf, openaiChatFault, replyFault } from '../support/grammar.ts'
import { openaiResponsesFault } from '../support/responses-grammar.ts'
import { asStream, encodeAll, finish, openaiResponses, replyContext, replyStart, sampleForm } from './samples.ts'

const anyText = fc.string({ unit: 'binary', maxLength: 12 })
const fragments = fc.array(anyText, { maxLength: 5 })

/** The JSON text of an object, cut anywhere. */
const jsonFragments = fc
  .tuple(
    fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }),
    fc.array(fc.nat(60)),
  )
  .map(([value, cuts]) => {
    const json = JSON.stringify(value)
    const places = [0, ...cuts.map((cut) => cut % json.length).sort((a, b) => a - b), json.length]
    return places.slice(1).map((end, index) => json.slice(places[index], end))
  })

type Block = (index: number) => readonly ReplyEvent[]

const textBlock = fragments.map(
  (texts): Block =>
    (index) => [
      { type: 'text-start', index },
      ...texts.map((text) => ({ type: 'text-delta', index, text }) as const),
      { type: 'text-end', index },
    ],
)
const reasoningBlock = fc.tuple(fragments, fc.option(fc.base64String({ minLength: 4 }), { nil: undefined })).map(
  ([texts, signature]): Block =>
    (index) => [
      { type: 'reasoning-start', index },
      ...texts.map((text) => ({ type: 'reasoning-delta', index, text }) as const),
      { type: 'reasoning-end', index, ...(signature === undefined ? {} : { signature }) },
    ],
)
const redactedBlock = fc.base64String({ minLength: 4 }).map(
  (base64): Block =>
    (index) => [{ type: 'redacted-reasoning', index, base64 }],
)
const callBlock = fc.tuple(fc.oneof(jsonFragments, fc.constant([])), fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/)).map(
  ([jsons, name]): Block =>
    (index) => [
      { type: 'tool-call-start', index, id: `toolu_${index}`, name },
      ...jsons.map((json) => ({ type: 'tool-call-delta', index, json }) as const),
      { type: 'tool-call-end', index },
    ],
)
const reasons: readonly FinishReason[] = ['end', 'tool-calls', 'max-tokens', 'context-full', 'refusal', 'filtered']

const anyReply = fc
  .tuple(
    fc.array(fc.oneof(textBlock, reasoningBlock, redactedBlock, callBlock), { maxLength: 6 }),
    fc.constantFrom(...reasons),
  )
  .map(([blocks, reason]) => [replyStart, ...blocks.flatMap((block, index) => block(index)), finish(reason)])

type Json = Readonly<Record<string, never>>

/** The blocks that a client puts together from a Messages stream. */
function readMessages(sse: string): readonly ReplyBlock[] {
  const blocks: { type: string; id?: string; name?: string; text: string; signature: string }[] = []
  for (const { data } of framesOf(sse)) {
    const {
      type,
      content_block: start,
      delta,
    } = JSON.parse(data) as Record<string, Record<string, string>> & { type: string }
    if (type === 'content_block_start') {
      blocks.push({ text: start?.data ?? '', signature: '', ...start, type: start?.type ?? '' })
    }
    const last = blocks.at(-1)
    if (type !== 'content_block_delta' || last === undefined) continue
    last.text += delta?.text ?? delta?.thinking ?? delta?.partial_json ?? ''
    last.signature += delta?.signature ?? ''
  }
  return blocks.map(({ type, id = '', name = '', text, signature }): ReplyBlock => {
    if (type === 'tool_use') return { type: 'tool-call', id, name, json: text }
    if (type === 'thinking') return { type: 'reasoning', text, ...(signature === '' ? {} : { signature }) }
    return type === 'text' ? { type: 'text', text } : { type: 'redacted-reasoning', base64: text }
  })
}

/** What a client puts together from a Chat Completions stream. */
function readChat(sse: string): {
  readonly text: string
  readonly reasoning: string
  readonly calls: readonly object[]
} {
  const calls: { id: string; name: string; json: string }[] = []
  let text = ''
  let reasoning = ''
  for (const { data } of framesOf(sse)) {
    if (data === '[DONE]') break
    const delta = (JSON.parse(data).choices[0]?.delta ?? {}) as Json
    text += delta.content ?? ''
    reasoning += delta.reasoning_content ?? ''
    for (const call of (delta.tool_calls ?? []) as readonly {
      index: number
      id?: string
      function: { name: string; arguments: string }
    }[]) {
      calls[call.index] ??= { id: call.id ?? '', name: call.function.name, json: '' }
      const known = calls[call.index]
      if (known !== undefined) known.json += call.function.arguments
    }
  }
  return { text, reasoning, calls }
}

async function blocksOf(events: readonly ReplyEvent[]): Promise<readonly ReplyBlock[]> {
  const reply = await foldReply(asStream(events))
  if (!reply.ok) throw new Error(reply.error.message)
  return reply.value.blocks
}

// JSON text keeps lone surrogates as escapes, so even those come back.
describe('whatever a provider says', () => {
  test('a Messages stream is sound and reads back as the same blocks', async () => {
    await fc.assert(
      fc.asyncProperty(anyReply, async (events) => {
        expect(replyFault(events)).toBeUndefined()
        const sse = encodeAll(anthropic, events)
        expect(anthropicFault(sse)).toBeUndefined()
        expect(readMessages(sse)).toEqual(await blocksOf(events))
      }),
      { numRuns: 300 },
    )
  })

  test('a Chat Completions stream is sound and reads back as the same text, reasoning and calls', async () => {
    await fc.assert(
      fc.asyncProperty(anyReply, async (events) => {
        const sse = encodeAll(openaiChat, events)
        expect(openaiChatFault(sse, true)).toBeUndefined()
        const blocks = await blocksOf(events)
        const joined = (type: string) =>
          blocks.map((block) => (block.type === type && 'text' in block ? block.text : '')).join('')
        const texts = blocks.flatMap((block) => (block.type === 'text' && block.text !== '' ? [block.text] : []))
        expect(readChat(sse)).toEqual({
          text: texts.reduce(
            (all, text) => all + (all === '' || /\s$/.test(all) || /^\s/.test(text) ? '' : '\n\n') + text,
            '',
          ),
          reasoning: joined('reasoning'),
          calls: blocks.flatMap((block) =>
            block.type === 'tool-call' ? [{ id: block.id, name: block.name, json: block.json }] : [],
          ),
        })
      }),
      { numRuns: 300 },
    )
  })

  test('a Responses stream is sound and ends with the whole answer, every call in its own form', async () => {
    const everyOther = (events: readonly ReplyEvent[]): ToolNames =>
      new Map(
        events.flatMap((event) =>
          event.type === 'tool-call-start' && event.index % 2 === 0
            ? [[event.name, { kind: 'custom', name: event.name, namespace: 'n' }] as const]
            : [],
        ),
      )
    await fc.assert(
      fc.asyncProperty(anyReply, fc.boolean(), fc.boolean(), async (events, showsReasoning, sealsReasoning) => {
        const form = { ...sampleForm, names: everyOther(events), showsReasoning, sealsReasoning }
        const context = { ...replyContext, form }
        const sse = encodeAll(openaiResponses, events, context)
        expect(openaiResponsesFault(sse)).toBeUndefined()
        const last = JSON.parse(framesOf(sse).at(-1)?.data ?? '') as { readonly response: object }
        const reply = await foldReply(asStream(events))
        if (!reply.ok) throw new Error(reply.error.message)
        expect(last.response).toEqual(JSON.parse(JSON.stringify(openaiResponses.encodeReply(reply.value, context))))
      }),
      { numRuns: 300 },
    )
  })

  test('a stream and a whole answer tell the same', async () => {
    await fc.assert(
      fc.asyncProperty(anyReply, async (events) => {
        const reply = await foldReply(asStream(events))
        if (!reply.ok) throw new Error(reply.error.message)
        const whole = openaiChat.encodeReply(reply.value, replyContext) as {
          choices: { message: { content: string | null } }[]
        }
        expect(whole.choices[0]?.message.content ?? '').toBe(readChat(encodeAll(openaiChat, events)).text)
      }),
      { numRuns: 100 },
    )
  })
})
