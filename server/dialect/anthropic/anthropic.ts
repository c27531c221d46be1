import type { Dialect } from '../dialect.ts'
import { decode } from './decode.ts'
import { createEncoder, encodeReply } from './encode.ts'
import { encodeError } from './error.ts'
import { MessagesBody } from './wire.ts'

/** The Messages API: `POST /v1/messages`. */
export const anthropic: Dialect = {
  name: 'anthropic',
  family: 'anthropic',
  reasoningIfAsked: true,
  body: MessagesBody,
  decode,
  createEncoder,
  encodeReply,
  encodeError,
}
