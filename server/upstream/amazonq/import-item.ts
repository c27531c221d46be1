import { err, ok, type Result } from '../../lib/result.ts'
import { cutText } from '../../lib/sound-text.ts'
import type { Credentials, SignInMethod } from './credentials.ts'
import { isRegion, regionOfArn } from './endpoint.ts'
import {
  type Fault,
  fieldOf,
  hasPrototype,
  type Item,
  isObject,
  type Members,
  plain,
  prototypeFault,
  readMembers,
  spelling,
} from './import-members.ts'
import { builderIdStartUrl } from './oidc.ts'
import { apiKeyFault, isAccessToken, refreshTokenFault } from './token-form.ts'

/** Where an item stands. `index` counts from 0 over all that was given together, `line` from 1 in a text of lines. */
export type ImportPlace = { readonly index: number; readonly source?: number; readonly line?: number }

/** How the file's own program saw the account. Told on only: the provider's word decides. */
export type StatedStatus = 'active' | 'expired' | 'suspended' | 'exhausted' | 'disabled'

export type ImportedAccount = ImportPlace & {
  readonly credentials: Credentials
  readonly label?: string
  readonly email?: string
  /** As the file has it; nobody asked the provider. */
  readonly userId?: string
  readonly status?: StatedStatus
  readonly enabled?: boolean
  readonly successCount?: number
  readonly errorCount?: number
  /** When it came into the program the file is from, epoch ms. */
  readonly addedAt?: number
}

/** Why an item cannot be taken. `name` is its label or e-mail, where that much could be read. */
export type ImportFault = ImportPlace & Fault & { readonly name?: string }
export type ImportItem = Result<ImportedAccount, ImportFault>

/** Gives the parsed client registration with that hash, from where the token came from. An empty hash: the file names none. */
export type FindRegistration = (clientIdHash: string) => unknown

export type ItemOptions = {
  readonly findRegistration?: FindRegistration
  /** As the original's routes: an account with a client and no refresh token is kept, to be signed in later. */
  readonly asOriginal?: boolean
}

/** One account, from JSON. */
export function parseItem(value: unknown, place: ImportPlace, options: ItemOptions = {}): ImportItem {
  if (!isObject(value)) return err({ ...place, ...notAnItem })
  if (hasPrototype(value) || (isObject(value.credentials) && hasPrototype(value.credentials)))
    return err({ ...place, ...prototypeFault, ...nameOf(value) })
  const item = unwrapped(value)
  const read = readMembers(item)
  if (!read.ok) return err({ ...place, ...read.error, ...nameOf(item) })
  const members = read.value
  const external = externalFault(members, item)
  if (external !== undefined) return err({ ...place, ...external, ...nameOf(item) })
  const credentials = credentialsOf(members, item, options)
  if (!credentials.ok) return err({ ...place, ...credentials.error, ...nameOf(item) })
  const { label, email, userId, enabled, disabled, successCount, errorCount, addedAt } = members
  const status = statedStatus(members.status)
  const isEnabled = enabled ?? (disabled === undefined ? (status === 'disabled' ? false : undefined) : !disabled)
  return ok({
    ...place,
    credentials: credentials.value,
    ...(label === undefined ? {} : { label }),
    ...(email === undefined ? {} : { email }),
    ...(userId === undefined ? {} : { userId }),
    ...(status === undefined ? {} : { status }),
    ...(isEnabled === undefined ? {} : { enabled: isEnabled }),
    ...(successCount === undefined ? {} : { successCount }),
    ...(errorCount === undefined ? {} : { errorCount }),
    ...(addedAt === undefined ? {} : { addedAt }),
  })
}

export const notAnItem: Fault = {
  code: 'not-a-sign-in',
  error: 'An account must be an object, a refresh token or an API key.',
}

/** The sign-in in this program's own form: `parseItem` reads the same from it. */
export function itemOf(account: ImportedAccount): Item {
  const { credentials, index: _index, source: _source, line: _line, ...rest } = account
  return { ...credentials, ...rest }
}

