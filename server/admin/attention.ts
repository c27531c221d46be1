import type { Burn } from '../pool/burn.ts'
import { runsOutAt } from '../pool/burn.ts'
import { availableAt } from '../pool/health.ts'
import type { AccountRecord, ProxyRecord } from '../store/store.ts'
import { nameOf } from './account-takeover.ts'
import { stateOf } from './account-view.ts'
import type { AlertKind } from './contract/alerts.ts'
import type { AttentionItem } from './contract/events.ts'

export type AttentionInput = {
  readonly accounts: readonly AccountRecord[]
  readonly burns: ReadonlyMap<string, Burn>
  readonly proxies: readonly ProxyRecord[]
  /** The proxy of all has an address that cannot be read: nothing leaves. */
  readonly isGlobalClosed: boolean
  readonly now: number
  /** An account that will have spent its quota within this time is about to run out. */
  readonly runOutMs: number
}

const iso = (at: number): string => new Date(at).toISOString()

/** A rest that ends this soon leaves nobody without an answer: requests wait it out in line. */
const shortRestMs = 60_000

/** What wants a person, the gravest first. What the operator has switched off wants nobody. */
export function attentionOf(input: AttentionInput): readonly AttentionItem[] {
  const enabled = input.accounts.filter(({ account }) => account.enabled)
  const items = [
    ...poolItems(enabled, input.now),
    ...enabled.flatMap((record) => accountItems(record, input)),
    ...input.proxies.flatMap(proxyItems),
    ...(input.isGlobalClosed ? [closedGlobal] : []),
  ]
  return items.toSorted((one, other) => Number(one.severity === 'warning') - Number(other.severity === 'warning'))
}

export const servesNow = ({ account }: AccountRecord, now: number): boolean =>
  (availableAt(account, now) ?? Number.POSITIVE_INFINITY) <= now

function poolItems(enabled: readonly AccountRecord[], now: number): readonly AttentionItem[] {
  const soonest = Math.min(...enabled.map(({ account }) => availableAt(account, now) ?? Number.POSITIVE_INFINITY))
  if (soonest <= now + shortRestMs) return []
  const until = Number.isFinite(soonest) ? iso(soonest) : null
  const detail = enabled.length === 0 ? 'No account is switched on.' : until && `The next one is back at ${until}.`
  return [{ id: 'pool.empty', kind: 'pool.empty', severity: 'critical', since: null, detail }]
}

function accountItems(record: AccountRecord, { burns, now, runOutMs }: AttentionInput): readonly AttentionItem[] {
  const { id, health, quota } = record.account
  const item = (
    kind: AlertKind,
    severity: AttentionItem['severity'],
    since: number,
    detail?: string,
  ): AttentionItem => ({
    id: `${kind}:${id}:${since}`,
    ...{ kind, severity, account_id: id, name: nameOf(record), since: iso(since), detail: detail ?? null },
  })
  switch (stateOf(record.account, now)) {
    case 'suspended':
      return [item('account.suspended', 'critical', health.since, health.reason)]
    case 'expired':
      return [item('account.signed_out', 'critical', health.since, health.reason)]
    case 'failing':
      return [item('account.failing', 'critical', health.since, health.reason)]
    case 'restricted':
      return (health.until ?? 0) > now ? [item('account.restricted', 'warning', health.since, health.reason)] : []
    case 'unchecked':
    case 'ready':
    case 'cooling': {
      const at = quota === undefined ? undefined : runsOutAt(quota, burns.get(id))
      if (quota === undefined || at === undefined || at > now + runOutMs) return []
      // Once for each period of the quota, however the forecast moves.
      return [{ ...item('account.running_out', 'warning', quota.resetsAt ?? 0, iso(at)), since: null }]
    }
    case 'exhausted':
    case 'disabled':
      return []
  }
}

function proxyItems({ id, name, url, enabled, health }: ProxyRecord): readonly AttentionItem[] {
  if (!enabled) return []
  const item = { kind: 'proxy.down', proxy_id: id, name, since: null } as const
  if (url === undefined) return [{ ...item, id: `proxy.unreadable:${id}`, severity: 'critical', detail: unreadable }]
  if (health.state !== 'down') return []
  return [{ ...item, id: `proxy.down:${id}`, severity: 'warning', detail: health.reason ?? null }]
}

const unreadable = 'Its address cannot be read, and nothing leaves past it: give the address again.'
const closedGlobal: AttentionItem = {
  ...{ id: 'proxy.unreadable:http_proxy', kind: 'proxy.down', severity: 'critical', name: 'http_proxy' },
  ...{ since: null, detail: unreadable },
}
