import { type AnyElysia, Elysia } from 'elysia'
import { databaseAway } from '../admin/database-away.ts'
import { successionPath } from '../admin/succession-routes.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { ClientRoutes } from './client-routes.ts'
import { edgeHeaders, transportSecurity } from './edge-headers.ts'
import { type Readiness, readinessAnswer } from './readiness.ts'

export type ServerDeps = {
  readonly effects: Pick<Effects, 'after' | 'now'>
  /** Whether the client's address gets no answer; `addressOf` gives the socket's. Asked of every request. */
  readonly isBlocked: (request: Request, addressOf: () => string | undefined) => boolean
  readonly clientRoutes: ClientRoutes
  /** The admin API and the console, already Elysia instances; mounted after the client APIs. */
  readonly plugins: readonly AnyElysia[]
  /** Answered at `/version` as it is. */
  readonly build: { readonly version: string; readonly commit: string | null; readonly date: string | null }
  readonly readiness: () => Readiness
  /** Another process is about to own the data, or does: the admin API changes nothing here any more. */
  readonly isHandedOver: () => boolean
  /** Whether the browser has come by TLS, to us or to a trusted proxy that says so. */
  readonly isHttps: (request: Request, address: string | undefined) => boolean
  /** How long browsers that have come by TLS keep to it. 0: they are not told. */
  readonly hstsSeconds: number
  /** Prometheus text, for peers that may see it. */
  readonly metrics: (request: Request, socketAddress: string | undefined) => Promise<Response>
  readonly newRequestId: () => string
  /** A request outside the client APIs was answered; those tell their end themselves. */
  readonly onAnswered: (answered: {
    readonly requestId: string
    readonly request: Request
    readonly status: number
  }) => void
  /** A bug below: logged with its request; the caller gets 500 without details. */
  readonly onBug: (error: unknown, request: Request, requestId: string) => void
}

export type Listening = {
  readonly port: number
  /** Stops accepting, waits for open answers at most `graceMs`, then cuts what is left. True when nothing was cut. */
  readonly stop: (graceMs: number) => Promise<boolean>
  /** Cuts what is left now. */
  readonly cut: () => void
  /** Every answer from now on is the last of its connection: the next one reaches the successor. */
  readonly lastAnswers: () => void
  /** When a request came last since then; epoch ms. */
  readonly lastArrivalAt: () => number | undefined
  /** Closes the port and leaves open answers alone; `reopen` takes it again. */
  readonly closePort: () => void
  readonly reopen: () => Result<void, ListenFault>
}

export type ListenFault = { readonly code: 'port-taken' | 'address' | 'other'; readonly message: string }

