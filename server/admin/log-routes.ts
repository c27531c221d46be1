import { Elysia } from 'elysia'
import { gatewayError } from '../conversation/error.ts'
import { optionalJsonBody } from './body.ts'
import { CleanupBody, type CleanupDone, ExportQuery, ListQuery, type RequestList } from './contract/logs.ts'
import type { AdminDeps } from './deps.ts'
import { fail } from './failure.ts'
import { exportFormats, exportRows } from './log-export.ts'
import { readFilter, readPage, readWhole, writeCursor } from './log-query.ts'
import { totalOf } from './log-total.ts'
import { requestView } from './log-view.ts'

const dayMs = 86_400_000
/** Kept by a clean-up that does not say how many; nothing sent by mistake deletes more. */
const usualDays = 30
const noSuchRequest = gatewayError('not-found', 'There is no request with this id in the log.')

/** The kept requests: by page, one, all of them, and their clean-up. */
export function logRoutes({ store, effects, log }: Pick<AdminDeps, 'store' | 'effects' | 'log'>) {
  const { requests } = store
  const timeZone = async (): Promise<string> => (await store.settings.all()).timezone ?? ''
  const owner = async (): Promise<string | undefined> => (await store.settings.all()).owner_key_id

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
        if (requestId !== undefined) {
          const row = await requests.find(requestId)
          const logs = row === undefined ? [] : [requestView(row, ownerKeyId)]
          return { logs, total: logs.length, limit, offset, next_cursor: null } satisfies RequestList
        }
        const { rows, next, searchedUntil } = await requests.page(filter, page.value)
        const total = await totalOf(store, filter, effects.now())
        return {
          logs: rows.map((row) => requestView(row, ownerKeyId)),
          total: total.count,
          ...(total.complete ? {} : { total_is_minimum: true }),
          limit,
          offset,
          next_cursor: next === undefined ? null : writeCursor(next),
          ...(searchedUntil === undefined ? {} : { searched_until: new Date(searchedUntil).toISOString() }),
        } satisfies RequestList
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
          return fail(gatewayError('invalid-request', message, { field: 'format' }))
        }
        const stamp = new Date(effects.now()).toISOString().slice(0, 19).replaceAll(':', '')
        return new Response(exportRows(requests, asked.value.filter, format, await owner(), most.value), {
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
    .get('/:id', async ({ params }) => {
      const row = await requests.find(params.id)
      return row === undefined ? fail(noSuchRequest) : requestView(row, await owner())
    })
}
