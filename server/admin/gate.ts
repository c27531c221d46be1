import { sameSecret } from '../access/digest.ts'
import { maxBodyBytes } from './body.ts'
import { sessionIdOf } from './cookie.ts'
import type { AdminDeps } from './deps.ts'
import { refuse, retryAfter } from './failure.ts'
import type { Operator, Refusal } from './operator.ts'

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

/** The header a script or the console sets on writes without an Origin: no page elsewhere can send it unasked. */
const customHeader = 'x-requested-with'
export const controlHeader = 'x-control-token'

const open = new Set(['/api/session', '/api/login', '/api/logout'])

/**
 * Stands before every route, validation and body of `/api/*` and `/v2/*`, so that nobody learns anything about them
 * who is not let in. No CORS headers are ever sent here (D-61), and no credential is read from an address (D-56).
 */
export function createGate(deps: Pick<AdminDeps, 'peerOf' | 'controlToken'>, operator: Operator): Gate {
  const entries = new WeakMap<Request, Entry>()
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

  const byCookie = async (request: Request, path: string): Promise<Response | undefined> => {
    const sessionId = sessionIdOf(request.headers.get('cookie'))
    const session = await operator.bySession(sessionId)
    if (session === undefined || sessionId === undefined) {
      return refuse(401, { error: 'Sign in first.', code: 'UNAUTHORIZED' })
    }
    if (isWrite(request) && !isOwnPage(request)) return otherOrigin()
    if (session.mustChangePassword && path !== '/api/password') return changeFirst()
    return enter(request, { by: 'session', sessionId })
  }

  return {
    entryOf: (request) => entries.get(request),
    check: async (request, path) => {
      if (Number(request.headers.get('content-length') ?? 0) > maxBodyBytes) return tooLarge()
      if (path.startsWith('/api/control/')) return control(request)
      if (open.has(path)) {
        // A page elsewhere must not sign anybody in or out; a script without an Origin may.
        if (isWrite(request) && request.headers.has('origin') && !isOwnPage(request)) return otherOrigin()
        return enter(request, { by: 'nobody' })
      }
      if (path.startsWith('/v2/')) {
        const bearer = await operator.byBearer(request.headers.get('authorization'), deps.peerOf(request))
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

/** Same Origin, or none and the custom header. The scheme is left out: behind a proxy we may not know it. */
function isOwnPage(request: Request): boolean {
  const origin = request.headers.get('origin')
  if (origin === null) return request.headers.has(customHeader)
  return URL.parse(origin)?.host === hostOf(request)
}

/** The host the client asked for. */
export const hostOf = (request: Request): string => request.headers.get('host') ?? new URL(request.url).host

export const tooLarge = (): Response =>
  refuse(413, { error: `The body is larger than ${maxBodyBytes / 1024 / 1024} MB.`, code: 'TOO_LARGE' })

const otherOrigin = (): Response =>
  refuse(403, {
    error: 'This request comes from another site. Scripts that use the cookie set the header x-requested-with.',
    code: 'FORBIDDEN_ORIGIN',
  })

const changeFirst = (): Response =>
  refuse(403, { error: 'The first password must be changed before anything else.', code: 'PASSWORD_CHANGE_REQUIRED' })

function refuseSignIn({ code, message, retryAfterMs }: Refusal): Response {
  return code === 'LOCKED'
    ? refuse(429, { error: message, code }, retryAfter(retryAfterMs ?? 0))
    : refuse(401, { error: message, code })
}
