import { LRUCache } from 'lru-cache'
import type { Conversation, Part, Tool } from '../conversation/conversation.ts'
import type { Figure } from '../conversation/event.ts'
import type { Effects } from '../lib/effects.ts'
import { unwatched, type WatchMemory } from '../lib/watch-memory.ts'
import { imageTokens } from './image-tokens.ts'
import type { CountTokens } from './tokenizer.ts'

/**
 * What present Claude models add to the published vocabulary's count, as measured by ai-tokenizer's authors against the
 * provider's own counter (their table for Claude 4.5).
 */
const calibration = { text: 1.1, request: 6, message: 3, anyTool: 549, furtherTool: 53 } as const
/** One stretch of counting between two looks at the event loop: some milliseconds, at worst about 50. */
const stretchCharacters = 16 * 1024
/** Texts from this length on are remembered: system prompts, tool schemas and history come again with every turn. */
const rememberedFrom = 512
const rememberedTexts = 10_000

export type Estimator = {
  /** Tokens of a text, calibrated. Synchronous: for texts of a reply's size. */
  readonly text: CountTokens
  /** Tokens of all that is sent; never zero. Gives way to other work every 16 K characters and stops early on abort. */
  readonly conversation: (conversation: Conversation, signal?: AbortSignal) => Promise<Figure>
}

/** `sleep` is only used to give way; the memory for repeated texts holds hashes and counts, no text. */
export function createEstimator(
  count: CountTokens,
  { sleep }: Pick<Effects, 'sleep'>,
  memory: WatchMemory = unwatched,
): Estimator {
  const remembered = new LRUCache<string, number>({ max: rememberedTexts })
  memory('counted_texts', () => remembered.size, rememberedTexts)

  async function countAll(texts: Iterable<string>, signal?: AbortSignal): Promise<number> {
    let tokens = 0
    let sinceRest = 0
    for (const text of texts) {
      const key = text.length < rememberedFrom ? undefined : `${text.length}:${Bun.hash(text)}`
      const known = key === undefined ? undefined : remembered.get(key)
      if (known !== undefined) {
        tokens += known
        continue
      }
      let ofText = 0
      for (const stretch of text.length <= stretchCharacters ? [text] : stretches(text)) {
        if (sinceRest + stretch.length > stretchCharacters) {
          sinceRest = 0
          await sleep(0)
          if (signal?.aborted) return tokens + ofText
        }
        sinceRest += stretch.length
        ofText += count(stretch)
      }
      if (key !== undefined) remembered.set(key, ofText)
      tokens += ofText
    }
    return tokens
  }

  return {
    text: (text) => calibrated(count(text)),
    conversation: async (conversation, signal) => {
      const words = await countAll(textsOf(conversation), signal)
      return { tokens: Math.max(1, calibrated(words) + fixedTokens(conversation)), source: 'estimated' }
    },
  }
}

const calibrated = (tokens: number): number => Math.round(tokens * calibration.text)

/** Cuts a long text behind white space where there is some, so that the pieces count as the whole does. */
export function* stretches(text: string, most = stretchCharacters): Iterable<string> {
  let from = 0
  while (text.length - from > most) {
    let to = from + most
    const back = Math.max(to - 200, from + most / 2)
    for (let at = to; at > back; at--) {
      if (/\s/.test(text[at] ?? '')) {
        to = at
        break
      }
    }
    if ((text.charCodeAt(to - 1) & 0xfc00) === 0xd800) to--
    yield text.slice(from, to)
    from = to
  }
  yield from === 0 ? text : text.slice(from)
}

/** Everything that is read as text: system, tools with their schemas, messages, tool calls and results, reasoning. */
function* textsOf(conversation: Conversation): Iterable<string> {
  yield* conversation.system
  for (const tool of conversation.tools) yield toolText(tool)
  for (const message of conversation.messages) {
    for (const part of message.parts) {
      // Nearly all parts; a generator of its own for each would cost more than counting its words.
      if (part.type === 'text') yield part.text
      else yield* partTexts(part)
    }
  }
  if (conversation.output.type === 'json-schema') yield JSON.stringify(conversation.output.schema)
}

function* partTexts(part: Part): Iterable<string> {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      yield part.text
      break
    case 'tool-call':
      yield part.name
      yield JSON.stringify(part.input)
      break
    case 'tool-result':
      yield part.callId
      for (const inner of part.parts) yield* partTexts(inner)
      break
    case 'image':
    case 'document':
    case 'remote':
    case 'redacted-reasoning':
      break // counted by fixedTokens
  }
}

/** A schema's JSON text comes within a few tokens of what the models count per property. */
const toolText = (tool: Tool): string => `${tool.name}\n${tool.description}\n${JSON.stringify(tool.schema)}`

/** What costs tokens without being text: the frame of a request, its messages and tools, images, sealed reasoning. */
function fixedTokens(conversation: Conversation): number {
  let tokens = calibration.request + conversation.messages.length * calibration.message
  if (conversation.tools.length > 0) {
    tokens += calibration.anyTool + (conversation.tools.length - 1) * calibration.furtherTool
  }
  for (const message of conversation.messages) for (const part of message.parts) tokens += sealedTokens(part)
  return tokens
}

function sealedTokens(part: Part): number {
  switch (part.type) {
    case 'image':
      return imageTokens(part)
    // A document has become text before a conversation is sent; for a bare count its size must do: a PDF page is some 3 KB.
    case 'document':
      return Math.ceil(part.base64.length / 6)
    case 'redacted-reasoning':
      return redactedTokens(part.base64)
    case 'tool-result':
      return part.parts.reduce((sum, inner) => sum + sealedTokens(inner), 0)
    case 'text':
    case 'reasoning':
    case 'tool-call':
    case 'remote': // fetched before a conversation is sent
      return 0
  }
}

/** Sealed reasoning shows only its size: base64 of bytes, about four of which make a token. */
export const redactedTokens = (base64: string): number => Math.ceil((base64.length * 3) / 16)
