import type { Session } from '../../server/access/session.ts'
import type { ModelInfo } from '../../server/conversation/model.ts'
import { type QuotaReading, readingOf } from '../../server/pool/burn.ts'
import { createCaptureStore } from '../../server/store/captures.ts'
import { createRequestStore } from '../../server/store/requests.ts'
import { createRollupStore } from '../../server/store/rollups.ts'
import type {
  AccountEvent,
  AccountProfile,
  AccountRecord,
  AdminTokenRecord,
  AuditRecord,
  HandOverRecord,
  IpBlock,
  KeyRecord,
  ModelMappingRecord,
  OperatorRecord,
  ProxyRecord,
  Store,
  UserRecord,
} from '../../server/store/store.ts'
import { createVisitorStore } from '../../server/store/visitors.ts'
import { createWholeStore } from '../../server/store/whole.ts'
import type { Credentials } from '../../server/upstream/amazonq/credentials.ts'
import { createVault } from '../../server/vault/vault.ts'
import { memoryDeleted } from './memory-deleted.ts'
import { memoryEngine } from './memory-engine.ts'
import { changedRecord, memoryIps, memoryUsage } from './memory-usage.ts'

/** The whole store in memory, for tests of what stands above it. `now` stamps changed rows. */
export function memoryStore(now: () => number = () => 0): Store {
  const accounts = new Map<string, AccountRecord>()
  const secrets = new Map<string, Credentials>()
  const links = new Map<string, HandOverRecord>()
  const models = new Map<string, { models: readonly ModelInfo[]; readAt: number }>()
  const keys = new Map<string, KeyRecord>()
  const users = new Map<string, UserRecord>()
  const sessions = new Map<string, Session>()
  const operators = new Map<string, OperatorRecord>()
  const adminTokens = new Map<string, AdminTokenRecord>()
  const audit: AuditRecord[] = []
  const settings = new Map<string, string>()
  const proxies = new Map<string, ProxyRecord>()
  const mappings = new Map<string, ModelMappingRecord>()
  const blocks = new Map<string, IpBlock>()
  const sealed = new Map<string, { readonly value: string; readonly shown: string }>()
  const readings = new Map<string, QuotaReading[]>()
  // Filters and sums are the database's own work, so they have a real one; made when it is needed.
  let made: ReturnType<typeof memoryEngine> | undefined
  const engine = () => {
    if (made === undefined) {
      made = memoryEngine()
      // The keys that its rows are of stand elsewhere.
      made.client.exec('PRAGMA foreign_keys = OFF')
    }
    return made
  }

  const events = new Map<string, (AccountEvent & { readonly at: number })[]>()
  const addEvent = (id: string, event: AccountEvent): void => {
    if (accounts.has(id)) events.set(id, [...(events.get(id) ?? []), { at: now(), ...event }])
  }
  const change = (id: string, to: (record: AccountRecord) => AccountRecord): boolean => {
    const record = accounts.get(id)
    if (record === undefined) return false
    accounts.set(id, to(record))
    return true
  }
  const given = <T extends object>(patch: T): T =>
    Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)) as T // same members, fewer

  return {
    accounts: {
      list: async () => [...accounts.values()],
      get: async (id) => accounts.get(id),
      create: async (record, credentials) => {
        if (accounts.has(record.account.id)) throw new Error('UNIQUE constraint failed: accounts.id')
        accounts.set(record.account.id, record)
        secrets.set(record.account.id, credentials)
      },
      updateAccount: async (id, { overage, ...patch }) =>
        change(id, ({ account, profile }) => ({
          account: {
            ...account,
            ...given(patch),
            ...(overage && {
              overage: Object.fromEntries(
                Object.entries({ enabled: false, ...account.overage, ...overage }).filter(
                  ([, value]) => value !== null,
                ),
              ) as { enabled: boolean },
            }),
          },
          profile: { ...profile, updatedAt: now() },
        })),
      saveHealth: async (id, health) => {
        const isNew = accounts.get(id)?.account.health.state !== health.state
        change(id, ({ account, profile }) => ({ account: { ...account, health }, profile }))
        const { state: kind, reason, until } = health
        if (isNew) addEvent(id, { kind, ...given({ reason, until }) } as AccountEvent)
      },
      addEvent: async (id, event) => addEvent(id, event),
      events: async (id) => (events.get(id) ?? []).toReversed(),
      pruneEvents: async () => {},
      saveAccountingHosts: async (id, accountingHosts) => {
        change(id, ({ account, profile }) => ({ account, profile: { ...profile, accountingHosts } }))
      },
      saveQuota: async (id, quota) => {
        if (!change(id, ({ account, profile }) => ({ account: { ...account, quota }, profile }))) return
        const rows = readings.get(id) ?? []
        const reading = readingOf(quota)
        const last = rows.at(-1)
        if (last?.used !== reading.used || last.limit !== reading.limit) readings.set(id, [...rows, reading])
      },
      quotaReadings: async (id, since) => {
        const rows = readings.get(id) ?? []
        const first = rows.findLastIndex(({ at }) => at < since)
        return rows.slice(Math.max(0, first))
      },
      pruneQuotaReadings: async () => 0,
      updateProfile: async (id, { proxyId, notes, ...patch }) => {
        change(id, ({ account, profile: { proxyId: kept, notes: written, ...profile } }) => {
          const own = proxyId === undefined ? kept : (proxyId ?? undefined)
          const words = notes === undefined ? written : (notes ?? undefined)
          return {
            account,
            profile: { ...profile, ...(given({ ...patch, proxyId: own, notes: words }) as Partial<AccountProfile>) },
          }
        })
      },
      count: async (id, { success = 0, error = 0 }) => {
        change(id, ({ account, profile }) => ({
          account,
          profile: {
            ...profile,
            successCount: profile.successCount + success,
            errorCount: profile.errorCount + error,
          },
        }))
      },
      remove: async (id) => {
        secrets.delete(id)
        models.delete(id)
        readings.delete(id)
        return accounts.delete(id)
      },
      credentials: {
        load: async (id) => secrets.get(id),
        save: async (id, credentials) => {
          if (accounts.has(id)) secrets.set(id, credentials)
        },
      },
      saveModels: async (id, list, readAt) => {
        models.set(id, { models: list, readAt })
      },
      loadModels: async (id) => new Map([...models].filter(([owner]) => id === undefined || owner === id)),
    },
    keys: {
      list: async () => [...keys.values()],
      create: async (key) => {
        keys.set(key.id, key)
      },
      get: async (id) => keys.get(id),
      findByHash: async (hash) =>
        [...keys.values()].find((key) => key.hash === hash) ??
        [...keys.values()].find((key) => key.previousHash === hash),
      update: async (id, change) => {
        const key = keys.get(id)
        if (key === undefined) return undefined
        const changed = changedRecord(key, change)
        keys.set(id, changed)
        if (change.hash !== undefined && links.get(id)?.openedAt === undefined) links.delete(id)
        return changed
      },
      remove: async (id) => {
        for (const mapping of mappings.values()) if (mapping.keyId === id) mappings.delete(mapping.id)
        return keys.delete(id)
      },
      touch: async (id, at) => {
        const key = keys.get(id)
        if (key !== undefined) keys.set(id, { ...key, lastUsedAt: at })
      },
    },
    handOvers: {
      list: async () => [...links.values()],
      findByHash: async (hash) => [...links.values()].find((link) => link.hash === hash && keys.has(link.keyId)),
      save: async (link) => {
        links.set(link.keyId, link)
      },
      open: async (hash, at, change) => {
        const link = [...links.values()].find((one) => one.hash === hash)
        const key = link === undefined ? undefined : keys.get(link.keyId)
        if (link === undefined || key === undefined || link.openedAt !== undefined) return false
        links.set(link.keyId, { ...link, openedAt: at })
        keys.set(key.id, changedRecord(key, change))
        return true
      },
      remove: async (keyId) => links.delete(keyId),
    },
    users: {
      list: async () => [...users.values()].toReversed(),
      get: async (id) => users.get(id),
      create: async (entries) => {
        for (const { user, key } of entries) {
          users.set(user.id, user)
          keys.set(key.id, key)
        }
      },
      update: async (id, change) => {
        const user = users.get(id)
        if (user === undefined) return undefined
        const changed = changedRecord(user, { ...change, updatedAt: now() })
        users.set(id, changed)
        return changed
      },
      remove: async (id) => {
        for (const key of keys.values()) if (key.userId === id) keys.delete(key.id)
        return users.delete(id)
      },
    },
    usage: memoryUsage(),
    ips: memoryIps(blocks),
    modelMappings: {
      list: async () => [...mappings.values()],
      create: async (mapping) => {
        mappings.set(mapping.id, mapping)
      },
      update: async (id, { keyId, ...patch }) => {
        const mapping = mappings.get(id)
        if (mapping === undefined) return false
        const { keyId: had, ...rest } = { ...mapping, ...given(patch), updatedAt: now() }
        const key = keyId === undefined ? had : (keyId ?? undefined)
        mappings.set(id, key === undefined ? rest : { ...rest, keyId: key })
        return true
      },
      remove: async (id) => mappings.delete(id),
    },
    settings: {
      all: async () => Object.fromEntries(settings),
      write: async (entries) => {
        for (const [key, value] of Object.entries(entries)) {
          if (value === null) settings.delete(key)
          else settings.set(key, value)
        }
      },
    },
    sessions: {
      create: async (session) => {
        sessions.set(session.hash, session)
      },
      find: async (hash) => sessions.get(hash),
      touch: async (hash, at) => {
        const session = sessions.get(hash)
        if (session !== undefined) sessions.set(hash, { ...session, lastSeenAt: at })
      },
      remove: async (hash) => {
        sessions.delete(hash)
      },
      list: async () => [...sessions.values()].toSorted((a, b) => b.lastSeenAt - a.lastSeenAt),
      removeAll: async ({ subject, exceptHash } = {}) => {
        for (const session of [...sessions.values()]) {
          if (session.hash === exceptHash || (subject !== undefined && session.subject !== subject)) continue
          sessions.delete(session.hash)
        }
      },
      prune: async ({ lastSeen, created }) => {
        for (const [hash, session] of [...sessions])
          if (session.lastSeenAt < lastSeen || session.createdAt < created) sessions.delete(hash)
      },
    },
    operators: {
      list: async () => [...operators.values()],
      get: async (id) => operators.get(id),
      findByName: async (name) =>
        [...operators.values()].find((operator) => operator.name.toLowerCase() === name.toLowerCase()),
      create: async (operator) => {
        operators.set(operator.id, operator)
      },
      update: async (id, patch) => {
        const operator = operators.get(id)
        if (operator === undefined) return false
        operators.set(id, { ...operator, ...given(patch), updatedAt: now() })
        return true
      },
      remove: async (id) => {
        for (const session of [...sessions.values()]) if (session.subject === id) sessions.delete(session.hash)
        for (const token of [...adminTokens.values()]) if (token.subject === id) adminTokens.delete(token.id)
        sealed.delete(`second_factor ${id}`)
        return operators.delete(id)
      },
    },
    adminTokens: {
      list: async () => [...adminTokens.values()],
      create: async (token) => {
        adminTokens.set(token.id, token)
      },
      findByHash: async (hash) => [...adminTokens.values()].find((token) => token.hash === hash),
      remove: async (id) => adminTokens.delete(id),
      touch: async (id, at, peer) => {
        const token = adminTokens.get(id)
        if (token !== undefined) adminTokens.set(id, { ...token, lastUsedAt: at, lastPeer: peer })
      },
    },
    audit: {
      append: async (entry) => {
        audit.push({ ...entry, seq: audit.length + 1, previousHash: '', hash: '' })
      },
      list: async (filter, limit, before = Number.POSITIVE_INFINITY) =>
        audit
          .filter(
            (row) =>
              row.seq < before &&
              (filter.actor === undefined || [row.actorId, row.actorName].includes(filter.actor)) &&
              (filter.action === undefined || row.action.toLowerCase().includes(filter.action.toLowerCase())) &&
              (filter.target === undefined || row.target === filter.target) &&
              (filter.from === undefined || row.at >= filter.from) &&
              (filter.until === undefined || row.at < filter.until),
          )
          .toReversed()
          .slice(0, limit),
      verify: async () => ({ ok: true, entries: audit.length }),
    },
    get requests() {
      return createRequestStore(engine(), now, async () => {})
    },
    get rollups() {
      return createRollupStore(engine(), now, async () => {})
    },
    get captures() {
      return createCaptureStore({ engine: engine(), vault: createVault(new Uint8Array(32)), now })
    },
    get visitors() {
      return createVisitorStore(engine(), now)
    },
    proxies: {
      list: async () => [...proxies.values()],
      get: async (id) => proxies.get(id),
      create: async (proxy) => {
        proxies.set(proxy.id, proxy)
      },
      update: async (id, { address, ...patch }) => {
        const proxy = proxies.get(id)
        if (proxy === undefined) return false
        proxies.set(id, { ...proxy, ...given(patch), ...address, updatedAt: now() } as ProxyRecord)
        return true
      },
      saveHealth: async (id, health) => {
        const proxy = proxies.get(id)
        if (proxy !== undefined) proxies.set(id, { ...proxy, health })
      },
      remove: async (id) => {
        for (const [accountId, { account, profile }] of accounts) {
          const { proxyId, ...rest } = profile
          if (proxyId === id) accounts.set(accountId, { account, profile: rest })
        }
        return proxies.delete(id)
      },
    },
    deleted: memoryDeleted({
      account: {
        holds: (id) => accounts.has(id),
        secretOf: (id) => JSON.stringify(secrets.get(id)),
        take: (id) => moved([accounts, secrets, models, readings], (owner) => owner === id),
      },
      user: {
        holds: (id) => users.has(id),
        take: (id) => {
          const own = new Set([...keys.values()].filter(({ userId }) => userId === id).map((key) => key.id))
          for (const key of own) links.delete(key)
          const keysBack = moved([keys], (key) => own.has(key))
          const userBack = moved([users], (owner) => owner === id)
          return () => {
            userBack()
            return keysBack()
          }
        },
      },
      key: {
        holds: (id) => keys.has(id),
        take: (id) => {
          const key = keys.get(id)
          links.delete(id)
          const back = moved([keys], (owner) => owner === id)
          return () => {
            if ([...keys.values()].some(({ hash }) => hash === key?.hash)) return 'key-taken'
            if (key?.userId !== undefined && !users.has(key.userId)) return 'user-gone'
            return back()
          }
        },
      },
      proxy: {
        holds: (id) => proxies.has(id),
        secretOf: (id) => proxies.get(id)?.url,
        take: (id) => {
          for (const [accountId, { account, profile }] of accounts) {
            const { proxyId, ...rest } = profile
            if (proxyId === id) accounts.set(accountId, { account, profile: rest })
          }
          return moved([proxies], (owner) => owner === id)
        },
      },
      mapping: {
        holds: (id) => mappings.has(id),
        take: (id) => {
          const mapping = mappings.get(id)
          const back = moved([mappings], (owner) => owner === id)
          return () => {
            const isSame = (one: ModelMappingRecord) => one.keyId === mapping?.keyId && one.name === mapping?.name
            if ([...mappings.values()].some(isSame)) return 'name-taken'
            return mapping?.keyId !== undefined && !keys.has(mapping.keyId) ? 'key-gone' : back()
          }
        },
      },
      block: {
        holds: (range) => blocks.has(range),
        take: (range) => {
          const back = moved([blocks], (one) => one === range)
          return () => (blocks.has(range) ? 'range-taken' : back())
        },
      },
    }),
    get whole() {
      return createWholeStore({ engine: engine(), vault: createVault(new Uint8Array(32).fill(7)) })
    },
    sealedSettings: {
      shown: async () => Object.fromEntries([...sealed].map(([name, { shown }]) => [name, shown])),
      read: async (name) => sealed.get(name)?.value,
      write: async (name, entry) => {
        if (entry === null) sealed.delete(name)
        else sealed.set(name, entry)
      },
    },
    snapshot: async () => {
      throw new Error('nothing is read whole from memory')
    },
    isUp: () => true,
    checkpoint: async () => {},
    describe: async () => ({ engine: 'memory', version: '0', path: '', writable: true }),
    close: async () => {},
  }
}

/** Takes entries out of maps; what is given back puts them there again. */
function moved(maps: readonly Map<string, unknown>[], isMeant: (id: string) => boolean): () => 'restored' {
  const taken = maps.map((map) => [...map].filter(([id]) => isMeant(id)))
  for (const map of maps) for (const id of [...map.keys()]) if (isMeant(id)) map.delete(id)
  return () => {
    maps.forEach((map, index) => {
      for (const [id, value] of taken[index] ?? []) map.set(id, value)
    })
    return 'restored'
  }
}
