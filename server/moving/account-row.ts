import type { Quota } from '../conversation/quota.ts'
import type { Health } from '../pool/account.ts'
import { defaultHealthPolicy } from '../pool/health.ts'
import type { AccountRecord } from '../store/store.ts'
import type { Credentials } from '../upstream/amazonq/credentials.ts'
import { type ImportedAccount, parseItem } from '../upstream/amazonq/import-item.ts'
import { isAccessToken, refreshTokenFault } from '../upstream/amazonq/token-form.ts'
import type { Cells } from './values.ts'

export type AccountIn = {
  readonly record: AccountRecord
  readonly credentials: Credentials
  /** For the choice between rows with the same sign-in. */
  readonly serves: boolean
  /** Its refresh token has the form of none we know: kept, and left to the provider to judge. */
  readonly isOddToken: boolean
}

/** An account row as ours. Never fails: what is missing leaves an account that asks to be signed in again. */
export function readAccount(cells: Cells, id: string, now: number, maxInFlight: number): AccountIn {
  const credentials = credentialsOf(cells)
  const isOddToken = credentials.refreshToken !== undefined && refreshTokenFault(credentials.refreshToken) !== undefined
  const { enabled, health } = standing(cells, credentials, now)
  const quota = quotaOf(cells, now)
  const createdAt = cells.time('created_at') ?? cells.time('updated_at') ?? cells.time('last_refresh_time')
  if (createdAt === undefined) cells.repair('created_at was missing: the time of the import')
  const status = cells.text('last_refresh_status')
  const lastRefreshAt = cells.time('last_refresh_time')
  const [email, userId, plan] = [
    cells.text('email', 255),
    cells.text('q_user_id', 255),
    cells.text('subscription_type'),
  ]
  return {
    serves: enabled && health.state === 'unchecked',
    credentials,
    isOddToken,
    record: {
      account: {
        id,
        label: cells.text('label', 255)?.trim() ?? '',
        enabled,
        health,
        weight: 1,
        maxInFlight,
        createdAt: Math.min(createdAt ?? now, now),
        ...(quota === undefined ? {} : { quota }),
      },
      profile: {
        method: credentials.method,
        // The original never went anywhere else, whatever its column said.
        region: 'us-east-1',
        successCount: cells.count('success_count') ?? 0,
        errorCount: cells.count('error_count') ?? 0,
        updatedAt: Math.min(cells.time('updated_at') ?? createdAt ?? now, now),
        ...(email === undefined ? {} : { email: email.trim() }),
        ...(userId === undefined ? {} : { userId: userId.trim() }),
        ...(plan === undefined ? {} : { plan }),
        ...(lastRefreshAt === undefined ? {} : { lastRefreshAt: Math.min(lastRefreshAt, now) }),
        ...(status === 'success' || status === 'failed' ? { lastRefreshStatus: status } : {}),
      },
    },
  }
}

/**
 * The sign-in, by the one reader of sign-ins. The original tells social ones by their made-up client and looks at nothing else.
 * What that reader would refuse is kept as far as it goes.
 */
function credentialsOf(cells: Cells): Credentials {
  const [clientId, clientSecret] = [cells.text('clientid')?.trim(), cells.text('clientsecret', 65_536)?.trim()]
  const [refreshToken, accessToken] = [
    cells.text('refreshtoken', 65_536)?.trim(),
    cells.text('accesstoken', 65_536)?.trim(),
  ]
  const isSocial =
    clientId?.startsWith('social-') === true ||
    (clientId === undefined && cells.text('auth_method')?.trim().toLowerCase() === 'social')
  const item = {
    ...(isSocial ? { authMethod: 'social' } : { authMethod: 'builder-id', clientId, clientSecret }),
    refreshToken,
    accessToken,
    ...extrasOf(cells),
  }
  const read = parseItem(item, { index: 0 }, { asOriginal: true })
  if (read.ok) return inItsRegion(read.value)
  if (refreshToken !== undefined && refreshTokenFault(refreshToken, { ofAnyLength: true }) !== undefined)
    cells.repair('its refresh token has no form we know: it is kept, and the first check tells whether it is one')
  return {
    method: isSocial ? 'social' : 'builder-id',
    identityRegion: 'us-east-1',
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(accessToken !== undefined && isAccessToken(accessToken) ? { accessToken } : {}),
    ...(isSocial || clientId === undefined ? {} : { clientId }),
    ...(isSocial || clientSecret === undefined ? {} : { clientSecret }),
  }
}

