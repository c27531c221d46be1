import { type AnyColumn, between, eq, inArray, ne, type SQL, sql } from 'drizzle-orm'
import type { Tables } from './engine/engine.ts'
import type { RequestFilter } from './request-filter.ts'
import { type PairKind, pairKinds, pairOf, type RollupKind, type SubjectKind, succeeded } from './request-sums.ts'

/** Those of a filter's members that have sums of their own. */
export function subjectsOf({ keyId, userId, accountId }: RequestFilter): readonly (readonly [SubjectKind, string])[] {
  const subjects = [
    ['key', keyId],
    ['user', userId],
    ['account', accountId],
  ] as const
  return subjects.flatMap(([kind, id]) => (id === undefined ? [] : [[kind, id] as const]))
}

/** Two of them together. */
export function pairsOf(subjects: ReturnType<typeof subjectsOf>): readonly (readonly [PairKind, string])[] {
  return subjects.flatMap(([one, id], index) =>
    subjects.slice(index + 1).flatMap(([other, otherId]) => {
      const kind = pairKinds.find((pair) => pair === `${one}+${other}`)
      return kind === undefined ? [] : [[kind, pairOf(id, otherId)] as const]
    }),
  )
}

/** Those that the details of sums tell. */
export function detailsOf({ splitRollups }: Tables, filter: RequestFilter): readonly SQL[] {
  const { upstreamModel, dialects, status } = filter
  return [
    ...(upstreamModel === undefined ? [] : [eq(splitRollups.model, upstreamModel)]),
    ...(dialects === undefined ? [] : [inArray(splitRollups.dialect, [...dialects])]),
    ...outcomesOf(splitRollups.outcome, filter),
    ...(status === undefined ? [] : [between(splitRollups.status, status[0], status[1])]),
  ]
}

/** How the sums answer a filter: whose they are, and which of their details. */
export type Plan = {
  readonly kind: RollupKind
  readonly subject?: string
  readonly details: readonly SQL[]
  /** Selects sums without details that say the same in all; undefined: there are none. */
  readonly whole?: readonly SQL[]
  /** Only by the day are there details of single subjects, and sums of two. */
  readonly isByDay: boolean
  /** Two have no details. */
  readonly isPair: boolean
  /** The model is the one detail. */
  readonly onlyModel?: string
}

/** Undefined: only the rows themselves tell. */
export function planOf(tables: Tables, filter: RequestFilter): Plan | undefined {
  const { keyId, userId, accountId, upstreamModel, dialects, isSuccess, errorKind, status, from, to, ...others } =
    filter
  if (Object.values(others).some((value) => value !== undefined)) return undefined
  const details = detailsOf(tables, filter)
  const [one, ...more] = subjectsOf(filter)
  const wholeOf = (kind: RollupKind, ...subject: readonly SQL[]): readonly SQL[] => [
    sql`${tables.requestRollups.kind} = ${kind}`,
    ...subject,
  ]
  const is = (subject: string): SQL => eq(tables.requestRollups.subject, subject)
  if (one === undefined) {
    const plan = { kind: 'all', details, isByDay: false, isPair: false } as const
    if (details.length === 0) return { ...plan, whole: wholeOf('all', is('')) }
    if (upstreamModel !== undefined && details.length === 1)
      return { ...plan, whole: wholeOf('model', is(upstreamModel)), onlyModel: upstreamModel }
    if (upstreamModel !== undefined || dialects !== undefined || status !== undefined) return plan
    return { ...plan, whole: wholeOf('outcome', ...outcomesOf(tables.requestRollups.subject, filter)) }
  }
  const [kind, subject] = one
  if (more.length === 0) {
    const isWhole = details.length === 0
    return {
      ...{ kind, subject, details, isByDay: !isWhole, isPair: false },
      ...(isWhole && { whole: wholeOf(kind, is(subject)) }),
    }
  }
  const [pair, ...pairs] = pairsOf([one, ...more])
  if (pair === undefined || pairs.length > 0 || details.length > 0) return undefined
  return {
    ...{ kind: pair[0], subject: pair[1], details, isByDay: true, isPair: true },
    whole: wholeOf(pair[0], is(pair[1])),
  }
}

function outcomesOf(outcome: AnyColumn, { isSuccess, errorKind }: RequestFilter): readonly SQL[] {
  return [
    ...(isSuccess === undefined ? [] : [(isSuccess ? eq : ne)(outcome, succeeded)]),
    ...(errorKind === undefined ? [] : [eq(outcome, errorKind)]),
  ]
}
