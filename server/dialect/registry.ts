import { anthropic } from './anthropic/anthropic.ts'
import type { Dialect } from './dialect.ts'
import { openaiChat } from './openai-chat/openai-chat.ts'
import type { ResponsesDeps } from './openai-responses/decode.ts'
import { createOpenaiResponses } from './openai-responses/openai-responses.ts'

export type DialectRoute = { readonly path: string; readonly dialect: Dialect }

/** Every client API and where it answers. Another one is a folder and a line here. */
export const dialectRoutes = (deps: ResponsesDeps): readonly DialectRoute[] => [
  { path: '/v1/messages', dialect: anthropic },
  { path: '/v1/chat/completions', dialect: openaiChat },
  { path: '/v1/responses', dialect: createOpenaiResponses(deps) },
]
