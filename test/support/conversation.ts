import type { Conversation } from '../../server/conversation/conversation.ts'

/** A conversation with nothing special about it; everything by `more`. */
export const makeConversation = (more: Partial<Conversation> = {}): Conversation => ({
  model: 'm',
  system: [],
  messages: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
  tools: [],
  toolChoice: { type: 'auto' },
  parallelToolCalls: true,
  limits: { stop: [] },
  thinking: { type: 'unspecified' },
  output: { type: 'text' },
  stream: true,
  ...more,
})
