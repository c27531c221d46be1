import { type IpRange, isWithin, parseRange, rangeText, shownRange, touchesLoopback } from '../access/ip-range.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { IpBlock, IpConfig, Store } from '../store/store.ts'
import type { AdminLog } from './admin-log.ts'
import type { IpBlockAsk, IpBlocks, IpConfigPatch, IpConfigView } from './contract/ips.ts'
import { given, invalid, timeOf } from './limits-form.ts'

export type IpsDeps = {
  readonly store: Pick<Store, 'ips' | 'deleted'>
  readonly effects: Pick<Effects, 'now'>
  /** Blocked addresses or limits of single ones changed in the store: they hold from the next request on. */
  readonly ipsChanged: () => Promise<void>
  readonly log: AdminLog
}

export type IpsService = ReturnType<typeof createIpsService>

const usualReason = 'Blocked by hand'
export const mostBlocks = 10_000
const holdsThis = 'holds this machine itself; it is never blocked.'
const full = `There are ${mostBlocks} blocked addresses already; block a range instead.`

/** Blocked addresses, and notes on and limits of single ones. */
export function createIpsService({ store: { ips, deleted }, effects, ipsChanged, log }: IpsDeps) {
  /** Checked: neither this machine nor, unless that is meant, whoever asks. */
  const checked = (text: string, asker: string, force: boolean, field: string): Result<IpRange, GatewayError> => {
    const read = readRange(text, field)
    if (!read.ok) return read
    const range = read.value
    if (touchesLoopback(range))
      return err(gatewayError('invalid-request', `${shownRange(range)} ${holdsThis}`, { field, code: 'THIS_MACHINE' }))
    if (!force && isWithin(asker, range)) {
      const message = `${shownRange(range)} holds the address you are asking from (${asker}); send force: true to block it all the same.`
      const params = { range: shownRange(range), address: asker }
      return err(gatewayError('invalid-request', message, { field, code: 'OWN_ADDRESS', params }))
    }
    return ok(range)
  }
  const configOf = async (ip: string): Promise<IpConfig | undefined> =>
    (await ips.configs()).find((one) => one.ip === ip)

  /** They can come back for a week. Gives how many there were. */
  const letGo = async (blocks: readonly IpBlock[]): Promise<number> => {
    const at = effects.now()
    let count = 0
    for (const { range, shown: name } of blocks) if (await deleted.take('block', range, { name, at })) count++
    return count
  }

  return {
    blocked: async (): Promise<IpBlocks> => {
      const now = effects.now()
      const blocks = (await ips.blocks()).filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now)
      return {
        blocked_ips: blocks.map(({ shown, reason, createdAt, expiresAt }) => ({
          ip: shown,
          reason,
          created_at: new Date(createdAt).toISOString(),
          ...(expiresAt === undefined ? {} : { expires_at: new Date(expiresAt).toISOString() }),
        })),
      }
    },
    block: async (
      ask: IpBlockAsk,
      asker: string,
    ): Promise<Result<{ readonly message: string; readonly ip: string }, GatewayError>> => {
      const range = checked(ask.ip, asker, ask.force === true, 'ip')
      if (!range.ok) return range
      const until = timeOf(ask.expires_at ?? '', 'expires_at')
      if (!until.ok) return until
      if (until.value !== undefined && until.value <= effects.now())
        return invalid({ reason: 'past' }, 'expires_at must lie in the future.', 'expires_at')
      if ((await ips.blocks()).length >= mostBlocks)
        return err(gatewayError('invalid-request', full, { field: 'ip', code: 'BLOCK_LIMIT_REACHED' }))
      const shown = shownRange(range.value)
      await ips.block([
        {
          range: rangeText(range.value),
          shown,
          reason: ask.reason?.trim() || usualReason,
          createdAt: effects.now(),
          ...given({ expiresAt: until.value }),
        },
      ])
      await ipsChanged()
      log('warn', 'ip.blocked', { range: shown, by: asker })
      return ok({ message: 'The address is blocked.', ip: shown })
    },
    /** As the original, an address that was not blocked is no error. */
    unblock: async (text: string): Promise<Result<{ readonly message: string; readonly ip: string }, GatewayError>> => {
      const read = readRange(text)
      if (!read.ok) return read
      const range = read.value
      const removed = await letGo((await ips.blocks()).filter((one) => one.range === rangeText(range)))
      await ipsChanged()
      if (removed > 0) log('info', 'ip.unblocked', { range: shownRange(range) })
      const message = removed > 0 ? 'The address is not blocked any more.' : 'The address was not blocked.'
      return ok({ message, ip: shownRange(range) })
    },
    /** Puts these in place of all that is blocked; those that are kept keep their reason and time. */
    replace: async (texts: readonly string[], asker: string, field: string): Promise<Result<void, GatewayError>> => {
      const wanted = new Map<string, IpRange>()
      for (const text of texts) {
        const range = checked(text, asker, false, field)
        if (!range.ok) return range
        wanted.set(rangeText(range.value), range.value)
      }
      const before = await ips.blocks()
      await letGo(before.filter(({ range }) => !wanted.has(range)))
      const known = new Set(before.map(({ range }) => range))
      const added = [...wanted].filter(([range]) => !known.has(range))
      const createdAt = effects.now()
      if (added.length > 0) {
        await ips.block(
          added.map(([range, parsed]) => ({ range, shown: shownRange(parsed), reason: usualReason, createdAt })),
        )
      }
      await ipsChanged()
      log('info', 'ip.blocks-replaced', { blocked: wanted.size })
      return ok(undefined)
    },
    config: async (text: string): Promise<Result<IpConfigView, GatewayError>> => {
      const ip = single(text)
      if (!ip.ok) return ip
      const config = await configOf(ip.value)
      return ok(config === undefined ? emptyView(ip.value) : configView(config))
    },
    saveConfig: async (text: string, patch: IpConfigPatch): Promise<Result<IpConfigView, GatewayError>> => {
      const ip = single(text)
      if (!ip.ok) return ip
      const now = effects.now()
      const before = (await configOf(ip.value)) ?? { ip: ip.value, createdAt: now, updatedAt: now }
      const { notes, requestsPerMinute, requestsPerDay, ...rest } = before
      const config: IpConfig = {
        ...rest,
        updatedAt: now,
        ...given({
          notes: patch.notes === undefined || patch.notes === null ? notes : patch.notes.trim() || undefined,
          requestsPerMinute: limitAfter(patch.rate_limit_rpm, requestsPerMinute),
          requestsPerDay: limitAfter(patch.daily_request_limit, requestsPerDay),
        }),
      }
      await ips.saveConfig(config)
      await ipsChanged()
      log('info', 'ip.config-changed', { ip: ip.value })
      return ok(configView(config))
    },
    removeConfig: async (text: string): Promise<Result<{ readonly message: string }, GatewayError>> => {
      const ip = single(text)
      if (!ip.ok) return ip
      await ips.removeConfig(ip.value)
      await ipsChanged()
      return ok({ message: 'The address has no notes and no limits of its own.' })
    },
  }
}

