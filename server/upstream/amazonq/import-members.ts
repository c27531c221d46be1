import { err, ok, type Result } from '../../lib/result.ts'
import { cutText, isShownLine, isSoundText } from '../../lib/sound-text.ts'
import { timeOf } from './wire-time.ts'

/** Stable words for what is wrong, for those who say it in another language. */
export type FaultCode =
  | 'not-json'
  | 'not-a-sign-in'
  | 'wrong-type'
  | 'malformed-token'
  | 'malformed-key'
  | 'no-token'
  | 'no-key'
  | 'no-client'
  | 'no-registration'
  | 'no-start-url'
  | 'region'
  | 'profile-arn'
  | 'start-url'
  | 'method'
  | 'external-idp'
  | 'mail-line'

/** Why one item cannot be taken; `field` is the member in the item's own spelling. */
export type Fault = { readonly code: FaultCode; readonly error: string; readonly field?: string }

/** Every spelling in use of each member we read; the first is ours. All others are ignored, machine ids and passwords first of all. */
const spellings = {
  method: ['method', 'authMethod', 'auth_method'],
  provider: ['provider', 'idp', 'loginProvider', 'login_provider'],
  accessToken: ['accessToken', 'access_token'],
  accessExpiresAt: ['accessExpiresAt', 'expiresAt', 'expires_at'],
  refreshToken: ['refreshToken', 'refresh_token'],
  clientId: ['clientId', 'client_id'],
  clientSecret: ['clientSecret', 'client_secret'],
  clientExpiresAt: ['clientExpiresAt', 'registrationExpiresAt', 'client_secret_expires_at'],
  clientIdHash: ['clientIdHash', 'client_id_hash'],
  // Some write the region of the profile as `region` and name that of the sign-in apart.
  region: [
    'identityRegion',
    'idcRegion',
    'idc_region',
    'ssoRegion',
    'sso_region',
    'authRegion',
    'auth_region',
    'region',
  ],
  startUrl: ['startUrl', 'start_url'],
  profileArn: ['profileArn', 'profile_arn'],
  apiKey: ['apiKey', 'kiroApiKey', 'api_key'],
  tokenEndpoint: ['tokenEndpoint', 'token_endpoint'],
  label: ['label', 'nickname', 'name'],
  email: ['email'],
  userId: ['userId', 'user_id', 'q_user_id'],
  status: ['status'],
  enabled: ['enabled'],
  disabled: ['disabled'],
  successCount: ['successCount', 'success_count'],
  errorCount: ['errorCount', 'error_count'],
  addedAt: ['addedAt', 'created_at', 'added_time'],
} as const

type Name = keyof typeof spellings
type TimeName = 'accessExpiresAt' | 'clientExpiresAt' | 'addedAt'
type FlagName = 'enabled' | 'disabled'
type CountName = 'successCount' | 'errorCount'
export type Members = { [name in Exclude<Name, TimeName | FlagName | CountName>]?: string } & {
  [name in TimeName | CountName]?: number
} & { [name in FlagName]?: boolean }
export type Item = Readonly<Record<string, unknown>>

const maxTextLength = 16_384

export function readMembers(item: Item): Result<Members, Fault> {
  const members: Record<string, string | number | boolean> = {}
  for (const name of Object.keys(spellings) as Name[]) {
    const field = spelling(name, item)
    if (field === undefined) continue
    const read = readMember(name, item[field])
    if (typeof read === 'object')
      return err({
        code: isSecret(name) && typeof item[field] === 'string' ? 'malformed-token' : 'wrong-type',
        error: read.error,
        field,
      })
    if (read !== undefined && read !== '') members[name] = read
  }
  return ok(members as Members)
}

/** Whether an object has anything of a sign-in. */
export const isKnown = (item: Item): boolean =>
  isObject(item.credentials) ||
  (Object.keys(spellings) as Name[]).some((name) => name !== 'addedAt' && spelling(name, item) !== undefined)

/** The spelling this item uses, when it has a value there: null and blank text count as absent. */
export const spelling = (name: Name, item: Item): string | undefined =>
  spellings[name].find((field) => {
    const value = item[field]
    return value !== undefined && value !== null && (typeof value !== 'string' || value.trim() !== '')
  })

export function fieldOf(name: Name, item: Item): { readonly field?: string } {
  const field = spelling(name, item)
  return field === undefined ? {} : { field }
}

function readMember(name: Name, value: unknown): string | number | boolean | undefined | { readonly error: string } {
  if (typeof value === 'string' && !isSoundText(value)) return { error: 'has a NUL or half of a character in it' }
  if (name === 'label' && typeof value === 'string' && !isShownLine(value))
    return { error: 'has a control character in it, or one that turns the direction of text' }
  switch (name) {
    case 'enabled':
    case 'disabled':
      return flagOf(value) ?? { error: 'must be true or false' }
    case 'successCount':
    case 'errorCount':
      return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : { error: 'must be a whole number' }
    case 'accessExpiresAt':
    case 'clientExpiresAt':
      // A time that cannot be read counts as unknown: the token is then renewed before its first use.
      return typeof value === 'string' || typeof value === 'number' ? timeOf(value) : { error: 'must be a time' }
    case 'addedAt':
      return typeof value === 'string' || typeof value === 'number' ? timeOf(value) : undefined
    case 'status':
    case 'userId':
      // Only told on: what another program means by it must not cost a sign-in.
      return typeof value === 'string' ? cutText(value.trim(), 200) : undefined
    default: {
      if (typeof value !== 'string') return { error: 'must be text' }
      const text = value.trim()
      if (text.length > maxTextLength) return { error: `must have at most ${maxTextLength} characters` }
      return isSecret(name) && /[^\x21-\x7e]/.test(text) ? { error: 'has characters that no token has' } : text
    }
  }
}

/** Other programs write 1 and "true" as well. */
function flagOf(value: unknown): boolean | undefined {
  const word = typeof value === 'string' ? value.trim().toLowerCase() : value
  if (word === true || word === 1 || word === 'true' || word === '1') return true
  return word === false || word === 0 || word === 'false' || word === '0' ? false : undefined
}

const isSecret = (name: Name): boolean =>
  ['accessToken', 'refreshToken', 'clientId', 'clientSecret', 'apiKey'].includes(name)

export const isObject = (value: unknown): value is Item =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What is sent so is meant to do harm, and is said to. */
export const hasPrototype = (item: Item): boolean => Object.hasOwn(item, '__proto__')
export const prototypeFault: Fault = {
  code: 'not-a-sign-in',
  error: 'is not a member of an account',
  field: '__proto__',
}

/** Words without case and joiners: `external_idp`, `ExternalIdp` and `external-idp` are one. */
export const plain = (word: string | undefined): string => (word ?? '').toLowerCase().replace(/[-_ ]/g, '')
