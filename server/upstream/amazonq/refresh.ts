import { LRUCache } from 'lru-cache'
import { type GatewayError, gatewayError } from '../../conversation/error.ts'
import { type Effects, onBehalf } from '../../lib/effects.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import { unwatched, type WatchMemory } from '../../lib/watch-memory.ts'
import type { Access, CredentialStore, Credentials, TokenSource } from './credentials.ts'
import { type AmazonQSettings, regionOfArn } from './endpoint.ts'
import { expiresWithin, grantOf, type Held, isUsable } from './held.ts'
import { createInTurn } from './in-turn.ts'
import type { Tokens } from './oidc.ts'
import { createPlaces } from './places.ts'
import { type DeadReason, type RenewFailure, renew } from './renew.ts'

export type RefreshOutcome =
  | { readonly ok: true; readonly at: number; readonly accessExpiresAt: number }
  | { readonly ok: false; readonly at: number; readonly error: GatewayError }

export type TokenKeeperDeps = {
  readonly settings: AmazonQSettings
  readonly effects: Effects
  readonly store: CredentialStore
  /** Called once for each refresh token (or key) that turned out dead. Changes nothing else: the tokens stay stored. */
  readonly onDead: (accountId: string, reason: DeadReason, message: string) => void
  /** The store refused renewed tokens, of which there is no other copy; undefined: it has them now, or needs them no more. */
  readonly onUnsaved?: (accountId: string, credentials: Credentials | undefined) => void
  /** After every exchange with the provider, for "last refresh"; never a reason to enable anything. */
  readonly onRefresh?: (accountId: string, outcome: RefreshOutcome) => void
  readonly memory?: WatchMemory
  /**
   * Another process renews now, so that no token is ever renewed by two: asks it to, and resolves once the result is stored.
   * Undefined: it turned out that this one does after all.
   */
  readonly elsewhere?: () =>
    | ((accountId: string, token: string | undefined) => Promise<Result<void, GatewayError> | undefined>)
    | undefined
  /** Accounts kept in memory; others are read again. Default 10,000. */
  readonly maxHeld?: number
}

/** What the provider tells of a sign-in beside its tokens. */
export type Amendment = Partial<Pick<Credentials, 'method' | 'profileArn' | 'startUrl' | 'provider'>>

export type RefreshCandidate = { readonly accountId: string; readonly accessExpiresAt?: number }

export type TokenKeeper = TokenSource & {
  /**
   * As `replace`, after the refusal of another call, which says nothing about conversations: they go on with `token` until there
   * is a newer one.
   */
  readonly replaceAside: (accountId: string, token: string) => Promise<Result<Access, GatewayError>>
  /** Refreshes whatever the age of the token and whatever is remembered against it. Joins a refresh under way. */
  readonly refreshNow: (accountId: string) => Promise<Result<Access, GatewayError>>
  /** Saves a new sign-in for the account; a refresh of the old one still under way can no longer overwrite it. */
  readonly adopt: (accountId: string, credentials: Credentials) => Promise<void>
  /** Adds what was learnt later, without disturbing a refresh under way. False when the account is gone. */
  readonly amend: (accountId: string, patch: Amendment) => Promise<boolean>
  /** Drops what is held in memory: the account was removed, or its row was changed by somebody else. */
  readonly forget: (accountId: string) => void
  /** Those whose token should be renewed now, each at its own moment ahead of the expiry; dead ones never. */
  readonly refreshDue: (now: number, accounts: readonly RefreshCandidate[]) => readonly string[]
  /** Resolves when no refresh is under way; a clean stop waits for it. */
  readonly settled: () => Promise<void>
  /** Resolves when this process speaks to no sign-in service; others may be waited for `elsewhere`. */
  readonly atRest: () => Promise<void>
  /** Refreshes that wait because as many as may be are under way. */
  readonly waiting: () => number
}

type Dead = { readonly grant: string; readonly error: GatewayError }
type Pause = { readonly until: number; readonly failures: number; readonly error: GatewayError }
type PauseLimits = { readonly leastMs?: number | undefined; readonly mostMs?: number }
type Unsaved = { readonly used: Credentials; readonly next: Held }
type Answer = Result<Access, GatewayError>

