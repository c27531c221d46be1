import { bearerOf } from '../access/admit.ts'
import { sha256Hex } from '../access/digest.ts'
import { hasKeyForm } from '../access/key.ts'
import { createLockout, type Lockout, type Peer } from '../access/lockout.ts'
import { createPasswords, firstPassword, type Passwords } from '../access/password.ts'
import { createSessions, type Session, type Sessions } from '../access/session.ts'
import { createSetupCode, type SetupCode } from '../access/setup-code.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { randomText } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { SessionStore, SettingsStore } from '../store/store.ts'
import type { AdminDeps, AdminLog, RequestPeer } from './deps.ts'
import { type Asked, isAtTheMachine } from './origin.ts'

const hashSetting = 'admin_password_hash'

/** The operator's password as the settings keep it. */
export function storedPasswords(settings: SettingsStore, cost?: { memoryCost: number; timeCost: number }): Passwords {
  return createPasswords(
    {
      load: async () => (await settings.all())[hashSetting],
      save: (hash) => settings.write({ [hashSetting]: hash ?? null }),
    },
    cost,
  )
}

/**
 * Sets a password from the machine itself, a random one unless given; gives it back. Everybody is signed out.
 * For `claude-server password reset`, beside a running server or without one.
 */
export async function resetPassword(
  deps: { readonly passwords: Passwords; readonly sessions: SessionStore; readonly log: AdminLog },
  given?: string,
): Promise<Result<string, GatewayError>> {
  const password = given ?? randomText(16)
  const changed = await deps.passwords.change(password, 'password')
  if (!changed.ok) return changed
  await deps.sessions.removeAll()
  deps.log('warn', 'password.reset')
  return ok(password)
}

/** Why somebody is not let in. `code` is what the answer says; `retryAfterMs` only with LOCKED. */
export type Refusal = {
  readonly code: 'INVALID_PASSWORD' | 'SETUP_CODE_REQUIRED' | 'SETUP_CODE_LOCKED' | 'LOCKED' | 'UNAUTHORIZED'
  readonly message: string
  readonly retryAfterMs?: number
}

export type SignedIn = { readonly sessionId: string; readonly mustChangePassword: boolean }

export type Operator = {
  readonly signIn: (
    ask: { readonly password: string; readonly setupCode?: string; readonly userAgent: string },
    from: RequestPeer,
    asked: Asked,
  ) => Promise<Result<SignedIn, Refusal>>
  /** The password itself as a bearer; undefined when the header holds none. An API key in its place is no try at it. */
  readonly byBearer: (
    authorization: string | null,
    from: RequestPeer,
  ) => Promise<Result<'full' | 'change-first', Refusal> | undefined>
  /** Whether this is the password, tried against the session `who` alone when there is one. */
  readonly confirm: (password: string, from: RequestPeer, who?: string) => Promise<Result<void, Refusal>>
  readonly bySession: (cookieId: string | undefined) => Promise<Session | undefined>
  /** Ends all sessions and opens a new one for the caller, whose id it gives. Wrong tries count against the session alone. */
  readonly changePassword: (
    ask: {
      readonly currentPassword: string
      readonly newPassword: string
      readonly sessionId: string
      readonly userAgent: string
    },
    from: RequestPeer,
  ) => Promise<Result<string, Refusal | GatewayError>>
  readonly signOut: (cookieId: string) => Promise<void>
  /** Whether sign-in from there needs the set-up code now. */
  readonly needsSetupCode: (from: RequestPeer, asked: Asked) => Promise<boolean>
}

/** Decides who is the operator: password, set-up code, sessions, and how fast anybody may guess. */
export function createOperator(
  deps: Pick<AdminDeps, 'passwords' | 'setupCode' | 'log' | 'effects' | 'store'>,
): Operator {
  const { passwords, log } = deps
  const lockout = createLockout(deps.effects.now)
  const sessions: Sessions = createSessions(deps.store.sessions, deps.effects.now)
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

  const isApiKey = async (text: string): Promise<boolean> =>
    hasKeyForm(text) || (await deps.store.keys.findByHash(sha256Hex(text))) !== undefined

  return {
    signIn: async ({ password, setupCode: code, userAgent }, from, asked) => {
      const first = await passwords.isFirst()
      if (first && !isAtTheMachine(from, asked)) {
        const admitted = checkSetupCode(code, { from, lockout, setupCode, log })
        if (!admitted.ok) return admitted
      }
      const verified = await verify(password, from)
      if (!verified.ok) return verified
      const sessionId = await sessions.open({ peer: from.address, userAgent, mustChangePassword: first })
      log('info', 'login.succeeded', { peer: from.address, first })
      return ok({ sessionId, mustChangePassword: first })
    },
    byBearer: async (authorization, from) => {
      const password = bearerOf(authorization)
      if (password === undefined) return undefined
      const wait = lockout.waitMs(peerForLockout(from))
      if (passwords.isRemembered(password) && (wait === 0 || from.loopback)) return ok('full')
      if (await isApiKey(password)) return err(keyInstead)
      if (wait > 0) return err(locked(wait))
      const first = await passwords.isFirst()
      // The first password is no secret: as a bearer it opens nothing, so there is nothing to guess.
      if (first) return password === firstPassword ? ok('change-first') : err(wrongPassword)
      const verified = await verify(password, from)
      return verified.ok ? ok('full') : verified
    },
    confirm: (password, from, who) =>
      verify(password, from, who === undefined ? peerForLockout(from) : { address: who, loopback: true }),
    bySession: async (cookieId) => (cookieId === undefined ? undefined : sessions.find(cookieId)),
    changePassword: async ({ currentPassword, newPassword, sessionId, userAgent }, from) => {
      const verified = await verify(currentPassword, from, peerOfSession(sessionId))
      if (!verified.ok) return verified
      if (newPassword === currentPassword) {
        const message = 'The new password must differ from the current one.'
        return err(gatewayError('invalid-request', message, { field: 'newPassword' }))
      }
      const changed = await passwords.change(newPassword)
      if (!changed.ok) return changed
      await sessions.closeAll()
      log('info', 'password.changed', { peer: from.address })
      return ok(await sessions.open({ peer: from.address, userAgent, mustChangePassword: false }))
    },
    signOut: (cookieId) => sessions.close(cookieId),
    needsSetupCode: async (from, asked) => !isAtTheMachine(from, asked) && (await passwords.isFirst()),
  }
}

const wrongPassword: Refusal = { code: 'INVALID_PASSWORD', message: 'That password is not right.' }
const keyInstead: Refusal = {
  code: 'UNAUTHORIZED',
  message: 'This is an API key: it opens /v1. Here the console password is the bearer.',
}
const locked = (retryAfterMs: number): Refusal => ({
  code: 'LOCKED',
  message: `Too many wrong tries. Wait ${Math.max(1, Math.ceil(retryAfterMs / 1000))} s.`,
  retryAfterMs,
})

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
