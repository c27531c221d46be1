import { queryOptions } from '@tanstack/solid-query'
import type { DeletedList } from '../../../server/admin/contract/deleted.ts'
import type {
  HandOverAsk,
  HandOverCreate,
  HandOverCreated,
  HandOverOffer,
  HandOverOpened,
} from '../../../server/admin/contract/hand-overs.ts'
import type { BatchDone } from '../../../server/admin/contract/jobs.ts'
import type { KeyCreated, KeyView } from '../../../server/admin/contract/keys.ts'
import type { RequestList } from '../../../server/admin/contract/logs.ts'
import type {
  UserBatch,
  UserCreate,
  UserPatch,
  UserStats,
  UsersCreate,
  UsersCreated,
  UserView,
} from '../../../server/admin/contract/users.ts'
import type { UserIpList } from '../../../server/admin/contract/visitors.ts'
import { call } from './client.ts'

const id = encodeURIComponent
const second = 1000

export const usersApi = {
  list: (signal?: AbortSignal) => call<readonly UserView[]>('GET', '/v2/users', undefined, signal),
  get: (userId: string, signal?: AbortSignal) => call<UserView>('GET', `/v2/users/${id(userId)}`, undefined, signal),
  create: (body: UserCreate) => call<UserView>('POST', '/v2/users', body),
  createMany: (body: UsersCreate) => call<UsersCreated>('POST', '/v2/users/create-many', body),
  patch: (userId: string, body: UserPatch) => call<UserView>('PATCH', `/v2/users/${id(userId)}`, body),
  remove: (userId: string) => call<unknown>('DELETE', `/v2/users/${id(userId)}`),
  restore: (userId: string) => call<UserView>('POST', `/v2/users/${id(userId)}/restore`, {}),
  batch: (body: UserBatch) => call<BatchDone>('POST', '/v2/users/batch', body),
}

/** What is done with a key besides making, changing and revoking it. */
export const keysApi = {
  restore: (keyId: string) => call<KeyView>('POST', `/v2/keys/${id(keyId)}/restore`, {}),
  rotate: (keyId: string, graceSeconds: number) =>
    call<KeyCreated>('POST', `/v2/keys/${id(keyId)}/regenerate`, { grace_seconds: graceSeconds }),
  endPrevious: (keyId: string) => call<KeyView>('DELETE', `/v2/keys/${id(keyId)}/previous`),
  handOver: (keyId: string, body: HandOverCreate) =>
    call<HandOverCreated>('POST', `/v2/keys/${id(keyId)}/hand-over`, body),
  withdraw: (keyId: string) => call<unknown>('DELETE', `/v2/keys/${id(keyId)}/hand-over`),
}

/** By whoever holds a link, without signing in. */
export const handOverApi = {
  look: (body: HandOverAsk) => call<HandOverOffer>('POST', '/api/hand-over', body),
  open: (body: HandOverAsk) => call<HandOverOpened>('POST', '/api/hand-over/open', body),
}

export const userQueries = {
  list: () =>
    queryOptions({ queryKey: ['users'], queryFn: ({ signal }) => usersApi.list(signal), refetchInterval: 60 * second }),
  one: (userId: string) =>
    queryOptions({ queryKey: ['user', userId], queryFn: ({ signal }) => usersApi.get(userId, signal) }),
  days: (userId: string) =>
    queryOptions({
      queryKey: ['user-days', userId],
      queryFn: ({ signal }) => call<UserStats>('GET', `/v2/users/${id(userId)}/stats?days=30`, undefined, signal),
      staleTime: 60 * second,
    }),
  addresses: (userId: string) =>
    queryOptions({
      queryKey: ['user-addresses', userId],
      queryFn: ({ signal }) => call<UserIpList>('GET', `/v2/users/${id(userId)}/ips`, undefined, signal),
    }),
  /** The newest of one user, or of keys that belong to nobody. */
  requests: (userId: string) =>
    queryOptions({
      queryKey: ['user-requests', userId],
      queryFn: ({ signal }) => call<RequestList>('GET', `/v2/logs?user_id=${id(userId)}&limit=20`, undefined, signal),
      refetchInterval: 30 * second,
    }),
  deleted: () =>
    queryOptions({
      queryKey: ['deleted', 'users'],
      queryFn: async ({ signal }) => {
        const read = (kind: 'user' | 'key') => call<DeletedList>('GET', `/v2/deleted?kind=${kind}`, undefined, signal)
        const lists = await Promise.all([read('user'), read('key')])
        return lists
          .flatMap(({ items }) => items)
          .toSorted((one, other) => other.deleted_at.localeCompare(one.deleted_at))
      },
      staleTime: 0,
    }),
} as const
