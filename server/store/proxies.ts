import { asc, eq } from 'drizzle-orm'
import type { ProxyHealth } from '../egress/health.ts'
import { usableProxyUrl } from '../egress/proxy-url.ts'
import type { Vault } from '../vault/vault.ts'
import type { Engine, Tables } from './engine/engine.ts'
import { present } from './row.ts'
import type { ProxyRecord, ProxyStore } from './store.ts'

type Row = Tables['proxies']['$inferSelect']
type Deps = { readonly engine: Engine; readonly vault: Vault; readonly now: () => number }

export const proxyContext = (id: string): string => `address of ${id}`

export function createProxyStore({ engine, vault, now }: Deps): ProxyStore {
  const { proxies } = engine.tables
  const seal = (id: string, url: string): Buffer => Buffer.from(vault.seal(url, proxyContext(id)))

  const toRecord = (row: Row): ProxyRecord => {
    const { id, name, shown, weight, enabled, createdAt, updatedAt } = row
    const opened = vault.unseal(row.sealed, proxyContext(id))
    const url = opened.ok && usableProxyUrl(opened.value) !== undefined ? opened.value : undefined
    return {
      id,
      name,
      ...(url === undefined ? {} : { url }),
      shownUrl: shown,
      weight,
      enabled,
      health: {
        state: row.healthState as ProxyHealth['state'], // the table's check holds the words
        failures: row.failures,
        ...present({ checkedAt: row.checkedAt, latencyMs: row.latencyMs, reason: row.healthReason }),
      },
      createdAt,
      updatedAt,
    }
  }

  return {
    list: async () => {
      const rows = await engine.read((db) => db.select().from(proxies).orderBy(asc(proxies.createdAt), asc(proxies.id)))
      return rows.map(toRecord)
    },
    get: async (id) => {
      const rows = await engine.read((db) => db.select().from(proxies).where(eq(proxies.id, id)))
      return rows[0] === undefined ? undefined : toRecord(rows[0])
    },
    create: async ({ id, name, url, shownUrl, weight, enabled, health, createdAt, updatedAt }) => {
      const row = { id, name, sealed: seal(id, url), shown: shownUrl, weight, enabled, createdAt, updatedAt }
      await engine.atomic((db) => [db.insert(proxies).values({ ...row, ...healthRow(health) })], { durable: true })
    },
    update: async (id, { name, address, weight, enabled }) => {
      const set = {
        ...present({ name, weight, enabled }),
        ...(address === undefined ? {} : { sealed: seal(id, address.url), shown: address.shownUrl }),
        updatedAt: now(),
      }
      const changes = await engine.atomic((db) => [db.update(proxies).set(set).where(eq(proxies.id, id))], {
        durable: true,
      })
      return (changes[0] ?? 0) > 0
    },
    saveHealth: async (id, health) => {
      await engine.atomic((db) => [db.update(proxies).set(healthRow(health)).where(eq(proxies.id, id))])
    },
    remove: async (id) => {
      const changes = await engine.atomic((db) => [db.delete(proxies).where(eq(proxies.id, id))], { durable: true })
      return (changes[0] ?? 0) > 0
    },
  }
}

function healthRow(
  health: ProxyHealth,
): Pick<Row, 'healthState' | 'checkedAt' | 'latencyMs' | 'failures' | 'healthReason'> {
  return {
    healthState: health.state,
    checkedAt: health.checkedAt ?? null,
    latencyMs: health.latencyMs ?? null,
    failures: health.failures,
    healthReason: health.reason ?? null,
  }
}
