import { type GatewayError, gatewayError } from '../../conversation/error.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import type { Credentials, SignInMethod } from './credentials.ts'
import { isRegion, regionOfArn } from './endpoint.ts'
import { parseJson } from './json-call.ts'
import { builderIdStartUrl } from './oidc.ts'
import { timeOf } from './wire-time.ts'

export type ImportedAccount = {
  readonly index: number
  readonly credentials: Credentials
  readonly label?: string
  readonly email?: string
  readonly enabled?: boolean
  readonly successCount?: number
  readonly errorCount?: number
}

/** Why one item cannot be taken. `index` counts from 0; `field` is the member in the item's own spelling. */
export type ImportFault = { readonly index: number; readonly error: string; readonly field?: string }
export type ImportItem = Result<ImportedAccount, ImportFault>

/** Gives the parsed client registration with that hash, from the folder the token came from. */
export type FindRegistration = (clientIdHash: string) => unknown

export const maxImportBytes = 10 * 1024 * 1024
export const maxImportItems = 5000
const maxTextLength = 16_384

/**
 * Accounts in any form in use: one object or a list, wrapped in `accounts` or not, of this program's or the original's
 * export, import-by-token items, kiro-auth-token.json, AWS SSO cache files, community credential lists; or plain text with
 * one refresh token or API key to a line. Each item stands for itself; only an unreadable whole is an error.
 */
