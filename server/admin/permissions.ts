import type { Role, Scope } from '../access/role.ts'

/** What a route asks of who calls it, and what else is true of it. */
export type Need = {
  readonly role: Role
  /** What an admin token must hold; absent: no token may, a person must. */
  readonly scope?: Scope
  /** Needs the test password in test mode. */
  readonly dangerous: boolean
  /** Its success goes into the audit log. */
  readonly audited: boolean
  /** What makes it only say what it would do, which is no deed: a member of its body, or of its query. */
  readonly preview?: Preview
}

type Preview = { readonly in: 'body' | 'query'; readonly name: string }

type Area = { readonly read: Role; readonly write: Role; readonly scope?: Scope }

const area = (scope: Scope): Area => ({ read: 'viewer', write: 'admin', scope })

/**
 * Who may what, by the first words of a path: reading, and everything else. A path in none of them is the owner's alone, and
 * a test asks for its row. What differs from its area stands in `exceptions`.
 */
const areas: Readonly<Record<string, Area>> = {
  '/v2/accounts': area('accounts'),
  '/v2/auth': area('accounts'),
  '/v2/proxies': area('accounts'),
  '/v2/deleted': { read: 'viewer', write: 'owner' },
  '/v2/jobs': area('accounts'),
  '/v2/status': area('accounts'),
  '/v2/meta': area('settings'),
  '/v2/events': area('accounts'),
  '/v2/test': area('accounts'),
  '/v2/health': area('accounts'),
  '/v2/users': area('users'),
  '/v2/keys': area('users'),
  '/v2/ips': area('users'),
  '/v2/limits': area('users'),
  '/v2/usage': area('users'),
  '/v2/settings': area('settings'),
  '/v2/models': area('settings'),
  '/v2/model-mappings': area('settings'),
  '/v2/prices': area('settings'),
  '/v2/webhooks': area('settings'),
  '/v2/alerts': area('settings'),
  '/v2/logs': area('logs'),
  '/v2/stats': area('logs'),
  '/v2/server-logs': area('logs'),
  '/v2/captures': { read: 'admin', write: 'admin', scope: 'logs' },
  '/v2/docs': area('settings'),
  '/v2/openapi.json': area('settings'),
  '/v2/backup': { read: 'owner', write: 'owner' },
  '/v2/import': { read: 'admin', write: 'owner', scope: 'settings' },
  // It writes into the home folder of whoever runs the server: at the machine, and with the password once more.
  '/v2/devtools': { read: 'admin', write: 'admin' },
  '/v2/audit': { read: 'admin', write: 'owner', scope: 'read' },
  // A person's own: what reaches beyond it is decided by the route.
  '/v2/sessions': { read: 'viewer', write: 'viewer' },
  '/v2/second-factor': { read: 'viewer', write: 'viewer' },
  '/v2/confirmation': { read: 'viewer', write: 'viewer' },
  '/v2/admin-tokens': { read: 'admin', write: 'admin' },
  '/v2/operators': { read: 'owner', write: 'owner' },
  '/api/password': { read: 'viewer', write: 'viewer' },
  // The command line with the token of this start; the gate lets nobody else in.
  '/api/control': { read: 'owner', write: 'owner' },
}

type Exception = Partial<Need>

const dangerous: Exception = { dangerous: true }
const unaudited: Exception = { audited: false }
const previewed: Exception = { preview: { in: 'body', name: 'preview' } }
const dryRun: Exception = { preview: { in: 'body', name: 'dry_run' } }
/** Secrets in the answer, or what people wrote: not for those who only look. */
const confidential: Exception = { role: 'admin' }

