import type { TOTP } from 'otpauth'
import { err, ok, type Result } from '../lib/result.ts'
import { createTurns } from '../lib/turns.ts'
import { sameSecret, sha256Hex } from './digest.ts'

/** What is kept of somebody's second factor, sealed. */
type Kept = {
  /** Base32. */
  readonly secret: string
  /** SHA-256 of the recovery codes not used yet. */
  readonly recovery: readonly string[]
  /** Absent: begun, not confirmed with a code yet; nobody is asked for it. */
  readonly since?: number
  /** The last time step a code was taken for: each opens once. */
  readonly lastStep?: number
}

export type SecondFactorKeeper = {
  /** `unreadable`: there is one, and it cannot be opened. */
  readonly load: (subject: string) => Promise<string | 'unreadable' | undefined>
  readonly save: (subject: string, text: string | undefined) => Promise<void>
}

export type SecondFactorState = { readonly on: boolean; readonly since?: number; readonly recoveryCodes: number }

export type SecondFactors = {
  readonly state: (subject: string) => Promise<SecondFactorState>
  /** A new secret that counts once `confirm` has seen a code of it. An unconfirmed one before it is forgotten. */
  readonly begin: (subject: string, account: string) => Promise<Result<{ secret: string; uri: string }, 'on'>>
  /** Turns it on; gives the recovery codes, which are kept nowhere. */
  readonly confirm: (subject: string, code: string) => Promise<Result<readonly string[], 'not-begun' | 'wrong'>>
  /** Takes a code of the authenticator, or a recovery code, each once. `unreadable`: nothing can be right. */
  readonly check: (subject: string, code: string) => Promise<'right' | 'wrong' | 'unreadable'>
  readonly remove: (subject: string) => Promise<void>
}

const stepSeconds = 30
const recoveryCount = 10
/** Letters and digits that cannot be taken for one another, 32 of them. */
const alphabet = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'

export function createSecondFactors(keeper: SecondFactorKeeper, now: () => number, issuer: string): SecondFactors {
  // Two sign-ins with one code at the same moment: the second finds it used.
  const inTurn = createTurns()
  const load = async (subject: string): Promise<Kept | 'unreadable' | undefined> => {
    const text = await keeper.load(subject)
    return text === undefined || text === 'unreadable' ? text : (JSON.parse(text) as Kept) // our own JSON, sealed
  }
  const save = (subject: string, kept: Kept): Promise<void> => keeper.save(subject, JSON.stringify(kept))
  const totp = async (secret: string, label = ''): Promise<TOTP> => {
    const { Secret, TOTP } = await import('otpauth')
    return new TOTP({ issuer, label, secret: Secret.fromBase32(secret), period: stepSeconds })
  }
  /** The step a code belongs to: now, or one to either side, since clocks differ. */
  const stepOf = async (secret: string, code: string): Promise<number | undefined> => {
    if (!/^\d{6}$/.test(code)) return undefined
    const delta = (await totp(secret)).validate({ token: code, window: 1, timestamp: now() })
    return delta === null ? undefined : Math.floor(now() / 1000 / stepSeconds) + delta
  }

  return {
    state: async (subject) => {
      const kept = await load(subject)
      if (kept === undefined) return { on: false, recoveryCodes: 0 }
      if (kept === 'unreadable') return { on: true, recoveryCodes: 0 }
      return kept.since === undefined
        ? { on: false, recoveryCodes: 0 }
        : { on: true, since: kept.since, recoveryCodes: kept.recovery.length }
    },
    begin: async (subject, account) => {
      const kept = await load(subject)
      if (kept === 'unreadable' || kept?.since !== undefined) return err('on')
      const { Secret } = await import('otpauth')
      const secret = new Secret({ size: 20 }).base32
      await save(subject, { secret, recovery: [] })
      return ok({ secret, uri: (await totp(secret, account)).toString() })
    },
    confirm: async (subject, code) => {
      const kept = await load(subject)
      if (kept === undefined || kept === 'unreadable' || kept.since !== undefined) return err('not-begun')
      const step = await stepOf(kept.secret, plain(code))
      if (step === undefined) return err('wrong')
      const codes = Array.from({ length: recoveryCount }, makeRecoveryCode)
      const recovery = codes.map((one) => sha256Hex(plain(one)))
      await save(subject, { secret: kept.secret, recovery, since: now(), lastStep: step })
      return ok(codes)
    },
    check: (subject, given) =>
      inTurn(async () => {
        const kept = await load(subject)
        if (kept === 'unreadable') return 'unreadable'
        if (kept?.since === undefined) return 'wrong'
        const code = plain(given)
        const step = await stepOf(kept.secret, code)
        if (step !== undefined) {
          if (step <= (kept.lastStep ?? 0)) return 'wrong'
          await save(subject, { ...kept, lastStep: step })
          return 'right'
        }
        const hash = sha256Hex(code)
        const left = kept.recovery.filter((one) => !sameSecret(one, hash))
        if (left.length === kept.recovery.length) return 'wrong'
        await save(subject, { ...kept, recovery: left })
        return 'right'
      }),
    remove: (subject) => keeper.save(subject, undefined),
  }
}

/** As it was typed: spaces, dashes and case do not matter. */
const plain = (code: string): string => code.replace(/[\s-]/g, '').toUpperCase()

/** Two groups of five: 50 bits, kept sealed besides. */
function makeRecoveryCode(): string {
  const letters = Array.from(crypto.getRandomValues(new Uint8Array(10)), (byte) => alphabet[byte % alphabet.length])
  return `${letters.slice(0, 5).join('')}-${letters.slice(5).join('')}`
}
