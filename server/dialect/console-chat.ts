import type { ReplyEvent } from '../conversation/event.ts'
import { anthropic } from './anthropic/anthropic.ts'
import type { Dialect, ReplyContext, StreamEncoder } from './dialect.ts'
import { openaiChat } from './openai-chat/openai-chat.ts'
import type { DialectRoute } from './registry.ts'

/** Failures as the admin API has them: the console and the original's scripts look at `error`. */
const adminError =
  (of: Dialect): Dialect['encodeError'] =>
  (error, context) => {
    const { status, headers } = of.encodeError(error, context)
    const field = error.field === undefined ? {} : { field: error.field }
    return { status, headers, body: { error: error.message, code: error.kind, ...field, requestId: context.requestId } }
  }

/** `/v2/test/messages`: a Messages request, answered in the named events of the original's console. */
const consoleMessages: Dialect = {
  ...anthropic,
  name: 'admin-messages',
  createEncoder,
  encodeError: adminError(anthropic),
}

/** `/v2/test/chat/completions`: Chat Completions as everybody has it, but for its failures. */
const consoleChat: Dialect = { ...openaiChat, name: 'admin-chat', encodeError: adminError(openaiChat) }

/** Where the console chats: as the original's did, and as every client does. */
export const consolePaths = [
  '/v2/test/messages',
  '/v2/test/chat/completions',
  '/v2/test/v1/messages',
  '/v2/test/v1/chat/completions',
  '/v2/test/v1/responses',
] as const
export type ConsolePath = (typeof consolePaths)[number]

/** What is spoken there. A client's API is the same to the byte, but for the name it has in the log. */
export function consoleDialects(clients: readonly DialectRoute[]): ReadonlyMap<string, Dialect> {
  return new Map<string, Dialect>([
    ['/v2/test/messages', consoleMessages],
    ['/v2/test/chat/completions', consoleChat],
    ...clients.map(({ path, dialect }) => [`/v2/test${path}`, { ...dialect, name: `admin-${dialect.name}` }] as const),
  ])
}

function createEncoder({ id, model }: ReplyContext<unknown>): StreamEncoder {
  const frame = (type: string, data: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`
  let inputTokens = 0
  const encode = (event: ReplyEvent): string => {
    switch (event.type) {
      case 'reply-start':
        inputTokens = event.input.tokens
        return frame('meta', { conversation_id: id, model, input_tokens: inputTokens })
      case 'reasoning-delta':
        return frame('thinking_delta', { text: event.text })
      case 'text-delta':
        return frame('answer_delta', { text: event.text })
      case 'finish': {
        const { input, output } = event.usage
        const usage = { input_tokens: input.tokens, output_tokens: output.tokens }
        // The original always says `stop`; a reply that was cut at its limit says so.
        const reason = event.reason === 'max-tokens' || event.reason === 'context-full' ? 'length' : 'stop'
        return frame('done', { finish_reason: reason, usage })
      }
      case 'error':
        return frame('error', { message: event.error.message })
      // The console's chat shows no tools.
      case 'text-start':
      case 'text-end':
      case 'reasoning-start':
      case 'reasoning-end':
      case 'redacted-reasoning':
      case 'tool-call-start':
      case 'tool-call-delta':
      case 'tool-call-end':
      case 'search-call':
      case 'search-result':
      case 'citation':
        return ''
    }
  }
  return { encode, keepAlive: () => ': keep-alive\n\n' }
}
