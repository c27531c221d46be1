import type { Credentials } from './credentials.ts'

/** Credentials in memory. */
export type Held = {
  readonly credentials: Credentials
  /** Set when the token came from a refresh of ours: then its whole lifetime is known. */
  readonly issuedAt?: number
  /** A conversation with this access token was refused: it is not handed out again. */
  readonly refused?: true
}

// A token this close to its end is not handed out any more.
const marginMs = 60_000

/** What a refresh is made with: when it differs, somebody signed in or rotated. */
export const grantOf = ({ method, apiKey, clientId, refreshToken }: Credentials): string =>
  new Bun.CryptoHasher('sha256')
    .update(JSON.stringify([signInService(method), apiKey, clientId, refreshToken]))
    .digest('base64')

// A check may tell a company's sign-in from a Builder ID while it is refreshed: the grant is the same.
const signInService = (method: Credentials['method']): string => (method === 'identity-center' ? 'builder-id' : method)

/**
 * Whether at most `aheadMs` of the token's life are left. A lifetime we know shortens that, else a short-lived token would
 * be renewed without end.
 */
export function expiresWithin({ credentials, issuedAt }: Held, now: number, aheadMs: number): boolean {
  const { accessExpiresAt } = credentials
  if (accessExpiresAt === undefined) return credentials.refreshToken !== undefined
  const limitMs = issuedAt === undefined ? aheadMs : Math.min(aheadMs, (accessExpiresAt - issuedAt) / 4)
  return accessExpiresAt - now <= limitMs
}

/** A token of unknown age is good only where it cannot be renewed. */
export const isUsable = (found: Held, now: number): boolean =>
  found.refused !== true && found.credentials.accessToken !== undefined && !expiresWithin(found, now, marginMs)
