/** What a load balancer may know: nothing of who is served, by whom, or why not. */
export type Readiness = {
  readonly status: 'ready' | 'not-ready'
  readonly database: 'open' | 'away'
  /** `none`: nobody can be served until a person adds an account, or sees to one. */
  readonly accounts: 'serving' | 'none'
  readonly stopping: boolean
}

/** Accounts that rest, or wait for their quota, serve: callers get the time to come back at, which no load balancer can tell them. */
export function readinessOf(
  now: Pick<Readiness, 'stopping'> & { readonly isUp: boolean; readonly isServed: boolean },
): Readiness {
  return {
    status: now.isUp && now.isServed && !now.stopping ? 'ready' : 'not-ready',
    database: now.isUp ? 'open' : 'away',
    accounts: now.isServed ? 'serving' : 'none',
    stopping: now.stopping,
  }
}

export const readinessAnswer = (readiness: Readiness, headers: Readonly<Record<string, string>> = {}): Response =>
  Response.json(readiness, { status: readiness.status === 'ready' ? 200 : 503, headers })