// A token is renewed in the background well before it is too old to be handed out.
const renewAheadMs = 300_000
const dueAheadMs = 300_000
const dueJitterMs = 600_000
// A token refused sooner than this after it was issued is not the token's fault: another refresh would not help.
const freshMs = 60_000
const maxPauseMs = 30_000
/** After a definite refusal that does not say that the sign-in is dead: the same answer will come again for a while. */
const maxRefusedPauseMs = 600_000
/** Refreshes at once. After a long stop every token is too old, and the sign-in service must not meet all accounts together. */
export const refreshesAtOnce = 8
// As long as one exchange may take: a service that keeps all places so long is as good as out of reach.
const lineMs = 30_000

/** Holds the accounts' tokens: one refresh in flight for each account, durable before it is used, on nobody's signal. */
export function createTokenKeeper(deps: TokenKeeperDeps): TokenKeeper {
  const { effects, settings, store } = deps
  /** When a refused token was last replaced: a new one that is refused at once is no matter of age. */
  const max = deps.maxHeld ?? 10_000
  const replacedAt = new LRUCache<string, number>({ max })
  const held = new LRUCache<string, Held>({ max })
  const dead = new LRUCache<string, Dead>({ max })
  const pauses = new LRUCache<string, Pause>({ max })
  const { memory = unwatched } = deps
  memory('sign_ins_held', () => held.size, max)
  memory('sign_ins_dead', () => dead.size, max)
  memory('sign_ins_resting', () => pauses.size, max)
  memory('tokens_replaced', () => replacedAt.size, max)
  // Rotated tokens the disk refused. Not in a cache that may drop them: each is the only copy of a sign-in.
  const unsaved = new Map<string, Unsaved>()
  const keepUnsaved = (accountId: string, waiting: Unsaved): void => {
    unsaved.set(accountId, waiting)
    quietly(() => deps.onUnsaved?.(accountId, waiting.next.credentials))
  }
  const dropUnsaved = (accountId: string): void => {
    if (unsaved.delete(accountId)) quietly(() => deps.onUnsaved?.(accountId, undefined))
  }
  const loads = new Map<string, Promise<Held | undefined>>()
  const flights = new Map<string, Promise<Answer>>()
  const exchanges = new Set<Promise<unknown>>()
  const inTurn = createInTurn()
  const places = createPlaces(refreshesAtOnce, lineMs, effects)

  const accessOf = ({ method, apiKey, accessToken, profileArn }: Credentials): Access => ({
    token: apiKey ?? accessToken ?? '',
    method,
    region: regionOfArn(profileArn) ?? settings.defaultRegion,
    ...(profileArn === undefined ? {} : { profileArn }),
  })

  function current(accountId: string): Promise<Held | undefined> {
    const found = held.get(accountId)
    if (found !== undefined) return Promise.resolve(found)
    const running = loads.get(accountId)
    if (running !== undefined) return running
    const load = store
      .load(accountId)
      .then((credentials) => {
        const newer = held.get(accountId)
        if (newer !== undefined || credentials === undefined) return newer
        // Not kept when `forget` came in between: what was read may be older than the change.
        if (loads.get(accountId) === load) held.set(accountId, { credentials })
        return { credentials }
      })
      .finally(() => {
        if (loads.get(accountId) === load) loads.delete(accountId)
      })
    loads.set(accountId, load)
    return load
  }

  function get(accountId: string): Answer | Promise<Answer> {
    const found = held.get(accountId)
    return found === undefined ? loadAndGive(accountId) : give(accountId, found)
  }

  async function loadAndGive(accountId: string): Promise<Answer> {
    const found = await safely(() => current(accountId))
    if (!found.ok) return found
    return found.value === undefined ? err(unreadable) : give(accountId, found.value)
  }

  function give(accountId: string, found: Held): Answer | Promise<Answer> {
    const now = effects.now()
    const { credentials } = found
    if (credentials.method === 'api-key') {
      const refused = dead.get(accountId)
      return refused !== undefined && refused.grant === grantOf(credentials)
        ? err(refused.error)
        : ok(accessOf(credentials))
    }
    if (!isUsable(found, now)) return refresh(accountId, false)
    if (expiresWithin(found, now, renewAheadMs)) void refresh(accountId, false)
    return ok(accessOf(credentials))
  }

  const replace = (accountId: string, token: string): Promise<Answer> => replaceFor(accountId, token, true)
  const replaceAside = (accountId: string, token: string): Promise<Answer> => replaceFor(accountId, token, false)

  async function replaceFor(accountId: string, token: string, isConversation: boolean): Promise<Answer> {
    const found = await safely(() => current(accountId))
    if (!found.ok) return found
    if (found.value === undefined) return err(unreadable)
    const { credentials, issuedAt } = found.value
    const now = effects.now()
    const access = accessOf(credentials)
    if (access.token !== token) {
      return credentials.method === 'api-key' || isUsable(found.value, now) ? ok(access) : refresh(accountId, false)
    }
    if (credentials.method === 'api-key') {
      return isConversation
        ? bury(accountId, credentials, 'api-key-refused', 'refused by the provider')
        : err(gatewayError('access-denied', 'The provider refused the API key.'))
    }
    if (isConversation && held.has(accountId)) held.set(accountId, { ...found.value, refused: true })
    const lately = now - (replacedAt.get(accountId) ?? Number.NEGATIVE_INFINITY) < freshMs
    if (issuedAt !== undefined && lately && !flights.has(accountId)) {
      return err(gatewayError('access-denied', 'The provider refused an access token it had just issued.'))
    }
    const answer = await refresh(accountId, false)
    // A refresh that failed has replaced nothing, and says nothing about the token to come.
    if (answer.ok && answer.value.token !== token) replacedAt.set(accountId, effects.now())
    return answer
  }

  async function refreshNow(accountId: string): Promise<Answer> {
    const found = await safely(() => current(accountId))
    if (!found.ok) return found
    if (found.value?.credentials.method !== 'api-key') return refresh(accountId, true)
    dead.delete(accountId)
    return ok(accessOf(found.value.credentials))
  }

  function refresh(accountId: string, insist: boolean): Promise<Answer> {
    const running = flights.get(accountId)
    if (running !== undefined) return running
    const flight = fly(accountId, insist)
      .catch((thrown: unknown): Answer => err(storageError(thrown)))
      .then((answer) => {
        flights.delete(accountId)
        return answer
      })
    flights.set(accountId, flight)
    return flight
  }

  async function fly(accountId: string, insist: boolean): Promise<Answer> {
    const pause = pauses.get(accountId)
    const waitMs = pause === undefined ? 0 : pause.until - effects.now()
    if (pause !== undefined && waitMs > 0 && !insist) return err({ ...pause.error, retryAfterMs: waitMs })
    const rescued = await saveUnsaved(accountId)
    if (rescued !== undefined) return rescued
    const before = (await current(accountId))?.credentials
    if (before === undefined) return err(unreadable)
    const buried = dead.get(accountId)
    if (buried?.grant === grantOf(before) && !insist) return err(buried.error)
    const leave = await places.take()
    if (leave === undefined) return err(lineTooLong)
    let elsewhere: ReturnType<NonNullable<TokenKeeperDeps['elsewhere']>>
    try {
      const now = await current(accountId)
      if (now === undefined) return err(unreadable)
      // Signed in anew while this waited.
      const isNew = grantOf(before) !== grantOf(now.credentials)
      if (isNew && isUsable(now, effects.now())) return ok(accessOf(now.credentials))
      // Asked at the last moment: from here to the exchange nothing is waited for.
      elsewhere = deps.elsewhere?.()
      if (elsewhere === undefined) return await tracked(exchange(accountId, now.credentials, insist))
    } finally {
      leave()
    }
    const renewed = await elsewhere(accountId, before.accessToken)
    if (renewed === undefined) return fly(accountId, insist)
    return renewed.ok ? takeStored(accountId) : renewed
  }

  function tracked<T>(exchanging: Promise<T>): Promise<T> {
    exchanges.add(exchanging)
    return exchanging.finally(() => exchanges.delete(exchanging))
  }

  async function takeStored(accountId: string): Promise<Answer> {
    const credentials = await store.load(accountId)
    if (credentials === undefined) return err(unreadable)
    // At most as old as the exchange of words that told of it.
    const found: Held = { credentials, issuedAt: effects.now() }
    held.set(accountId, found)
    return isUsable(found, effects.now())
      ? ok(accessOf(credentials))
      : err(gatewayError('renewal-failed', unrenewed.refused))
  }

  async function exchange(accountId: string, first: Credentials, insist: boolean): Promise<Answer> {
    let using = first
    for (let round = 1; ; round++) {
      const buried = dead.get(accountId)
      if (buried?.grant === grantOf(using) && !insist) return err(buried.error)
      const tokens = await renew({ settings, effects: onBehalf(effects, accountId) }, using)
      const step = tokens.ok
        ? await keep(accountId, using, tokens.value)
        : await giveUp(accountId, using, tokens.error, round)
      if ('answer' in step) return step.answer
      // Somebody else signed in or rotated meanwhile: theirs counts, and is tried once.
      held.set(accountId, { credentials: step.stored })
      if (isUsable({ credentials: step.stored }, effects.now())) return ok(accessOf(step.stored))
      if (round === 2) return err(gatewayError('renewal-failed', 'The account was changed while it was refreshed.'))
      using = step.stored
    }
  }

  type Step = { readonly answer: Answer } | { readonly stored: Credentials }

  /** Makes a rotation durable, then usable. Never over the tokens of a newer sign-in. */
  function keep(accountId: string, used: Credentials, tokens: Tokens): Promise<Step> {
    const at = effects.now()
    const accessExpiresAt = at + tokens.expiresInMs
    return inTurn(accountId, async (): Promise<Step> => {
      const stored = await safely(() => store.load(accountId))
      if (stored.ok && stored.value === undefined) return { answer: err(unreadable) }
      if (stored.ok && stored.value !== undefined && grantOf(stored.value) !== grantOf(used))
        return { stored: stored.value }
      const credentials: Credentials = {
        ...(stored.ok && stored.value !== undefined ? stored.value : used),
        accessToken: tokens.accessToken,
        accessExpiresAt,
        ...(tokens.refreshToken === undefined ? {} : { refreshToken: tokens.refreshToken }),
        ...(tokens.profileArn === undefined ? {} : { profileArn: tokens.profileArn }),
      }
      const next: Held = { credentials, issuedAt: at }
      const saved = stored.ok ? await safely(() => store.save(accountId, credentials)) : stored
      if (!saved.ok) {
        keepUnsaved(accountId, { used, next })
        rest(accountId, saved.error)
        report(accountId, { ok: false, at, error: saved.error })
        return { answer: saved }
      }
      take(accountId, next)
      report(accountId, { ok: true, at, accessExpiresAt })
      return { answer: ok(accessOf(credentials)) }
    })
  }

  /** Tokens the disk refused last time: nothing else may happen to the account before they are written. */
  async function saveUnsaved(accountId: string): Promise<Answer | undefined> {
    if (!unsaved.has(accountId)) return undefined
    return inTurn(accountId, async (): Promise<Answer | undefined> => {
      const waiting = unsaved.get(accountId)
      if (waiting === undefined) return undefined
      const stored = await store.load(accountId)
      if (stored === undefined || grantOf(stored) !== grantOf(waiting.used)) {
        dropUnsaved(accountId)
        return undefined
      }
      const saved = await safely(() => store.save(accountId, waiting.next.credentials))
      if (!saved.ok) {
        rest(accountId, saved.error)
        return saved
      }
      dropUnsaved(accountId)
      take(accountId, waiting.next)
      const { credentials } = waiting.next
      return isUsable(waiting.next, effects.now()) ? ok(accessOf(credentials)) : undefined
    })
  }

  async function giveUp(accountId: string, used: Credentials, failure: RenewFailure, round: number): Promise<Step> {
    const at = effects.now()
    if (failure.type !== 'dead') {
      const error = rest(
        accountId,
        gatewayError('renewal-failed', unrenewed[failure.type], { cause: failure.detail }),
        failure.type === 'refused' ? { mostMs: maxRefusedPauseMs } : { leastMs: failure.retryAfterMs },
      )
      report(accountId, { ok: false, at, error })
      return { answer: err(error) }
    }
    const stored = await store.load(accountId)
    if (stored === undefined) return { answer: err(unreadable) }
    if (round === 1 && grantOf(stored) !== grantOf(used)) return { stored }
    const answer = bury(accountId, used, failure.reason, failure.detail)
    if (!answer.ok) report(accountId, { ok: false, at, error: answer.error })
    return { answer }
  }

  /** Remembers that this grant is worth nothing, so that the provider is not asked about it again, and says so once. */
  function bury(accountId: string, credentials: Credentials, reason: DeadReason, cause: string): Answer {
    const grant = grantOf(credentials)
    const error = gatewayError('token-rejected', deadMessages[reason], {
      params: { reason },
      cause: `${reason}: ${cause}`,
    })
    const isNews = dead.get(accountId)?.grant !== grant
    dead.set(accountId, { grant, error })
    // Read again next time: somebody may sign in anew without telling us.
    held.delete(accountId)
    if (isNews) quietly(() => deps.onDead(accountId, reason, deadMessages[reason]))
    return err(error)
  }

  /** Notes when the account's next refresh may begin; gives the error with the time until then. */
  function rest(accountId: string, error: GatewayError, limits: PauseLimits = {}): GatewayError {
    const { leastMs = 0, mostMs = maxPauseMs } = limits
    const failures = (pauses.get(accountId)?.failures ?? 0) + 1
    const ownMs = Math.min(mostMs, 1000 * 2 ** Math.min(failures - 1, 10)) * (0.5 + effects.random() / 2)
    const retryAfterMs = Math.round(Math.max(ownMs, Math.min(leastMs, maxRefusedPauseMs)))
    pauses.set(accountId, { until: effects.now() + retryAfterMs, failures, error })
    return { ...error, retryAfterMs }
  }

  function take(accountId: string, next: Held): void {
    held.set(accountId, next)
    dead.delete(accountId)
    pauses.delete(accountId)
  }

  function adopt(accountId: string, credentials: Credentials): Promise<void> {
    return inTurn(accountId, async () => {
      await store.save(accountId, credentials)
      dropUnsaved(accountId)
      take(accountId, { credentials })
    })
  }

  function amend(accountId: string, patch: Amendment): Promise<boolean> {
    return inTurn(accountId, async () => {
      const stored = await store.load(accountId)
      if (stored === undefined) return false
      await store.save(accountId, { ...stored, ...patch })
      const found = held.get(accountId)
      if (found !== undefined) held.set(accountId, { ...found, credentials: { ...found.credentials, ...patch } })
      const waiting = unsaved.get(accountId)
      if (waiting !== undefined) {
        const credentials = { ...waiting.next.credentials, ...patch }
        keepUnsaved(accountId, { ...waiting, next: { ...waiting.next, credentials } })
      }
      return true
    })
  }

  function forget(accountId: string): void {
    replacedAt.delete(accountId)
    loads.delete(accountId)
    // What is not saved yet stays: it may be the only copy, and is dropped by itself once the row is gone.
    for (const memory of [held, dead, pauses]) memory.delete(accountId)
  }

  function refreshDue(now: number, accounts: readonly RefreshCandidate[]): readonly string[] {
    const isDue = ({ accountId, accessExpiresAt }: RefreshCandidate): boolean => {
      const found = held.get(accountId)
      if (found?.credentials.method === 'api-key') return false
      if (dead.has(accountId) || flights.has(accountId) || (pauses.get(accountId)?.until ?? 0) > now) return false
      if (unsaved.has(accountId)) return true
      const aheadMs = dueAheadMs + (Bun.hash.crc32(accountId) % dueJitterMs)
      if (found !== undefined) return expiresWithin(found, now, aheadMs)
      return accessExpiresAt === undefined || accessExpiresAt - now <= aheadMs
    }
    return accounts.filter(isDue).map(({ accountId }) => accountId)
  }

  const report = (accountId: string, outcome: RefreshOutcome): void =>
    quietly(() => deps.onRefresh?.(accountId, outcome))

  async function settled(): Promise<void> {
    while (flights.size > 0) await Promise.all(flights.values())
  }

  async function atRest(): Promise<void> {
    while (exchanges.size > 0) await Promise.allSettled(exchanges)
  }

  return {
    atRest,
    get,
    replace,
    replaceAside,
    refreshNow,
    adopt,
    amend,
    forget,
    refreshDue,
    settled,
    waiting: places.waiting,
  }
}

