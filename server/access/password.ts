import { randomBytes } from 'node:crypto'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { isCommonPassword } from './common-passwords.ts'
import { sameSecret, sha256Hex } from './digest.ts'

/** The password in force until the first one is set. It opens nothing but that step. */
export const firstPassword = 'admin'
export const shortestPassword = 8
/** Longer texts are refused before they are hashed. */
export const longestPassword = 1024

export type PasswordDeps = {
  /** The stored argon2id hash; undefined while the first password is in force. */
  readonly load: () => Promise<string | undefined>
  /** Stores a hash; `undefined` goes back to the first password. */
  readonly save: (hash: string | undefined) => Promise<void>
}

export type Passwords = {
  /** True until a password has been set. */
  readonly isFirst: () => Promise<boolean>
  /** Whether this is the password in force, the first one included. Costs tens of milliseconds. */
  readonly verify: (password: string) => Promise<boolean>
  /** The answer to this very text, if `verify` is at work on it: waiting for it is no further guess. */
  readonly underWay: (password: string) => Promise<boolean> | undefined
  /** Whether `verify` has said yes to this very text since the last change. Costs nothing, so it may stand before every call. */
  readonly isRemembered: (password: string) => boolean
  /** `field` names where the new password came from, for the error. */
  readonly change: (password: string, field?: string) => Promise<Result<void, GatewayError>>
  /** Sets the password only if none has been set: `ADMIN_PASSWORD` at the first start. True when it was set. */
  readonly seed: (password: string, field?: string) => Promise<Result<boolean, GatewayError>>
  /** Back to the first password. */
  readonly clear: () => Promise<void>
  /** The hash to keep of somebody else's password, under the same rule; `field` names where it came from. */
  readonly hash: (password: string, field: string) => Promise<Result<string, GatewayError>>
  /** Whether a password is the one of a hash. Without a hash: no, after the same time, so that nobody learns who has one. */
  readonly matches: (password: string, hash: string | undefined) => Promise<boolean>
}

export type PasswordFault = { readonly code: string; readonly message: string }

/** What a new password must be. */
export function passwordFault(password: string): PasswordFault | undefined {
  const fault = (code: string, message: string): PasswordFault => ({ code, message })
  if (password.toLowerCase() === firstPassword)
    return fault('PASSWORD_COMMON', `The password must not be "${firstPassword}".`)
  if ([...password].length < shortestPassword)
    return fault('PASSWORD_SHORT', `The password needs at least ${shortestPassword} characters.`)
  if (password.length > longestPassword)
    return fault('PASSWORD_LONG', `The password has at most ${longestPassword} characters.`)
  if (password.trim() === '') return fault('PASSWORD_COMMON', 'The password must not be blank.')
  if (isCommonPassword(password))
    return fault('PASSWORD_COMMON', 'This password is among the first that are tried: choose another one.')
  return undefined
}

const usualCost = { memoryCost: 19_456, timeCost: 2 }

/** The hash to keep of a password that was in force elsewhere, whatever it is. */
export const hashPassword = (password: string, cost = usualCost): Promise<string> =>
  Bun.password.hash(password, { algorithm: 'argon2id', ...cost })

/** Holds the operator's password: its hash on disk, and in memory a salted digest of the one last found right. */
export function createPasswords(deps: PasswordDeps, cost = usualCost): Passwords {
  const salt = randomBytes(32).toString('hex')
  const digest = (password: string): string => sha256Hex(`${salt}\n${password}`)
  const inFlight = new Map<string, Promise<boolean>>()
  let remembered: string | undefined
  // A check that began before a change must not be remembered after it.
  let generation = 0

  const check = async (password: string): Promise<boolean> => {
    const began = generation
    const hash = await deps.load()
    if (hash === undefined) return sameSecret(password, firstPassword)
    const right = await Bun.password.verify(password, hash).catch(() => false)
    if (began !== generation) return false
    if (right) remembered = digest(password)
    return right
  }

  const hash = async (password: string, field: string): Promise<Result<string, GatewayError>> => {
    const fault = passwordFault(password)
    if (fault !== undefined) return err(gatewayError('invalid-request', fault.message, { field, code: fault.code }))
    return ok(await hashPassword(password, cost))
  }
  let decoy: Promise<string> | undefined
  const set = async (password: string, field: string): Promise<Result<void, GatewayError>> => {
    const hashed = await hash(password, field)
    if (!hashed.ok) return hashed
    await deps.save(hashed.value)
    forget()
    return ok(undefined)
  }
  const forget = (): void => {
    generation++
    remembered = undefined
    inFlight.clear()
  }

  return {
    isFirst: async () => (await deps.load()) === undefined,
    verify: (password) => {
      if (password === '' || password.length > longestPassword) return Promise.resolve(false)
      const key = digest(password)
      // The same text asked for many times at once is hashed once.
      const running = inFlight.get(key)
      if (running !== undefined) return running
      const checking = check(password).finally(() => {
        if (inFlight.get(key) === checking) inFlight.delete(key)
      })
      inFlight.set(key, checking)
      return checking
    },
    underWay: (password) => inFlight.get(digest(password)),
    isRemembered: (password) => remembered !== undefined && sameSecret(digest(password), remembered),
    change: (password, field = 'newPassword') => set(password, field),
    seed: async (password, field = 'ADMIN_PASSWORD') => {
      if ((await deps.load()) !== undefined) return ok(false)
      const done = await set(password, field)
      return done.ok ? ok(true) : done
    },
    clear: async () => {
      await deps.save(undefined)
      forget()
    },
    hash,
    matches: async (password, kept) => {
      if (password === '' || password.length > longestPassword) return false
      decoy ??= hashPassword(randomBytes(16).toString('hex'), cost)
      const right = await Bun.password.verify(password, kept ?? (await decoy)).catch(() => false)
      return right && kept !== undefined
    },
  }
}
