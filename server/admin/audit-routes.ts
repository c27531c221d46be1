import { Elysia } from 'elysia'
import type { AuditRecord, AuditStore } from '../store/store.ts'
import { type AuditList, AuditQuery, type AuditView } from './contract/audit.ts'
import { fail } from './failure.ts'
import { invalidRequest } from './invalid-request.ts'
import { timeOf } from './limits-form.ts'

const longestPage = 500

/** The audit log, to be read. Nothing changes it. */
export function auditRoutes(audit: AuditStore) {
  return new Elysia({ prefix: '/v2/audit' })
    .get(
      '/',
      async ({ query }) => {
        const from = timeOf(query.from ?? '', 'from')
        if (!from.ok) return fail(from.error)
        const until = timeOf(query.until ?? '', 'until')
        if (!until.ok) return fail(until.error)
        const limit = wholeOf(query.limit) ?? 100
        const before = wholeOf(query.before)
        if (Number.isNaN(limit) || limit < 1) return fail(invalid('limit', 'a whole number from 1 on'))
        if (Number.isNaN(before)) return fail(invalid('before', 'a whole number'))
        const width = Math.min(longestPage, limit)
        const filter = {
          ...wordOf('actor', query.actor),
          ...wordOf('action', query.action),
          ...wordOf('target', query.target),
          ...(from.value === undefined ? {} : { from: from.value }),
          ...(until.value === undefined ? {} : { until: until.value }),
        }
        const rows = await audit.list(filter, width + 1, before)
        const page = rows.slice(0, width)
        const answer: AuditList = {
          entries: page.map(auditView),
          next: rows.length > width ? (page.at(-1)?.seq ?? null) : null,
        }
        return answer
      },
      { query: AuditQuery },
    )
    .get('/verify', () => audit.verify())
}

const invalid = (field: string, what: string) =>
  invalidRequest({ reason: 'wrong' }, `${field} must be ${what}.`, { field })

const wholeOf = (text: string | undefined): number | undefined =>
  text === undefined || text === '' ? undefined : /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
const wordOf = <Name extends string>(name: Name, word: string | undefined): { readonly [Key in Name]?: string } =>
  word === undefined || word === '' ? {} : ({ [name]: word } as { readonly [Key in Name]?: string })

function auditView(row: AuditRecord): AuditView {
  return {
    seq: row.seq,
    timestamp: new Date(row.at).toISOString(),
    actor: { kind: row.actorKind, id: row.actorId, name: row.actorName },
    client_ip: row.peer,
    user_agent: row.userAgent,
    action: row.action,
    target: row.target ?? null,
    status: row.status,
    before: shownValue(row.before),
    after: shownValue(row.after),
    request_id: row.requestId ?? null,
    hash: row.hash,
  }
}

/** Our own JSON; what somebody damaged is shown as it is. */
function shownValue(text: string | undefined): unknown {
  if (text === undefined) return null
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
