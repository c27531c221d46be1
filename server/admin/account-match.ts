import type { AccountRecord } from '../store/store.ts'
import type { Credentials } from '../upstream/amazonq/credentials.ts'
import type { ImportedAccount } from '../upstream/amazonq/import-item.ts'
import type { AccountDeps } from './account-deps.ts'

/** An account that is here, or was brought in by the same import (`item`, its index there). */
export type Known = {
  readonly record: AccountRecord
  readonly credentials: Credentials | undefined
  readonly item?: number
}

/** As much of an account as tells whose it is. */
export type KnownPerson = {
  readonly record: { readonly profile: Pick<AccountRecord['profile'], 'method' | 'userId' | 'email'> }
  readonly credentials: Credentials | undefined
}

/**
 * How a sign-in was recognised. `secret`: the very same refresh token or API key. `person`: the same user id, or e-mail and
 * kind of sign-in. `client`: the same client registration, which an export and its account share.
 */
export type Match<Account extends KnownPerson = Known> = Account & { readonly by: 'secret' | 'person' | 'client' }

/** What a sign-in is recognised by. */
type Seen = Pick<ImportedAccount, 'credentials' | 'userId' | 'email'>

export type AccountBook<Account extends KnownPerson = Known> = {
  readonly match: (signIn: Seen) => Match<Account> | undefined
  readonly add: (known: Account) => void
}

/** All accounts with their secrets, to recognise what comes in. */
export async function openAccountBook({ store }: Pick<AccountDeps, 'store'>): Promise<AccountBook> {
  const book = createAccountBook<Known>()
  for (const record of await store.accounts.list()) {
    book.add({ record, credentials: await store.accounts.credentials.load(record.account.id) })
  }
  return book
}

/** Recognises sign-ins of the accounts that are added to it. */
export function createAccountBook<Account extends KnownPerson>(): AccountBook<Account> {
  const bySecret = new Map<string, Account>()
  const byUser = new Map<string, Account>()
  const byEmail = new Map<string, Account[]>()
  const byClient = new Map<string, Account[]>()
  const add = (known: Account): void => {
    const { credentials, record } = known
    const { userId, email } = record.profile
    for (const mark of secretsOf(credentials)) if (!bySecret.has(mark)) bySecret.set(mark, known)
    if (userId !== undefined && !byUser.has(userId)) byUser.set(userId, known)
    for (const [map, key] of [
      [byEmail, email?.toLowerCase()],
      [byClient, credentials?.clientId],
    ] as const) {
      if (key !== undefined) map.set(key, [...(map.get(key) ?? []), known])
    }
  }
  return {
    add,
    match: (signIn) => {
      const { credentials, userId, email } = signIn
      for (const mark of secretsOf(credentials)) {
        const known = bySecret.get(mark)
        if (known !== undefined) return { ...known, by: 'secret' }
      }
      const user = userId === undefined ? undefined : byUser.get(userId)
      if (user !== undefined) return { ...user, by: 'person' }
      const person = byEmail.get(email?.toLowerCase() ?? '')?.find((known) => isSamePerson(signIn, known))
      if (person !== undefined) return { ...person, by: 'person' }
      const client = byClient.get(credentials.clientId ?? '')?.find((known) => mayBeSame(signIn, known))
      return client === undefined ? undefined : { ...client, by: 'client' }
    },
  }
}

const secretsOf = (credentials: Credentials | undefined): readonly string[] => [
  ...(credentials?.refreshToken === undefined ? [] : [`refresh ${credentials.refreshToken}`]),
  ...(credentials?.apiKey === undefined ? [] : [`key ${credentials.apiKey}`]),
]

/** One address may have a Builder ID, a Google sign-in and a seat in two companies. */
function isSamePerson(signIn: Seen, { record, credentials }: KnownPerson): boolean {
  const { method, provider, startUrl } = signIn.credentials
  const differ = (one: string | undefined, other: string | undefined): boolean =>
    one !== undefined && other !== undefined && one !== other
  return (
    record.profile.method === method &&
    method !== 'api-key' &&
    !differ(provider, credentials?.provider) &&
    !differ(startUrl, credentials?.startUrl) &&
    !differ(signIn.userId, record.profile.userId)
  )
}

/** Several people of one machine may share a client: what is known of them must not differ. */
function mayBeSame({ userId, email }: Seen, { record: { profile } }: KnownPerson): boolean {
  if (userId !== undefined && profile.userId !== undefined) return userId === profile.userId
  if (email !== undefined && profile.email !== undefined) return email.toLowerCase() === profile.email.toLowerCase()
  return true
}

type KnownSignIn = {
  readonly record: {
    readonly account: { readonly health: Pick<AccountRecord['account']['health'], 'state'> }
    readonly profile: Pick<AccountRecord['profile'], 'accessExpiresAt'>
  }
  readonly credentials: Credentials | undefined
}

/** Whether the sign-in has more to offer than what is here: newer tokens, any for one that expired, or what the other lacks. */
export function isNewer(
  { credentials: given }: Pick<ImportedAccount, 'credentials'>,
  { record, credentials: here }: KnownSignIn,
): boolean {
  if (here === undefined) return true
  const isSame = given.refreshToken === here.refreshToken && given.apiKey === here.apiKey
  if (isSame) {
    const adds = (['profileArn', 'startUrl', 'provider'] as const).some(
      (name) => given[name] !== undefined && here[name] === undefined,
    )
    return adds || (given.method === 'identity-center' && here.method !== 'identity-center')
  }
  if (given.refreshToken === undefined && given.apiKey === undefined) return false
  if (record.account.health.state === 'expired') return true
  return (
    (given.accessExpiresAt ?? 0) > (here.accessExpiresAt ?? record.profile.accessExpiresAt ?? Number.POSITIVE_INFINITY)
  )
}

/** The sign-in to go on with: the given one, and of the one that is here what it does not say. */
export function mergeCredentials(given: Credentials, here: Credentials | undefined): Credentials {
  if (here === undefined) return given
  const { profileArn, startUrl, provider } = here
  const lasting = {
    ...(profileArn === undefined ? {} : { profileArn }),
    ...(startUrl === undefined ? {} : { startUrl }),
    ...(provider === undefined ? {} : { provider }),
  }
  if (given.refreshToken === here.refreshToken) {
    // The access token here is as new as any.
    const { accessToken: _token, accessExpiresAt: _expiry, ...said } = given
    return { ...here, ...said }
  }
  return here.method === given.method ? { ...lasting, ...given } : given
}
