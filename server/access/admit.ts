import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { Effects } from '../lib/effects.ts'
import { headerText } from '../lib/header-text.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { consoleKey, isInternalKey } from './console-key.ts'
import { sha256Hex } from './digest.ts'
import { maxKeyLength } from './key.ts'
import type { KeyCompression } from './key-compression.ts'
import type { Limits, Subject } from './limits.ts'
import { allowsModel } from './model-names.ts'
import type { Terms } from './terms.ts'

/** Who calls, once the key has been recognised. */
export type Caller = {
  readonly keyId: string
  readonly name: string
  readonly userId?: string
  /** The only accounts that may serve this caller; absent: any. */
  readonly accounts?: ReadonlySet<string>
  /** Whether it may use a model, by any of its names; absent: all of them. */
  readonly allows?: (names: readonly string[]) => boolean
  /** The larger, the earlier in line. */
  readonly priority: number
  /** How the key's requests are served; absent: as the settings say. */
  readonly terms?: Terms
  /** When its long conversations are made shorter; absent: as the settings say. */
  readonly compression?: KeyCompression
  /** It may ask what would be sent. */
  readonly dryRun?: boolean
  /** Whose limits hold: the key's, and its user's. */
  readonly subjects: readonly Subject[]
}

/** What keys and users have in common, as far as admission needs it. Lists are never empty; absent: any. */
type Known = {
  readonly id: string
  readonly name: string
  readonly enabled: boolean
  readonly expiresAt?: number
  readonly accountIds?: readonly string[]
  readonly models?: readonly string[]
  readonly limits?: Limits
}
export type KnownKey = Known & {
  readonly repair?: boolean
  readonly userId?: string
  /** The hash of the string it had before, and until when that one opens as well. */
  readonly previousHash?: string
  readonly previousUntil?: number
  readonly compression?: KeyCompression
  readonly dryRun?: boolean
}
export type KnownUser = Known & { readonly priority: number }

/** The headers that may carry a key. */
export type KeyHeaders = { readonly authorization?: string | undefined; readonly xApiKey?: string | undefined }

export type AdmissionDeps = {
  readonly keys: {
    readonly findByHash: (hash: string) => Promise<KnownKey | undefined>
    readonly get: (id: string) => Promise<KnownKey | undefined>
    readonly list: () => Promise<readonly { readonly id: string }[]>
    readonly touch: (id: string, at: number) => Promise<void>
  }
  readonly users: { readonly get: (id: string) => Promise<KnownUser | undefined> }
  readonly accounts: { readonly get: (id: string) => Promise<unknown> }
  readonly now: () => number
  readonly after: Effects['after']
  /** Told when a key's time of use could not be written; the call goes on. */
  readonly onTouchFailed?: (keyId: string, cause: unknown) => void
  readonly cacheSize?: number
  readonly cacheMs?: number
}

/** As whom the console chats, and with whom. */
export type ConsoleAsk = { readonly userId?: string; readonly accountId?: string }

export type Admission = {
  readonly admit: (headers: KeyHeaders) => Promise<Result<Caller, GatewayError>>
  /** Admits a chat of the console by the key that is its own, with what holds for a user, or by one account alone, where that is asked. */
  readonly admitConsole: (as: ConsoleAsk) => Promise<Result<Caller, GatewayError>>
  /** Forgets everything looked up so far. Called at once when a key is created, changed or revoked. */
  readonly invalidate: () => void
  readonly stats: () => { readonly remembered: number }
}

type Holder = { readonly caller: Caller; readonly key: KnownKey; readonly user?: KnownUser }
type Cached = Holder & { readonly until: number }

const touchEveryMs = 60_000
/** So long the look-up of a key that was known a moment ago may keep its call waiting. */
const patienceMs = 500
/** So long it is then known without another look. */
const againMs = 5_000

