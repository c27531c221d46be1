import type { OpenCall, UsageMark } from '../../server/access/ledger.ts'
import { type Limits, plus, type Used } from '../../server/access/limits.ts'
import type { IpBlock, IpConfig, IpStore, LimitChange, UsageStore } from '../../server/store/store.ts'

/** A record after a change: null takes a member away, undefined leaves it, limits change one by one, empty lists go. */
export function changedRecord<T extends { readonly limits?: Limits }>(
  record: T,
  { limits, ...change }: { readonly limits?: LimitChange } & Readonly<Record<string, unknown>>,
): T {
  const merge = (before: object, patch: object): object =>
    Object.fromEntries(
      Object.entries({
        ...before,
        ...Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)),
      }).filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0)),
    )
  const left = merge(record.limits ?? {}, limits ?? {})
  return merge(record, { ...change, limits: Object.keys(left).length === 0 ? null : left }) as T
}

/** Counters in memory. */
export function memoryUsage(): UsageStore {
  const rows = new Map<string, { readonly subject: string; readonly period: string; readonly used: Used }>()
  const open = new Map<string, OpenCall>()
  let last: UsageMark | undefined
  return {
    read: async (subject, periods) =>
      new Map(
        [...rows.values()]
          .filter((row) => row.subject === subject && periods.includes(row.period))
          .map(({ period, used }) => [period, used]),
      ),
    mark: async () => last,
    write: async ({ add, open: opened, close }, mark) => {
      last = mark ?? last
      for (const { subject, period, used } of add) {
        const key = `${subject} ${period}`
        const before = rows.get(key)
        rows.set(key, { subject, period, used: before === undefined ? used : plus(before.used, used) })
      }
      for (const call of opened) open.set(call.id, call)
      for (const id of close) open.delete(id)
    },
    openCalls: async () => [...open.values()],
    ofPeriod: async (period, subjects) =>
      new Map(
        [...rows.values()]
          .filter((row) => row.period === period && (subjects === undefined || subjects.includes(row.subject)))
          .map(({ subject, used }) => [subject, used]),
      ),
    days: async (subject, from) =>
      [...rows.values()]
        .filter((row) => row.subject === subject && /^\d{4}-\d\d-\d\d$/.test(row.period) && row.period >= from)
        .map(({ period, used }) => ({ day: period, used }))
        .toSorted((a, b) => b.day.localeCompare(a.day)),
    pruneDays: async (before) => {
      for (const [key, { period }] of rows) if (/^\d{4}-\d\d-\d\d$/.test(period) && period < before) rows.delete(key)
    },
  }
}

export function memoryIps(blocks = new Map<string, IpBlock>()): IpStore {
  const configs = new Map<string, IpConfig>()
  return {
    blocks: async () => [...blocks.values()].toReversed(),
    block: async (list) => {
      for (const block of list) {
        blocks.delete(block.range)
        blocks.set(block.range, block)
      }
    },
    unblock: async (ranges) => ranges.filter((range) => blocks.delete(range)).length,
    configs: async () => [...configs.values()],
    saveConfig: async (config) => {
      configs.set(config.ip, config)
    },
    removeConfig: async (ip) => configs.delete(ip),
  }
}