const unreadable = gatewayError('token-rejected', 'No sign-in can be read for this account; sign it in again.', {
  params: { reason: 'no-refresh-token' },
})

const lineTooLong = gatewayError('renewal-failed', 'The sign-in service is too slow for all that wait for it.')

const unrenewed = {
  unreachable: 'The sign-in service could not be reached.',
  refused: 'The sign-in service did not renew the access of this account.',
} as const

const deadMessages = {
  'refresh-token-dead': 'The provider no longer accepts this sign-in; sign the account in again.',
  'client-expired': 'The registration behind this sign-in has expired; sign the account in again.',
  malformed: 'What is stored of this sign-in cannot be used; sign the account in again.',
  'no-refresh-token': 'Nothing is stored to renew this sign-in with; sign the account in again.',
  'api-key-refused': 'The provider refused this API key; replace it.',
} as const satisfies Record<DeadReason, string>

function storageError(thrown: unknown): GatewayError {
  const cause =
    thrown instanceof Error ? `${thrown.name} ${(thrown as { code?: unknown }).code ?? ''}`.trim() : 'thrown'
  return gatewayError('internal', 'The stored sign-in could not be read or written.', { cause })
}

async function safely<T>(task: () => Promise<T>): Promise<Result<T, GatewayError>> {
  try {
    return ok(await task())
  } catch (thrown) {
    return err(storageError(thrown))
  }
}

function quietly(task: () => void): void {
  try {
    task()
  } catch {
    // A listener's fault must not lose a token.
  }
}
