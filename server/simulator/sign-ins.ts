import { type Effects, randomText } from '../lib/effects.ts'

/** How device sign-ins go. */
export type SignInOptions = {
  /** Approves by itself at this poll (1 = the first); left out, somebody must: `approve`, or the page. */
  readonly approveAfterPolls?: number
  /** Told to clients; default 1. */
  readonly intervalSeconds?: number
  /** This many first polls are answered `slow_down`. */
  readonly slowDownPolls?: number
  /** Polls closer together than the interval are answered `slow_down`. */
  readonly enforceInterval?: boolean
  /** Default 600. */
  readonly expiresInSeconds?: number
}

export type PendingSignIn = { readonly userCode: string; readonly kind: 'oidc' | 'social'; readonly startUrl: string }

export type SignInControl = {
  readonly pending: () => readonly PendingSignIn[]
  /** Lets a device sign-in succeed, for the account given or for a new one. False: no such code is waiting. */
  readonly approve: (userCode: string, accountId?: string) => boolean
  readonly deny: (userCode: string) => boolean
}

export type Grant = PendingSignIn & {
  readonly deviceCode: string
  readonly clientId: string
  readonly expiresAt: number
  /** Social only. */
  readonly provider?: string
}

export type Poll =
  | { readonly state: 'pending' | 'slow-down' | 'expired' | 'denied' | 'unknown' }
  | { readonly state: 'approved'; readonly grant: Grant; readonly accountId?: string }

export type SignIns = SignInControl & {
  readonly open: (asked: Omit<Grant, 'deviceCode' | 'userCode' | 'expiresAt'>) => Grant
  /** One poll by a client; `approved` is given once, then the code is unknown. */
  readonly poll: (deviceCode: string, clientId: string) => Poll
  readonly intervalSeconds: number
  readonly expiresInSeconds: number
}

const maxOpen = 1000
const letters = 'BCDFGHJKLMNPQRSTVWXZ'

export function createSignIns(options: SignInOptions, effects: Pick<Effects, 'now' | 'random'>): SignIns {
  type Open = {
    readonly grant: Grant
    readonly polls: number
    readonly lastPollAt: number
    readonly verdict?: 'approved' | 'denied'
    readonly accountId?: string
  }
  const open = new Map<string, Open>()
  const intervalSeconds = options.intervalSeconds ?? 1
  const expiresInSeconds = options.expiresInSeconds ?? 600
  const isLive = (entry: Open): boolean => entry.grant.expiresAt > effects.now()
  const userCode = (): string => {
    const letter = (): string => letters[Math.floor(effects.random() * letters.length)] ?? 'B'
    const half = (): string => Array.from({ length: 4 }, letter).join('')
    return `${half()}-${half()}`
  }
  const decide = (code: string, verdict: 'approved' | 'denied', accountId?: string): boolean => {
    const wanted = code.trim().toUpperCase()
    const entry = [...open.values()].find((candidate) => candidate.grant.userCode === wanted && isLive(candidate))
    if (entry === undefined) return false
    open.set(entry.grant.deviceCode, { ...entry, verdict, ...(accountId === undefined ? {} : { accountId }) })
    return true
  }
  return {
    intervalSeconds,
    expiresInSeconds,
    pending: () =>
      [...open.values()].filter((entry) => entry.verdict === undefined && isLive(entry)).map((entry) => entry.grant),
    approve: (code, accountId) => decide(code, 'approved', accountId),
    deny: (code) => decide(code, 'denied'),
    open: (asked) => {
      const grant: Grant = {
        ...asked,
        deviceCode: randomText(40),
        userCode: userCode(),
        expiresAt: effects.now() + expiresInSeconds * 1000,
      }
      if (open.size >= maxOpen) open.delete(open.keys().next().value ?? '')
      open.set(grant.deviceCode, { grant, polls: 0, lastPollAt: Number.NEGATIVE_INFINITY })
      return grant
    },
    poll: (deviceCode, clientId) => {
      const before = open.get(deviceCode)
      if (before === undefined || before.grant.clientId !== clientId) return { state: 'unknown' }
      const now = effects.now()
      const entry = { ...before, polls: before.polls + 1, lastPollAt: now }
      open.set(deviceCode, entry)
      if (!isLive(entry)) return { state: 'expired' }
      if (entry.verdict === 'denied') return { state: 'denied' }
      const tooSoon = options.enforceInterval === true && now - before.lastPollAt < intervalSeconds * 1000
      if (tooSoon || entry.polls <= (options.slowDownPolls ?? 0)) return { state: 'slow-down' }
      const approvesItself = options.approveAfterPolls !== undefined && entry.polls >= options.approveAfterPolls
      if (entry.verdict !== 'approved' && !approvesItself) return { state: 'pending' }
      open.delete(deviceCode)
      const { grant, accountId } = entry
      return { state: 'approved', grant, ...(accountId === undefined ? {} : { accountId }) }
    },
  }
}