export function parseImport(
  text: string,
  findRegistration?: FindRegistration,
): Result<readonly ImportItem[], GatewayError> {
  if (Buffer.byteLength(text) > maxImportBytes) {
    return err(gatewayError('request-too-large', `An import may have at most ${maxImportBytes} bytes.`))
  }
  const trimmed = text.replace(/^\uFEFF/, '').trim()
  if (trimmed === '') return err(gatewayError('invalid-request', 'There is nothing to import.'))
  if (!/^[[{"]/.test(trimmed)) return parseImportItems(trimmed.split(/\s*\n\s*/), findRegistration)
  const json = parseJson(trimmed)
  if (json === undefined) return err(gatewayError('invalid-request', 'The import is not valid JSON.'))
  return parseImportItems(json, findRegistration)
}

/** The same for JSON that is parsed already. */
export function parseImportItems(
  json: unknown,
  findRegistration?: FindRegistration,
): Result<readonly ImportItem[], GatewayError> {
  const wrapped = isObject(json) && Array.isArray(json.accounts) ? json.accounts : json
  const items: readonly unknown[] = Array.isArray(wrapped) ? wrapped : [wrapped]
  if (items.length === 0) return err(gatewayError('invalid-request', 'There is nothing to import.'))
  if (items.length > maxImportItems) {
    return err(gatewayError('invalid-request', `An import may have at most ${maxImportItems} accounts.`))
  }
  return ok(items.map((item, index) => parseItem(item, index, findRegistration)))
}

/** One account of an import. */
export function parseItem(value: unknown, index: number, findRegistration?: FindRegistration): ImportItem {
  const item = typeof value === 'string' ? secretItem(value) : value
  if (!isObject(item)) return err({ index, error: 'An account must be an object, a refresh token or an API key.' })
  const read = readMembers(item)
  if (!read.ok) return err({ index, ...read.error })
  const members = read.value
  const external = externalFault(members, item)
  if (external !== undefined) return err({ index, ...external })
  const credentials = credentialsOf(members, item, findRegistration)
  if (!credentials.ok) return err({ index, ...credentials.error })
  const { label, email, enabled, disabled, successCount, errorCount } = members
  const isEnabled = enabled ?? (disabled === undefined ? undefined : !disabled)
  return ok({
    index,
    credentials: credentials.value,
    ...(label === undefined ? {} : { label }),
    ...(email === undefined ? {} : { email }),
    ...(isEnabled === undefined ? {} : { enabled: isEnabled }),
    ...(successCount === undefined ? {} : { successCount }),
    ...(errorCount === undefined ? {} : { errorCount }),
  })
}

// Every spelling in use of each member we read; the first is ours. All others are ignored.
const spellings = {
  method: ['method', 'authMethod', 'auth_method'],
  provider: ['provider'],
  accessToken: ['accessToken', 'access_token'],
  accessExpiresAt: ['accessExpiresAt', 'expiresAt', 'expires_at'],
  refreshToken: ['refreshToken', 'refresh_token'],
  clientId: ['clientId', 'client_id'],
  clientSecret: ['clientSecret', 'client_secret'],
  clientExpiresAt: ['clientExpiresAt', 'registrationExpiresAt', 'client_secret_expires_at'],
  clientIdHash: ['clientIdHash'],
  region: ['identityRegion', 'region'],
  startUrl: ['startUrl', 'start_url'],
  profileArn: ['profileArn', 'profile_arn'],
  apiKey: ['apiKey', 'kiroApiKey', 'api_key'],
  tokenEndpoint: ['tokenEndpoint', 'token_endpoint'],
  label: ['label'],
  email: ['email'],
  enabled: ['enabled'],
  disabled: ['disabled'],
  successCount: ['successCount', 'success_count'],
  errorCount: ['errorCount', 'error_count'],
} as const

type Name = keyof typeof spellings
type TimeName = 'accessExpiresAt' | 'clientExpiresAt'
type FlagName = 'enabled' | 'disabled'
type CountName = 'successCount' | 'errorCount'
type Members = { [name in Exclude<Name, TimeName | FlagName | CountName>]?: string } & {
  [name in TimeName | CountName]?: number
} & { [name in FlagName]?: boolean }
type Fault = Omit<ImportFault, 'index'>

function readMembers(item: Readonly<Record<string, unknown>>): Result<Members, Fault> {
  const members: Record<string, string | number | boolean> = {}
  for (const name of Object.keys(spellings) as Name[]) {
    const field = spelling(name, item)
    if (field === undefined) continue
    const read = readMember(name, item[field])
    if (typeof read === 'object') return err({ error: read.error, field })
    if (read !== undefined) members[name] = read
  }
  return ok(members as Members)
}

/** The spelling this item uses, when it has a value there: null and empty text count as absent. */
const spelling = (name: Name, item: Readonly<Record<string, unknown>>): string | undefined =>
  spellings[name].find((field) => item[field] !== undefined && item[field] !== null && item[field] !== '')

function readMember(name: Name, value: unknown): string | number | boolean | undefined | { readonly error: string } {
  switch (name) {
    case 'enabled':
    case 'disabled':
      return typeof value === 'boolean' ? value : { error: 'must be true or false' }
    case 'successCount':
    case 'errorCount':
      return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : { error: 'must be a whole number' }
    case 'accessExpiresAt':
    case 'clientExpiresAt':
      // A time that cannot be read counts as unknown: the token is then renewed before its first use.
      return typeof value === 'string' || typeof value === 'number' ? timeOf(value) : { error: 'must be a time' }
    default: {
      if (typeof value !== 'string') return { error: 'must be text' }
      const text = value.trim()
      if (text.length > maxTextLength) return { error: `must have at most ${maxTextLength} characters` }
      return isSecret(name) && /[^\x21-\x7e]/.test(text) ? { error: 'has characters that no token has' } : text
    }
  }
}

const isSecret = (name: Name): boolean =>
  ['accessToken', 'refreshToken', 'clientId', 'clientSecret', 'apiKey'].includes(name)

function externalFault(members: Members, item: Readonly<Record<string, unknown>>): Fault | undefined {
  const name = (['method', 'provider'] as const).find((one) => plain(members[one]) === 'externalidp')
  if (name === undefined && members.tokenEndpoint === undefined) return undefined
  const field = spelling(name ?? 'tokenEndpoint', item)
  return {
    error: 'Sign-ins through an external identity provider (external-idp) are not supported: use an API key instead.',
    ...(field === undefined ? {} : { field }),
  }
}

function credentialsOf(
  members: Members,
  item: Readonly<Record<string, unknown>>,
  findRegistration: FindRegistration | undefined,
): Result<Credentials, Fault> {
  const region = members.region ?? 'us-east-1'
  if (!isRegion(region)) return err({ error: 'is not an AWS region', ...fieldOf('region', item) })
  const { profileArn } = members
  if (profileArn !== undefined && (profileArn.length > 950 || regionOfArn(profileArn) === undefined)) {
    return err({ error: 'is not a profile ARN', ...fieldOf('profileArn', item) })
  }
  const profile = profileArn === undefined ? {} : { profileArn }
  const method = methodOf(members)
  if (method === undefined) return err({ error: 'names no known sign-in method', ...fieldOf('method', item) })

  if (method === 'api-key') {
    const { apiKey } = members
    if (apiKey === undefined) return err({ error: 'The API key is missing.', field: 'apiKey' })
    return ok({ method, apiKey, identityRegion: region, ...profile })
  }

  const { refreshToken, accessToken, accessExpiresAt } = members
  if (refreshToken === undefined) return err({ error: 'The refresh token is missing.', field: 'refreshToken' })
  const tokens = {
    ...(accessToken === undefined ? {} : { accessToken }),
    ...(accessToken === undefined || accessExpiresAt === undefined ? {} : { accessExpiresAt }),
    refreshToken,
    ...profile,
  }
  if (method === 'social') {
    const provider = plain(members.provider)
    const name = provider === 'google' ? 'Google' : provider === 'github' ? 'Github' : undefined
    return ok({ method, ...tokens, identityRegion: 'us-east-1', ...(name === undefined ? {} : { provider: name }) })
  }
  const client = clientOf(members, item, findRegistration)
  if (!client.ok) return client
  const { startUrl } = members
  return ok({
    method,
    ...tokens,
    ...client.value,
    identityRegion: region,
    ...(startUrl === undefined ? {} : { startUrl }),
  })
}

/** Undefined when the item names a method we do not know. */
function methodOf(members: Members): SignInMethod | undefined {
  const { startUrl, clientId, clientSecret, clientIdHash, apiKey, refreshToken } = members
  const word = plain(members.method)
  const provider = plain(members.provider)
  const isCompany =
    provider === 'enterprise' ||
    (startUrl !== undefined && !startUrl.startsWith(builderIdStartUrl)) ||
    // Builder ID lives in one region only.
    (startUrl === undefined && provider !== 'builderid' && (members.region ?? 'us-east-1') !== 'us-east-1')
  switch (word) {
    case 'apikey':
      return 'api-key'
    case 'social':
    case 'google':
    case 'github':
      return 'social'
    case 'builderid':
      return 'builder-id'
    case 'identitycenter':
    case 'enterprise':
      return 'identity-center'
    case 'idc':
    case 'sso':
    case 'iam':
      return isCompany ? 'identity-center' : 'builder-id'
    case '':
      break
    default:
      return undefined
  }
  if (apiKey !== undefined && refreshToken === undefined) return 'api-key'
  // The original marks social accounts by a made-up client of this form.
  const hasClient = (clientId !== undefined && clientSecret !== undefined) || clientIdHash !== undefined
  const isMarkedSocial = clientId?.startsWith('social-') === true || clientSecret === 'social-token'
  if (!hasClient || isMarkedSocial || provider === 'google' || provider === 'github') return 'social'
  return isCompany ? 'identity-center' : 'builder-id'
}

type Client = Pick<Credentials, 'clientId' | 'clientSecret' | 'clientExpiresAt'>

function clientOf(
  { clientId, clientSecret, clientExpiresAt, clientIdHash }: Members,
  item: Readonly<Record<string, unknown>>,
  findRegistration: FindRegistration | undefined,
): Result<Client, Fault> {
  if (clientId !== undefined && clientSecret !== undefined) {
    return ok({ clientId, clientSecret, ...(clientExpiresAt === undefined ? {} : { clientExpiresAt }) })
  }
  if (clientIdHash === undefined) {
    return err({
      error: 'clientId and clientSecret are both needed.',
      field: clientId === undefined ? 'clientId' : 'clientSecret',
    })
  }
  const registration = findRegistration?.(clientIdHash)
  const found = isObject(registration) ? readMembers(registration) : undefined
  if (found?.ok && found.value.clientId !== undefined && found.value.clientSecret !== undefined) {
    const { clientId, clientSecret, accessExpiresAt } = found.value
    // In a registration `expiresAt` is the client's own end.
    return ok({
      clientId,
      clientSecret,
      ...(accessExpiresAt === undefined ? {} : { clientExpiresAt: accessExpiresAt }),
    })
  }
  return err({
    error:
      'The client registration is missing: add clientId and clientSecret from the file of that name beside the token.',
    ...fieldOf('clientIdHash', item),
  })
}

function secretItem(text: string): Readonly<Record<string, unknown>> | undefined {
  const secret = text.trim()
  if (!/^[\x21-\x7e]{16,16384}$/.test(secret)) return undefined
  return secret.startsWith('ksk_') ? { apiKey: secret } : { refreshToken: secret }
}

function fieldOf(name: Name, item: Readonly<Record<string, unknown>>): { readonly field?: string } {
  const field = spelling(name, item)
  return field === undefined ? {} : { field }
}

/** Words without case and joiners: `external_idp`, `ExternalIdp` and `external-idp` are one. */
const plain = (word: string | undefined): string => (word ?? '').toLowerCase().replace(/[-_ ]/g, '')

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
