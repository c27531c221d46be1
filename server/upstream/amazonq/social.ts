import { err, type Result } from '../../lib/result.ts'
import { kiroAuthUrl, userAgent } from './endpoint.ts'
import { retryAfterOf } from './errors.ts'
import { callJson, membersOf, textOf } from './json-call.ts'
import { type OidcDeps, type Tokens, tokensOf, withoutSecrets } from './oidc.ts'

/**
 * `dead`: the refresh token is worth nothing any more. `blocked`: a filter before the service refused us (403), the token is
 * untouched. `network`: no answer to rely on. `other`: a definite refusal of another kind.
 */
export type SocialError = {
  readonly code: 'dead' | 'blocked' | 'other' | 'network'
  readonly detail: string
  readonly retryAfterMs?: number
}

const namesToken =
  /invalid[_ ]grant|(?:refresh[_ ]?)?token\b.*\b(?:invalid|expired|revoked)|(?:invalid|expired|revoked)\b.*\btoken/i

// Generous: a refresh given up while the provider still rotates is a lost sign-in.
const timeoutMs = 30_000

/** Trades a Google or GitHub sign-in's refresh token; the answer also names the profile ARN. */
export async function refreshSocial(deps: OidcDeps, refreshToken: string): Promise<Result<Tokens, SocialError>> {
  const answer = await callJson(deps.effects, {
    method: 'POST',
    url: `${kiroAuthUrl(deps.settings)}/refreshToken`,
    headers: { 'content-type': 'application/json', 'user-agent': userAgent(deps.settings, 'kiroauth') },
    body: { refreshToken },
    timeoutMs,
  })
  if (answer.type === 'network') return err({ code: 'network', detail: answer.cause })
  const { status, json, headers } = answer
  if (status === 200) {
    const tokens = tokensOf(membersOf(json))
    return tokens ?? err({ code: 'network', detail: 'refreshToken answered without an access token' })
  }
  const body = membersOf(json)
  const said = textOf(body.error) ?? textOf(body.message) ?? textOf(body.Message) ?? ''
  const detail = `status ${status} ${withoutSecrets(said, [refreshToken])}`.trim()
  // Only a refusal in the service's own JSON counts as its word; a proxy's page does not.
  if (status === 401 && json !== undefined) return err({ code: 'dead', detail })
  if (status === 403) return err({ code: 'blocked', detail })
  if (status === 400 && namesToken.test(said)) return err({ code: 'dead', detail })
  if (status === 400 && json !== undefined) return err({ code: 'other', detail })
  const retryAfterMs = retryAfterOf(headers)
  return err({ code: 'network', detail, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })
}
