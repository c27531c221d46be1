import { Elysia, NotFoundError, ParseError, ValidationError } from 'elysia'
import { cutText } from '../lib/sound-text.ts'
import { createTurns } from '../lib/turns.ts'
import { createAccountBulk } from './account-bulk.ts'
import { createAccountImports } from './account-import.ts'
import { accountRoutes } from './account-routes.ts'
import { createAccountsService } from './accounts-service.ts'
import { alertRoutes } from './alert-routes.ts'
import { auditRoutes } from './audit-routes.ts'
import { type AuditTrail, createAuditTrail } from './audit-trail.ts'
import { backupRoutes } from './backup-routes.ts'
import { BodyNotTaken, BodyTooLarge, noBody, UnsoundText } from './body.ts'
import { captureRoutes } from './capture-routes.ts'
import { controlRoutes } from './control.ts'
import { databaseAway } from './database-away.ts'
import { deletedRoutes } from './deleted-routes.ts'
import { createDeletedService } from './deleted-service.ts'
import type { AdminDeps } from './deps.ts'
import { devtoolsRoutes } from './devtools-routes.ts'
import { eventRoutes } from './event-routes.ts'
import { refuse } from './failure.ts'
import { createFreshPassword } from './fresh-password.ts'
import { type Gate, tooLarge } from './gate.ts'
import { handOverRoutes } from './hand-over-routes.ts'
import { healthRoutes } from './health-routes.ts'
import { createHealthService } from './health-service.ts'
import { createIdempotency } from './idempotency.ts'
import { importReportRoutes } from './import-report-routes.ts'
import { ipRoutes } from './ip-routes.ts'
import { createIpsService } from './ips-service.ts'
import { jobRoutes } from './job-routes.ts'
import { keyRoutes } from './key-routes.ts'
import { createKeysService } from './keys-service.ts'
import { logRoutes } from './log-routes.ts'
import { metaRoutes } from './meta-routes.ts'
import { modelMappingRoutes } from './model-mapping-routes.ts'
import { createModelMappingsService } from './model-mappings-service.ts'
import { openApiRoutes } from './openapi/routes.ts'
import type { Operator } from './operator.ts'
import { confirmationRoutes, secondFactorRoutes, signedInRoutes } from './own-sign-in-routes.ts'
import { adminTokenRoutes, operatorRoutes } from './person-routes.ts'
import { createPreconditions } from './preconditions.ts'
import { createProxiesService } from './proxies-service.ts'
import { proxyRoutes } from './proxy-routes.ts'
import { mustBe, whyNot } from './schema-words.ts'
import { sessionRoutes } from './session-routes.ts'
import { settingsRoutes } from './settings-routes.ts'
import { createSettingsService } from './settings-service.ts'
import { signInRoutes } from './sign-in-routes.ts'
import { type BodyRoute, createBodyReaders, createSpelling } from './spelling.ts'
import { statsRoutes } from './stats-routes.ts'
import { streamRoutes } from './stream-routes.ts'
import { testChatRoutes } from './test-chat-routes.ts'
import { TwiceGiven, UnknownMember } from './unknown-member.ts'
import { userBulkRoutes, userRoutes } from './user-routes.ts'
import { changeUsers } from './users-bulk.ts'
import { createUsersService } from './users-service.ts'
import { visitorRoutes } from './visitor-routes.ts'

export type RouteName = { readonly method: string; readonly path: string }

export type AdminRoutes = {
  /** What a request gets that was let in; `path` is the router's own. */
  readonly answer: (request: Request, path: string) => Promise<Response>
  /** The list of the routes, for tests that walk them. */
  readonly names: readonly RouteName[]
}

/**
 * Everything behind the gate. The routes live in an application of their own, so that no hook of the outer one stands
 * between them and their errors.
 */
