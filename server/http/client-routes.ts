import { Elysia } from 'elysia'
import type { Caller } from '../access/admit.ts'
import { describeModel, modelPage } from '../catalog/listing.ts'
import type { ModelRules } from '../catalog/mapping.ts'
import type { Conversation } from '../conversation/conversation.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { Figure } from '../conversation/event.ts'
import type { ModelInfo } from '../conversation/model.ts'
import { anthropic } from '../dialect/anthropic/anthropic.ts'
import { decodeCount } from '../dialect/anthropic/decode.ts'
import type { Dialect } from '../dialect/dialect.ts'
import { openaiChat } from '../dialect/openai-chat/openai-chat.ts'
import type { KeptAnswer, KeptAnswers } from '../dialect/openai-responses/kept-answers.ts'
import { noAnswer, pageOfInput, viewAnswer, viewDeleted } from '../dialect/openai-responses/kept-views.ts'
import type { DialectRoute } from '../dialect/registry.ts'
import type { Result } from '../lib/result.ts'
import { baseUrlAdvice, clientPathOf, meantPath } from './base-url.ts'
import { readJson } from './body.ts'
import type { ClientDeps } from './client-deps.ts'
import { clientHeaders, errorResponse, serveClient } from './client-route.ts'
import { type Cors, closed } from './cors.ts'
import { edgeHeaders } from './edge-headers.ts'
import { addLimitHeaders } from './limit-headers.ts'
import type { Peer, PeerOf } from './peer.ts'
import { type CallerUsage, usageView } from './usage-view.ts'

export type ClientRoutesDeps = ClientDeps & {
  readonly dialects: readonly DialectRoute[]
  readonly kept: KeptAnswers
  readonly peerOf: PeerOf
  readonly cors: Cors
  /** The union of the live lists of a caller's accounts; absent: of all. */
  readonly availableModels: (accounts: ReadonlySet<string> | undefined) => Promise<readonly ModelInfo[]>
  /** What the operator has set about names, as it holds for a key. */
  readonly modelRules: (keyId: string) => ModelRules
  readonly estimateInput: (conversation: Conversation) => Promise<Figure>
  /** A caller's own limits and use. */
  readonly usageOf: (caller: Caller) => Promise<CallerUsage>
}

/** What there is besides the conversations, for whoever lists the routes. */
export const smallClientRoutes = [
  { method: 'POST', path: '/v1/messages/count_tokens', body: anthropic.body },
  { method: 'GET', path: '/v1/models' },
  { method: 'GET', path: '/v1/models/*' },
  { method: 'GET', path: '/v1/usage' },
  { method: 'GET', path: '/v1/responses/:id' },
  { method: 'GET', path: '/v1/responses/:id/input_items' },
  { method: 'DELETE', path: '/v1/responses/:id' },
] as const

/** What a handler takes of the framework's context. Named one by one: what is not named, the framework need not prepare. */
type Edge = { readonly request: Request; readonly server: Bun.Server<unknown> | null }
type WithParams = Edge & { readonly params: { readonly '*'?: string } }

export type ClientRoutes = ReturnType<typeof createClientRoutes>

