import { createHash } from 'node:crypto'
import { and, asc, desc, eq, gt, gte, lt, or, sql } from 'drizzle-orm'
import { createTurns } from '../lib/turns.ts'
import type { Vault } from '../vault/vault.ts'
import type { Engine, Tables } from './engine/engine.ts'
import { present } from './row.ts'
import type { AuditEntry, AuditRecord, AuditStore, AuditVerdict } from './store.ts'

type Deps = { readonly engine: Engine; readonly vault: Vault; readonly now: () => number }
type End = { readonly seq: number; readonly hash: string }

const endName = 'audit_end'
const endContext = `setting ${endName}`
/** What the first entry follows. */
const nothing: End = { seq: 0, hash: '0'.repeat(64) }
const pageSize = 1_000

/**
 * The audit log: a chain of hashes, whose last one is also kept sealed. Who changes, removes or reorders entries in the file
 * breaks the chain; who makes the chain anew, or cuts its end off, has no key for the seal.
 */
export function createAuditStore({ engine, vault, now }: Deps): AuditStore {
  const { auditEntries, sealedSettings } = engine.tables
  const inTurn = createTurns()
  let end: End | undefined

  const lastEntry = async (): Promise<End> => {
    const { seq, hash } = auditEntries
    const rows = await engine.read((db) =>
      db.select({ seq, hash }).from(auditEntries).orderBy(desc(auditEntries.seq)).limit(1),
    )
    return rows[0] ?? nothing
  }
  const sealedEnd = async (): Promise<End | 'unreadable' | undefined> => {
    const rows = await engine.read((db) => db.select().from(sealedSettings).where(eq(sealedSettings.name, endName)))
    if (rows[0] === undefined) return undefined
    const opened = vault.unseal(rows[0].sealed, endContext)
    return opened.ok ? (JSON.parse(opened.value) as End) : 'unreadable'
  }

  return {
    append: (entry) =>
      inTurn(async () => {
        const last = end ?? (await lastEntry())
        const seq = last.seq + 1
        const hash = hashOf(entry, seq, last.hash)
        const next: End = { seq, hash }
        const seal = {
          sealed: Buffer.from(vault.seal(JSON.stringify(next), endContext)),
          shown: '',
          updatedAt: now(),
        }
        await engine.atomic(
          (db) => [
            db.insert(auditEntries).values({ ...entry, seq, hash, previousHash: last.hash }),
            db.upsert(sealedSettings, { name: endName, ...seal }, { target: sealedSettings.name, set: seal }),
          ],
          { durable: true },
        )
        end = next
      }),
    list: async ({ actor, action, target, from, until }, limit, before) => {
      const { seq, at, actorId, actorName } = auditEntries
      const wanted = and(
        before === undefined ? undefined : lt(seq, before),
        actor === undefined ? undefined : or(eq(actorId, actor), eq(actorName, actor)),
        action === undefined ? undefined : sql`instr(lower(${auditEntries.action}), ${action.toLowerCase()}) > 0`,
        target === undefined ? undefined : eq(auditEntries.target, target),
        from === undefined ? undefined : gte(at, from),
        until === undefined ? undefined : lt(at, until),
      )
      const rows = await engine.read((db) =>
        db.select().from(auditEntries).where(wanted).orderBy(desc(seq)).limit(limit),
      )
      return rows.map(toRecord)
    },
    verify: async (): Promise<AuditVerdict> => {
      let last = nothing
      // A page at a time: the log is never pruned.
      for (;;) {
        const rows = await engine.read((db) =>
          db
            .select()
            .from(auditEntries)
            .where(gt(auditEntries.seq, last.seq))
            .orderBy(asc(auditEntries.seq))
            .limit(pageSize),
        )
        for (const record of rows.map(toRecord)) {
          const fault = faultOf(record, last)
          if (fault !== undefined) return { ok: false, entries: last.seq, ...fault }
          last = { seq: record.seq, hash: record.hash }
        }
        if (rows.length < pageSize) break
      }
      const sealed = await sealedEnd()
      const fault = endFault(sealed, last)
      return fault === undefined
        ? { ok: true, entries: last.seq }
        : { ok: false, entries: last.seq, seq: last.seq, reason: fault }
    },
  }
}

function faultOf(record: AuditRecord, last: End): { readonly seq: number; readonly reason: string } | undefined {
  const expected = last.seq + 1
  if (record.seq !== expected) return { seq: expected, reason: `entry ${expected} is missing` }
  if (record.previousHash !== last.hash) {
    return { seq: record.seq, reason: `entry ${record.seq} does not follow the entry before it` }
  }
  if (record.hash === hashOf(record, record.seq, last.hash)) return undefined
  return { seq: record.seq, reason: `entry ${record.seq} was changed` }
}

function endFault(sealed: End | 'unreadable' | undefined, last: End): string | undefined {
  if (sealed === 'unreadable')
    return 'the sealed end of the log cannot be opened: it was changed, or the master key is another'
  if (sealed === undefined) return last.seq === 0 ? undefined : 'the sealed end of the log is missing'
  if (sealed.seq > last.seq) return `entries ${last.seq + 1} to ${sealed.seq} are missing`
  if (sealed.seq < last.seq) return `entries from ${sealed.seq + 1} on were not written by this server`
  return sealed.hash === last.hash ? undefined : 'the chain is not the one this server wrote'
}

/** SHA-256 over a list of all members in a fixed order; absent ones are null. */
function hashOf(entry: AuditEntry, seq: number, previousHash: string): string {
  const { at, actorKind, actorId, actorName, peer, userAgent, action, status } = entry
  const rest = [entry.target, entry.before, entry.after, entry.requestId].map((member) => member ?? null)
  const fields = [previousHash, seq, at, actorKind, actorId, actorName, peer, userAgent, action, status, ...rest]
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex')
}

function toRecord(row: Tables['auditEntries']['$inferSelect']): AuditRecord {
  const { target, before, after, requestId, actorKind, ...rest } = row
  return {
    ...rest,
    actorKind: actorKind as AuditRecord['actorKind'], // as `append` wrote it; `verify` finds any other
    ...present({ target, before, after, requestId }),
  }
}
