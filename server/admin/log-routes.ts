import { Elysia } from 'elysia'
import { gatewayError } from '../conversation/error.ts'
import { matches } from '../store/request-filter.ts'
import type { KeptRequest } from '../store/store.ts'
import { optionalJsonBody } from './body.ts'
import {
  CleanupBody,
  type CleanupDone,
  ExportQuery,
  ListQuery,
  type RequestDetail,
  type RequestList,
  type RequestRow,
  type RequestRowList,
  type RequestTail,
  type RequestView,
  TailQuery,
} from './contract/logs.ts'
import type { AdminDeps } from './deps.ts'
import { fail } from './failure.ts'
import { invalidRequest } from './invalid-request.ts'
import { createLiveNames } from './live-names.ts'
import { exportFormats, exportRows } from './log-export.ts'
import { readFilter, readPage, readWhole, writeCursor } from './log-query.ts'
import { createLogTail } from './log-tail.ts'
import { totalOf } from './log-total.ts'
import { requestRow, requestView } from './log-view.ts'

const dayMs = 86_400_000
/** Kept by a clean-up that does not say how many; nothing sent by mistake deletes more. */
const usualDays = 30
const noSuchRequest = gatewayError('not-found', 'There is no request with this id in the log.')

/** The kept requests: by page, one, all of them, and their clean-up. */
export function logRoutes({
  store,
  effects,
  log,
  finished,
}: Pick<AdminDeps, 'store' | 'effects' | 'log' | 'finished'>) {
  const { requests } = store
  const named = createLiveNames(store, effects)
  const tail = createLogTail(finished, effects.now())
  const timeZone = async (): Promise<string> => (await store.settings.all()).timezone ?? ''
  const owner = async (): Promise<string | undefined> => (await store.settings.all()).owner_key_id

  /** Of all accounts of a route that are still there. */
  const namesOf = async ({ account_id, route }: RequestView): Promise<Record<string, string>> => {
    const ids = new Set([account_id, ...[...route.considered, ...route.attempts].map(({ accountId }) => accountId)])
    const all = ids.size > 1 || account_id !== undefined ? await store.accounts.list() : []
    const known = all.filter(({ account }) => ids.has(account.id) && account.label !== '')
    return Object.fromEntries(known.map(({ account }) => [account.id, account.label]))
  }

  return new Elysia({ prefix: '/v2/logs' })
    .get(
      '/',
      async ({ query }) => {
        const asked = readFilter(query, await timeZone())
        if (!asked.ok) return fail(asked.error)
        const page = readPage(query)
        if (!page.ok) return fail(page.error)
        const { filter, requestId } = asked.value
        const { limit, offset } = page.value
        const ownerKeyId = await owner()
        const shown = (rows: readonly KeptRequest[]) =>
          query.brief === 'true'
            ? { logs: rows.map((row) => requestRow(row, ownerKeyId)) }
            : { logs: rows.map((row) => requestView(row, ownerKeyId)) }
        if (requestId !== undefined) {
          const row = await requests.find(requestId)
          const found = row === undefined ? [] : [row]
          return { ...shown(found), total: found.length, limit, offset, next_cursor: null }
        }
        const { rows, next, searchedUntil } = await requests.page(filter, page.value)
        const total = query.count === 'false' ? undefined : await totalOf(store, filter, effects.now())
        return {
          ...shown(rows),
          ...(total === undefined ? {} : { total: total.count, ...(!total.complete && { total_is_minimum: true }) }),
          limit,
          offset,
          next_cursor: next === undefined ? null : writeCursor(next),
          ...(searchedUntil === undefined ? {} : { searched_until: new Date(searchedUntil).toISOString() }),
        } satisfies RequestList | RequestRowList
      },
      { query: ListQuery },
    )
    .get(
      '/export',
      async ({ query }) => {
        const asked = readFilter(query, await timeZone())
        if (!asked.ok) return fail(asked.error)
        const most = readWhole(query, 'limit', 1)
        if (!most.ok) return fail(most.error)
        const format = exportFormats.find((one) => one === (query.format || 'jsonl'))
        if (format === undefined) {
          const message = `format must be one of ${exportFormats.join(', ')}.`
          return fail(
            invalidRequest({ reason: 'choice', choices: exportFormats.join(', ') }, message, { field: 'format' }),
          )
        }
        const { filter, requestId } = asked.value
        const one = requestId === undefined ? undefined : await requests.find(requestId)
        const source =
          requestId === undefined ? requests : { page: async () => ({ rows: one === undefined ? [] : [one] }) }
        const stamp = new Date(effects.now()).toISOString().slice(0, 19).replaceAll(':', '')
        return new Response(exportRows(source, filter, format, await owner(), most.value), {
          headers: {
            'content-type': format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson; charset=utf-8',
            'content-disposition': `attachment; filename="request-logs-${stamp}.${format}"`,
            'cache-control': 'no-store',
          },
        })
      },
      { query: ExportQuery },
    )
    .post(
      '/cleanup',
      async ({ body }): Promise<CleanupDone> => {
        const { days_to_keep: days = 0 } = body
        const before = effects.now() - (days > 0 ? days : usualDays) * dayMs
        const older_than = new Date(before).toISOString()
        if (body.preview === true) {
          const { count } = await requests.count({ to: before - 1 }, { most: Number.POSITIVE_INFINITY })
          return {
            deleted: 0,
            would_delete: count,
            preview: true,
            message: `${count} rows would be deleted.`,
            older_than,
          }
        }
        const deleted = await requests.prune(before)
        log('info', 'logs.deleted', { rows: deleted, olderThan: older_than })
        return { deleted, message: `${deleted} rows were deleted.`, older_than }
      },
      { parse: optionalJsonBody, body: CleanupBody },
    )
    .get(
      '/tail',
      async ({ query }) => {
        const asked = readFilter(query, await timeZone())
        if (!asked.ok) return fail(asked.error)
        const { filter, requestId } = asked.value
        const { items, mark, gap } = tail.since(query.after)
        const ownerKeyId = await owner()
        const logs: RequestRow[] = []
        for (const value of items) {
          if (requestId !== undefined && value.id !== requestId) continue
          if (matches(filter, value)) logs.push(requestRow(await named(value), ownerKeyId))
        }
        return { logs, mark, gap } satisfies RequestTail
      },
      { query: TailQuery },
    )
    .get('/:id', async ({ params }) => {
      const row = await requests.find(params.id)
      if (row === undefined) return fail(noSuchRequest)
      const view = requestView(row, await owner())
      return { ...view, account_names: await namesOf(view) } satisfies RequestDetail
    })
}
