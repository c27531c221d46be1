import { between, eq, inArray, ne, type SQL } from 'drizzle-orm'
import type { Tables } from './engine/engine.ts'
import type { RequestFilter } from './request-filter.ts'
import type { SubjectKind } from './request-sums.ts'

/** Those of a filter's members that have sums of their own. */
export function subjectsOf({ keyId, userId, accountId }: RequestFilter): readonly (readonly [SubjectKind, string])[] {
  const subjects = [
    ['key', keyId],
    ['user', userId],
    ['account', accountId],
  ] as const
  return subjects.flatMap(([kind, id]) => (id === undefined ? [] : [[kind, id] as const]))
}

/** Those that the details of sums tell. */
export function detailsOf(
  { requestRollups }: Tables,
  { upstreamModel, dialects, isSuccess, errorKind, status }: RequestFilter,
): readonly SQL[] {
  return [
    ...(upstreamModel === undefined ? [] : [eq(requestRollups.model, upstreamModel)]),
    ...(dialects === undefined ? [] : [inArray(requestRollups.dialect, [...dialects])]),
    ...(isSuccess === undefined ? [] : [(isSuccess ? eq : ne)(requestRollups.outcome, 'ok')]),
    ...(errorKind === undefined ? [] : [eq(requestRollups.outcome, errorKind)]),
    ...(status === undefined ? [] : [between(requestRollups.status, status[0], status[1])]),
  ]
}
