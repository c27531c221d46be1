import { and, asc, desc, eq, gte, lt, sql } from 'drizzle-orm'
import type { ErrorKind } from '../conversation/error.ts'
import type { ModelInfo } from '../conversation/model.ts'
import type { OveragePolicy, Quota } from '../conversation/quota.ts'
import type { Health, HealthState } from '../pool/account.ts'
import { readingOf } from '../pool/burn.ts'
import type { SignInMethod } from '../upstream/amazonq/credentials.ts'
import type { Vault } from '../vault/vault.ts'
import { createCredentialStore, type OnUnreadable, saveCredentials } from './credentials.ts'
import type { Db, Engine, Statement, Tables } from './engine/engine.ts'
import { parseColumn, present } from './row.ts'
import type { AccountEvent, AccountProfile, AccountRecord, AccountStore } from './store.ts'

type Row = Tables['accounts']['$inferSelect']
type Deps = {
  readonly engine: Engine
  readonly vault: Vault
  readonly now: () => number
  readonly onUnreadable: OnUnreadable
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const readingsKeptMs = 40 * dayMs
const readingsWholeMs = 2 * dayMs
const eventsKept = 200
const eventsKeptMs = 90 * dayMs

export function createAccountStore(deps: Deps): AccountStore {
  const { engine, now } = deps
  const { accountEvents, accountModels, accounts, quotaReadings } = engine.tables
  /** From the row, so that an account removed meanwhile leaves nothing behind. Of one moment the last counts. */
  const insertEvent = (db: Db, id: string, { kind, reason, cause, until }: AccountEvent): Statement => {
    const set = { kind, reason: reason ?? null, cause: cause ?? null, until: until ?? null }
    return db.upsert(
      accountEvents,
      db
        .select({
          accountId: accounts.id,
          at: sql<number>`${now()}`.as('at'),
          kind: sql<string>`${set.kind}`.as('kind'),
          reason: sql<string | null>`${set.reason}`.as('reason'),
          cause: sql<string | null>`${set.cause}`.as('cause'),
          until: sql<number | null>`${set.until}`.as('until'),
        })
        .from(accounts)
        .where(eq(accounts.id, id)),
      { target: [accountEvents.accountId, accountEvents.at], set },
    )
  }
  const update = async (id: string, set: Partial<Row>): Promise<boolean> => {
    const changes = await engine.atomic((db) => [db.update(accounts).set(set).where(eq(accounts.id, id))])
    return (changes[0] ?? 0) > 0
  }
  return {
    list: async () => {
      const rows = await engine.read((db) =>
        db.select().from(accounts).orderBy(asc(accounts.createdAt), asc(accounts.id)),
      )
      return rows.map(toRecord)
    },
    get: async (id) => {
      const rows = await engine.read((db) => db.select().from(accounts).where(eq(accounts.id, id)))
      return rows[0] === undefined ? undefined : toRecord(rows[0])
    },
    create: async (record, secrets) => {
      const { account, profile } = record
      await engine.atomic(
        (db) => [
          db.insert(accounts).values(toRow(record)),
          saveCredentials(deps, db, account.id, secrets, profile.updatedAt),
        ],
        { durable: true },
      )
    },
    updateAccount: async (id, { label, enabled, weight, maxInFlight, lastUsedAt, overage = {} }) => {
      const caps = { overageCredits: overage.maxCredits, overageMicroUsd: overage.maxMicroUsd }
      const chosen = {
        ...present({ label, enabled, weight, maxInFlight, overage: overage.enabled }),
        ...Object.fromEntries(Object.entries(caps).filter(([, cap]) => cap !== undefined)), // null takes one away
      }
      // Being used is no change of the account.
      const updatedAt = Object.keys(chosen).length > 0 ? now() : undefined
      const set = present({ ...chosen, lastUsedAt, updatedAt })
      return update(id, Object.keys(set).length > 0 ? set : { id })
    },
    saveHealth: async (id, health) => {
      const before = await engine.read((db) =>
        db.select({ state: accounts.healthState, kind: accounts.healthKind }).from(accounts).where(eq(accounts.id, id)),
      )
      const isNew = before[0]?.state !== health.state || (before[0].kind ?? undefined) !== health.kind
      const { state: kind, reason, kind: cause, until } = health
      await engine.atomic((db) => [
        db.update(accounts).set(healthRow(health)).where(eq(accounts.id, id)),
        ...(isNew ? [insertEvent(db, id, { kind, ...present({ reason, cause, until }) })] : []),
      ])
    },
    addEvent: async (id, event) => {
      await engine.atomic((db) => [insertEvent(db, id, event)])
    },
    events: async (id) => {
      const rows = await engine.read((db) =>
        db
          .select()
          .from(accountEvents)
          .where(eq(accountEvents.accountId, id))
          .orderBy(desc(accountEvents.at))
          .limit(eventsKept),
      )
      return rows.map(({ at, kind, reason, cause, until }) => ({
        at,
        kind: kind as AccountEvent['kind'], // written by us alone, as the cause
        ...present({ reason, cause: cause as ErrorKind | null, until }),
      }))
    },
    pruneEvents: async () => {
      const crowded = await engine.read((db) =>
        db
          .select({ accountId: accountEvents.accountId })
          .from(accountEvents)
          .groupBy(accountEvents.accountId)
          .having(sql`count(*) > ${eventsKept}`),
      )
      const ends = await Promise.all(
        crowded.map(async ({ accountId }) => {
          const last = await engine.read((db) =>
            db
              .select({ at: accountEvents.at })
              .from(accountEvents)
              .where(eq(accountEvents.accountId, accountId))
              .orderBy(desc(accountEvents.at))
              .limit(1)
              .offset(eventsKept - 1),
          )
          return { accountId, at: last[0]?.at ?? 0 }
        }),
      )
      await engine.atomic((db) => [
        db.delete(accountEvents).where(lt(accountEvents.at, now() - eventsKeptMs)),
        ...ends.map(({ accountId, at }) =>
          db.delete(accountEvents).where(and(eq(accountEvents.accountId, accountId), lt(accountEvents.at, at))),
        ),
      ])
    },
    saveAccountingHosts: async (id, hosts) => {
      await update(id, { accountingHosts: JSON.stringify(hosts) })
    },
    saveQuota: async (id, quota) => {
      const { at, used, limit } = readingOf(quota)
      const last = await engine.read((db) =>
        db.select().from(quotaReadings).where(eq(quotaReadings.accountId, id)).orderBy(desc(quotaReadings.at)).limit(1),
      )
      const changed = last[0] === undefined || last[0].used !== used || last[0].limit !== limit
      await engine.atomic((db) => [
        db
          .update(accounts)
          .set({ quota: JSON.stringify(quota) })
          .where(eq(accounts.id, id)),
        // From the row, so that an account removed meanwhile leaves nothing behind.
        ...(changed
          ? [
              db.upsert(
                quotaReadings,
                db
                  .select({
                    accountId: accounts.id,
                    at: sql<number>`${at}`.as('at'),
                    used: sql<number>`${used}`.as('used'),
                    limit: sql<number>`${limit}`.as('limit'),
                  })
                  .from(accounts)
                  .where(eq(accounts.id, id)),
                { target: [quotaReadings.accountId, quotaReadings.at], set: { used, limit } },
              ),
            ]
          : []),
      ])
    },
    quotaReadings: async (id, from) => {
      const ofAccount = eq(quotaReadings.accountId, id)
      const [before, since] = await Promise.all([
        engine.read((db) =>
          db
            .select()
            .from(quotaReadings)
            .where(and(ofAccount, lt(quotaReadings.at, from)))
            .orderBy(desc(quotaReadings.at))
            .limit(1),
        ),
        engine.read((db) =>
          db
            .select()
            .from(quotaReadings)
            .where(and(ofAccount, gte(quotaReadings.at, from)))
            .orderBy(asc(quotaReadings.at)),
        ),
      ])
      return [...before, ...since].map(({ at, used, limit }) => ({ at, used, limit }))
    },
    pruneQuotaReadings: async () => {
      const hour = sql<number>`${quotaReadings.at} - ${quotaReadings.at} % ${sql.raw(String(hourMs))}`
      const before = now() - readingsWholeMs
      const crowded = await engine.read((db) =>
        db
          .select({
            accountId: quotaReadings.accountId,
            hour: hour.mapWith(Number),
            last: sql`max(${quotaReadings.at})`.mapWith(Number),
          })
          .from(quotaReadings)
          .where(lt(quotaReadings.at, before))
          .groupBy(quotaReadings.accountId, hour)
          .having(sql`count(*) > 1`),
      )
      const changes = await engine.atomic((db) => [
        db.delete(quotaReadings).where(lt(quotaReadings.at, now() - readingsKeptMs)),
        ...crowded.map(({ accountId, hour: from, last }) =>
          db
            .delete(quotaReadings)
            .where(
              and(eq(quotaReadings.accountId, accountId), gte(quotaReadings.at, from), lt(quotaReadings.at, last)),
            ),
        ),
      ])
      return changes.reduce((sum, one) => sum + one, 0)
    },
    updateProfile: async (id, { updatedAt, ...patch }) => {
      const { method, email, userId, plan, region, accessExpiresAt, lastRefreshAt, lastRefreshStatus, proxyId, notes } =
        patch
      // `undefined` leaves a column, `null` clears it.
      await update(id, {
        ...Object.fromEntries(
          Object.entries({
            method,
            email,
            userId,
            plan,
            region,
            accessExpiresAt,
            lastRefreshAt,
            lastRefreshStatus,
            proxyId,
            notes,
          }).filter(([, value]) => value !== undefined),
        ),
        updatedAt: updatedAt ?? now(),
      })
    },
    count: async (id, { success = 0, error = 0 }) => {
      if (success === 0 && error === 0) return
      await engine.atomic((db) => [
        db
          .update(accounts)
          .set({
            successCount: sql`${accounts.successCount} + ${success}`,
            errorCount: sql`${accounts.errorCount} + ${error}`,
          })
          .where(eq(accounts.id, id)),
      ])
    },
    remove: async (id) => {
      const changes = await engine.atomic((db) => [db.delete(accounts).where(eq(accounts.id, id))], { durable: true })
      return (changes[0] ?? 0) > 0
    },
    credentials: createCredentialStore(deps),
    saveModels: async (id, models, readAt) => {
      const text = JSON.stringify(models)
      const exists = await engine.read((db) => db.select({ id: accounts.id }).from(accounts).where(eq(accounts.id, id)))
      if (exists.length === 0) return // removed while its list was read
      const set = { models: text, readAt }
      await engine.atomic((db) => [
        db.upsert(accountModels, { accountId: id, ...set }, { target: accountModels.accountId, set }),
      ])
    },
    loadModels: async (id) => {
      const wanted = id === undefined ? undefined : eq(accountModels.accountId, id)
      const rows = await engine.read((db) => db.select().from(accountModels).where(wanted))
      return new Map(
        rows.map(({ accountId, models, readAt }) => [
          accountId,
          { models: parseColumn<readonly ModelInfo[]>(models) ?? [], readAt },
        ]),
      )
    },
  }
}

function toRecord(row: Row): AccountRecord {
  const { id, label, enabled, weight, maxInFlight, createdAt, updatedAt, region, successCount, errorCount } = row
  return {
    account: {
      id,
      label,
      enabled,
      weight,
      maxInFlight,
      createdAt,
      health: {
        state: row.healthState as HealthState, // the table's check holds the words
        since: row.healthSince,
        failures: row.failures,
        ...present({ until: row.healthUntil, reason: row.healthReason, limits: row.limits }),
        ...present({ kind: row.healthKind as ErrorKind | null }), // written by us alone
      },
      ...present({ quota: parseColumn<Quota>(row.quota), lastUsedAt: row.lastUsedAt }),
      ...present({ overage: overageOf(row) }),
    },
    profile: {
      method: row.method as SignInMethod,
      region,
      successCount,
      errorCount,
      updatedAt,
      ...present({
        email: row.email,
        userId: row.userId,
        plan: row.plan,
        accessExpiresAt: row.accessExpiresAt,
        lastRefreshAt: row.lastRefreshAt,
        lastRefreshStatus: row.lastRefreshStatus as AccountProfile['lastRefreshStatus'],
        proxyId: row.proxyId,
        notes: row.notes,
        accountingHosts: parseColumn<readonly string[]>(row.accountingHosts),
      }),
    },
  }
}

function toRow({
  account,
  profile: { accountingHosts, ...profile },
}: AccountRecord): Tables['accounts']['$inferInsert'] {
  const { id, label, enabled, weight, maxInFlight, createdAt, lastUsedAt, quota, health, overage } = account
  return {
    ...{ id, label, enabled, weight, maxInFlight, createdAt, lastUsedAt },
    ...healthRow(health),
    ...present({
      overage: overage?.enabled,
      overageCredits: overage?.maxCredits,
      overageMicroUsd: overage?.maxMicroUsd,
    }),
    ...(quota !== undefined && { quota: JSON.stringify(quota) }),
    ...profile,
    ...(accountingHosts !== undefined && { accountingHosts: JSON.stringify(accountingHosts) }),
  }
}

/** Absent while it is off and nothing is set. */
function overageOf({ overage, overageCredits, overageMicroUsd }: Row): OveragePolicy | undefined {
  if (!overage && overageCredits === null && overageMicroUsd === null) return undefined
  return { enabled: overage, ...present({ maxCredits: overageCredits, maxMicroUsd: overageMicroUsd }) }
}

function healthRow(
  health: Health,
): Pick<Row, 'healthState' | 'healthSince' | 'healthUntil' | 'healthReason' | 'healthKind' | 'failures' | 'limits'> {
  return {
    healthState: health.state,
    healthSince: health.since,
    healthUntil: health.until ?? null,
    healthReason: health.reason ?? null,
    healthKind: health.kind ?? null,
    failures: health.failures,
    limits: health.limits ?? null,
  }
}