/** Admits callers by key. Known keys are remembered for a short time, unknown ones never, and both within bounds. */
export function createAdmission(deps: AdmissionDeps): Admission {
  const size = deps.cacheSize ?? 10_000
  const cacheMs = deps.cacheMs ?? 30_000
  const cache = new Map<string, Cached>()
  const touchedAt = new Map<string, number>()
  let anyKey = false
  // A look-up that began before an invalidation must not be remembered after it.
  let generation = 0

  const holderOf = async (hash: string): Promise<Holder | undefined> => {
    const key = await deps.keys.findByHash(hash)
    const user = key?.userId === undefined ? undefined : await deps.users.get(key.userId)
    return key && holder(key, user)
  }
  const find = async (hash: string, load = holderOf): Promise<Holder | undefined> => {
    const cached = cache.get(hash)
    if (cached !== undefined && cached.until > deps.now()) {
      cache.delete(hash)
      cache.set(hash, cached)
      return cached
    }
    const began = generation
    const looked = lookUp(hash, load)
    if (cached === undefined) return looked
    // Nothing can be looked up, or not soon: who was known a moment ago still is. A change of a key has emptied the cache.
    const stillKnown = (): Holder => {
      if (began === generation) put(cache, hash, { ...cached, until: deps.now() + againMs }, size)
      return cached
    }
    let cancel = (): void => {}
    const late = new Promise<'late'>((resolve) => {
      cancel = deps.after(patienceMs, () => resolve('late'))
    })
    try {
      const found = await Promise.race([looked, late])
      if (found !== 'late') return found
      looked.catch(() => undefined)
    } catch (error) {
      if (began !== generation) throw error
    } finally {
      cancel()
    }
    return began === generation ? stillKnown() : looked
  }

  const lookUp = async (hash: string, load: typeof holderOf): Promise<Holder | undefined> => {
    const began = generation
    const known = await load(hash)
    if (began === generation) {
      cache.delete(hash)
      if (known !== undefined) put(cache, hash, { ...known, until: deps.now() + cacheMs }, size)
    }
    return known
  }

  const touch = (keyId: string): void => {
    const now = deps.now()
    const last = touchedAt.get(keyId)
    if (last !== undefined && now - last < touchEveryMs) return
    put(touchedAt, keyId, now, size)
    deps.keys.touch(keyId, now).catch((cause: unknown) => deps.onTouchFailed?.(keyId, cause))
  }

  const refusal = async (message: string): Promise<Result<Caller, GatewayError>> => {
    const began = generation
    const some = anyKey || (await deps.keys.list()).some((key) => !isInternalKey(key))
    if (some && began === generation) anyKey = true
    return err(gatewayError('authentication', some ? message : noKeyMessage))
  }

  return {
    admit: async (headers) => {
      const sent = sentKeys(headers)
      if (sent.length === 0) return refusal(missingMessage)
      let barred: string | undefined
      for (const key of sent) {
        const hash = key.length > maxKeyLength ? undefined : sha256Hex(key)
        const known = hash === undefined ? undefined : await find(hash)
        if (hash === undefined || known === undefined) continue
        const because = barOf(known, deps.now(), hash)
        if (because === undefined) {
          touch(known.caller.keyId)
          return ok(known.caller)
        }
        barred ??= because
      }
      return barred === undefined ? refusal(unknownMessage) : err(gatewayError('authentication', barred))
    },
    admitConsole: async ({ userId, accountId }) => {
      // By a name that is no hash: what a client sends never finds it.
      const known = await find(`${consoleKey.id} ${userId ?? ''}`, async () => {
        const [key, user] = await Promise.all([
          deps.keys.get(consoleKey.id),
          userId === undefined ? undefined : deps.users.get(userId),
        ])
        return userId !== undefined && user === undefined ? undefined : holder(key ?? consoleKey, user)
      })
      if (known === undefined) return unknown('user', userId ?? '')
      const because = barOf(known, deps.now())
      if (because !== undefined) return err(gatewayError('permission', because))
      touch(known.caller.keyId)
      const { caller } = known
      if (accountId === undefined) return ok(caller)
      if ((await deps.accounts.get(accountId)) === undefined) return unknown('account', accountId)
      const accounts = new Set([accountId]).intersection(caller.accounts ?? new Set([accountId]))
      if (accounts.size > 0) return ok({ ...caller, accounts })
      return err(gatewayError('permission', 'The account is none of those that may be used.', { field: 'account_id' }))
    },
    invalidate: () => {
      generation++
      cache.clear()
      anyKey = false
    },
    stats: () => ({ remembered: cache.size }),
  }
}

