import { BlockList } from 'node:net'
import { err, ok, type Result } from '../lib/result.ts'
import { isLoopback, parseRange } from './ip-range.ts'
import { addressFault, type Barred } from './limit-fault.ts'
import { peerKey } from './lockout.ts'
import { createWindow, type Window } from './window.ts'

/** What the `enableIPRateLimit` settings say; 0: no limit. */
export type IpLimit = { readonly max: number; readonly windowMs: number }

export type BlockedRange = { readonly range: string; readonly expiresAt?: number }
/** Limits of one address, in place of the one for all. */
export type OwnIpLimit = { readonly ip: string; readonly requestsPerMinute?: number; readonly requestsPerDay?: number }

export type IpRulesDeps = {
  readonly now: () => number
  readonly limit: () => IpLimit
  readonly countVisit: (address: string, perDay: number) => Promise<Result<void, Barred>>
  readonly maxAddresses?: number
}

export type IpRules = {
  readonly setBlocks: (blocks: readonly BlockedRange[]) => void
  readonly setOwn: (limits: readonly OwnIpLimit[]) => void
  /** Asked of every request. Loopback is never blocked. */
  readonly isBlocked: (address: string) => boolean
  /** Whether any address is blocked at all. */
  readonly blocksAny: () => boolean
  /** Counts a request to a client API. */
  readonly visit: (address: string) => Promise<Result<void, Barred>>
  readonly stats: () => { readonly addresses: number }
}

const minuteMs = 60_000

/** Which addresses are answered, and how often: those of one IPv6 network (/64) together. Within bounds. */
export function createIpRules({ now, limit, countVisit, maxAddresses = 20_000 }: IpRulesDeps): IpRules {
  const windows = new Map<string, { readonly window: Window; readonly windowMs: number }>()
  let own = new Map<string, OwnIpLimit>()
  let blocks: readonly BlockedRange[] = []
  let blocked: BlockList | undefined
  let nextExpiry = Number.POSITIVE_INFINITY

  const buildBlocks = (): void => {
    const standing = blocks.filter(({ expiresAt = Number.POSITIVE_INFINITY }) => expiresAt > now())
    nextExpiry = Math.min(...standing.map(({ expiresAt = Number.POSITIVE_INFINITY }) => expiresAt))
    blocked = standing.length === 0 ? undefined : new BlockList()
    for (const { range } of standing) {
      const parsed = parseRange(range)
      if (parsed !== undefined) blocked?.addSubnet(parsed.address, parsed.bits, parsed.family)
    }
  }
  const windowOf = (key: string, windowMs: number): Window => {
    const kept = windows.get(key)
    const entry = kept?.windowMs === windowMs ? kept : { window: createWindow(windowMs), windowMs }
    windows.delete(key)
    windows.set(key, entry)
    if (windows.size > maxAddresses) {
      for (const oldest of windows.keys()) {
        windows.delete(oldest)
        break
      }
    }
    return entry.window
  }
  const pass = (key: string, max: number, windowMs: number): Result<void, Barred> => {
    const at = now()
    const window = windowOf(key, windowMs)
    if (window.count(at) < max) {
      window.add(at)
      return ok(undefined)
    }
    const minutes = windowMs / minuteMs
    const per = minutes === 1 ? 'minute' : `${minutes} minutes`
    const message = `Too many requests from this address: at most ${max} per ${per}.`
    const resetsAt = window.freeAt(at, max)
    return err(addressFault(message, { limit: 'requestsPerMinute', max, resetsAt }, at))
  }

  return {
    setBlocks: (next) => {
      blocks = next
      buildBlocks()
    },
    setOwn: (limits) => {
      own = new Map(limits.map((one) => [one.ip, one]))
    },
    blocksAny: () => blocked !== undefined,
    isBlocked: (address) => {
      if (now() >= nextExpiry) buildBlocks()
      if (blocked === undefined || address === '' || isLoopback(address)) return false
      return blocked.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
    },
    visit: async (address) => {
      const rule = own.size === 0 ? undefined : (own.get(address) ?? own.get(canonical(address)))
      const { max, windowMs } = limit()
      const passed =
        rule?.requestsPerMinute !== undefined
          ? pass(`own ${rule.ip}`, rule.requestsPerMinute, minuteMs)
          : max > 0
            ? pass(peerKey(address), max, windowMs)
            : ok(undefined)
      if (!passed.ok || rule?.requestsPerDay === undefined) return passed
      return countVisit(rule.ip, rule.requestsPerDay)
    },
    stats: () => ({ addresses: windows.size }),
  }
}

const canonical = (address: string): string => parseRange(address)?.address ?? address
