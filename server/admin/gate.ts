import { sameSecret } from '../access/digest.ts'
import { createLockout } from '../access/lockout.ts'
import { hasScope, isAtLeast } from '../access/role.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { headerText } from '../lib/header-text.ts'
import { type Actor, commandLine, type Entry, owner } from './actor.ts'
import { maxBodyBytes, mostBytesOf } from './body.ts'
import { sessionIdOf } from './cookie.ts'
import type { AdminDeps } from './deps.ts'
import { refuse, retryAfter } from './failure.ts'
import type { Operator } from './operator.ts'
import { askedOf, hidesVisitors, isFromPage, isOwnPage, originFault } from './origin.ts'
import { isRead, type Need, needOf, openRoutes } from './permissions.ts'
import type { Refusal } from './refusal.ts'

export type Gate = {
  /** Answers what is not let in, undefined for what may go on. `path` is the router's own, so that both judge the same one. */
  readonly check: (request: Request, path: string) => Promise<Response | undefined>
  /** How a request that went on was let in; undefined means it never passed the gate and must not be served. */
  readonly entryOf: (request: Request) => Entry | undefined
  /** Asks once more, by the route that was found, for what was let in by its path. */
  readonly checkRoute: (request: Request, route: string) => Response | undefined
  /** Whether what was let in would be let in now, for what goes on: sessions end, tokens are revoked, people lose their role. */
  readonly stillIn: (request: Request, path: string) => Promise<boolean>
  /** What keeps a bearer from a route that it does not ask for itself, in words for another API; undefined: nothing. */
  readonly faultOfBearer: (request: Request, bearer: string, route: Route) => Promise<GatewayError | undefined>
  /** Lets a request of the server's own in, with the owner's eyes. */
  readonly admitOwn: (request: Request) => void
}

type Route = { readonly method: string; readonly path: string }

export const controlHeader = 'x-control-token'
export const testPasswordHeader = 'x-test-password'

/**
 * Stands before every route, validation and body of `/api/*` and `/v2/*`, so that nobody learns anything about them
 * who is not let in. No CORS headers are ever sent here (D-61), and no credential is read from an address (D-56).
 */
export function createGate(
  deps: Pick<AdminDeps, 'peerOf' | 'controlToken' | 'consoleOrigins' | 'testMode' | 'effects' | 'log' | 'memory'>,
  operator: Operator,
): Gate {
  const entries = new WeakMap<Request, Entry>()
  const testLockout = createLockout(deps.effects.now, undefined, undefined, deps.memory)
  let warned = false
  const enter = (request: Request, entry: Entry): undefined => void entries.set(request, entry)

  const control = (request: Request): Response | undefined => {
    const peer = deps.peerOf(request)
    const token = request.headers.get(controlHeader)
    if (!peer.loopback || peer.forwarded || token === null || !sameSecret(token, deps.controlToken)) {
      return refuse(401, {
        error: 'This part answers the command line on the same machine only.',
        code: 'UNAUTHORIZED',
      })
    }
    return enter(request, { by: 'control', actor: commandLine })
  }

  const isOwn = (request: Request): boolean => isOwnPage(request, deps.peerOf(request), deps.consoleOrigins ?? [])
  const otherOrigin = (request: Request): Response =>
    refuse(403, { ...originFault(request, deps.peerOf(request)), code: 'FORBIDDEN_ORIGIN' })

  const byCookie = async (request: Request, path: string): Promise<Response | undefined> => {
    const sessionId = sessionIdOf(request.headers.get('cookie'))
    const known = await operator.bySession(sessionId)
    if (known === undefined || sessionId === undefined) {
      return refuse(401, { error: 'Sign in first.', code: 'UNAUTHORIZED' })
    }
    if (isWrite(request) && !isOwn(request)) return otherOrigin(request)
    if (known.session.mustChangePassword && path !== '/api/password') return changeFirst()
    return admit(request, path, { by: 'session', sessionId, actor: known.actor })
  }

  /** A session that may act needs no password beside it: whatever else was sent is not tried, and no lock holds it up. */
  const hasSession = async (request: Request): Promise<boolean> => {
    const known = await operator.bySession(sessionIdOf(request.headers.get('cookie')))
    return known !== undefined && !known.session.mustChangePassword && (!isWrite(request) || isOwn(request))
  }

  /** Known is not yet allowed. */
  const admit = (request: Request, path: string, entry: Exclude<Entry, { by: 'nobody' }>): Response | undefined => {
    const need = needOf(request.method, path)
    const refused = mayNot(entry.actor, need) ?? (need.dangerous ? testPasswordFault(request) : undefined)
    return refused ?? enter(request, entry)
  }

  /** In test mode what could spoil a public demo needs a second password, as in the original. */
  const testPasswordFault = (request: Request): Response | undefined => {
    if (deps.testMode === undefined) return undefined
    const { password } = deps.testMode
    const sent = request.headers.get(testPasswordHeader)
    const peer = { address: deps.peerOf(request).address, loopback: false }
    if (password === undefined || sent === null) return testPasswordWanted(password !== undefined)
    const wait = testLockout.enter(peer)
    if (wait > 0) {
      const error = `Too many wrong test passwords. Wait ${Math.ceil(wait / 1000)} s.`
      return refuse(429, { error, code: 'LOCKED' }, retryAfter(wait))
    }
    if (!sameSecret(headerText(sent), password)) return testPasswordWanted(true)
    testLockout.succeeded(peer)
    return undefined
  }

  const warnOnce = (request: Request): void => {
    if (warned || !hidesVisitors(request, deps.peerOf(request))) return
    warned = true
    deps.log('warn', 'proxy.headers-missing', {
      page: askedOf(request).page?.slice(0, 200) ?? '',
      message:
        'A reverse proxy on this machine seems to pass no X-Forwarded-For on: its visitors cannot be told apart, and wrong passwords of one slow all down. See docs/deploy.md.',
    })
  }

  return {
    entryOf: (request) => entries.get(request),
    admitOwn: (request) => enter(request, { by: 'itself', actor: owner }),
    checkRoute: (request, route) => {
      const entry = entries.get(request)
      if (entry === undefined) return refuse(401, { error: 'Sign in first.', code: 'UNAUTHORIZED' })
      if (entry.by === 'nobody') {
        return openRoutes.has(route) ? undefined : refuse(401, { error: 'Sign in first.', code: 'UNAUTHORIZED' })
      }
      return mayNot(entry.actor, needOf(request.method, route))
    },
    faultOfBearer: async (request, bearer, { method, path }) => {
      const known = await operator.byBearer(`Bearer ${bearer}`, deps.peerOf(request))
      if (known === undefined) return gatewayError('authentication', 'No credential was sent.')
      if (!known.ok) {
        const { code, message, retryAfterMs = 0 } = known.error
        if (code === 'LOCKED') return gatewayError('limit-reached', message, { retryAfterMs })
        return gatewayError(code === 'SECOND_FACTOR_REQUIRED' ? 'permission' : 'authentication', message)
      }
      if (known.value === 'change-first') return gatewayError('permission', changeFirstText)
      const lack = lackOf(known.value, needOf(method, path))
      return lack && gatewayError('permission', lack.error)
    },
    stillIn: async (request, path) => {
      const entry = entries.get(request)
      if (entry === undefined) return false
      const actor = await operator.stillIn(entry, request.headers.get('authorization'))
      return actor !== undefined && mayNot(actor, needOf(request.method, path)) === undefined
    },
    check: async (request, path) => {
      const most = mostBytesOf(path)
      if (Number(request.headers.get('content-length') ?? 0) > most) return tooLarge(most)
      const encoding = request.headers.get('content-encoding')?.trim().toLowerCase()
      if (encoding !== undefined && encoding !== '' && encoding !== 'identity') return packed()
      if (path.startsWith('/api/control/')) return control(request)
      if (openRoutes.has(path)) {
        // A page elsewhere must not sign anybody in or out; a script may.
        if (isWrite(request) && isFromPage(request) && !isOwn(request)) return otherOrigin(request)
        if (isWrite(request)) warnOnce(request)
        return enter(request, { by: 'nobody' })
      }
      const authorization = request.headers.get('authorization')
      if (path.startsWith('/v2/') && authorization !== null && !(await hasSession(request))) {
        const bearer = await operator.byBearer(authorization, deps.peerOf(request))
        if (bearer?.ok === false) return refuseSignIn(bearer.error)
        if (bearer !== undefined) {
          if (bearer.value === 'change-first') return changeFirst()
          return admit(request, path, { by: bearer.value.kind === 'token' ? 'token' : 'password', actor: bearer.value })
        }
      }
      return byCookie(request, path)
    },
  }
}

