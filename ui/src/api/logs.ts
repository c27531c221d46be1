import { queryOptions } from '@tanstack/solid-query'
import type { CaptureList, CaptureView, ContentView } from '../../../server/admin/contract/captures.ts'
import type {
  CleanupDone,
  RequestDetail,
  RequestRowList,
  RequestStats,
  RequestTail,
} from '../../../server/admin/contract/logs.ts'
import { ApiError, call } from './client.ts'
import { pollEvery } from './liveness.ts'

const second = 1000
const id = encodeURIComponent

/** What the server selects requests by, as it names it (server/admin/contract/logs.ts). */
export type LogQuery = Readonly<Record<string, string>>

const asked = (query: LogQuery, more: LogQuery = {}): string => new URLSearchParams({ ...query, ...more }).toString()

/** Rows of one answer: enough for a few screens. */
const pageRows = '200'

export const logsApi = {
  page: (query: LogQuery, cursor: string | null, signal?: AbortSignal) =>
    call<RequestRowList>(
      'GET',
      `/v2/logs?${asked(query, { brief: 'true', limit: pageRows, ...(cursor === null ? {} : { cursor, count: 'false' }) })}`,
      undefined,
      signal,
    ),
  /** The newest of one account. */
  newest: (query: LogQuery, limit: number, signal?: AbortSignal) =>
    call<RequestRowList>(
      'GET',
      `/v2/logs?${asked(query, { brief: 'true', count: 'false', limit: String(limit) })}`,
      undefined,
      signal,
    ),
  tail: (query: LogQuery, after: string, signal?: AbortSignal) =>
    call<RequestTail>('GET', `/v2/logs/tail?${asked(query, after === '' ? {} : { after })}`, undefined, signal),
  request: (requestId: string, signal?: AbortSignal) =>
    call<RequestDetail>('GET', `/v2/logs/${id(requestId)}`, undefined, signal),
  content: (requestId: string, signal?: AbortSignal) =>
    call<ContentView>('GET', `/v2/logs/${id(requestId)}/content`, undefined, signal),
  stats: (query: LogQuery, signal?: AbortSignal) =>
    call<RequestStats>('GET', `/v2/logs/stats?${asked(query)}`, undefined, signal),
  cleanUp: (daysToKeep: number, preview: boolean, signal?: AbortSignal) =>
    call<CleanupDone>('POST', '/v2/logs/cleanup', { days_to_keep: daysToKeep, preview }, signal),
  captures: (signal?: AbortSignal) => call<CaptureList>('GET', '/v2/captures', undefined, signal),
  startCapture: (keyId: string, hours: number) => call<CaptureView>('PUT', `/v2/captures/${id(keyId)}`, { hours }),
  stopCapture: (keyId: string) => call<unknown>('DELETE', `/v2/captures/${id(keyId)}`),
} as const

/** For a link: the browser takes the file as the server reads it. */
export const exportAddress = (query: LogQuery, format: 'csv' | 'jsonl'): string =>
  `/v2/logs/export?${asked(query, { format })}`

export const logQueries = {
  stats: (query: LogQuery, key: readonly string[]) =>
    queryOptions({
      queryKey: ['log-stats', ...key],
      queryFn: ({ signal }) => logsApi.stats(query, signal),
      staleTime: 15 * second,
      refetchInterval: 30 * second,
      placeholderData: (previous) => previous,
    }),
  request: (requestId: string) =>
    queryOptions({
      queryKey: ['log', requestId],
      queryFn: ({ signal }) => logsApi.request(requestId, signal),
      staleTime: Number.POSITIVE_INFINITY,
      // It ended a moment ago: its row is written within a second.
      retry: (failures, error) => error instanceof ApiError && error.status === 404 && failures < 2,
      retryDelay: 700,
    }),
  captures: () =>
    queryOptions({
      queryKey: ['captures'],
      queryFn: ({ signal }) => logsApi.captures(signal),
      refetchInterval: pollEvery(60 * second, 60 * second),
    }),
} as const