/** Kiro Account Manager keeps the secrets in an object of their own; name, e-mail and status stand around it. */
function unwrapped(item: Item): Item {
  return isObject(item.credentials) ? { ...item, ...item.credentials } : item
}

function nameOf(item: Item): { readonly name?: string } {
  const [name] = [item.label, item.nickname, item.name, item.email].filter(
    (value): value is string => typeof value === 'string' && value.trim() !== '',
  )
  return name === undefined ? {} : { name: cutText(name.trim(), 100) }
}

const statusWords: Readonly<Record<string, StatedStatus>> = {
  active: 'active',
  normal: 'active',
  正常: 'active',
  expired: 'expired',
  invalid: 'expired',
  失效: 'expired',
  已失效: 'expired',
  已过期: 'expired',
  token已失效: 'expired',
  banned: 'suspended',
  suspended: 'suspended',
  封禁: 'suspended',
  已封禁: 'suspended',
  exhausted: 'exhausted',
  disabled: 'disabled',
}

const statedStatus = (word: string | undefined): StatedStatus | undefined => statusWords[plain(word)]

function externalFault(members: Members, item: Item): Fault | undefined {
  const name = (['method', 'provider'] as const).find((one) => plain(members[one]) === 'externalidp')
  if (name === undefined && members.tokenEndpoint === undefined) return undefined
  const field = spelling(name ?? 'tokenEndpoint', item)
  return {
    code: 'external-idp',
    error: 'Sign-ins through an external identity provider (external-idp) are not supported: use an API key instead.',
    ...(field === undefined ? {} : { field }),
  }
}

function credentialsOf(members: Members, item: Item, options: ItemOptions): Result<Credentials, Fault> {
  const region = members.region ?? 'us-east-1'
  // The region becomes part of a host name.
  if (!isRegion(region)) return err({ code: 'region', error: 'is not an AWS region', ...fieldOf('region', item) })
  const { profileArn, startUrl } = members
  if (profileArn !== undefined && (profileArn.length > 950 || regionOfArn(profileArn) === undefined)) {
    return err({ code: 'profile-arn', error: 'is not a profile ARN', ...fieldOf('profileArn', item) })
  }
  if (startUrl !== undefined && !isHttpsUrl(startUrl)) {
    return err({ code: 'start-url', error: 'must be an https:// address', ...fieldOf('startUrl', item) })
  }
  const profile = profileArn === undefined ? {} : { profileArn }
  const method = methodOf(members, options)
  if (method === undefined)
    return err({ code: 'method', error: 'names no known sign-in method', ...fieldOf('method', item) })

  if (method === 'api-key') {
    const { apiKey } = members
    if (apiKey === undefined) return err({ code: 'no-key', error: 'The API key is missing.', field: 'apiKey' })
    const wrong = apiKeyFault(apiKey)
    if (wrong !== undefined) return err({ code: 'malformed-key', error: wrong, ...fieldOf('apiKey', item) })
    return ok({ method, apiKey, identityRegion: region, ...profile })
  }

  const { refreshToken, accessExpiresAt } = members
  const accessToken =
    members.accessToken !== undefined && isAccessToken(members.accessToken) ? members.accessToken : undefined
  const lacksToken = refreshToken === undefined && !(options.asOriginal === true && method !== 'social')
  if (lacksToken) return err({ code: 'no-token', error: 'The refresh token is missing.', field: 'refreshToken' })
  const ofAnyLength = options.asOriginal === true && members.clientId !== undefined
  const wrong = refreshToken === undefined ? undefined : refreshTokenFault(refreshToken, { ofAnyLength })
  if (wrong !== undefined) return err({ code: 'malformed-token', error: wrong, ...fieldOf('refreshToken', item) })
  const provider = providerOf(members.provider, method)
  const tokens = {
    ...(accessToken === undefined ? {} : { accessToken }),
    ...(accessToken === undefined || accessExpiresAt === undefined ? {} : { accessExpiresAt }),
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...profile,
    ...(provider === undefined ? {} : { provider }),
  }
  if (method === 'social') return ok({ method, ...tokens, identityRegion: 'us-east-1' })
  const client = clientOf(members, item, options.findRegistration)
  if (!client.ok) return client
  // Renewing a token needs no start URL, signing in again does.
  if (method === 'identity-center' && startUrl === undefined && refreshToken === undefined) {
    return err({ code: 'no-start-url', error: 'The start URL is missing.', field: 'startUrl' })
  }
  return ok({
    method,
    ...tokens,
    ...client.value,
    identityRegion: region,
    ...(startUrl === undefined ? {} : { startUrl }),
  })
}

