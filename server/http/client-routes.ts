import { Elysia } from 'elysia'
import { describeModel, modelPage } from '../catalog/listing.ts'
import type { Conversation } from '../conversation/conversation.ts'
import { gatewayError } from '../conversation/error.ts'
import type { Figure } from '../conversation/event.ts'
import type { ModelInfo } from '../conversation/model.ts'
import { anthropic } from '../dialect/anthropic/anthropic.ts'
import { decodeCount } from '../dialect/anthropic/decode.ts'
import type { Dialect } from '../dialect/dialect.ts'
import { openaiChat } from '../dialect/openai-chat/openai-chat.ts'
import { readJson } from './body.ts'
import { type ClientDeps, errorResponse, idHeaders, serveClient } from './client-route.ts'
import type { PeerOf } from './peer.ts'

export type ClientRoutesDeps = ClientDeps & {
  readonly peerOf: PeerOf
  /** The union of the accounts' live lists. */
  readonly availableModels: () => Promise<readonly ModelInfo[]>
  readonly estimateInput: (conversation: Conversation) => Promise<Figure>
}

const cors = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'request-id, x-request-id, retry-after, x-should-retry',
}
const preflight = {
  ...cors,
  'access-control-allow-methods': 'GET, POST, OPTIONS',
  'access-control-allow-headers':
    'authorization, content-type, x-api-key, anthropic-version, anthropic-beta, anthropic-dangerous-direct-browser-access, *',
  'access-control-max-age': '86400',
}

/** The client APIs. Bodies are read by our own reader: every failure must have the caller's own error form. */
export function createClientRoutes(deps: ClientRoutesDeps) {
  type Context = { readonly request: Request; readonly server: Bun.Server<unknown> | null }
  const peerIn = ({ request, server }: Context) => deps.peerOf(request, server?.requestIP(request)?.address)
  const dialectOf = (request: Request): Dialect =>
    request.headers.has('anthropic-version') || new URL(request.url).pathname.startsWith('/v1/messages')
      ? anthropic
      : openaiChat

  const serve =
    (dialect: Dialect) =>
    async (context: Context): Promise<Response> => {
      context.server?.timeout(context.request, 0) // replies may be silent for minutes; the relay has its own limits
      return withCors(await serveClient(dialect, context.request, peerIn(context), deps))
    }

  /** Runs a small, answered-at-once route behind the same key check and error form. */
  const guarded =
    (answer: (context: Context & { readonly params: { readonly '*'?: string } }) => Promise<Response>) =>
    async (context: Context & { readonly params: { readonly '*'?: string } }): Promise<Response> => {
      const caller = await deps.admit(context.request, peerIn(context))
      const response = caller.ok
        ? await answer(context)
        : errorResponse(dialectOf(context.request), caller.error, deps.effects.newId('req'))
      return withCors(response)
    }

  const missing = (context: Context, message: string): Response =>
    withCors(errorResponse(dialectOf(context.request), gatewayError('not-found', message), deps.effects.newId('req')))

  const unknownEndpoint = (context: Context): Response =>
    missing(
      context,
      `${context.request.method} ${new URL(context.request.url).pathname} is not an endpoint of this gateway.`,
    )

  const countTokens = async ({ request }: Context): Promise<Response> => {
    const requestId = deps.effects.newId('req')
    const body = await readJson(request, deps.maxBodyBytes)
    const decoded = body.ok ? decodeCount(body.value) : body
    if (!decoded.ok) return errorResponse(anthropic, decoded.error, requestId)
    const resolved = await deps.resolveDocuments(decoded.value, request.signal)
    if (!resolved.ok) return errorResponse(anthropic, resolved.error, requestId)
    const figure = await deps.estimateInput(resolved.value)
    return Response.json({ input_tokens: figure.tokens }, { headers: idHeaders(requestId) })
  }

  const retrieveModel = async (
    context: Context & { readonly params: { readonly '*'?: string } },
  ): Promise<Response> => {
    const name = decodeURIComponent(context.params['*'] ?? '')
    const found = describeModel(name, await deps.availableModels())
    return found.ok
      ? Response.json(found.value)
      : errorResponse(dialectOf(context.request), found.error, deps.effects.newId('req'))
  }

  return (
    new Elysia({ name: 'client-routes' })
      .post('/v1/messages', serve(anthropic), { parse: 'none' })
      .post('/v1/chat/completions', serve(openaiChat), { parse: 'none' })
      .post('/v1/messages/count_tokens', guarded(countTokens), { parse: 'none' })
      .get(
        '/v1/models',
        guarded(async () => Response.json(modelPage(await deps.availableModels()))),
      )
      .get('/v1/models/*', guarded(retrieveModel))
      .get('/v1/responses', (context) =>
        context.request.headers.get('upgrade')?.toLowerCase() === 'websocket'
          ? new Response(null, { status: 426, headers: { ...cors, upgrade: 'HTTP/1.1' } })
          : missing(context, 'The Responses API is not available in this version; use /v1/chat/completions.'),
      )
      .post(
        '/v1/responses',
        (context) => missing(context, 'The Responses API is not available in this version; use /v1/chat/completions.'),
        { parse: 'none' },
      )
      .options('/v1/*', () => new Response(null, { status: 204, headers: preflight }))
      // GET by name too: the console takes every GET that is nobody's.
      .get('/v1/*', unknownEndpoint)
      .all('/v1/*', unknownEndpoint, { parse: 'none' })
  )
}

function withCors(response: Response): Response {
  for (const [name, value] of Object.entries(cors)) response.headers.set(name, value)
  return response
}
