import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { AccountRecord } from '../store/store.ts'
import type { Credentials, SignInMethod } from '../upstream/amazonq/credentials.ts'
import { isRegion, regionOfArn } from '../upstream/amazonq/endpoint.ts'
import type { AccountCreate } from './contract/accounts.ts'

/** A row that can be created, and the secrets that go with it. */
export type AccountDraft = { readonly record: AccountRecord; readonly credentials: Credentials }

const defaultRegion = 'us-east-1'

/** An account from what the operator gave. `field` of an error is relative to the item. */
export function draftAccount(
  input: AccountCreate,
  id: string,
  now: number,
  maxInFlight: number,
): Result<AccountDraft, GatewayError> {
  const credentials = draftCredentials(input)
  if (!credentials.ok) return credentials
  const { value } = credentials
  const record = newAccountRecord(
    { id, label: text(input.label) ?? '', enabled: input.enabled ?? true, credentials: value }, // D-08: false stays false
    now,
    maxInFlight,
  )
  const counts = { successCount: Math.max(0, input.successCount ?? 0), errorCount: Math.max(0, input.errorCount ?? 0) }
  return ok({ record: { account: record.account, profile: { ...record.profile, ...counts } }, credentials: value })
}

/** The row of an account nobody has used yet. */
export function newAccountRecord(
  from: {
    readonly id: string
    readonly label: string
    readonly enabled: boolean
    readonly credentials: Credentials
  },
  now: number,
  maxInFlight: number,
): AccountRecord {
  const { method, refreshToken, accessToken, apiKey, profileArn, identityRegion } = from.credentials
  const usable = refreshToken !== undefined || accessToken !== undefined || apiKey !== undefined
  return {
    account: {
      id: from.id,
      label: from.label.trim().slice(0, 100),
      enabled: from.enabled,
      health: usable
        ? { state: 'unchecked', since: now, failures: 0 }
        : { state: 'expired', since: now, failures: 0, reason: 'There is no refresh token: sign in again.' },
      weight: 1,
      maxInFlight,
      createdAt: now,
    },
    profile: {
      method,
      region: regionOfArn(profileArn) ?? identityRegion,
      successCount: 0,
      errorCount: 0,
      updatedAt: now,
    },
  }
}

function draftCredentials(input: AccountCreate): Result<Credentials, GatewayError> {
  const refuse = (field: string, message: string): Result<Credentials, GatewayError> =>
    err(gatewayError('invalid-request', message, { field }))
  const method = methodOf(input)
  const identityRegion = text(input.region) ?? defaultRegion
  // The region becomes part of a host name.
  if (!isRegion(identityRegion)) return refuse('region', 'region is not the name of a region, like us-east-1.')
  const startUrl = text(input.startUrl)
  if (startUrl !== undefined && !isHttpsUrl(startUrl))
    return refuse('startUrl', 'startUrl must be an https:// address.')
  const profileArn = text(input.profileArn)
  if (profileArn !== undefined && regionOfArn(profileArn) === undefined)
    return refuse('profileArn', 'profileArn is not an ARN with a region.')
  const apiKey = text(input.apiKey)
  const clientId = text(input.clientId)
  const clientSecret = text(input.clientSecret)
  const refreshToken = text(input.refreshToken)
  const accessToken = text(input.accessToken)

  if (method === 'api-key' && apiKey === undefined) return refuse('apiKey', 'apiKey is required.')
  if (method === 'social' && refreshToken === undefined) return refuse('refreshToken', 'refreshToken is required.')
  if (method === 'builder-id' || method === 'identity-center') {
    if (clientId === undefined) return refuse('clientId', 'clientId and clientSecret are required.')
    if (clientSecret === undefined) return refuse('clientSecret', 'clientId and clientSecret are required.')
  }
  // Another client's token file does not say it, and renewing a token does not need it.
  if (method === 'identity-center' && startUrl === undefined && refreshToken === undefined)
    return refuse('startUrl', 'startUrl is required.')
  const oidc = method === 'builder-id' || method === 'identity-center'
  return ok({
    method,
    identityRegion,
    ...(oidc && clientId !== undefined && clientSecret !== undefined ? { clientId, clientSecret } : {}),
    ...(method !== 'api-key' && refreshToken !== undefined ? { refreshToken } : {}),
    ...(method !== 'api-key' && accessToken !== undefined ? { accessToken } : {}),
    ...(method === 'api-key' && apiKey !== undefined ? { apiKey } : {}),
    ...(startUrl === undefined ? {} : { startUrl }),
    ...(profileArn === undefined ? {} : { profileArn }),
  })
}

/** The method asked for, else the one the given secrets belong to. `social-…` client ids are the original's mark. */
function methodOf(input: AccountCreate): SignInMethod {
  if (input.method !== undefined) return input.method as SignInMethod // the contract's union, widened by `map`
  if (text(input.apiKey) !== undefined) return 'api-key'
  const clientId = text(input.clientId)
  if (clientId?.startsWith('social-')) return 'social'
  if (clientId === undefined && text(input.clientSecret) === undefined && text(input.refreshToken) !== undefined)
    return 'social'
  return text(input.startUrl) === undefined ? 'builder-id' : 'identity-center'
}

/** Trimmed text; undefined for null and blank. */
export function text(value: string | null | undefined): string | undefined {
  const trimmed = value?.trim()
  return trimmed === undefined || trimmed === '' ? undefined : trimmed
}

export function isHttpsUrl(value: string): boolean {
  const url = URL.parse(value)
  return url !== null && url.protocol === 'https:' && url.username === '' && url.password === ''
}