/** The words the provider's own client uses; one that does not fit the method is left out. */
function providerOf(word: string | undefined, method: SignInMethod): string | undefined {
  switch (plain(word)) {
    case 'google':
      return method === 'social' ? 'Google' : undefined
    case 'github':
      return method === 'social' ? 'Github' : undefined
    case 'builderid':
      return method === 'builder-id' ? 'BuilderId' : undefined
    default:
      return isCompanyWord(word) && method === 'identity-center' ? 'Enterprise' : undefined
  }
}

const isCompanyWord = (word: string | undefined): boolean =>
  ['enterprise', 'internal', 'awsidc', 'iamsso'].includes(plain(word))

/** Undefined when the item names a method we do not know. */
function methodOf(members: Members, { asOriginal }: ItemOptions): SignInMethod | undefined {
  const { startUrl, clientId, clientSecret, clientIdHash, apiKey, refreshToken } = members
  const word = plain(members.method)
  const provider = plain(members.provider)
  const isCompany =
    isCompanyWord(members.provider) ||
    (startUrl !== undefined && !startUrl.startsWith(builderIdStartUrl)) ||
    // Builder ID lives in one region only.
    (startUrl === undefined && provider !== 'builderid' && (members.region ?? 'us-east-1') !== 'us-east-1')
  const oidc = isCompany ? 'identity-center' : 'builder-id'
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
      return oidc
    case '':
      break
    default:
      return undefined
  }
  if (apiKey !== undefined && refreshToken === undefined) return 'api-key'
  // The original marks social accounts by a made-up client of this form.
  if (clientId?.startsWith('social-') === true || clientSecret === 'social-token') return 'social'
  if (provider === 'google' || provider === 'github') return 'social'
  const hasClient = clientId !== undefined || clientSecret !== undefined || clientIdHash !== undefined
  const namesOidc = isCompanyWord(members.provider) || provider === 'builderid' || startUrl !== undefined
  if (hasClient || namesOidc || (asOriginal === true && refreshToken === undefined)) return oidc
  return 'social'
}

type Client = Pick<Credentials, 'clientId' | 'clientSecret' | 'clientExpiresAt'>

function clientOf(
  { clientId, clientSecret, clientExpiresAt, clientIdHash }: Members,
  item: Item,
  findRegistration: FindRegistration | undefined,
): Result<Client, Fault> {
  if (clientId !== undefined && clientSecret !== undefined) {
    return ok({ clientId, clientSecret, ...(clientExpiresAt === undefined ? {} : { clientExpiresAt }) })
  }
  // A client that is named in part must not be completed by somebody else's.
  const registration = clientId === undefined ? findRegistration?.(clientIdHash ?? '') : undefined
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
  if (clientIdHash === undefined) {
    return err({
      code: 'no-client',
      error: 'clientId and clientSecret are required.',
      field: clientId === undefined ? 'clientId' : 'clientSecret',
    })
  }
  return err({
    code: 'no-registration',
    error:
      'The client registration is missing: add clientId and clientSecret from the file of that name beside the token.',
    ...fieldOf('clientIdHash', item),
  })
}

export function isHttpsUrl(value: string): boolean {
  const url = URL.parse(value)
  return url !== null && url.protocol === 'https:' && url.username === '' && url.password === ''
}
