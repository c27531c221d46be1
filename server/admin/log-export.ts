import type { RequestFilter } from '../store/request-filter.ts'
import type { RequestPlace } from '../store/request-record.ts'
import type { RequestStore } from '../store/store.ts'
import type { RequestView } from './contract/logs.ts'
import { requestView } from './log-view.ts'

export const exportFormats = ['csv', 'jsonl'] as const
export type ExportFormat = (typeof exportFormats)[number]

/** Rows of one step: the reader's pace decides when the next is read, so this is all that is ever in memory. */
const stepRows = 500

const columns = [
  'timestamp',
  'id',
  'status_code',
  'is_success',
  'error_kind',
  'error_message',
  'endpoint_type',
  'dialect',
  'user_id',
  'user_name',
  'api_key_id',
  'api_key_name',
  'model',
  'requested_model',
  'upstream_model',
  'account_id',
  'account_label',
  'is_stream',
  'attempts',
  'first_token_ms',
  'duration_ms',
  'input_tokens',
  'input_source',
  'output_tokens',
  'output_source',
  'cache_read_tokens',
  'credits',
  'cost_usd',
  'client_ip',
  'session_id',
  'user_agent',
] as const satisfies readonly (keyof RequestView)[]

/** All rows a filter selects, newest first, read as fast as they are taken. */
export function exportRows(
  requests: Pick<RequestStore, 'page'>,
  filter: RequestFilter,
  format: ExportFormat,
  ownerKeyId?: string,
  most = Number.POSITIVE_INFINITY,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const line = format === 'csv' ? csvLine : (view: RequestView): string => `${JSON.stringify(view)}\n`
  let before: RequestPlace | undefined
  let left = most
  let begun = false
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        // A step may find nothing where the filter is rare; then the next one is asked at once.
        for (;;) {
          const { rows, next } = await requests.page(filter, {
            limit: Math.min(stepRows, left),
            ...(before === undefined ? {} : { before }),
          })
          left -= rows.length
          before = next
          // Without the mark a spreadsheet takes UTF-8 for the letters of its own country.
          const head = begun || format === 'jsonl' ? '' : `\u{FEFF}${columns.join(',')}\r\n`
          begun = true
          const text = head + rows.map((row) => line(requestView(row, ownerKeyId))).join('')
          if (text !== '') controller.enqueue(encoder.encode(text))
          const isOver = next === undefined || left <= 0
          if (isOver) controller.close()
          if (isOver || text !== '') return
        }
      },
    },
    { highWaterMark: 0 },
  )
}

const csvLine = (view: RequestView): string => `${columns.map((column) => csvCell(view[column])).join(',')}\r\n`

/** A spreadsheet takes a text that begins like a formula for one; what comes from outside must not compute there. */
function csvCell(value: string | number | boolean | undefined): string {
  if (typeof value !== 'string') return value === undefined ? '' : String(value)
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
