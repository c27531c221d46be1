import type { Dialect } from '../dialect.ts'
import { createDecode, type ResponsesDeps } from './decode.ts'
import { createEncoder, encodeReply } from './encode.ts'
import { encodeError } from './error.ts'
import type { Form } from './form.ts'
import { ResponsesBody } from './wire.ts'

/** The Responses API: `POST /v1/responses`. */
export function createOpenaiResponses(deps: ResponsesDeps): Dialect<Form> {
  const decode = createDecode(deps)
  return {
    name: 'openai-responses',
    family: 'openai',
    body: ResponsesBody,
    decode,
    createEncoder,
    encodeReply,
    encodeError,
  }
}
