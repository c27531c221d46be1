import type { FinishReason } from '../../server/conversation/ending.ts'
import type { ErrorKind, GatewayError } from '../../server/conversation/error.ts'
import type { ReplyEvent, Usage } from '../../server/conversation/event.ts'
import { anthropic } from '../../server/dialect/anthropic/anthropic.ts'
import type { Dialect, ReplyContext } from '../../server/dialect/dialect.ts'
import { openaiChat } from '../../server/dialect/openai-chat/openai-chat.ts'
import { createKeptAnswers } from '../../server/dialect/openai-responses/kept-answers.ts'
import { createOpenaiResponses } from '../../server/dialect/openai-responses/openai-responses.ts'
import type { Source } from '../../server/lib/source.ts'
import { createVault } from '../../server/vault/vault.ts'
import { anthropicFault, openaiChatFault } from '../support/grammar.ts'
import { openaiResponsesFault } from '../support/responses-grammar.ts'
import { sourceOf } from '../support/source.ts'

export const keptAnswers = createKeptAnswers({ keptAnswers: 100, keptBytes: 1_000_000, ttlMs: 3_600_000 }, () => 0)
export const vault = createVault(new Uint8Array(32).fill(7))
export const openaiResponses = createOpenaiResponses({ kept: keptAnswers, vault })
export const dialects: readonly Dialect[] = [anthropic, openaiChat, openaiResponses]

/** What a request without special wishes says about the form of its answer. */
export const sampleForm = {
  echo: { store: true, tools: [] },
  names: new Map(),
  showsReasoning: true,
  sealsReasoning: true,
  includeUsage: true,
} as const

export const replyContext: ReplyContext<typeof sampleForm> = {
  id: 'abc123',
  model: 'claude-sonnet-4.5',
  createdAt: 1_759_104_000_500,
  requestId: 'req_1',
  form: sampleForm,
}

export const usage: Usage = {
  input: { tokens: 12, source: 'estimated' },
  output: { tokens: 7, source: 'estimated' },
}

export const replyStart = { type: 'reply-start', input: usage.input } as const satisfies ReplyEvent
export const finish = (reason: FinishReason): ReplyEvent => ({ type: 'finish', reason, usage })

export const textBlock = (index: number, ...texts: readonly string[]): readonly ReplyEvent[] => [
  { type: 'text-start', index },
  ...texts.map((text) => ({ type: 'text-delta', index, text }) as const),
  { type: 'text-end', index },
]

export const reasoningBlock = (index: number, text: string, signature?: string): readonly ReplyEvent[] => [
  { type: 'reasoning-start', index },
  { type: 'reasoning-delta', index, text },
  { type: 'reasoning-end', index, ...(signature === undefined ? {} : { signature }) },
]

export const callBlock = (
  index: number,
  id: string,
  name: string,
  ...fragments: readonly string[]
): readonly ReplyEvent[] => [
  { type: 'tool-call-start', index, id, name },
  ...fragments.map((json) => ({ type: 'tool-call-delta', index, json }) as const),
  { type: 'tool-call-end', index },
]

/** A reply with one block of every kind and two calls. */
export const richReply: readonly ReplyEvent[] = [
  replyStart,
  ...reasoningBlock(0, 'I plan.', 'c2lnbmVk'),
  ...textBlock(1, 'I look ', 'it up.'),
  ...callBlock(2, 'toolu_A', 'get_weather', '{"city":', '"Oslo"}'),
  ...callBlock(3, 'toolu_B', 'now'),
  finish('tool-calls'),
]

export function encodeAll(
  dialect: Dialect,
  events: readonly ReplyEvent[],
  context: ReplyContext<unknown> = replyContext,
): string {
  const encoder = dialect.createEncoder(context)
  return events.map((event) => encoder.encode(event)).join('')
}

export const asStream = (events: readonly ReplyEvent[]): Source<readonly ReplyEvent[]> => sourceOf([events])

export const failure = (kind: ErrorKind, more: Partial<GatewayError> = {}): GatewayError => ({
  kind,
  message: 'It went wrong.',
  ...more,
})

/** What is wrong with a stream of a dialect, or undefined. A new dialect brings its grammar. */
export function streamFault({ name }: Pick<Dialect, 'name'>, sse: string): string | undefined {
  const check = streamFaults[name]
  return check === undefined ? `no grammar is written for ${name}` : check(sse)
}
const streamFaults: Readonly<Record<string, (sse: string) => string | undefined>> = {
  anthropic: anthropicFault,
  'openai-chat': (sse) => openaiChatFault(sse, sampleForm.includeUsage),
  'openai-responses': openaiResponsesFault,
}
