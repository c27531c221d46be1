import { hasTokenForm } from '../access/admin-token.ts'
import { bearerOf } from '../access/admit.ts'
import { sha256Hex } from '../access/digest.ts'
import { hasKeyForm } from '../access/key.ts'
import { createLockout, type Lockout, type Peer } from '../access/lockout.ts'
import { firstPassword } from '../access/password.ts'
import { ownerSubject } from '../access/role.ts'
import type { SecondFactors } from '../access/second-factor.ts'
import { createSessions, type Session, type Sessions } from '../access/session.ts'
import { createSetupCode, type SetupCode } from '../access/setup-code.ts'
import type { GatewayError } from '../conversation/error.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { OperatorRecord } from '../store/store.ts'
import { type Actor, type Entry, owner } from './actor.ts'
import type { AdminLog } from './admin-log.ts'
import type { AdminDeps } from './deps.ts'
import { invalidRequest } from './invalid-request.ts'
import { type Asked, isAtTheMachine } from './origin.ts'
import { actorBySubject, actorByToken, actorOf, sessionLife, storedSecondFactors } from './persons.ts'
import {
  codeWanted,
  keyInstead,
  locked,
  type Refusal,
  tokenInstead,
  unreadableFactor,
  wrongCode,
  wrongNameOrPassword,
  wrongPassword,
} from './refusal.ts'
import type { RequestPeer } from './request-peer.ts'
import { isOwnerName } from './stored-passwords.ts'

export type SignedIn = { readonly sessionId: string; readonly mustChangePassword: boolean; readonly actor: Actor }

export type Operator = {
  readonly signIn: (
    ask: {
      readonly password: string
      /** Absent, blank or `owner`: the owner. */
      readonly user?: string
      /** Of the authenticator, or a recovery code. */
      readonly code?: string
      readonly setupCode?: string
      readonly userAgent: string
    },
    from: RequestPeer,
    asked: Asked,
  ) => Promise<Result<SignedIn, Refusal>>
  /** The owner's password, or a token, as a bearer; undefined when the header holds none. An API key in its place is no try at it. */
  readonly byBearer: (
    authorization: string | null,
    from: RequestPeer,
  ) => Promise<Result<Actor | 'change-first', Refusal> | undefined>
  readonly bySession: (
    cookieId: string | undefined,
  ) => Promise<{ readonly session: Session; readonly actor: Actor } | undefined>
  /** Who somebody let in would be let in as now; undefined: not any more. Counts neither as a use nor as a try. */
  readonly stillIn: (entry: Entry, authorization: string | null) => Promise<Actor | undefined>
  /** Ends all sessions of the caller and opens a new one, whose id it gives. Wrong tries count against the session alone. */
  readonly changePassword: (
    ask: {
      readonly currentPassword: string
      readonly newPassword: string
      readonly sessionId: string
      readonly userAgent: string
    },
    actor: Actor,
    from: RequestPeer,
  ) => Promise<Result<string, Refusal | GatewayError>>
  /** A fresh check of a person's password and second factor, before what must not happen by a stolen session. */
  readonly confirm: (
    ask: { readonly password: string; readonly code?: string },
    actor: Actor,
  ) => Promise<Result<void, Refusal>>
  /** One wrong code after another slows the next down, whoever tries. */
  readonly checkCode: (subject: string, code: string | undefined) => Promise<Result<void, Refusal>>
  readonly signOut: (cookieId: string) => Promise<void>
  /** Whether sign-in from there needs the set-up code now. */
  readonly needsSetupCode: (from: RequestPeer, asked: Asked) => Promise<boolean>
  readonly sessions: Sessions
  readonly secondFactors: SecondFactors
}

