import { headerText } from '../lib/header-text.ts'
import { refuse, retryAfter } from './failure.ts'
import type { Gate } from './gate.ts'
import type { Operator } from './operator.ts'

export const confirmHeader = 'x-confirm-password'
/** The code of a second factor beside it, where one is on. */
export const confirmCodeHeader = 'x-confirm-code'

/**
 * Whether whoever asks has given the password with this very request, in the body or in `X-Confirm-Password`. A wrong one is
 * refused, and counts as a try at it.
 */
export type FreshPassword = (
  request: Request,
  inBody?: string,
) => Promise<{ readonly ok: true; readonly given: boolean } | { readonly ok: false; readonly refusal: Response }>

export function createFreshPassword(operator: Operator, gate: Gate): FreshPassword {
  return async (request, inBody) => {
    const header = request.headers.get(confirmHeader)
    const password = inBody ?? (header === null ? undefined : decoded(headerText(header)))
    if (password === undefined || password === '') return { ok: true, given: false }
    const entry = gate.entryOf(request)
    if (entry === undefined || entry.by === 'nobody') {
      return { ok: false, refusal: refuse(401, { error: 'Sign in first.', code: 'UNAUTHORIZED' }) }
    }
    const code = request.headers.get(confirmCodeHeader)
    const confirmed = await operator.confirm({ password, ...(code === null ? {} : { code }) }, entry.actor)
    if (confirmed.ok) return { ok: true, given: true }
    const { message: error, code: fault, retryAfterMs } = confirmed.error
    const refusal =
      fault === 'LOCKED'
        ? refuse(429, { error, code: fault }, retryAfter(retryAfterMs ?? 0))
        : refuse(403, { error, code: fault, field: fault.startsWith('SECOND') ? 'code' : 'password' })
    return { ok: false, refusal }
  }
}

/** From a browser, whose headers hold Latin-1 alone, other passwords come as percent-escapes. */
function decoded(header: string): string {
  try {
    return /%[0-9a-f]{2}/i.test(header) ? decodeURIComponent(header) : header
  } catch {
    return header
  }
}
