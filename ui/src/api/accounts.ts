import { queryOptions } from '@tanstack/solid-query'
import type {
  AccountChoices,
  AccountEvents,
  AccountIds,
  AccountView,
  ExportFormat,
} from '../../../server/admin/contract/accounts.ts'
import type { DeletedList } from '../../../server/admin/contract/deleted.ts'
import type { AccountBatch, JobStarted } from '../../../server/admin/contract/jobs.ts'
import { call } from './client.ts'
import { logsApi } from './logs.ts'

const second = 1000
const id = encodeURIComponent

/** What a list, or an act on many, means; as the server names it. */
export type AccountFilter = {
  readonly status: readonly string[]
  readonly q: string
  readonly method: readonly string[]
  readonly proxy: string
  readonly quota: string
}

export function filterText({ status, q, method, proxy, quota }: AccountFilter): Readonly<Record<string, string>> {
  const texts = { status: status.join(','), q, method: method.join(','), proxy, quota }
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ''))
}

export const accountsApi = {
  ids: (filter: AccountFilter, signal?: AbortSignal) =>
    call<AccountIds>('GET', `/v2/accounts/ids?${new URLSearchParams(filterText(filter))}`, undefined, signal),
  /** As a job: progress comes by the stream. */
  batch: (body: AccountBatch) =>
    call<JobStarted>('POST', '/v2/accounts/batch', body, undefined, { prefer: 'respond-async' }),
  checkAll: () => call<JobStarted>('POST', '/v2/accounts/refresh-quotas', {}, undefined, { prefer: 'respond-async' }),
  exported: (ask: { readonly format: ExportFormat; readonly password?: string; readonly ids?: string[] }) =>
    call<readonly unknown[]>('POST', '/v2/accounts/export', ask),
  deleted: (signal?: AbortSignal) => call<DeletedList>('GET', '/v2/deleted?kind=account', undefined, signal),
  restore: (accountId: string) => call<AccountView>('POST', `/v2/accounts/${id(accountId)}/restore`, {}),
  events: (accountId: string, signal?: AbortSignal) =>
    call<AccountEvents>('GET', `/v2/accounts/${id(accountId)}/events`, undefined, signal),
  choices: (accountId: string, signal?: AbortSignal) =>
    call<AccountChoices>('GET', `/v2/accounts/${id(accountId)}/choices`, undefined, signal),
} as const

export const accountQueries = {
  deleted: () => queryOptions({ queryKey: ['deleted'], queryFn: ({ signal }) => accountsApi.deleted(signal) }),
  events: (accountId: string) =>
    queryOptions({
      queryKey: ['account-events', accountId],
      queryFn: ({ signal }) => accountsApi.events(accountId, signal),
      refetchInterval: 30 * second,
    }),
  choices: (accountId: string) =>
    queryOptions({
      queryKey: ['account-choices', accountId],
      queryFn: ({ signal }) => accountsApi.choices(accountId, signal),
      refetchInterval: 15 * second,
    }),
  requests: (accountId: string) =>
    queryOptions({
      queryKey: ['account-requests', accountId],
      queryFn: ({ signal }) => logsApi.newest({ account_id: accountId }, 20, signal),
      refetchInterval: 15 * second,
    }),
} as const
