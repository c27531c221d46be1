import type { ErrorKind, GatewayError } from '../../server/conversation/error.ts'
import type { FinishReason, ReplyEvent, Usage } from '../../server/conversation/event.ts'
import { anthropic } from '../../server/dialect/anthropic/anthropic.ts'
import type { Dialect, ReplyContext } from '../../server/dialect/dialect.ts'
import { openaiChat } from '../../server/dialect/openai-chat/openai-chat.ts'

export const dialects: readonly Dialect[] = [anthropic, openaiChat]

export const replyContext: ReplyContext = {
  id: 'abc123',
  model: 'claude-sonnet-4.5',
  createdAt: 1_759_104_000_500,
  requestId: 'req_1',
  streamOptions: { includeUsage: true },
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

export function encodeAll(dialect: Dialect, events: readonly ReplyEvent[], context = replyContext): string {
  const encode = dialect.createEncoder(context)
  return events.map(encode).join('')
}

export async function* asStream(events: readonly ReplyEvent[]): AsyncIterable<readonly ReplyEvent[]> {
  yield events
}

export const failure = (kind: ErrorKind, more: Partial<GatewayError> = {}): GatewayError => ({
  kind,
  message: 'It went wrong.',
  ...more,
})