const notAddress = (field: string): string => `${field} must be an IPv4 or IPv6 address`

export function readRange(text: string, field = 'ip'): Result<IpRange, GatewayError> {
  const range = parseRange(text)
  return range === undefined
    ? invalid({ reason: 'address' }, `${notAddress(field)} or a range like 192.0.2.0/24.`, field)
    : ok(range)
}

function single(text: string): Result<string, GatewayError> {
  const range = parseRange(text)
  return range !== undefined && shownRange(range) === range.address
    ? ok(range.address)
    : invalid({ reason: 'address' }, `${notAddress('ip')}.`, 'ip')
}

const limitAfter = (wanted: number | null | undefined, before: number | undefined): number | undefined =>
  wanted === undefined || wanted === null ? before : wanted === 0 ? undefined : wanted

const emptyView = (ip: string): IpConfigView => ({ ip, notes: null, rate_limit_rpm: 0, daily_request_limit: 0 })

const configView = ({
  ip,
  notes,
  requestsPerMinute,
  requestsPerDay,
  createdAt,
  updatedAt,
}: IpConfig): IpConfigView => ({
  ip,
  notes: notes ?? null,
  rate_limit_rpm: requestsPerMinute ?? 0,
  daily_request_limit: requestsPerDay ?? 0,
  created_at: new Date(createdAt).toISOString(),
  updated_at: new Date(updatedAt).toISOString(),
})