/** The client APIs. Bodies are read by our own reader: every failure must have the caller's own error form. */
export function createClientRoutes(deps: ClientRoutesDeps) {
  const newRequestId = (): string => deps.effects.newId('req')
  // A request that took a second path here is known to the server by its first form alone.
  const arrivedAs = new WeakMap<Request, Edge>()
  const edgeOf = (edge: Edge): Edge => arrivedAs.get(edge.request) ?? edge
  const peerIn = (edge: Edge): Peer => {
    const { request, server } = edgeOf(edge)
    return deps.peerOf(request, server?.requestIP(request)?.address)
  }
  const dialectOf = ({ headers, url }: Request): Dialect => {
    const { pathname } = new URL(url)
    const isMessages = pathname.startsWith('/v1/messages') || clientPathOf(pathname)?.api === 'anthropic'
    return headers.has('anthropic-version') || isMessages ? anthropic : openaiChat
  }
  const refuse = (request: Request, error: GatewayError): Response =>
    errorResponse(dialectOf(request), error, newRequestId())

  const { cors } = deps
  const serve = async (dialect: Dialect, { request, server }: Edge): Promise<Response> => {
    const arrived = edgeOf({ request, server })
    arrived.server?.timeout(arrived.request, 0) // replies may be silent for minutes; the relay has its own limits
    return cors.settle(request, await serveClient(dialect, request, peerIn({ request, server }), deps))
  }

  /** An address that is blocked learns no more than that, in the form of the API it asked. */
  const refuseBlocked = (request: Request): Response =>
    new URL(request.url).pathname.startsWith('/v1/')
      ? cors.settle(request, refuse(request, gatewayError('permission', blockedText)))
      : Response.json({ error: blockedText, code: 'BLOCKED' }, { status: 403, headers: edgeHeaders })

  /** Runs a small, answered-at-once route behind the same key check and error form. */
  const guarded = async (
    { request, server }: Edge,
    answer: (caller: Caller) => Promise<Response>,
  ): Promise<Response> => {
    const caller = await deps.admit(request, peerIn({ request, server }))
    const response = caller.ok ? await answer(caller.value) : refuse(request, caller.error)
    const { family } = dialectOf(request)
    const standings = caller.ok ? await deps.standings(caller.value) : (caller.error.levels ?? [])
    const headers: Record<string, string> = {}
    addLimitHeaders(headers, standings, family, deps.effects.now())
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value)
    return cors.settle(request, response)
  }

  const listModels = async ({ keyId, accounts, allows }: Caller): Promise<Response> => {
    const page = modelPage(allowed(await deps.availableModels(accounts), allows), deps.modelRules(keyId))
    return Response.json(page, { headers: clientHeaders(newRequestId()) })
  }

  const retrieveModel = async (
    request: Request,
    params: WithParams['params'],
    { keyId, accounts, allows }: Caller,
  ): Promise<Response> => {
    const name = decoded(params['*'] ?? '')
    const found = describeModel(name, allowed(await deps.availableModels(accounts), allows), deps.modelRules(keyId))
    return found.ok
      ? Response.json(found.value, { headers: clientHeaders(newRequestId()) })
      : refuse(request, found.error)
  }

  const countTokens = async (request: Request, { keyId, userId }: Caller): Promise<Response> => {
    const requestId = newRequestId()
    const room = deps.bodyRoom.open(userId ?? keyId)
    try {
      const body = await readJson(request, deps.maxBodyBytes, room)
      const decoded = body.ok ? decodeCount(body.value) : body
      if (!decoded.ok) return errorResponse(anthropic, decoded.error, requestId)
      const resolved = await deps.resolveDocuments(decoded.value, request.signal, undefined, { callerId: keyId })
      if (!resolved.ok) return errorResponse(anthropic, resolved.error, requestId)
      const figure = await deps.estimateInput(resolved.value)
      return Response.json({ input_tokens: figure.tokens }, { headers: clientHeaders(requestId) })
    } finally {
      room.release()
    }
  }

  /** Shows one of the caller's own kept answers. */
  const showKept = (
    request: Request,
    id: string,
    { keyId }: Caller,
    view: (answer: KeptAnswer, query: URLSearchParams) => Result<object, GatewayError>,
  ): Response => {
    const answer = deps.kept.find(keyId, id)
    const shown = answer === undefined ? noAnswer(id) : view(answer, new URL(request.url).searchParams)
    return shown.ok
      ? Response.json(shown.value, { headers: clientHeaders(newRequestId()) })
      : refuse(request, shown.error)
  }
  const forgetKept = (request: Request, id: string, { keyId }: Caller): Response =>
    deps.kept.forget(keyId, id)
      ? Response.json(viewDeleted(id), { headers: clientHeaders(newRequestId()) })
      : refuse(request, noAnswer(id).error)

  /**
   * For paths that are nobody's. One that can only have meant a route of ours is served; one that a client with a wrong
   * base URL asks for is told the right one, in its API's form. Undefined: no client's path.
   */
  const answerAstray = async (edge: Edge): Promise<Response | undefined> => {
    const { request } = edge
    const url = new URL(request.url)
    const meant = meantPath(url.pathname)
    if (meant !== undefined) {
      const moved = new Request(`${url.origin}${meant}${url.search}`, request)
      arrivedAs.set(moved, edge)
      return routes.handle(moved)
    }
    const path = clientPathOf(url.pathname)
    if (path === undefined || url.pathname.replace(/\/$/, '') === `/v1/${path.added}`) return undefined
    if (request.method === 'OPTIONS') return cors.preflight(request)
    const { https, forwardedHosts } = peerIn(edge)
    const api = dialectOf(request) === anthropic ? 'anthropic' : 'openai'
    const advice = baseUrlAdvice(`${https ? 'https' : 'http'}://${forwardedHosts[0] ?? url.host}`, api, path.added)
    const error = gatewayError('not-found', `${nameOf(request)} is not an endpoint of this gateway. ${advice}`)
    return cors.settle(request, refuse(request, error))
  }
  const unknown = async (edge: Edge): Promise<Response> =>
    (await answerAstray(edge)) ??
    cors.settle(
      edge.request,
      refuse(edge.request, gatewayError('not-found', `${nameOf(edge.request)} is not an endpoint of this gateway.`)),
    )

  const routes = new Elysia({ name: 'client-routes', handler: { standardHostname: false } }) // as in server.ts
    .post(
      '/v1/messages/count_tokens',
      ({ request, server }) => guarded({ request, server }, (caller) => countTokens(request, caller)),
      { parse: 'none' },
    )
    .get('/v1/usage', ({ request, server }) =>
      guarded({ request, server }, async (caller) =>
        Response.json(usageView(caller, await deps.usageOf(caller)), { headers: clientHeaders(newRequestId()) }),
      ),
    )
    .get('/v1/models', ({ request, server }) => guarded({ request, server }, listModels))
    .get('/v1/models/*', ({ request, server, params }) =>
      guarded({ request, server }, (caller) => retrieveModel(request, params, caller)),
    )
    // A client that tries a websocket goes to HTTP at once after this status, and after many tries at any other.
    .get('/v1/responses', ({ request, server }) =>
      request.headers.get('upgrade')?.toLowerCase() === 'websocket'
        ? cors.settle(
            request,
            new Response(null, { status: 426, headers: { ...clientHeaders(newRequestId()), upgrade: 'HTTP/1.1' } }),
          )
        : unknown({ request, server }),
    )
    .get('/v1/responses/:id', ({ request, server, params }) =>
      guarded({ request, server }, async (caller) => showKept(request, params.id, caller, viewAnswer)),
    )
    .get('/v1/responses/:id/input_items', ({ request, server, params }) =>
      guarded({ request, server }, async (caller) => showKept(request, params.id, caller, pageOfInput)),
    )
    .delete('/v1/responses/:id', ({ request, server, params }) =>
      guarded({ request, server }, async (caller) => forgetKept(request, params.id, caller)),
    )
    .options('/v1/*', ({ request }) => cors.preflight(request))
    // GET by name too: the console takes every GET that is nobody's.
    .get('/v1/*', ({ request, server }) => unknown({ request, server }))
    .all('/v1/*', ({ request, server }) => unknown({ request, server }), { parse: 'none' })
  // Base URLs as other products have them: the console's API would ask for a sign-in, and clients take that for their own.
  for (const path of ['/api/v1/*', '/v2/v1/*']) {
    routes.get(path, ({ request, server }) => unknown({ request, server }))
    routes.all(path, ({ request, server }) => unknown({ request, server }), { parse: 'none' })
  }
  for (const { path, dialect } of deps.dialects) {
    routes.post(path, ({ request, server }) => serve(dialect, { request, server }), { parse: 'none' })
  }
  /** Serves whom another door lets in: the console's own chats, which are no business of pages of other origins. */
  const serveOther = async (
    dialect: Dialect,
    request: Request,
    peer: Peer,
    admit: ClientDeps['admit'],
  ): Promise<Response> => closed(await serveClient(dialect, request, peer, { ...deps, admit }))
  return { routes, answerAstray, refuseBlocked, serveOther }
}

const allowed = (models: readonly ModelInfo[], allows: Caller['allows']): readonly ModelInfo[] =>
  allows === undefined ? models : models.filter(({ id }) => allows([id]))

const blockedText = 'Requests from this address are not answered.'

const nameOf = ({ method, url }: Request): string => `${method} ${new URL(url).pathname}`

/** A path's part as it was meant; one that is no proper escape is taken as it stands. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
