import { sha256Hex } from '../access/digest.ts'
import { headerText } from '../lib/header-text.ts'
import type { Entry } from './actor.ts'
import { failRefused, refuse } from './failure.ts'
import type { Gate } from './gate.ts'
import type { Operator } from './operator.ts'

export const confirmHeader = 'x-confirm-password'
/** The code of a second factor beside it, where one is on. */
export const confirmCodeHeader = 'x-confirm-code'

/** How long a session's answer to it holds. */
export const confirmedMs = 300_000
/** The oldest go; whoever's went is asked once more. */
const mostConfirmed = 1_000

/**
 * Whether whoever asks has given the password: with this very request, in the body or in `X-Confirm-Password`, or in this session
 * a moment ago. A wrong one is refused, and counts as a try at it.
 */
type Check = (
  request: Request,
  inBody?: string,
) => Promise<{ readonly ok: true; readonly given: boolean } | { readonly ok: false; readonly refusal: Response }>

export type FreshPassword = Check & {
  /** Keeps in mind that this session has just given it; undefined: no session asks, so nothing is kept. */
  readonly keep: (request: Request) => number | undefined
  /** Until when this session need not give it again. */
  readonly until: (request: Request) => number | undefined
}

export function createFreshPassword(operator: Operator, gate: Gate, now: () => number): FreshPassword {
  const confirmed = new Map<string, number>()
  const until = (request: Request): number | undefined => {
    const session = sessionOf(gate.entryOf(request))
    const end = session === undefined ? undefined : confirmed.get(session)
    return end !== undefined && end > now() ? end : undefined
  }
  const keep = (request: Request): number | undefined => {
    const session = sessionOf(gate.entryOf(request))
    if (session === undefined) return undefined
    const end = now() + confirmedMs
    confirmed.delete(session)
    confirmed.set(session, end)
    for (const [oldest, ended] of confirmed) {
      if (ended > now() && confirmed.size <= mostConfirmed) break
      confirmed.delete(oldest)
    }
    return end
  }
  const check: Check = async (request, inBody) => {
    const header = request.headers.get(confirmHeader)
    const password = inBody ?? (header === null ? undefined : decoded(headerText(header)))
    if (password === undefined || password === '') return { ok: true, given: until(request) !== undefined }
    const entry = gate.entryOf(request)
    if (entry === undefined || entry.by === 'nobody') {
      return { ok: false, refusal: refuse(401, { error: 'Sign in first.', code: 'UNAUTHORIZED' }) }
    }
    const code = request.headers.get(confirmCodeHeader)
    const right = await operator.confirm({ password, ...(code === null ? {} : { code }) }, entry.actor)
    if (right.ok) return { ok: true, given: true }
    return { ok: false, refusal: failRefused(right.error, right.error.code.startsWith('SECOND') ? 'code' : 'password') }
  }
  return Object.assign(check, { keep, until })
}

const sessionOf = (entry: Entry | undefined): string | undefined =>
  entry?.by === 'session' ? sha256Hex(entry.sessionId) : undefined

/** From a browser, whose headers hold Latin-1 alone, other passwords come as percent-escapes. */
function decoded(header: string): string {
  try {
    return /%[0-9a-f]{2}/i.test(header) ? decodeURIComponent(header) : header
  } catch {
    return header
  }
}
