import type { GatewayError } from '../conversation/error.ts'
import type { ProxyHealth } from '../egress/health.ts'
import type { Effects } from '../lib/effects.ts'
import type { Result } from '../lib/result.ts'
import type { WatchMemory } from '../lib/watch-memory.ts'
import type { HealthPolicy } from '../pool/health.ts'
import type { PoolStats } from '../pool/pool.ts'
import type { Trouble } from '../pool/shakes.ts'
import type { Verdict } from '../pool/verdict.ts'
import type { Store } from '../store/store.ts'
import type { AccountCheck } from '../upstream/amazonq/check.ts'
import type { Credentials } from '../upstream/amazonq/credentials.ts'
import type { AdminLog } from './admin-log.ts'
import type { UnreadBook } from './unread-book.ts'

/** The ways out to the provider. What is told here counts from the next request on. */
export type Outbound = {
  /** Proxies, the pool's switch or the global proxy changed in the store. */
  readonly changed: () => Promise<void>
  /** An account's own proxy, ahead of `accountsChanged`: for calls that are made before the account counts. */
  readonly routeAccount: (accountId: string, proxyId: string) => void
  /** Looks through a proxy now, whether it is enabled or not, and keeps the result. Undefined: nothing to look through. */
  readonly test: (proxyId: string) => Promise<ProxyHealth | undefined>
}

/** What the account functions need; the command line gives the same, with a store it opened itself. */
export type AccountDeps = {
  readonly store: Pick<Store, 'accounts' | 'proxies' | 'settings' | 'deleted'>
  readonly effects: Pick<Effects, 'now' | 'newId'>
  /** Reads how the account stands at the provider; writes nothing but tokens. `recordCheck` keeps the answer. */
  readonly checkAccount: (id: string) => Promise<AccountCheck>
  /** Renews the access token now, whatever its age. Ok and nothing done for an API key. */
  readonly refreshAccount: (id: string) => Promise<Result<unknown, GatewayError>>
  /** Saves other credentials for an account that exists; a refresh of the old ones under way cannot overwrite them. */
  readonly adoptCredentials: (id: string, credentials: Credentials) => Promise<void>
  /** The row or its credentials changed or went: whatever holds a copy (pool, token source) takes the new state over at once. */
  readonly accountsChanged: (id: string) => Promise<void> | void
  readonly outbound: Outbound
  readonly inFlight: (id: string) => number
  /** Absent without a running server. */
  readonly troubles?: (id: string) => readonly Trouble[]
  readonly unread: UnreadBook
  readonly poolStats?: () => PoolStats | undefined
  /** What the pool would say of an account this moment; absent without a running server. */
  readonly standing?: (id: string, modelId: string) => Verdict | undefined
  /** As the settings have it now. */
  readonly healthPolicy: () => HealthPolicy
  /** `maxInFlight` of accounts added from now on. */
  readonly newAccountRoom: number
  readonly log: AdminLog
  /** Told of every holder of bounded size. */
  readonly memory?: WatchMemory
}
