import type { GatewayError } from '../conversation/error.ts'
import { ok, type Result } from '../lib/result.ts'
import { poolRunsOutAt } from '../pool/burn.ts'
import type { PoolStats } from '../pool/pool.ts'
import type { AccountRecord } from '../store/store.ts'
import { type Aside, accountListItem, quotaTotals, stateOf, statusOf } from './account-view.ts'
import type { AccountList, AccountState } from './contract/accounts.ts'
import { asksForCursor, countsOf, listPage, mostListed, type Orders, type PageAsk, textFilter } from './list-page.ts'

/** The original's query parameters, as text. */
export type AccountQuery = {
  readonly orderBy?: string
  readonly orderDesc?: string
  readonly page?: string
  readonly pageSize?: string
  readonly page_size?: string
} & AccountFilter &
  PageAsk

/** Which accounts are meant; all members hold together. */
export type AccountFilter = {
  readonly status?: string
  readonly enabled?: string
  /** Ours: part of a label, an e-mail or an id. */
  readonly q?: string
  readonly method?: string
  readonly plan?: string
  readonly proxy?: string
  readonly quota?: string
}

export const largestPage = mostListed

/** The ones somebody must look at first, then those that rest, then those that serve. */
const severity: Readonly<Record<AccountState, number>> = {
  suspended: 9,
  restricted: 8,
  expired: 7,
  failing: 6,
  exhausted: 5,
  cooling: 4,
  unchecked: 3,
  ready: 2,
  disabled: 1,
}

const ordersAt = (now: number): Orders<AccountRecord> => ({
  label: ({ account }) => account.label,
  last_used_at: ({ account }) => account.lastUsedAt ?? 0,
  created_at: ({ account }) => account.createdAt,
  id: ({ account }) => account.id,
  success_count: ({ profile }) => profile.successCount,
  error_count: ({ profile }) => profile.errorCount,
  status: ({ account }) => statusOf(account, now),
  trouble: ({ account }) => severity[stateOf(account, now)],
  enabled: ({ account }) => Number(account.enabled),
  usage_current: ({ account }) => quotaTotals(account.quota).used,
  quota: ({ account }) => {
    const { used, limit } = quotaTotals(account.quota)
    return limit > 0 ? used / limit : 0
  },
})

/** One page of the accounts, and statistics over all of them. Values out of range fall back to the default or the bound. */
export function accountList(
  records: readonly AccountRecord[],
  query: AccountQuery,
  asides: (record: AccountRecord) => Aside,
  pool: PoolStats | undefined,
  now: number,
): Result<AccountList, GatewayError> {
  const found = records.filter(filterBut(query))
  const matching = found.filter(statusFilter(query, now))
  const page = whole(query.page, 1)
  const pageSize = Math.min(largestPage, whole(query.pageSize ?? query.page_size ?? query.limit, 100))
  const pages = Math.ceil(matching.length / pageSize)
  const listed = asksForCursor(query)
    ? listPage(matching, query, { orders: ordersAt(now), usual: '-created_at', idOf: ({ account }) => account.id })
    : ok({
        items: matching.toSorted(order(query, now)).slice((page - 1) * pageSize, page * pageSize),
        total: matching.length,
        nextCursor: null,
      })
  if (!listed.ok) return listed
  const { items, total, nextCursor } = listed.value
  return ok({
    accounts: items.map((record) => accountListItem(record, asides(record))),
    count: items.length,
    pagination: { total, page, pageSize, pages },
    ...{ total, next_cursor: nextCursor, counts: countsOf(found, ({ account }) => stateOf(account, now)) },
    ...accountStatistics(records, asides, now),
    poolStats: poolView(pool),
  })
}

/** The ids of those that match, in the order they were added. */
export const accountIds = (records: readonly AccountRecord[], filter: AccountFilter, now: number): readonly string[] =>
  records
    .filter(filterBut(filter))
    .filter(statusFilter(filter, now))
    .map(({ account }) => account.id)

