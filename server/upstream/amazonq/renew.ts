import { err, ok, type Result } from '../../lib/result.ts'
import type { Credentials } from './credentials.ts'
import { isRegion } from './endpoint.ts'
import { type OidcDeps, type Tokens, tokenByRefreshToken } from './oidc.ts'
import { refreshSocial } from './social.ts'

/** Why an account needs a person: nothing we can do by ourselves makes its sign-in work again. */
export type DeadReason =
  /** The provider no longer knows the refresh token. */
  | 'refresh-token-dead'
  /** The OIDC client the refresh token belongs to is gone (they last 90 days). */
  | 'client-expired'
  /** What is stored cannot be a sign-in at all. */
  | 'malformed'
  /** There is nothing to refresh with. */
  | 'no-refresh-token'
  | 'api-key-refused'

/**
 * `unreachable`: nothing was decided, the tokens are as good as before. `refused`: with an answer that does not say that the
 * sign-in is dead: a filter on the way may have given it, so it is asked again. `dead`: final for this refresh token.
 */
export type RenewFailure =
  | { readonly type: 'unreachable'; readonly detail: string; readonly retryAfterMs?: number }
  | { readonly type: 'refused'; readonly detail: string }
  | { readonly type: 'dead'; readonly reason: DeadReason; readonly detail: string }

/** One refresh at whichever service the sign-in belongs to. Saves nothing. */
export async function renew(deps: OidcDeps, credentials: Credentials): Promise<Result<Tokens, RenewFailure>> {
  const { refreshToken, clientId, clientSecret } = credentials
  if (refreshToken === undefined) return err({ type: 'dead', reason: 'no-refresh-token', detail: 'no refresh token' })
  if (credentials.method === 'social') {
    const answer = await refreshSocial(deps, refreshToken)
    if (answer.ok) return ok(answer.value)
    const { code, detail, retryAfterMs } = answer.error
    if (code === 'dead') return err({ type: 'dead', reason: 'refresh-token-dead', detail })
    if (code === 'other' || code === 'blocked') return err({ type: 'refused', detail })
    return err({ type: 'unreachable', detail, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })
  }
  if (!isRegion(credentials.identityRegion)) {
    return err({ type: 'dead', reason: 'malformed', detail: 'the identity region is not an AWS region' })
  }
  if (clientId === undefined || clientSecret === undefined) {
    return err({ type: 'dead', reason: 'client-expired', detail: 'no OIDC client is stored with the refresh token' })
  }
  const client = { clientId, clientSecret }
  const answer = await tokenByRefreshToken(deps, credentials.identityRegion, client, refreshToken)
  if (answer.ok) return ok(answer.value)
  const { code, detail, retryAfterMs } = answer.error
  switch (code) {
    case 'invalid_grant':
    case 'expired_token':
      return err({ type: 'dead', reason: 'refresh-token-dead', detail })
    case 'invalid_client':
      return err({ type: 'dead', reason: 'client-expired', detail })
    case 'access_denied':
    case 'other':
      return err({ type: 'refused', detail })
    case 'authorization_pending':
    case 'slow_down':
    case 'network':
      return err({ type: 'unreachable', detail, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })
  }
}