/** Decides who somebody is: passwords, set-up code, second factor, sessions, tokens, and how fast anybody may guess. */
export function createOperator(
  deps: Pick<AdminDeps, 'passwords' | 'setupCode' | 'log' | 'effects' | 'store' | 'memory'>,
): Operator {
  const { passwords, log, store } = deps
  const lockout = createLockout(deps.effects.now, undefined, undefined, deps.memory)
  const codeLockout = createLockout(deps.effects.now, undefined, undefined, deps.memory)
  const sessions = createSessions(store.sessions, deps.effects.now, () => sessionLife(store.settings))
  const secondFactors = storedSecondFactors(store.sealedSettings, deps.effects.now)
  const setupCode: SetupCode = createSetupCode(deps.setupCode)

  const verify = async (
    password: string,
    from: RequestPeer,
    peer: Peer = peerForLockout(from),
  ): Promise<Result<void, Refusal>> => {
    // A script that starts with many calls at once is one try, not as many.
    const underWay = lockout.waitMs(peer) === 0 ? passwords.underWay(password) : undefined
    if (underWay !== undefined) return (await underWay) ? ok(undefined) : err(wrongPassword)
    const wait = lockout.enter(peer)
    if (wait > 0) return err(locked(wait))
    if (!(await passwords.verify(password))) {
      log('warn', 'login.failed', { peer: from.address })
      return err(wrongPassword)
    }
    lockout.succeeded(peer)
    return ok(undefined)
  }

  /** An operator's name and password. Unknown and switched-off ones take as long and are answered alike. */
  const verifyNamed = async (
    user: string,
    password: string,
    from: RequestPeer,
  ): Promise<Result<OperatorRecord, Refusal>> => {
    const peer = peerForLockout(from)
    const wait = lockout.enter(peer)
    if (wait > 0) return err(locked(wait))
    const operator = user.length > longestName ? undefined : await store.operators.findByName(user.trim())
    const right = await passwords.matches(password, operator?.passwordHash)
    if (!right || operator?.enabled !== true) {
      log('warn', 'login.failed', { peer: from.address, named: true })
      return err(wrongNameOrPassword)
    }
    lockout.succeeded(peer)
    return ok(operator)
  }

  const checkCode = async (subject: string, code: string | undefined): Promise<Result<void, Refusal>> => {
    if (!(await secondFactors.state(subject)).on) return ok(undefined)
    if (code === undefined || code.trim() === '') return err(codeWanted)
    const peer: Peer = { address: `second factor of ${subject}`, loopback: true }
    const wait = codeLockout.enter(peer)
    if (wait > 0) return err(locked(wait))
    const checked = await secondFactors.check(subject, code)
    if (checked === 'right') {
      codeLockout.succeeded(peer)
      return ok(undefined)
    }
    log('warn', 'login.code-refused', { subject, readable: checked === 'wrong' })
    return err(checked === 'wrong' ? wrongCode : unreadableFactor)
  }

  const open = async (actor: Actor, from: RequestPeer, userAgent: string, first: boolean): Promise<SignedIn> => {
    const { subject } = actor
    const sessionId = await sessions.open({ peer: from.address, userAgent, mustChangePassword: first, subject })
    log('info', 'login.succeeded', { peer: from.address, first, user: actor.name })
    return { sessionId, mustChangePassword: first, actor }
  }

  const isApiKey = async (text: string): Promise<boolean> =>
    hasKeyForm(text) || (await store.keys.findByHash(sha256Hex(text))) !== undefined

  /** The password of a person who is known already; wrong tries count against `peer`. */
  const verifyOwn = async (
    password: string,
    { subject }: Actor,
    from: RequestPeer,
    peer: Peer,
  ): Promise<Result<void, Refusal>> => {
    if (subject === ownerSubject) return verify(password, from, peer)
    const wait = lockout.enter(peer)
    if (wait > 0) return err(locked(wait))
    const operator = await store.operators.get(subject)
    if (!(await passwords.matches(password, operator?.passwordHash))) return err(wrongPassword)
    lockout.succeeded(peer)
    return ok(undefined)
  }

  return {
    sessions,
    secondFactors,
    checkCode,
    signIn: async ({ password, user = '', code, setupCode: given, userAgent }, from, asked) => {
      if (user.trim() !== '' && !isOwnerName(user)) {
        const named = await verifyNamed(user, password, from)
        if (!named.ok) return named
        const checked = await checkCode(named.value.id, code)
        if (!checked.ok) return checked
        await store.operators.update(named.value.id, { lastSignInAt: deps.effects.now() })
        return ok(await open(actorOf(named.value), from, userAgent, false))
      }
      const first = await passwords.isFirst()
      if (first && !isAtTheMachine(from, asked)) {
        const admitted = checkSetupCode(given, { from, lockout, setupCode, log })
        if (!admitted.ok) return admitted
      }
      const verified = await verify(password, from)
      if (!verified.ok) return verified
      const checked = await checkCode(ownerSubject, code)
      if (!checked.ok) return checked
      return ok(await open(owner, from, userAgent, first))
    },
    byBearer: async (authorization, from) => {
      const password = bearerOf(authorization)
      if (password === undefined) return undefined
      if (hasTokenForm(password)) {
        const found = await actorByToken(deps, password, from.address)
        return 'actor' in found ? ok(found.actor) : err({ code: 'UNAUTHORIZED', message: found.fault })
      }
      const wait = lockout.waitMs(peerForLockout(from))
      const known = passwords.isRemembered(password) && (wait === 0 || from.loopback)
      if (!known) {
        if (await isApiKey(password)) return err(keyInstead)
        if (wait > 0) return err(locked(wait))
        const first = await passwords.isFirst()
        // The first password is no secret: as a bearer it opens nothing, so there is nothing to guess.
        if (first) return password === firstPassword ? ok('change-first') : err(wrongPassword)
        const verified = await verify(password, from)
        if (!verified.ok) return verified
      }
      return (await secondFactors.state(ownerSubject)).on ? err(tokenInstead) : ok(owner)
    },
    bySession: async (cookieId) => {
      const session = cookieId === undefined ? undefined : await sessions.find(cookieId)
      const actor = session === undefined ? undefined : await actorBySubject(store, session.subject)
      return session === undefined || actor === undefined ? undefined : { session, actor }
    },
    stillIn: async (entry, authorization) => {
      if (entry.by === 'nobody') return undefined
      if (entry.by === 'session') {
        const session = await sessions.peek(entry.sessionId)
        return session?.mustChangePassword === false ? actorBySubject(store, session.subject) : undefined
      }
      const secret = bearerOf(authorization) ?? ''
      if (entry.by === 'token') {
        const found = await actorByToken(deps, secret, undefined)
        return 'actor' in found ? found.actor : undefined
      }
      if (entry.by !== 'password') return entry.actor
      return passwords.isRemembered(secret) && !(await secondFactors.state(ownerSubject)).on ? owner : undefined
    },
    changePassword: async ({ currentPassword, newPassword, sessionId, userAgent }, actor, from) => {
      const verified = await verifyOwn(currentPassword, actor, from, peerOfSession(sessionId))
      if (!verified.ok) return verified
      if (newPassword === currentPassword) {
        const message = 'The new password must differ from the current one.'
        return err(invalidRequest({ reason: 'password-same' }, message, { field: 'newPassword' }))
      }
      const { subject } = actor
      if (subject === ownerSubject) {
        const changed = await passwords.change(newPassword)
        if (!changed.ok) return changed
      } else {
        const passwordHash = await passwords.hash(newPassword, 'newPassword')
        if (!passwordHash.ok) return passwordHash
        await store.operators.update(subject, { passwordHash: passwordHash.value })
      }
      await sessions.closeAll(subject)
      log('info', 'password.changed', { peer: from.address, user: actor.name })
      return ok(await sessions.open({ peer: from.address, userAgent, mustChangePassword: false, subject }))
    },
    confirm: async ({ password, code }, actor) => {
      const from: RequestPeer = {
        address: `confirmation of ${actor.id}`,
        loopback: true,
        forwarded: false,
        https: false,
      }
      const verified = await verifyOwn(password, actor, from, peerForLockout(from))
      return verified.ok ? checkCode(actor.subject, code) : verified
    },
    signOut: (cookieId) => sessions.close(cookieId),
    needsSetupCode: async (from, asked) => !isAtTheMachine(from, asked) && (await passwords.isFirst()),
  }
}

