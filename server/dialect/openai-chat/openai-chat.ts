import type { Dialect } from '../dialect.ts'
import { decode } from './decode.ts'
import { createEncoder, encodeReply } from './encode.ts'
import { encodeError } from './error.ts'
import type { Form } from './form.ts'
import { ChatBody } from './wire.ts'

/** The Chat Completions API: `POST /v1/chat/completions`. */
export const openaiChat: Dialect<Form> = {
  name: 'openai-chat',
  family: 'openai',
  body: ChatBody,
  decode,
  createEncoder,
  encodeReply,
  encodeError,
}