/** All of a filter but the status, by which those that match are counted. */
function filterBut({ q, method, plan, proxy, quota }: AccountFilter): (record: AccountRecord) => boolean {
  const hasText = textFilter(q, textsOf)
  const [methods, plans] = [wordsOf(method), wordsOf(plan)]
  const least = quota !== undefined && /^\d{1,3}$/.test(quota) ? Number(quota) / 100 : undefined
  return (record) => {
    const { account, profile } = record
    if (!hasText(record)) return false
    if (methods.length > 0 && !methods.includes(profile.method)) return false
    if (plans.length > 0 && !plans.includes(profile.plan ?? '')) return false
    if (proxy === 'none' ? profile.proxyId !== undefined : proxy && profile.proxyId !== proxy) return false
    if (least === undefined) return true
    const { used, limit } = quotaTotals(account.quota)
    return limit > 0 && used / limit >= least
  }
}

const wordsOf = (text: string | undefined): readonly string[] => (text ?? '').split(',').filter((word) => word !== '')

const textsOf = ({ account, profile }: AccountRecord): readonly string[] => [
  account.label,
  profile.email ?? '',
  account.id,
]

function poolView(pool: PoolStats | undefined): AccountList['poolStats'] {
  const { size = 0, hits = 0, misses = 0 } = pool?.affinity ?? {}
  return {
    waiting: pool?.waiting ?? 0,
    conversations: size,
    conversationHits: hits,
    conversationMisses: misses,
    conversationHitRate: hits + misses === 0 ? null : hits / (hits + misses),
  }
}

function statusFilter({ status, enabled }: AccountFilter, now: number): (record: AccountRecord) => boolean {
  // `enabled` is the older parameter: it asks for a status too, and only when `status` is left out.
  const wanted = status ?? (enabled === 'true' ? 'normal' : enabled === 'false' ? 'disabled' : 'all')
  const words = wordsOf(wanted)
  if (words.length === 0 || words.includes('all')) return () => true
  // Our finer words as well; those that both have mean the same.
  return ({ account }) => words.includes(statusOf(account, now)) || words.includes(stateOf(account, now))
}

function order({ orderBy = 'created_at', orderDesc = 'true' }: AccountQuery, now: number) {
  const orders = ordersAt(now)
  const value = (Object.hasOwn(orders, orderBy) ? orders[orderBy] : undefined) ?? (({ account }) => account.createdAt)
  const direction = orderDesc === 'true' ? -1 : 1
  const compare = <T extends number | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)
  return (a: AccountRecord, b: AccountRecord): number =>
    direction * compare(value(a), value(b)) || compare(a.account.id, b.account.id)
}

function accountStatistics(records: readonly AccountRecord[], asides: (record: AccountRecord) => Aside, now: number) {
  const limited = records.map(({ account }) => quotaTotals(account.quota)).filter(({ limit }) => limit > 0)
  const totalUsage = sum(limited.map(({ used }) => used))
  const totalLimit = sum(limited.map(({ limit }) => limit))
  const statusStats: Record<string, number> = { normal: 0, disabled: 0, suspended: 0, exhausted: 0, expired: 0 }
  for (const { account } of records) {
    const status = statusOf(account, now)
    statusStats[status] = (statusStats[status] ?? 0) + 1
  }
  return {
    quotaStats: {
      totalUsage,
      totalLimit,
      count: limited.length,
      percent: totalLimit > 0 ? Math.trunc((totalUsage / totalLimit) * 100) : 0,
      ...poolBurn(records, asides, now),
    },
    accountStats: {
      totalCount: records.length,
      enabledCount: records.filter(({ account }) => account.enabled).length,
      successTotal: sum(records.map(({ profile }) => profile.successCount)),
      errorTotal: sum(records.map(({ profile }) => profile.errorCount)),
    },
    statusStats,
  }
}

/** Of the accounts that serve, now or by themselves later. */
function poolBurn(records: readonly AccountRecord[], asides: (record: AccountRecord) => Aside, now: number) {
  const spending = records.flatMap((record) => {
    const { quota } = record.account
    const { burn } = asides(record)
    if (quota === undefined || !['normal', 'exhausted'].includes(statusOf(record.account, now))) return []
    return [{ quota, ...(burn === undefined ? {} : { burn }) }]
  })
  const rates = spending.flatMap(({ burn }) => (burn === undefined ? [] : [burn.perHour]))
  const runsOutAt = poolRunsOutAt(spending)
  return {
    burnPerHour: rates.length === 0 ? null : sum(rates),
    runsOutAt: runsOutAt === undefined ? null : new Date(runsOutAt).toISOString(),
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

function whole(text: string | undefined, fallback: number): number {
  const value = text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : fallback
  return value >= 1 ? value : fallback
}
