import type { TSchema } from '@sinclair/typebox'
import { JobStarted } from '../contract/jobs.ts'
import { AdminErrorShown } from '../contract/session.ts'
import { jobRoutes, otherAnswers, responses } from './responses.ts'

/** A route as the framework knows it; of its hooks only the schemas are looked at. */
export type KnownRoute = {
  readonly method: string
  readonly path: string
  readonly hooks: { readonly body?: unknown; readonly query?: unknown }
}
/** A route of the client APIs: their bodies are read by readers of their own. */
export type ClientRoute = { readonly method: string; readonly path: string; readonly body?: TSchema }

export type Operation = {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
  readonly parameters: readonly Parameter[]
  readonly requestBody?: object
  readonly responses: Readonly<Record<string, object>>
}
type Parameter = {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly required: boolean
  readonly description?: string
  readonly schema: object
}
export type OpenApi = {
  readonly openapi: '3.1.0'
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: object
}

/** Of the schemas that validate, so that what is written here is what holds. The command line's own routes are left out. */
export function openApiDocument(
  admin: readonly KnownRoute[],
  clients: readonly ClientRoute[],
  version: string,
): OpenApi {
  const paths: Record<string, Record<string, Operation>> = {}
  const put = (method: string, path: string, operation: Operation): void => {
    const at = path.replace(/:(\w+)/g, '{$1}').replace(/\/\*$/, '/{path}')
    paths[at] = { ...paths[at], [method.toLowerCase()]: operation }
  }
  for (const { method, path, hooks } of admin) {
    if (path.startsWith('/api/control/') || !methods.has(method)) continue
    const at = path.length > 1 ? path.replace(/\/$/, '') : path
    put(method, at, operationOf(method, at, isSchema(hooks.body) ? hooks.body : undefined, hooks.query, 'admin'))
  }
  for (const { method, path, body } of clients) put(method, path, operationOf(method, path, body, undefined, 'key'))
  for (const [path, operation] of Object.entries(probes)) put('GET', path, operation)
  return {
    openapi: '3.1.0',
    info: { title: 'claude-server', version, description: 'The client APIs under /v1 and the admin API under /v2.' },
    paths: Object.fromEntries(Object.entries(paths).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    components: {
      securitySchemes: {
        admin: { type: 'http', scheme: 'bearer', description: 'The console password.' },
        session: { type: 'apiKey', in: 'cookie', name: 'session', description: 'The console’s sign-in.' },
        key: { type: 'http', scheme: 'bearer', description: 'A client key.' },
        xApiKey: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'A client key.' },
      },
    },
  }
}

const json = (schema: object) => ({ 'application/json': { schema } })
const probe = (operationId: string, schema: object, refused: object): Operation => ({
  ...{ operationId, tags: ['probes'], security: [], parameters: [] },
  responses: { 200: { description: 'It is.', content: json(schema) }, ...refused },
})
const words = (...values: readonly string[]) => ({ type: 'string', enum: values })
const readiness = {
  type: 'object',
  properties: {
    status: words('ready', 'not-ready'),
    database: words('open', 'away'),
    accounts: words('serving', 'none'),
    stopping: { type: 'boolean' },
  },
  required: ['status', 'database', 'accounts', 'stopping'],
}
/** Asked by load balancers and service managers, without a key (server/http/readiness.ts). */
const probes: Readonly<Record<string, Operation>> = {
  '/healthz': probe('getHealthz', { type: 'object', properties: { status: words('ok') }, required: ['status'] }, {}),
  '/readyz': probe('getReadyz', readiness, { 503: { description: 'It is not.', content: json(readiness) } }),
}

const methods = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])

function operationOf(
  method: string,
  path: string,
  body: TSchema | undefined,
  query: unknown,
  by: 'admin' | 'key',
): Operation {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(
    ([, name = '']): Parameter => ({
      ...{ name, in: 'path', required: true, schema: { type: 'string' } },
    }),
  )
  const inQuery = isSchema(query) && isRecord(query.properties) ? Object.entries(query.properties) : []
  const route = `${method} ${path}`
  const answer = responses[route]
  const other = otherAnswers[route]?.map((type) => [type, {}] as const)
  const content = answer === undefined ? other && Object.fromEntries(other) : json(plain(answer))
  const open = path.startsWith('/api/')
  return {
    operationId: `${method.toLowerCase()}${path.replace(/[^A-Za-z0-9]+(\w?)/g, (_, first: string) => first.toUpperCase())}`,
    tags: [path.split('/').slice(1, 3).join(' ')],
    security: open ? [] : by === 'admin' ? [{ admin: [] }, { session: [] }] : [{ key: [] }, { xApiKey: [] }],
    parameters: [
      ...inPath,
      ...inQuery.map(([name, schema]): Parameter => ({ name, in: 'query', required: false, schema: plain(schema) })),
    ],
    ...(body === undefined ? {} : { requestBody: { required: true, content: json(plain(body)) } }),
    responses: {
      200: { description: 'Done.', ...(content === undefined ? {} : { content }) },
      ...(jobRoutes.has(route)
        ? { 202: { description: 'Asked with `Prefer: respond-async`: the job.', content: json(plain(JobStarted)) } }
        : {}),
      default: {
        description: 'Refused or failed; the body says why.',
        ...(by === 'admin' ? { content: json(plain(AdminErrorShown)) } : {}),
      },
    },
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isSchema = (value: unknown): value is TSchema =>
  isRecord(value) && ('type' in value || 'anyOf' in value || 'allOf' in value)

/** Without the symbols TypeBox keeps for itself. */
const plain = (schema: unknown): object => JSON.parse(JSON.stringify(schema)) as object
