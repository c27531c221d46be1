import type { Effects } from '../lib/effects.ts'
import type { Conversation } from './conversation.ts'

/** Every step through more takes milliseconds: decoding, estimating, encoding. */
const manyMessages = 2_000

/** Between two such steps what waits in the event loop goes on; undefined: the conversation is not that long. */
export const turnIfLong = (
  { messages }: Pick<Conversation, 'messages'>,
  { turn }: Pick<Effects, 'turn'>,
): Promise<void> | undefined => (messages.length > manyMessages ? turn() : undefined)
