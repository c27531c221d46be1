import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { sha256Hex } from './digest.ts'
import { maxKeyLength } from './key.ts'

/** Who calls, once the key has been recognised. */
export type Caller = {
  readonly keyId: string
  readonly name: string
  /** The only accounts that may serve this caller; absent: any. */
  readonly accounts?: ReadonlySet<string>
}

/** A stored key, as far as admission needs it. */
export type KnownKey = {
  readonly id: string
  readonly name: string
  readonly enabled: boolean
  readonly accountIds?: readonly string[]
}

/** The headers that may carry a key. */
export type KeyHeaders = { readonly authorization?: string | undefined; readonly xApiKey?: string | undefined }

export type AdmissionDeps = {
  readonly keys: {
    readonly findByHash: (hash: string) => Promise<KnownKey | undefined>
    readonly list: () => Promise<readonly unknown[]>
    readonly touch: (id: string, at: number) => Promise<void>
  }
  readonly now: () => number
  /** Told when a key's time of use could not be written; the call goes on. */
  readonly onTouchFailed?: (keyId: string, cause: unknown) => void
  readonly cacheSize?: number
  readonly cacheMs?: number
}

export type Admission = {
  readonly admit: (headers: KeyHeaders) => Promise<Result<Caller, GatewayError>>
  /** Forgets everything looked up so far. Called at once when a key is created, changed or revoked. */
  readonly invalidate: () => void
}

type Known = { readonly caller: Caller; readonly enabled: boolean }
type Cached = Known & { readonly until: number }

const touchEveryMs = 60_000

/** Admits callers by key. Known keys are remembered for a short time, unknown ones never, and both within bounds. */
export function createAdmission(deps: AdmissionDeps): Admission {
  const size = deps.cacheSize ?? 10_000
  const cacheMs = deps.cacheMs ?? 30_000
  const cache = new Map<string, Cached>()
  const touchedAt = new Map<string, number>()
  let anyKey = false
  // A look-up that began before an invalidation must not be remembered after it.
  let generation = 0

  const find = async (hash: string): Promise<Known | undefined> => {
    const cached = cache.get(hash)
    if (cached !== undefined && cached.until > deps.now()) {
      cache.delete(hash)
      cache.set(hash, cached)
      return cached
    }
    const began = generation
    const key = await deps.keys.findByHash(hash)
    const known = key === undefined ? undefined : { caller: callerOf(key), enabled: key.enabled }
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
    const some = anyKey || (await deps.keys.list()).length > 0
    if (some && began === generation) anyKey = true
    return err(gatewayError('authentication', some ? message : noKeyMessage))
  }

  return {
    admit: async (headers) => {
      const sent = sentKeys(headers)
      if (sent.length === 0) return refusal(missingMessage)
      let disabled = false
      for (const key of sent) {
        const known = key.length > maxKeyLength ? undefined : await find(sha256Hex(key))
        if (known?.enabled === true) {
          touch(known.caller.keyId)
          // The caller's own limits belong here: after who it is, before what it asks.
          return ok(known.caller)
        }
        disabled ||= known !== undefined
      }
      return disabled ? err(gatewayError('authentication', 'This API key is disabled.')) : refusal(unknownMessage)
    },
    invalidate: () => {
      generation++
      cache.clear()
      anyKey = false
    },
  }
}

const missingMessage = 'No API key was sent: use the header `Authorization: Bearer <key>` or `x-api-key: <key>`.'
const unknownMessage = 'This API key is not known.'
const noKeyMessage =
  'No API key exists yet: create one with `claude-server key create NAME` or on the Keys page of the console.'

/**
 * The keys a client sent, each once. Both headers count: clients keep an old sign-in in one of them while the key stands in
 * the other. Either may hold the key with the scheme before it or without.
 */
function sentKeys({ authorization, xApiKey }: KeyHeaders): readonly string[] {
  const sent = [authorization, xApiKey].map((header) => (header ?? '').trim().replace(/^(?:bearer(?: +|$))+/i, ''))
  return [...new Set(sent)].filter((key) => key !== '')
}

/** The credential of an `Authorization: Bearer …` header, scheme in any case; undefined when there is none. */
export function bearerOf(authorization: string | null | undefined): string | undefined {
  const match = /^bearer +(.+)$/i.exec(authorization?.trim() ?? '')
  return match?.[1]
}

const callerOf = ({ id, name, accountIds }: KnownKey): Caller => ({
  keyId: id,
  name,
  ...(accountIds === undefined ? {} : { accounts: new Set(accountIds) }),
})

function put<T>(map: Map<string, T>, key: string, value: T, size: number): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > size) for (const oldest of map.keys()) return void map.delete(oldest)
}
