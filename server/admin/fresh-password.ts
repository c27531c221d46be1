import { sha256Hex } from '../access/digest.ts'
import { sessionIdOf } from './cookie.ts'
import type { AdminDeps } from './deps.ts'
import { refuse, retryAfter } from './failure.ts'
import type { Operator } from './operator.ts'

export const confirmHeader = 'x-confirm-password'

/**
 * Whether whoever asks has given the password with this very request, in the body or in `X-Confirm-Password`. A wrong one is
 * refused, and counts as a try at it.
 */
export type FreshPassword = (
  request: Request,
  inBody?: string,
) => Promise<{ readonly ok: true; readonly given: boolean } | { readonly ok: false; readonly refusal: Response }>

export function createFreshPassword(deps: Pick<AdminDeps, 'peerOf'>, operator: Operator): FreshPassword {
  return async (request, inBody) => {
    const header = request.headers.get(confirmHeader)
    const password = inBody ?? (header === null ? undefined : decoded(header))
    if (password === undefined || password === '') return { ok: true, given: false }
    const sessionId = sessionIdOf(request.headers.get('cookie'))
    const who = sessionId === undefined ? undefined : sha256Hex(sessionId)
    const confirmed = await operator.confirm(password, deps.peerOf(request), who)
    if (confirmed.ok) return { ok: true, given: true }
    const { message: error, code, retryAfterMs } = confirmed.error
    const refusal =
      code === 'LOCKED'
        ? refuse(429, { error, code }, retryAfter(retryAfterMs ?? 0))
        : refuse(403, { error, code, field: 'password' })
    return { ok: false, refusal }
  }
}

/** A header carries bytes; a password outside of Latin-1 is sent as percent-escapes. */
function decoded(header: string): string {
  try {
    return /%[0-9a-f]{2}/i.test(header) ? decodeURIComponent(header) : header
  } catch {
    return header
  }
}