const inItsRegion = ({ credentials }: ImportedAccount): Credentials => credentials

/** What a restored backup may have put into `other`: JSON, as text or as bytes. Only what makes a sign-in is looked at. */
function extrasOf(cells: Cells): { readonly profileArn?: string } {
  const text = cells.has('other') ? Buffer.from(textBytes(cells.raw('other'))).toString('utf8') : ''
  if (text.trim() === '' || text.trim() === 'null') return {}
  try {
    const other: unknown = JSON.parse(text)
    const { profileArn, profile_arn: spelled } = (typeof other === 'object' && other !== null ? other : {}) as {
      readonly profileArn?: unknown
      readonly profile_arn?: unknown
    }
    const arn = profileArn ?? spelled
    return typeof arn === 'string' && arn !== '' ? { profileArn: arn } : {}
  } catch {
    cells.repair('other was not JSON')
    return {}
  }
}

const textBytes = (value: unknown): Uint8Array =>
  value instanceof Uint8Array ? value : Buffer.from(typeof value === 'object' ? JSON.stringify(value) : String(value))

const reasons = {
  expired: 'The sign-in is not valid any more: sign in again.',
  suspended: 'The provider has suspended the account.',
  exhausted: 'The quota is used up.',
} as const

/**
 * Where the account stands. The original sets `enabled` off along with every other status than `normal`, so only of `normal` ones
 * it is the operator's switch: at its next start it would have made those `disabled`, and that is how they come here (D-07).
 */
function standing(
  cells: Cells,
  credentials: Credentials,
  now: number,
): { readonly enabled: boolean; readonly health: Health } {
  const given = cells.text('status')?.trim().toLowerCase() ?? ''
  const status = given === '' ? 'normal' : given
  const reason = cells.text('status_reason')
  const flag = cells.flag('enabled')
  const unchecked: Health = { state: 'unchecked', since: now, failures: 0 }
  switch (status) {
    case 'expired':
    case 'suspended':
      return { enabled: true, health: { state: status, since: now, failures: 0, reason: reason ?? reasons[status] } }
    case 'exhausted':
      return {
        enabled: true,
        health: {
          state: 'exhausted',
          since: Math.min(cells.time('exhausted_at') ?? now, now),
          until: now + defaultHealthPolicy.exhaustedRecheckMs,
          reason: reason ?? reasons.exhausted,
          kind: 'quota-exhausted',
          failures: 0,
        },
      }
    case 'normal':
      break
    case 'disabled':
      return { enabled: false, health: unchecked }
    default:
      cells.repair('its status was none we know: the account is switched off')
      return { enabled: false, health: unchecked }
  }
  const fault = lacking(credentials)
  if (fault !== undefined) cells.repair(`${fault}: the account must be signed in again`)
  // A column that is there and empty matched no choice of an account, and so was off; one that is not there was added as on.
  if (cells.isColumn('enabled') && !cells.has('enabled')) cells.repair('enabled was empty: the account is switched off')
  return {
    enabled: flag ?? !cells.isColumn('enabled'),
    health:
      fault === undefined
        ? unchecked
        : { state: 'expired', since: now, failures: 0, reason: `${fault}: sign in again.` },
  }
}

/** What a sign-in needs to be renewed. */
function lacking({ method, refreshToken, accessToken, clientId, clientSecret }: Credentials): string | undefined {
  if (refreshToken === undefined) return accessToken === undefined ? 'There is no refresh token' : undefined
  const hasClient = clientId !== undefined && clientSecret !== undefined
  return method === 'social' || hasClient ? undefined : 'Its OIDC client is missing'
}

/** The original keeps one sum for everything; `token_expiry` is the end of the free trial. */
function quotaOf(cells: Cells, now: number): Quota | undefined {
  const [used, limit] = [cells.amount('usage_current') ?? 0, cells.amount('usage_limit') ?? 0]
  const expiresAt = cells.time('token_expiry')
  const readAt = cells.time('quota_refreshed_at')
  if (used === 0 && limit === 0 && expiresAt === undefined && readAt === undefined) return undefined
  return {
    used,
    limit,
    readAt: Math.min(readAt ?? now, now),
    ...(expiresAt === undefined ? {} : { trial: { used: 0, limit: 0, expiresAt, active: expiresAt > now } }),
  }
}
