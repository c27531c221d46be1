import {
  noSums,
  plus,
  type SubjectKind,
  type Summand,
  type Sums,
  subjectKinds,
  subjectOf,
  succeeded,
} from './request-sums.ts'

/** By what an answer is divided. */
export const groupKinds = [...subjectKinds, 'dialect', 'status', 'error', 'hour', 'day'] as const
export type GroupKind = (typeof groupKinds)[number]
/** `most`: of those that are many, the ones with the most requests. */
export type GroupAsk = { readonly by: GroupKind; readonly most: number }

/** How many requests took how long, by bucket. */
export type Buckets = ReadonlyMap<number, number>
/** `first`: until the first token, of streams alone. */
export type Timing = { readonly total: Buckets; readonly first: Buckets }
export type Group = Timing & { readonly sums: Sums }
/** By an id, or by the begin of the hour or day, epoch ms. */
export type Groups = ReadonlyMap<string, Group>

export const noTiming: Timing = { total: new Map(), first: new Map() }
export const isOfTime = (by: GroupKind): boolean => by === 'hour' || by === 'day'
export const isSubject = (by: GroupKind): by is SubjectKind => (subjectKinds as readonly string[]).includes(by)

/** Gathers the groups of one answer, from sums and from single rows alike. */
export function createGrouping(by: GroupKind, grainMs: number) {
  const sums = new Map<string, Sums>()
  const timings = new Map<string, { readonly total: Map<number, number>; readonly first: Map<number, number> }>()
  return {
    by,
    add: (id: string, more: Sums): void => void sums.set(id, plus(sums.get(id) ?? noSums, more)),
    time: (id: string, measure: string, bucket: number, count: number): void => {
      const timing = timings.get(id) ?? { total: new Map<number, number>(), first: new Map<number, number>() }
      timings.set(id, timing)
      const buckets = measure === 'first' ? timing.first : timing.total
      buckets.set(bucket, (buckets.get(bucket) ?? 0) + count)
    },
    /** Which group a row belongs to; undefined: none. */
    idOf: (row: Summand): string | undefined => {
      if (isSubject(by)) return subjectOf(row, by) ?? undefined
      if (by === 'dialect') return row.dialect
      if (by === 'status') return String(row.status)
      if (by === 'error') return row.errorKind ?? undefined
      return String(row.at - (row.at % grainMs))
    },
    read: (): Groups =>
      new Map(
        [...new Set([...sums.keys(), ...timings.keys()])].map(
          (id) => [id, { sums: sums.get(id) ?? noSums, ...(timings.get(id) ?? noTiming) }] as const,
        ),
      ),
  }
}
export type Grouping = ReturnType<typeof createGrouping>

/** The groups of a split: the successful are no kind of error. */
export function groupOfSplit(
  by: GroupKind,
  { dialect, status, outcome }: { readonly dialect: string; readonly status: number; readonly outcome: string },
): string | undefined {
  if (by === 'dialect') return dialect
  if (by === 'status') return String(status)
  return by === 'error' && outcome !== succeeded ? outcome : undefined
}

/** The same groups, timed by a sample of their requests. Of times those of the sample are shorter, and stand beside them. */
export function timedBy(groups: Groups, sample: Groups, by: GroupKind): Groups {
  const timed = new Map<string, Group>()
  for (const [id, { sums }] of groups) timed.set(id, { sums, ...(isOfTime(by) ? noTiming : timingIn(sample, id)) })
  if (!isOfTime(by)) return timed
  for (const id of sample.keys()) timed.set(id, { sums: timed.get(id)?.sums ?? noSums, ...timingIn(sample, id) })
  return timed
}

function timingIn(groups: Groups, id: string): Timing {
  const { total, first } = groups.get(id) ?? noTiming
  return { total, first }
}
