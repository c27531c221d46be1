import type { Dialect } from '../dialect.ts'
import { decode } from './decode.ts'
import { createEncoder, encodeReply, keepAlive } from './encode.ts'
import { encodeError } from './error.ts'
import { ChatBody } from './wire.ts'

/** The Chat Completions API: `POST /v1/chat/completions`. */
export const openaiChat: Dialect = {
  name: 'openai-chat',
  body: ChatBody,
  decode,
  createEncoder,
  encodeReply,
  encodeError,
  keepAlive,
}