/** The original's *T* routes are dangerous, and those that would hand a public demo over or empty it. */
const exceptions: Readonly<Record<string, Exception>> = {
  'POST /v2/accounts/direct-import': dangerous,
  'POST /v2/accounts/reset-stats': dangerous,
  'GET /v2/accounts/export': { ...dangerous, ...confidential, scope: 'accounts', audited: true },
  'POST /v2/accounts/export': { ...dangerous, ...confidential },
  'DELETE /v2/accounts/incomplete': dangerous,
  'DELETE /v2/accounts/suspended': dangerous,
  'POST /v2/accounts/enable-all': dangerous,
  'POST /v2/accounts/disable-all': dangerous,
  'POST /v2/accounts/batch': dangerous,
  'DELETE /v2/accounts/:id': dangerous,
  'POST /v2/accounts/import-preview': unaudited,
  'GET /v2/deleted': { scope: 'read' },
  'DELETE /v2/deleted': dangerous,
  'DELETE /v2/deleted/:id': dangerous,
  'PUT /v2/settings': dangerous,
  'PATCH /v2/settings': dangerous,
  'GET /v2/backup/export': { ...dangerous, audited: true },
  'POST /v2/backup/export': dangerous,
  'POST /v2/backup/import': { ...dangerous, preview: { in: 'query', name: 'dry_run' } },
  'POST /v2/backup/files': dangerous,
  'GET /v2/backup/files/:name': { ...dangerous, audited: true },
  'DELETE /v2/backup/files/:name': dangerous,
  'POST /v2/backup/files/:name/restore': { ...dangerous, ...dryRun },
  'POST /v2/logs/cleanup': { ...dangerous, ...previewed },
  'POST /v2/devtools/claude-code/config': previewed,
  'POST /v2/devtools/droid/config': previewed,
  // What people wrote: who looked at it is worth knowing.
  'GET /v2/logs/:id/content': { ...confidential, scope: 'logs', audited: true },
  'POST /v2/ips/block': dangerous,
  'POST /v2/ips/unblock': dangerous,
  'POST /v2/ips/restore': dangerous,
  'POST /v2/users': dangerous,
  'POST /v2/users/batch': dangerous,
  'POST /v2/users/batch-vip': dangerous,
  'POST /v2/users/create-many': dangerous,
  'PATCH /v2/users/:id': dangerous,
  'DELETE /v2/users/:id': dangerous,
  'PATCH /v2/keys/:id': dangerous,
  'DELETE /v2/keys/:id/previous': dangerous,
  'DELETE /v2/keys/:id': dangerous,
  // It would show what other visitors write.
  'PUT /v2/captures/:keyId': dangerous,
  // Chats of the console: they change nothing, and what they cost is in the request log.
  'POST /v2/test/chat/completions': unaudited,
  'POST /v2/test/messages': unaudited,
  'POST /v2/test/v1/messages': unaudited,
  'POST /v2/test/v1/chat/completions': unaudited,
  'POST /v2/test/v1/responses': unaudited,
  'POST /api/password': dangerous,
  'POST /v2/operators': dangerous,
  'PATCH /v2/operators/:id': dangerous,
  'DELETE /v2/operators/:id': dangerous,
  'POST /v2/admin-tokens': dangerous,
  'DELETE /v2/admin-tokens/:id': dangerous,
  // It changes nothing; what is done with it is noted by itself.
  'POST /v2/confirmation': unaudited,
  'POST /v2/second-factor': dangerous,
  'POST /v2/second-factor/confirm': dangerous,
  'POST /v2/second-factor/remove': dangerous,
  'DELETE /v2/sessions/:id': dangerous,
  'POST /v2/sessions/end-others': dangerous,
  'POST /api/control/accounts/import-preview': unaudited,
  'POST /api/control/restore': dryRun,
  // One process to the next: what they tell each other was there before, and some of it is what people wrote.
  'POST /api/control/succession/begin': unaudited,
  'POST /api/control/succession/port': unaudited,
  'POST /api/control/succession/leave': unaudited,
  'POST /api/control/succession/restart': unaudited,
  'POST /api/control/succession/news': unaudited,
  'POST /api/control/succession/token': unaudited,
}

/** Served before anybody is known. What they do goes into the audit log by themselves. */
export const openRoutes: ReadonlySet<string> = new Set([
  '/api/session',
  '/api/meta',
  '/api/login',
  '/api/logout',
  '/api/hand-over',
  '/api/hand-over/open',
])

export const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD' || method === 'OPTIONS'

/** What a route asks for; `path` is its pattern (`/v2/accounts/:id`) or any path it serves. */
export function needOf(method: string, path: string): Need {
  const parts = partsOf(path)
  const found = areaOf(parts)
  const read = isRead(method)
  const scope = read && found?.scope !== undefined ? 'read' : found?.scope
  return {
    role: (read ? found?.read : found?.write) ?? 'owner',
    ...(scope === undefined ? {} : { scope }),
    dangerous: false,
    audited: !read,
    ...exceptionFor(method === 'HEAD' ? 'GET' : method, parts),
  }
}

/** Whether a request only asks what the route would do. */
export function isPreview(request: Request, route: string, body: unknown): boolean {
  const { preview } = needOf(request.method, route)
  if (preview === undefined) return false
  if (preview.in === 'query') return isYes(new URL(request.url).searchParams.get(preview.name) ?? undefined)
  return typeof body === 'object' && body !== null && preview.name in body && body[preview.name as never] === true
}

/** Of a switch in an address, as scripts write it. */
export const isYes = (word: string | undefined): boolean => word !== undefined && word !== '0' && word !== 'false'

/** Whether a path stands in the table at all. */
export const isDeclared = (path: string): boolean => openRoutes.has(path) || areaOf(partsOf(path)) !== undefined

const partsOf = (path: string): readonly string[] => path.split('/').filter((part) => part !== '')

function areaOf([first, second]: readonly string[]): Area | undefined {
  const name = `/${first}/${second}`
  return Object.hasOwn(areas, name) ? areas[name] : undefined
}

const patterns = Object.entries(exceptions).map(([route, exception]) => {
  const [method = '', path = ''] = route.split(' ')
  return { method, parts: partsOf(path), exception }
})

/** A word stands before a parameter, as in the router: `/v2/accounts/export` is no account. */
function exceptionFor(method: string, parts: readonly string[]): Exception | undefined {
  const fitting = patterns.filter(
    (pattern) =>
      pattern.method === method &&
      pattern.parts.length === parts.length &&
      pattern.parts.every((part, index) => part === parts[index] || part.startsWith(':')),
  )
  return (fitting.find(({ parts: own }) => own.every((part, index) => part === parts[index])) ?? fitting[0])?.exception
}
