import { MutationCache, QueryCache, QueryClient, queryOptions, useQueryClient } from '@tanstack/solid-query'
import { type Accessor, createMemo, createRoot } from 'solid-js'
import { reconcile } from 'solid-js/store'
import type { SessionView } from '../../../server/admin/contract/session.ts'
import { type AccountQuery, ApiError, api } from './client.ts'
import { liveness, pollEvery } from './liveness.ts'

const second = 1000

/** What is read, under which name, how often. Writes name the keys they touch through `useRefresh`. */
export const queries = {
  session: () =>
    queryOptions({
      queryKey: ['session'],
      // Whose pages they are is known until somebody else signs in: what lies under the sign-in dialog stays as it is.
      queryFn: async ({ signal, client }) => {
        const next = await api.session(signal)
        const user = client.getQueryData<SessionView>(['session'])?.user
        return next.signedIn || user === undefined ? next : { ...next, user }
      },
      retry: false,
      staleTime: 30 * second,
      refetchInterval: (query) => (query.state.status === 'error' ? 5 * second : false),
    }),
  meta: () => queryOptions({ queryKey: ['meta'], queryFn: ({ signal }) => api.meta(signal), staleTime: 60 * second }),
  accounts: (query: AccountQuery) =>
    queryOptions({
      queryKey: ['accounts', query],
      queryFn: ({ signal }) => api.accounts(query, signal),
      // The stream tells states, not counters.
      refetchInterval: pollEvery(30 * second, 60 * second),
      placeholderData: (previous) => previous,
    }),
  account: (accountId: string) =>
    queryOptions({ queryKey: ['account', accountId], queryFn: ({ signal }) => api.account(accountId, signal) }),
  /** Every account there is, for choosing among them. Apart from `accounts`, whose pages the switches write into. */
  everyAccount: () =>
    queryOptions({
      queryKey: ['every-account'],
      queryFn: async ({ signal }) => {
        const read = (page: number) => api.accounts({ page, pageSize: 500 }, signal)
        const first = await read(1)
        const rest = Array.from({ length: Math.max(0, first.pagination.pages - 1) }, (_, index) => read(index + 2))
        return [first, ...(await Promise.all(rest))].flatMap((list) => list.accounts)
      },
    }),
  signIn: (authId: string, intervalSeconds: number) =>
    queryOptions({
      queryKey: ['sign-in', authId],
      queryFn: ({ signal }) => api.signInStatus(authId, signal),
      gcTime: 0,
      retry: (failures, error) => !(error instanceof ApiError && error.status === 404) && failures < 3,
      refetchInterval: (query) =>
        query.state.data?.status === 'pending' ? Math.max(1, intervalSeconds) * second : false,
    }),
  keys: () =>
    queryOptions({ queryKey: ['keys'], queryFn: ({ signal }) => api.keys(signal), refetchInterval: 60 * second }),
  /** The gateway's own, on no other list. */
  internalKeys: () =>
    queryOptions({
      queryKey: ['keys', 'internal'],
      queryFn: ({ signal }) => api.internalKeys(signal),
      refetchInterval: 60 * second,
    }),
  // The server looks through a new proxy at once: what it found is fetched soon, afterwards the list is quiet.
  proxies: () =>
    queryOptions({
      queryKey: ['proxies'],
      queryFn: ({ signal }) => api.proxies(signal),
      refetchInterval: (query) =>
        (query.state.data?.proxies.some(({ enabled, state }) => enabled && state === 'unchecked') ? 2 : 30) * second,
    }),
  settings: () => queryOptions({ queryKey: ['settings'], queryFn: ({ signal }) => api.settings(signal) }),
  models: () =>
    queryOptions({ queryKey: ['models'], queryFn: ({ signal }) => api.models(signal), staleTime: 60 * second }),
  modelMappings: () =>
    queryOptions({ queryKey: ['model-mappings'], queryFn: ({ signal }) => api.modelMappings(signal) }),
  // Records are written shortly after the answer ends; one that does not come soon is not asked for any more.
  request: (requestId: string) =>
    queryOptions({
      queryKey: ['request', requestId],
      queryFn: ({ signal }) => api.request(requestId, signal),
      staleTime: Number.POSITIVE_INFINITY,
      refetchInterval: (query) => (!query.state.data && query.state.dataUpdateCount < 6 ? second : false),
    }),
  /** Told by the stream; asked for only where there is none. */
  status: () =>
    queryOptions({
      queryKey: ['status'],
      queryFn: ({ signal }) => api.status(signal),
      enabled: liveness() === 'polling',
      staleTime: Number.POSITIVE_INFINITY,
      refetchInterval: pollEvery(30 * second),
    }),
  /** How long the provider takes to answer, as the server measures it when asked: not for a tab that nobody sees. */
  latency: () =>
    queryOptions({
      queryKey: ['health', 'latency'],
      queryFn: ({ signal }) => api.latency(signal),
      staleTime: 60 * second,
      refetchInterval: 60 * second,
    }),
  jobs: () =>
    queryOptions({
      queryKey: ['jobs'],
      queryFn: ({ signal }) => api.jobs(signal),
      refetchInterval: pollEvery(2 * second),
    }),
  job: (jobId: string) => queryOptions({ queryKey: ['job', jobId], queryFn: ({ signal }) => api.job(jobId, signal) }),
  health: () =>
    queryOptions({ queryKey: ['health'], queryFn: ({ signal }) => api.health(signal), refetchInterval: 10 * second }),
} as const