const unknown = (what: 'account' | 'user', id: string): Result<never, GatewayError> =>
  err(
    gatewayError('invalid-request', `There is no ${what} with the id ${JSON.stringify(id)}.`, {
      field: `${what}_id`,
      params: { reason: `no-${what}` },
    }),
  )

const missingMessage = 'No API key was sent: use the header `Authorization: Bearer <key>` or `x-api-key: <key>`.'
const unknownMessage = 'This API key is not known.'
const noKeyMessage =
  'No API key exists yet: create one with `claude-server key create NAME` or on the page Users & keys of the console.'

/**
 * The keys a client sent, each once. Both headers count: clients keep an old sign-in in one of them while the key stands in
 * the other. Either may hold the key with the scheme before it or without.
 */
export function sentKeys({ authorization, xApiKey }: KeyHeaders): readonly string[] {
  const sent = [authorization, xApiKey].map((header) =>
    headerText(header ?? '')
      .trim()
      .replace(/^(?:bearer(?: +|$))+/i, ''),
  )
  return [...new Set(sent)].filter((key) => key !== '')
}

/** The credential of an `Authorization: Bearer …` header, scheme in any case; undefined when there is none. */
export function bearerOf(authorization: string | null | undefined): string | undefined {
  const match = /^bearer +(.+)$/i.exec(headerText(authorization ?? '').trim())
  return match?.[1]
}

/** Why a known key opens nothing now. */
function barOf({ key, user }: Holder, now: number, hash?: string): string | undefined {
  if (hash !== undefined && key.previousHash === hash && (key.previousUntil ?? 0) <= now)
    return 'This API key was replaced by a new one and has ended.'
  if (!key.enabled) return 'This API key is disabled.'
  if (key.expiresAt !== undefined && key.expiresAt <= now) return 'This API key has expired.'
  if (user?.enabled === false) return 'The user of this API key is disabled.'
  if (user?.expiresAt !== undefined && user.expiresAt <= now) return "The time of this API key's user has expired."
  return undefined
}

const holder = (key: KnownKey, user: KnownUser | undefined): Holder => ({
  caller: callerOf(key, user),
  key,
  ...(user && { user }),
})

/** A key's rights and its user's: what either does not allow is not allowed. */
function callerOf(key: KnownKey, user: KnownUser | undefined): Caller {
  const accountLists = [key.accountIds, user?.accountIds].flatMap((ids) => (ids === undefined ? [] : [new Set(ids)]))
  const accounts = accountLists.reduce<ReadonlySet<string> | undefined>(
    (both, ids) => (both === undefined ? ids : both.intersection(ids)),
    undefined,
  )
  const models = [key.models, user?.models].filter((list) => list !== undefined)
  return {
    keyId: key.id,
    name: key.name,
    ...(user === undefined ? {} : { userId: user.id }),
    ...(accounts === undefined ? {} : { accounts }),
    ...(models.length === 0 ? {} : { allows: (names) => models.every((list) => allowsModel(list, names)) }),
    priority: user?.priority ?? 0,
    ...(key.repair === undefined ? {} : { terms: { repair: key.repair } }),
    ...(key.compression === undefined ? {} : { compression: key.compression }),
    ...(key.dryRun === true && { dryRun: true }),
    subjects: [
      { kind: 'key', id: key.id, limits: key.limits ?? {} },
      ...(user === undefined ? [] : [{ kind: 'user' as const, id: user.id, limits: user.limits ?? {} }]),
    ],
  }
}

function put<T>(map: Map<string, T>, key: string, value: T, size: number): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > size) for (const oldest of map.keys()) return void map.delete(oldest)
}
