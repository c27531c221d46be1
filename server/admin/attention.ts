import type { Burn } from '../pool/burn.ts'
import { runsOutAt } from '../pool/burn.ts'
import { availableAt } from '../pool/health.ts'
import type { AccountRecord, ProxyRecord } from '../store/store.ts'
import { nameOf } from './account-takeover.ts'
import { quotaTotals, stateOf } from './account-view.ts'
import type { AlertKind } from './contract/alerts.ts'
import type { AttentionItem, NoticeKind } from './contract/events.ts'
import { lowDiskBytes, staleBackupMs } from './health-check.ts'
import type { Outcomes } from './outcomes.ts'
import { isoOrNull } from './time.ts'

export type AttentionInput = {
  readonly accounts: readonly AccountRecord[]
  readonly burns: ReadonlyMap<string, Burn>
  readonly proxies: readonly ProxyRecord[]
  /** The proxy of all has an address that cannot be read: nothing leaves. */
  readonly isGlobalClosed: boolean
  readonly now: number
  /** An account that will have spent its quota within this time is about to run out. */
  readonly runOutMs: number
  /** How the requests of the last minutes ended. */
  readonly outcomes: Outcomes
  readonly isLogOn: boolean
  /** Null: nobody knows. */
  readonly diskFreeBytes: number | null
  /** Absent: copies are made elsewhere. */
  readonly backups?: BackupFacts
}

/** Epoch ms of the newest copy; undefined: there is none. */
export type BackupFacts = { readonly newestAt: number | undefined }

const iso = (at: number): string => new Date(at).toISOString()

/** A rest that ends this soon leaves nobody without an answer: requests wait it out in line. */
const shortRestMs = 60_000

const fewReady = 0.2
const goodRate = 0.95
/** Of fewer a share says nothing. */
const fewestRequests = 20
const muchUsed = 0.85
const soonExpiresMs = 7 * 86_400_000

/** What wants a person, the gravest first. What the operator has switched off wants nobody. */
export function attentionOf(input: AttentionInput): readonly AttentionItem[] {
  const enabled = input.accounts.filter(({ account }) => account.enabled)
  const items = [
    ...poolItems(enabled, input.now),
    ...enabled.flatMap((record) => accountItems(record, input)),
    ...input.proxies.flatMap(proxyItems),
    ...(input.isGlobalClosed ? [closedGlobal] : []),
    ...noticesOf(enabled, input),
  ]
  return items.toSorted((one, other) => Number(one.severity === 'warning') - Number(other.severity === 'warning'))
}

export const servesNow = ({ account }: AccountRecord, now: number): boolean =>
  (availableAt(account, now) ?? Number.POSITIVE_INFINITY) <= now

function poolItems(enabled: readonly AccountRecord[], now: number): readonly AttentionItem[] {
  const soonest = Math.min(...enabled.map(({ account }) => availableAt(account, now) ?? Number.POSITIVE_INFINITY))
  if (soonest <= now + shortRestMs) {
    const ready = enabled.filter((record) => servesNow(record, now + shortRestMs)).length
    if (ready >= enabled.length * fewReady) return []
    const figures = { count: ready, of: enabled.length }
    return [{ ...notice('pool.low'), figures }]
  }
  const until = Number.isFinite(soonest) ? iso(soonest) : null
  const detail = enabled.length === 0 ? 'No account is switched on.' : until && `The next one is back at ${until}.`
  return [{ id: 'pool.empty', kind: 'pool.empty', severity: 'critical', since: null, detail }]
}

const notice = (kind: NoticeKind, severity: AttentionItem['severity'] = 'warning'): AttentionItem => ({
  ...{ id: kind, kind, severity, since: null, detail: null },
})

/** What is not wrong yet, or with nobody in particular. */
function noticesOf(enabled: readonly AccountRecord[], input: AttentionInput): readonly AttentionItem[] {
  const { now, outcomes, backups, diskFreeBytes } = input
  const { requests, failures } = outcomes
  const failing = requests >= fewestRequests && failures / requests > 1 - goodRate
  const isDiskLow = diskFreeBytes !== null && diskFreeBytes < lowDiskBytes
  const firstAt = Math.min(...input.accounts.map(({ account }) => account.createdAt))
  return [
    ...(failing ? [{ ...notice('requests.failing', 'critical'), figures: { count: failures, of: requests } }] : []),
    ...(isDiskLow ? [{ ...notice('disk.low', 'critical'), figures: { count: diskFreeBytes } }] : []),
    ...quotaItems(enabled),
    ...enabled.flatMap((record) => expiringItems(record, now)),
    ...duplicateItems(enabled),
    // What is new has nothing to lose yet.
    ...(backups !== undefined && now - (backups.newestAt ?? firstAt) > staleBackupMs
      ? [{ ...notice('backup.old'), since: isoOrNull(backups.newestAt) }]
      : []),
    ...(input.isLogOn ? [] : [notice('log.off')]),
  ]
}

function quotaItems(enabled: readonly AccountRecord[]): readonly AttentionItem[] {
  const totals = enabled.map(({ account }) => quotaTotals(account.quota))
  const used = totals.reduce((sum, one) => sum + one.used, 0)
  const limit = totals.reduce((sum, one) => sum + one.limit, 0)
  if (limit === 0 || used / limit < muchUsed) return []
  // Once for each period of the quota, as that of one account.
  const resets = enabled.flatMap(({ account }) => account.quota?.resetsAt ?? [])
  const resetsAt = resets.length === 0 ? undefined : Math.min(...resets)
  const id = `pool.quota:${resetsAt ?? 0}`
  return [{ ...notice('pool.quota'), id, figures: { count: used, of: limit }, detail: isoOrNull(resetsAt) }]
}

function expiringItems(record: AccountRecord, now: number): readonly AttentionItem[] {
  const { id, quota } = record.account
  const at = quota?.trial?.active ? quota.trial.expiresAt : undefined
  if (at === undefined || at <= now || at > now + soonExpiresMs) return []
  const about = { account_id: id, name: nameOf(record), detail: iso(at) }
  return [{ ...notice('account.expiring'), id: `account.expiring:${id}:${at}`, ...about }]
}

/** The same person twice spends one quota, which is counted twice. */
function duplicateItems(accounts: readonly AccountRecord[]): readonly AttentionItem[] {
  const first = new Map<string, AccountRecord>()
  return accounts.flatMap((record): readonly AttentionItem[] => {
    const { userId } = record.profile
    if (userId === undefined) return []
    const other = first.get(userId)
    if (other === undefined) {
      first.set(userId, record)
      return []
    }
    const { id } = record.account
    const about = { account_id: id, name: nameOf(record), detail: nameOf(other) }
    return [{ ...notice('account.duplicate'), id: `account.duplicate:${id}:${other.account.id}`, ...about }]
  })
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