const longestName = 64

/** A proxy on this machine is not the operator at it: forwarded requests are slowed down like any other. */
const peerForLockout = (from: RequestPeer) => ({ address: from.address, loopback: from.loopback && !from.forwarded })

/** Somebody signed in is not held up by what others at the same address try; who sits there is known. */
const peerOfSession = (sessionId: string): Peer => ({ address: sha256Hex(sessionId), loopback: true })

function checkSetupCode(
  code: string | undefined,
  { from, lockout, setupCode, log }: { from: RequestPeer; lockout: Lockout; setupCode: SetupCode; log: AdminLog },
): Result<void, Refusal> {
  if (code === undefined || code.trim() === '') {
    const message = 'The set-up code printed when the server started is needed too.'
    return err({ code: 'SETUP_CODE_REQUIRED', message })
  }
  const peer = peerForLockout(from)
  const wait = lockout.enter(peer)
  if (wait > 0) return err(locked(wait))
  const answer = setupCode.check(code)
  if (answer === 'right') {
    lockout.withdraw(peer)
    return ok(undefined)
  }
  log('warn', 'login.setup-code-refused', { peer: from.address, locked: answer === 'locked' })
  return answer === 'wrong'
    ? err({ code: 'SETUP_CODE_REQUIRED', message: 'That set-up code is not right.' })
    : err({
        code: 'SETUP_CODE_LOCKED',
        message: 'Too many wrong set-up codes: restart the server for a new one, or sign in on the machine itself.',
      })
}
