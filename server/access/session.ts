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
  /** Whose: `owner`, or an operator's id. */
  readonly subject: string
}

export type SessionKeeper = {
  readonly create: (session: Session) => Promise<void>
  readonly find: (hash: string) => Promise<Session | undefined>
  /** Last seen first. */
  readonly list: () => Promise<readonly Session[]>
  readonly touch: (hash: string, at: number) => Promise<void>
  readonly remove: (hash: string) => Promise<void>
  /** All, or those of one subject; but `exceptHash`, when given. */
  readonly removeAll: (which?: { readonly subject?: string; readonly exceptHash?: string }) => Promise<void>
}

/** How long a session lives: unused, and at the most. Milliseconds. */
export type SessionLife = { readonly idleMs: number; readonly longestMs: number }

const touchEveryMs = 60_000

export type Sessions = {
  /** Opens a session and gives the id for its cookie, which is kept nowhere. */
  readonly open: (from: {
    readonly peer: string
    readonly userAgent: string
    readonly mustChangePassword: boolean
    readonly subject: string
  }) => Promise<string>
  /** The session of a cookie's id, unless it is unknown, was idle too long or is too old. Counts as being seen. */
  readonly find: (id: string) => Promise<Session | undefined>
  /** The same without being seen: somebody only asks whether it lasts. */
  readonly peek: (id: string) => Promise<Session | undefined>
  /** Those that are alive, last seen first. */
  readonly list: () => Promise<readonly Session[]>
  readonly close: (id: string) => Promise<void>
  /** Ends all sessions of a subject, but the one with the id given. */
  readonly closeAll: (subject: string, exceptId?: string) => Promise<void>
}

/** The id a session is called by, which opens nothing. */
export const sessionName = ({ hash }: Pick<Session, 'hash'>): string => `ses_${hash.slice(0, 24)}`

export function createSessions(keeper: SessionKeeper, now: () => number, life: () => Promise<SessionLife>): Sessions {
  const isOver = (session: Session, { idleMs, longestMs }: SessionLife): boolean =>
    now() - session.lastSeenAt >= idleMs || now() - session.createdAt >= longestMs
  const peek = async (id: string): Promise<Session | undefined> => {
    if (!/^[0-9A-Za-z]{43}$/.test(id)) return undefined
    const session = await keeper.find(sha256Hex(id))
    if (session === undefined || !isOver(session, await life())) return session
    await keeper.remove(session.hash)
    return undefined
  }
  return {
    open: async ({ userAgent, ...from }) => {
      const id = randomText(43) // 256 bits
      const at = now()
      await keeper.create({
        ...from,
        hash: sha256Hex(id),
        createdAt: at,
        lastSeenAt: at,
        userAgent: userAgent.slice(0, 256),
      })
      return id
    },
    peek,
    find: async (id) => {
      const session = await peek(id)
      if (session !== undefined && now() - session.lastSeenAt >= touchEveryMs) await keeper.touch(session.hash, now())
      return session
    },
    list: async () => {
      const lasting = await life()
      return (await keeper.list()).filter((session) => !isOver(session, lasting))
    },
    close: (id) => keeper.remove(sha256Hex(id)),
    closeAll: (subject, exceptId) =>
      keeper.removeAll({ subject, ...(exceptId === undefined ? {} : { exceptHash: sha256Hex(exceptId) }) }),
  }
}
