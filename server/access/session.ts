import { randomText } from '../lib/effects.ts'
import { sha256Hex } from './digest.ts'

/** A console sign-in as kept: the cookie's id is only here as its SHA-256. Times are epoch ms. */
export type Session = {
  readonly hash: string
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly peer: string
  readonly userAgent: string
  /** True: opened with the first password; only the change step is open to it. */
  readonly mustChangePassword: boolean
}

export type SessionKeeper = {
  readonly create: (session: Session) => Promise<void>
  readonly find: (hash: string) => Promise<Session | undefined>
  readonly touch: (hash: string, at: number) => Promise<void>
  readonly remove: (hash: string) => Promise<void>
  /** All but `exceptHash`, when given. */
  readonly removeAll: (exceptHash?: string) => Promise<void>
}

export const sessionIdleMs = 12 * 60 * 60_000
const touchEveryMs = 60_000

export type Sessions = {
  /** Opens a session and gives the id for its cookie, which is kept nowhere. */
  readonly open: (from: {
    readonly peer: string
    readonly userAgent: string
    readonly mustChangePassword: boolean
  }) => Promise<string>
  /** The session of a cookie's id, unless it is unknown or was idle for 12 hours. Counts as being seen. */
  readonly find: (id: string) => Promise<Session | undefined>
  readonly close: (id: string) => Promise<void>
  readonly closeAll: () => Promise<void>
}

export function createSessions(keeper: SessionKeeper, now: () => number): Sessions {
  return {
    open: async ({ peer, userAgent, mustChangePassword }) => {
      const id = randomText(43) // 256 bits
      const at = now()
      await keeper.create({
        hash: sha256Hex(id),
        createdAt: at,
        lastSeenAt: at,
        peer,
        userAgent: userAgent.slice(0, 256),
        mustChangePassword,
      })
      return id
    },
    find: async (id) => {
      if (!/^[0-9A-Za-z]{43}$/.test(id)) return undefined
      const session = await keeper.find(sha256Hex(id))
      if (session === undefined) return undefined
      const idleMs = now() - session.lastSeenAt
      if (idleMs >= sessionIdleMs) {
        await keeper.remove(session.hash)
        return undefined
      }
      if (idleMs >= touchEveryMs) await keeper.touch(session.hash, now())
      return session
    },
    close: (id) => keeper.remove(sha256Hex(id)),
    closeAll: () => keeper.removeAll(),
  }
}