/** Routes of everybody, then the client APIs, the admin API and the console. */
export function createServer(deps: ServerDeps) {
  const ids = new WeakMap<Request, string>()
  let isLast = false
  let lastArrivalAt: number | undefined
  const app = new Elysia({
    // The framework shares the port with whoever else wants it, unless told not to.
    // In development mode the runtime answers what nobody caught with a page of our source.
    serve: { maxRequestBodySize: Number.MAX_SAFE_INTEGER, idleTimeout: 120, reusePort: false, development: false },
    // Else the path is looked for behind the eleventh character: under a host name of three or fewer it would be another.
    handler: { standardHostname: false },
  })
    .onRequest(({ request, set, server }) => {
      // The address is made of the Host header, and everything behind this takes it for one.
      if (!URL.canParse(request.url)) {
        const alive = hostlessCheck(request, deps.readiness)
        if (alive !== undefined) return alive
        const body = { error: 'The Host header is not a host.', code: 'INVALID_REQUEST' }
        return Response.json(body, { status: 400, headers: edgeHeaders })
      }
      if (isLast) {
        set.headers.connection = 'close'
        lastArrivalAt = deps.effects.now()
      }
      const addressOf = (): string | undefined => server?.requestIP(request)?.address
      if (deps.isBlocked(request, addressOf)) return deps.clientRoutes.refuseBlocked(request)
      if (deps.isHandedOver() && isAdminWrite(request)) return changesElsewhere()
      if (isClientPath(request.url)) return // the client APIs name their requests themselves
      const id = deps.newRequestId()
      ids.set(request, id)
      Object.assign(set.headers, edgeHeaders, transportSecurity(deps.isHttps(request, addressOf()), deps.hstsSeconds))
      set.headers['x-request-id'] = id
    })
    .onError(async ({ code, error, request, server }) => {
      if (code === 'NOT_FOUND') {
        return (
          (await deps.clientRoutes.answerAstray({ request, server })) ??
          Response.json({ error: 'There is nothing at this path.', code: 'NOT_FOUND' }, { status: 404 })
        )
      }
      const away = databaseAway(error)
      if (away !== undefined) return away
      const requestId = ids.get(request) ?? deps.newRequestId()
      deps.onBug(error, request, requestId)
      return Response.json(
        { error: 'The gateway failed on this request.', code: 'INTERNAL', requestId },
        { status: 500, headers: { ...edgeHeaders, 'x-request-id': requestId } },
      )
    })
    .use(deps.clientRoutes.routes)
    .onAfterResponse(({ request, set }) => {
      const id = ids.get(request)
      if (id !== undefined) deps.onAnswered({ requestId: id, request, status: Number(set.status ?? 200) })
    })
    .get('/healthz', () => ({ status: 'ok' }))
    .get('/readyz', () => readinessAnswer(deps.readiness()))
    .get('/version', () => deps.build)
    .get('/metrics', ({ request, server }) => deps.metrics(request, server?.requestIP(request)?.address))
    .head('/api/hello', () => new Response(null))
  for (const plugin of deps.plugins) app.use(plugin)

  return {
    requestIdOf: (request: Request): string | undefined => ids.get(request),

    /** The direct peer's address, while the server listens. */
    addressOf: (request: Request): string | undefined => app.server?.requestIP(request)?.address,

    handle: (request: Request): Promise<Response> => app.handle(request),

    /** `shared`: beside the process that has the port, which has agreed to it. */
    listen: (hostname: string, port: number, shared = false): Result<Listening, ListenFault> => {
      const open = (reusePort: boolean): Result<void, ListenFault> => {
        try {
          app.listen({ hostname: hostname.replace(/^\[(.*)\]$/, '$1'), port, reusePort })
          return app.server === null ? err({ code: 'other', message: 'The server did not start.' }) : ok(undefined)
        } catch (thrown) {
          return err(faultOf(thrown, hostname, port))
        }
      }
      const opened = open(shared)
      if (!opened.ok) return opened
      const taken = app.server?.port ?? port
      const closed = new Set<Bun.Server<unknown>>()
      const all = (): readonly Bun.Server<unknown>[] => [...closed, ...(app.server === null ? [] : [app.server])]
      let wasCut = false
      const cut = (): void => {
        wasCut = true
        for (const server of all()) void server.stop(true)
      }
      return ok({
        port: taken,
        stop: async (graceMs) => {
          const cancel = deps.effects.after(graceMs, cut)
          await Promise.all(all().map((server) => server.stop(false)))
          cancel()
          return !wasCut
        },
        cut,
        lastAnswers: () => {
          isLast = true
        },
        lastArrivalAt: () => lastArrivalAt,
        closePort: () => {
          if (app.server === null) return
          closed.add(app.server)
          void app.server.stop(false)
        },
        reopen: () => open(false),
      })
    },
  }
}

/** While two processes have the data, one of them makes the changes. Nothing of what is asked here has happened. */
const changesElsewhere = (): Response =>
  Response.json(
    { error: 'The gateway is being started anew; ask again in a moment.', code: 'RESTARTING' },
    { status: 503, headers: { ...edgeHeaders, 'retry-after': '1', connection: 'close' } },
  )

function isAdminWrite({ method, url }: Request): boolean {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return false
  const start = url.indexOf('/', url.indexOf('//') + 2)
  return (url.startsWith('/v2/', start) || url.startsWith('/api/', start)) && !url.startsWith(successionPath, start)
}

/** Load balancers look whether we live by HTTP/1.0, which needs no Host: HAProxy's first question is `OPTIONS /`. */
function hostlessCheck({ method, url, headers }: Request, readiness: () => Readiness): Response | undefined {
  if ((headers.get('host') ?? '') !== '') return undefined
  if (method === 'OPTIONS' && (url === '/' || url === '*'))
    return new Response(null, { status: 204, headers: edgeHeaders })
  if (method !== 'GET' && method !== 'HEAD') return undefined
  if (url === '/readyz') return readinessAnswer(readiness(), edgeHeaders)
  if (url !== '/healthz') return undefined
  return Response.json({ status: 'ok' }, { headers: edgeHeaders })
}

/** By the path alone: what stands in a query is the caller's. */
function isClientPath(url: string): boolean {
  const start = url.indexOf('/', url.indexOf('//') + 2)
  return url.startsWith('/v1/', start)
}

function faultOf(thrown: unknown, hostname: string, port: number): ListenFault {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : ''
  if (code === 'EADDRINUSE') {
    return { code: 'port-taken', message: `Port ${port} on ${hostname} is taken.` }
  }
  return {
    code: code === 'EADDRNOTAVAIL' ? 'address' : 'other',
    message: `Cannot listen on ${hostname}:${port}: ${String(thrown)}`,
  }
}
