import { queryOptions } from '@tanstack/solid-query'
import type { IpBlockAsk, IpBlocks, IpConfigPatch, IpConfigView } from '../../../server/admin/contract/ips.ts'
import type { VisitorList } from '../../../server/admin/contract/visitors.ts'
import { call } from './client.ts'
import { pollEvery } from './liveness.ts'

const second = 1000
const id = encodeURIComponent

export const addressApi = {
  visitors: (signal?: AbortSignal) => call<VisitorList>('GET', '/v2/ips/visitors', undefined, signal),
  blocks: (signal?: AbortSignal) => call<IpBlocks>('GET', '/v2/ips/blocked', undefined, signal),
  block: (body: IpBlockAsk) => call<{ readonly ip: string }>('POST', '/v2/ips/block', body),
  unblock: (ip: string) => call<unknown>('POST', '/v2/ips/unblock', { ip }),
  restore: (ip: string) => call<unknown>('POST', '/v2/ips/restore', { ip }),
  saveConfig: (ip: string, body: IpConfigPatch) => call<IpConfigView>('PUT', `/v2/ips/config/${id(ip)}`, body),
} as const

export const addressQueries = {
  visitors: () =>
    queryOptions({
      queryKey: ['visitors'],
      queryFn: ({ signal }) => addressApi.visitors(signal),
      refetchInterval: pollEvery(60 * second, 60 * second),
    }),
  blocks: () =>
    queryOptions({
      queryKey: ['blocks'],
      queryFn: ({ signal }) => addressApi.blocks(signal),
      refetchInterval: pollEvery(60 * second, 60 * second),
    }),
} as const