const isWrite = ({ method }: Request): boolean => !isRead(method)

function mayNot(actor: Actor, need: Need): Response | undefined {
  const lack = lackOf(actor, need)
  return lack && refuse(403, lack)
}

function lackOf(actor: Actor, { role, scope }: Need): Parameters<typeof refuse>[1] | undefined {
  if (!isAtLeast(actor.role, role)) {
    const error = `This needs the role ${role}; ${actor.name} has the role ${actor.role}.`
    return { error, code: 'FORBIDDEN', params: { role, has: actor.role } }
  }
  if (actor.scopes === undefined) return undefined
  if (scope === undefined) return { error: 'No admin token may do this: sign in.', code: 'FORBIDDEN' }
  if (hasScope(actor.scopes, scope)) return undefined
  return { error: `This admin token lacks the scope ${scope}.`, code: 'FORBIDDEN', params: { scope } }
}

export const tooLarge = (maxBytes = maxBodyBytes): Response =>
  refuse(413, {
    error: `The body is larger than ${maxBytes / 1024} KiB.`,
    code: 'TOO_LARGE',
    params: { limit: maxBytes },
  })

/** A packed body could unpack to anything: the admin API's are small enough to be sent plain. */
const packed = (): Response =>
  refuse(
    415,
    { error: 'The admin API takes bodies without Content-Encoding only.', code: 'UNSUPPORTED_ENCODING' },
    { 'accept-encoding': 'identity' },
  )

const changeFirstText = 'The first password must be changed before anything else.'
const changeFirst = (): Response => refuse(403, { error: changeFirstText, code: 'PASSWORD_CHANGE_REQUIRED' })

const testPasswordWanted = (isSet: boolean): Response =>
  refuse(403, {
    error: isSet
      ? 'Test mode: this needs the right test password in the header X-Test-Password.'
      : 'Test mode: nobody may do this, because the server was started without TEST_PASSWORD.',
    code: 'TEST_MODE_PASSWORD_REQUIRED',
  })

function refuseSignIn({ code, message, retryAfterMs }: Refusal): Response {
  if (code === 'LOCKED') return refuse(429, { error: message, code }, retryAfter(retryAfterMs ?? 0))
  return refuse(code === 'SECOND_FACTOR_REQUIRED' ? 403 : 401, { error: message, code })
}