export function createRoutes(deps: AdminDeps, operator: Operator, gate: Gate): AdminRoutes {
  let views: ReadonlySet<string> = new Set()
  const show = async (path: string): Promise<unknown> => {
    const request = new Request(`http://localhost${path}`)
    gate.admitOwn(request)
    const response = await routes.handle(request)
    return response.status === 200 ? response.json().catch(() => undefined) : undefined
  }
  const trail = createAuditTrail({ ...deps, views: () => views, show })
  const preconditions = createPreconditions(show)
  const idempotency = createIdempotency(deps.effects, deps.memory)
  const routes = adminRoutes(deps, operator, gate, trail, () => routes.routes)
  routes.use(openApiRoutes(() => routes.routes, deps.clientApi ?? [], deps.version))
  const names = routes.routes.map(({ method, path }) => ({ method, path: path.replace(/(?<=.)\/$/, '') }))
  views = new Set(names.filter(({ method }) => method === 'GET').map(({ path }) => path))
  return {
    names,
    answer: async (request, path) => {
      const entry = gate.entryOf(request)
      const { response, replayed } = await idempotency(request, entry, () =>
        preconditions.hold(request, path, () => routes.handle(request)),
      )
      if (!replayed) await trail.end(request, entry, response)
      return preconditions.tag(request, path, response)
    },
  }
}

/** For the console's typed client. */
export type AdminApi = ReturnType<typeof adminRoutes>

function adminRoutes(
  deps: AdminDeps,
  operator: Operator,
  gate: Gate,
  trail: AuditTrail,
  known: () => readonly BodyRoute[],
) {
  const inTurn = createTurns()
  const accounts = createAccountsService(deps, inTurn)
  const imports = createAccountImports(deps, inTurn)
  const keys = createKeysService(deps)
  const users = createUsersService({ ...deps, keys })
  const proxies = createProxiesService(deps)
  const mappings = createModelMappingsService(deps)
  const ips = createIpsService(deps)
  const settings = createSettingsService({ ...deps, keys, ips })
  const deleted = createDeletedService(deps, inTurn)
  const bulk = createAccountBulk(deps, accounts)
  const fresh = createFreshPassword(operator, gate, deps.effects.now)
  const { jobs, hub, watch, alerts } = deps.live
  const spelt = createSpelling(() => known())
  const readsBody = createBodyReaders(() => known())
  // Hooks first: they cover only what is registered after them.
  return new Elysia({ handler: { standardHostname: false } }) // as in http/server.ts
    .onRequest(({ set }) => {
      set.headers['cache-control'] = 'no-store'
    })
    .onParse(({ request, route }) => (readsBody(request.method, route) ? undefined : noBody({ request })))
    .onTransform((context) => {
      context.body = spelt(context.request, context.route, context.body)
    })
    .onBeforeHandle(async ({ request, route, params, body }) => {
      const refused = gate.checkRoute(request, route)
      if (refused !== undefined) return refused
      if (gate.entryOf(request)?.by !== 'itself')
        await trail.begin(request, { route, params: params ?? {}, body: body ?? undefined })
    })
    .onError(({ error, request }) => answerError(error, request, deps))
    .use(sessionRoutes(deps, operator, trail))
    .use(metaRoutes(deps, operator))
    .use(operatorRoutes(deps, operator))
    .use(adminTokenRoutes(deps, gate))
    .use(secondFactorRoutes(deps, gate, operator))
    .use(signedInRoutes(deps, gate, operator))
    .use(confirmationRoutes(gate, operator, fresh))
    .use(auditRoutes(deps.store.audit))
    .use(signInRoutes('/v2/auth', deps, accounts))
    .use(accountRoutes({ accounts, imports, bulk, jobs, fresh }, deps))
    .use(importReportRoutes(deps))
    .use(backupRoutes(deps, { gate, jobs, fresh }))
    .use(jobRoutes(jobs, hub, deps))
    .use(healthRoutes(createHealthService({ ...deps, settings })))
    .use(eventRoutes(hub, watch, deps))
    .use(alertRoutes(alerts))
    .use(testChatRoutes(deps))
    .use(devtoolsRoutes(deps, { gate, fresh }))
    .use(settingsRoutes(settings, gate, deps))
    .use(keyRoutes('/v2/keys', keys))
    .use(userRoutes('/v2', users, jobs))
    .use(ipRoutes(ips, deps))
    .use(modelMappingRoutes('/v2/model-mappings', mappings))
    .use(proxyRoutes(proxies))
    .use(userBulkRoutes(jobs, (ask, progress) => changeUsers(ask, { ...deps, users, deleted }, progress)))
    .use(handOverRoutes(deps, trail))
    .use(deletedRoutes(deleted, { accounts, users, keys, proxies, mappings }))
    .use(statsRoutes(deps))
    .use(streamRoutes(deps))
    .use(captureRoutes(deps))
    .use(logRoutes(deps))
    .use(visitorRoutes(deps))
    .use(controlRoutes(deps, { accounts, imports, keys, users, mappings }))
}

