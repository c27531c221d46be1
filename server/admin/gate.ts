import { sameSecret } from '../access/digest.ts'
import { maxBodyBytes } from './body.ts'
import { sessionIdOf } from './cookie.ts'
import type { AdminDeps } from './deps.ts'
import { refuse, retryAfter } from './failure.ts'
import type { Operator, Refusal } from './operator.ts'
import { askedOf, hidesVisitors, isFromPage, isOwnPage, originFault } from './origin.ts'

/** How a request was let in: by nothing (it needs none), a session's cookie, the password as a bearer, the control token. */
export type Entry =
  | { readonly by: 'nobody' }
  | { readonly by: 'session'; readonly sessionId: string }
  | { readonly by: 'password' }
  | { readonly by: 'control' }

export type Gate = {
  /** Answers what is not let in, undefined for what may go on. `path` is the router's own, so that both judge the same one. */
  readonly check: (request: Request, path: string) => Promise<Response | undefined>
  /** How a request that went on was let in; undefined means it never passed the gate and must not be served. */
  readonly entryOf: (request: Request) => Entry | undefined
}

export const controlHeader = 'x-control-token'

const open = new Set(['/api/session', '/api/login', '/api/logout'])

/**
 * Stands before every route, validation and body of `/api/*` and `/v2/*`, so that nobody learns anything about them
 * who is not let in. No CORS headers are ever sent here (D-61), and no credential is read from an address (D-56).
 */
export function createGate(
  deps: Pick<AdminDeps, 'peerOf' | 'controlToken' | 'consoleOrigins' | 'log'>,
  operator: Operator,
): Gate {
  const entries = new WeakMap<Request, Entry>()
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
    return enter(request, { by: 'control' })
  }

  const isOwn = (request: Request): boolean => isOwnPage(request, deps.peerOf(request), deps.consoleOrigins ?? [])
  const otherOrigin = (request: Request): Response =>
    refuse(403, { error: originFault(request, deps.peerOf(request)), code: 'FORBIDDEN_ORIGIN' })

  const byCookie = async (request: Request, path: string): Promise<Response | undefined> => {
    const sessionId = sessionIdOf(request.headers.get('cookie'))
    const session = await operator.bySession(sessionId)
    if (session === undefined || sessionId === undefined) {
      return refuse(401, { error: 'Sign in first.', code: 'UNAUTHORIZED' })
    }
    if (isWrite(request) && !isOwn(request)) return otherOrigin(request)
    if (session.mustChangePassword && path !== '/api/password') return changeFirst()
    return enter(request, { by: 'session', sessionId })
  }

  /** A session that may act needs no password beside it: whatever else was sent is not tried, and no lock holds it up. */
  const hasSession = async (request: Request): Promise<boolean> => {
    const session = await operator.bySession(sessionIdOf(request.headers.get('cookie')))
    return session !== undefined && !session.mustChangePassword && (!isWrite(request) || isOwn(request))
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
    check: async (request, path) => {
      if (Number(request.headers.get('content-length') ?? 0) > maxBodyBytes) return tooLarge()
      if (path.startsWith('/api/control/')) return control(request)
      if (open.has(path)) {
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
          return bearer.value === 'full' ? enter(request, { by: 'password' }) : changeFirst()
        }
      }
      return byCookie(request, path)
    },
  }
}

const isWrite = ({ method }: Request): boolean => method !== 'GET' && method !== 'HEAD'

export const tooLarge = (): Response =>
  refuse(413, { error: `The body is larger than ${maxBodyBytes / 1024 / 1024} MB.`, code: 'TOO_LARGE' })

const changeFirst = (): Response =>
  refuse(403, { error: 'The first password must be changed before anything else.', code: 'PASSWORD_CHANGE_REQUIRED' })

function refuseSignIn({ code, message, retryAfterMs }: Refusal): Response {
  return code === 'LOCKED'
    ? refuse(429, { error: message, code }, retryAfter(retryAfterMs ?? 0))
    : refuse(401, { error: message, code })
}
