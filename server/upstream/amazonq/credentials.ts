import type { GatewayError } from '../../conversation/error.ts'
import type { Result } from '../../lib/result.ts'

/** How an account signed in; decides where its tokens come from and which header goes with them. */
export type SignInMethod = 'builder-id' | 'identity-center' | 'social' | 'api-key'

/** The secrets of one account. Sealed by `store`; no room but `upstream/amazonq` reads them. Times are epoch ms. */
export type Credentials = {
  readonly method: SignInMethod
  readonly accessToken?: string
  readonly accessExpiresAt?: number
  readonly refreshToken?: string
  /** OIDC client the refresh token belongs to (not for social and API keys). */
  readonly clientId?: string
  readonly clientSecret?: string
  readonly clientExpiresAt?: number
  /** Region of the identity service (OIDC). The API region is the one inside `profileArn`. */
  readonly identityRegion: string
  readonly startUrl?: string
  readonly profileArn?: string
  /** `Google`, `Github`, `BuilderId` or `Enterprise`, when the sign-in or the provider said it. */
  readonly provider?: string
  /** Official API key (`ksk_…`), method `api-key` only. */
  readonly apiKey?: string
}

/** Where credentials are kept. `save` is durable (on disk) when it returns. */
export type CredentialStore = {
  readonly load: (accountId: string) => Promise<Credentials | undefined>
  readonly save: (accountId: string, credentials: Credentials) => Promise<void>
}

/** What one call needs to identify itself. */
export type Access = {
  /** The bearer: an access token, or the API key itself. */
  readonly token: string
  readonly method: SignInMethod
  readonly profileArn?: string
  /** Region of the API, from the profile ARN, else the configured default. */
  readonly region: string
}

/** Gives bearers; refreshes before expiry with one refresh in flight per account, never on a caller's signal. */
export type TokenSource = {
  /** At once when a good one is in memory. */
  readonly get: (accountId: string) => Result<Access, GatewayError> | Promise<Result<Access, GatewayError>>
  /** The provider refused a conversation with `token`: gives a newer one, refreshing unless somebody already did. */
  readonly replace: (accountId: string, token: string) => Promise<Result<Access, GatewayError>>
}
