import type { GatewayError } from '../../conversation/error.ts'
import { errorCodeOf } from '../openai-error.ts'
import { openaiMessageOf, retryHeaders } from '../retry-advice.ts'

export { encodeError } from '../openai-error.ts'

type Failure = { readonly code: string; readonly message: string }

/**
 * `error` of a response that failed after its headers were sent. Codex ends a turn at `context_length_exceeded`,
 * `insufficient_quota`, `server_is_overloaded` and `invalid_prompt`, waits as the text says at `rate_limit_exceeded`, and
 * tries again at any other code.
 */
export function failureOf(error: GatewayError): Failure {
  const message = openaiMessageOf(error)
  const [type, code] = errorCodeOf(error)
  switch (code) {
    case 'context_length_exceeded':
    case 'insufficient_quota':
      return { code, message }
    case 'rate_limit_exceeded':
      return { code, message: `${message} Please try again in ${retryHeaders(error)['retry-after'] ?? '1'}s.` }
    default:
      if (error.kind === 'model-overloaded') return { code: 'server_is_overloaded', message }
      return { code: type === 'invalid_request_error' ? 'invalid_prompt' : 'server_error', message }
  }
}