/**
 * An answer 401 anywhere means that the session ended: asking for it again opens the sign-in dialog over the page. So does no answer at
 * all: it is asked for until there is one.
 */
export function createQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, { queryKey }) => queryKey[0] !== 'session' && askForSession(client, error),
    }),
    mutationCache: new MutationCache({ onError: (error) => askForSession(client, error) }),
    defaultOptions: {
      queries: {
        retry: (failures, error) =>
          (error instanceof ApiError ? error.status === 0 || error.status >= 500 : true) && failures < 2,
        // The server may be this very machine: whether there is a network says nothing.
        networkMode: 'always',
        staleTime: 5 * second,
        reconcile: reconciled,
        refetchOnWindowFocus: true,
        // Errors are shown where the data would be, not thrown at the page.
        throwOnError: false,
      },
      mutations: { networkMode: 'always' },
    },
  })
  return client
}

/**
 * An answer is laid over the one before, item by item, so that only what differs is drawn again: rows keep their menus and
 * their focus. The copy keeps what is cached apart from what the pages hold.
 */
const reconciled = <T>(old: T | undefined, next: T): T =>
  old === undefined || next === undefined ? structuredClone(next) : reconcile(structuredClone(next), { key: 'id' })(old)

function askForSession(client: QueryClient, error: unknown): void {
  if (error instanceof ApiError && (error.status === 401 || error.status === 0))
    void client.invalidateQueries({ queryKey: ['session'] })
}

const readers = new WeakMap<object, Accessor<unknown>>()

/**
 * The data as far as there is any, read outside of every `Suspense`: one that saw it read would take the whole page out and in each
 * time it is asked for again, and with it the focus.
 */
export function dataOf<T>(query: { readonly isPending: boolean; readonly data: T | undefined }): T | undefined {
  const known = readers.get(query)
  if (known) return known() as T | undefined
  // It hangs on the query alone, and goes with it.
  const read = createRoot(() => createMemo(() => (query.isPending ? undefined : query.data)), null)
  readers.set(query, read)
  return read()
}

type ListName =
  | 'accounts'
  | 'blocks'
  | 'captures'
  | 'deleted'
  | 'every-account'
  | 'jobs'
  | 'keys'
  | 'model-mappings'
  | 'models'
  | 'proxies'
  | 'session'
  | 'settings'
  | 'tool-config'
  | 'visitors'
  | 'user'
  | 'users'

/** Asks again for everything whose name starts with one of `names`. */
export function useRefresh(): (...names: readonly ListName[]) => Promise<void> {
  const client = useQueryClient()
  return async (...names) => {
    await Promise.all(names.map((name) => client.invalidateQueries({ queryKey: [name] })))
  }
}
