import { asc, desc, eq, inArray } from 'drizzle-orm'
import type { Engine } from './engine/engine.ts'
import { present } from './row.ts'
import type { IpStore } from './store.ts'

export function createIpStore(engine: Engine): IpStore {
  const { ipBlocks, ipConfigs } = engine.tables
  return {
    blocks: async () => {
      const rows = await engine.read((db) =>
        db.select().from(ipBlocks).orderBy(desc(ipBlocks.createdAt), asc(ipBlocks.range)),
      )
      return rows.map(({ expiresAt, ...row }) => ({ ...row, ...present({ expiresAt }) }))
    },
    block: async (blocks) => {
      await engine.atomic(
        (db) =>
          blocks.map((block) => {
            const row = { ...block, expiresAt: block.expiresAt ?? null }
            return db.upsert(ipBlocks, row, { target: ipBlocks.range, set: row })
          }),
        { durable: true },
      )
    },
    unblock: async (ranges) => {
      if (ranges.length === 0) return 0
      const changes = await engine.atomic((db) => [db.delete(ipBlocks).where(inArray(ipBlocks.range, [...ranges]))], {
        durable: true,
      })
      return changes[0] ?? 0
    },
    configs: async () => {
      const rows = await engine.read((db) => db.select().from(ipConfigs).orderBy(asc(ipConfigs.ip)))
      return rows.map(({ notes, requestsPerMinute, requestsPerDay, ...row }) => ({
        ...row,
        ...present({ notes, requestsPerMinute, requestsPerDay }),
      }))
    },
    saveConfig: async (config) => {
      const { notes = null, requestsPerMinute = null, requestsPerDay = null, ...row } = config
      const columns = { ...row, notes, requestsPerMinute, requestsPerDay }
      const { createdAt: _, ...set } = columns
      await engine.atomic((db) => [db.upsert(ipConfigs, columns, { target: ipConfigs.ip, set })], { durable: true })
    },
    removeConfig: async (ip) => {
      const changes = await engine.atomic((db) => [db.delete(ipConfigs).where(eq(ipConfigs.ip, ip))], { durable: true })
      return (changes[0] ?? 0) > 0
    },
  }
}