/** The framework's own error bodies repeat the schema and what was sent; nothing of them may get out. */
function answerError(error: unknown, request: Request, deps: Pick<AdminDeps, 'log' | 'requestIdOf'>): Response {
  if (error instanceof ValidationError) {
    const [first] = error.all
    if (first === undefined || !('path' in first))
      return refuse(400, { error: 'The body is not valid.', code: 'INVALID_REQUEST', params: { reason: 'wrong' } })
    const field = first.path.slice(1).replaceAll('/', '.')
    const fault = first.value === undefined ? `is missing: it ${mustBe(first.schema)}` : mustBe(first.schema)
    return refuse(400, {
      error: `${field === '' ? `The ${error.type}` : field} ${fault}.`,
      code: 'INVALID_REQUEST',
      params: first.value === undefined ? { reason: 'missing' } : whyNot(first.schema, first.value),
      ...(field === '' ? {} : { field }),
    })
  }
  if (error instanceof UnknownMember) return unknownMember(error)
  if (error instanceof TwiceGiven) return twiceGiven(error)
  // A wrong method ends here too.
  if (error instanceof NotFoundError) return refuse(404, { error: 'There is no such route.', code: 'NOT_FOUND' })
  if (error instanceof ParseError) {
    if (error.cause instanceof UnknownMember) return unknownMember(error.cause)
    if (error.cause instanceof TwiceGiven) return twiceGiven(error.cause)
    if (error.cause instanceof UnsoundText) return unsoundText(error.cause)
    if (error.cause instanceof BodyNotTaken) return bodyNotTaken(error.cause)
    return error.cause instanceof BodyTooLarge
      ? tooLarge(error.cause.maxBytes)
      : refuse(400, { error: 'The body is not a JSON object.', code: 'INVALID_JSON' })
  }
  const away = databaseAway(error)
  if (away !== undefined) return away
  const requestId = deps.requestIdOf?.(request)
  deps.log('error', 'admin.failed', {
    path: new URL(request.url).pathname,
    cause: causeText(error),
    ...(requestId === undefined ? {} : { requestId }),
  })
  return refuse(500, {
    error: 'Something went wrong in the server; its log says what.',
    code: 'INTERNAL',
    ...(requestId === undefined ? {} : { requestId }),
  })
}

function unknownMember({ member, near, where }: UnknownMember): Response {
  const field = cutText(member, 100)
  const hint = near === undefined ? '' : ` Did you mean ${near}?`
  const error = `${field} is not a member of this ${where}.${hint}`
  return refuse(400, { error, code: 'INVALID_REQUEST', field, params: { reason: 'unknown-member' } })
}

function twiceGiven({ names, where }: TwiceGiven): Response {
  const [first = '', second] = names.map((name) => cutText(name, 100))
  const error =
    second === undefined
      ? `${first} is in this ${where} more than once: say it once.`
      : `${first} and ${second} are the same member of this ${where}: say it once.`
  return refuse(400, { error, code: 'INVALID_REQUEST', field: second ?? first, params: { reason: 'twice' } })
}

function bodyNotTaken({ field }: BodyNotTaken): Response {
  const shown = field === undefined ? undefined : cutText(field, 100)
  return refuse(400, {
    error: `This route takes no ${shown ?? 'body'}: it acts on all that its address names, whatever a body says.`,
    code: 'INVALID_REQUEST',
    params: { reason: 'not-taken' },
    ...(shown === undefined ? {} : { field: shown }),
  })
}

function unsoundText({ field, fault }: UnsoundText): Response {
  return refuse(400, {
    error: `${field === '' ? 'The body' : field} has ${fault} in it.`,
    code: 'INVALID_REQUEST',
    params: { reason: 'not-sound' },
    ...(field === '' ? {} : { field: cutText(field, 100) }),
  })
}

/** A failed statement's message ends with its values, which are no business of the log. */
function causeText(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return `${error.name}: ${error.message.split(/\n?params:/)[0]}`.slice(0, 300)
}
