import { and, desc, type SQL, sql } from 'drizzle-orm'
import type { Engine } from './engine/engine.ts'
import { conditionsOf, type RequestFilter } from './request-filter.ts'
import type { RequestPlace } from './request-record.ts'
import { createZones, type Zone } from './request-zones.ts'

/** Looked at without giving way to other work. */
const sliceRows = 10_000
/** And for one answer: a rare combination must not search the whole log. */
const mostRows = 100_000
/** Texts take longer to look at. */
const mostTexts = 60_000
/** What a zone costs at least: where there are many small ones it is the questions that take the time. */
const zoneRows = 2_500

export type Search = {
  /**
   * Goes through the rows a filter may select in slices, newest first, until `visit` has enough (true) or the search has
   * looked at its share; gives the place behind which it would go on. `visit` gets the conditions of one slice.
   */
  readonly run: (
    filter: RequestFilter,
    options: { readonly behind?: RequestPlace | undefined; readonly most?: number },
    visit: (conditions: readonly SQL[]) => Promise<boolean>,
  ) => Promise<RequestPlace | undefined>
  /** The order of the list. */
  readonly newestFirst: readonly [SQL, SQL]
}

/** After the first slice it looks only where the sums say that there is something. */
export function createSearch(engine: Engine, now: () => number, sleep: (ms: number) => Promise<void>): Search {
  const { at, seq } = engine.tables.requests
  const zonesOf = createZones(engine, now)
  const newestFirst = [desc(at), desc(seq)] as const

  /** One pair of borders: the engine begins at one of them and looks at the others row by row. */
  const between = (from: number, to: number): readonly SQL[] => [
    ...(from > 0 ? [sql`${at} >= ${from}`] : []),
    ...(Number.isFinite(to) ? [sql`${at} <= ${to}`] : []),
  ]
  const isBehind = (place: RequestPlace): SQL => sql`(${at} < ${place.at} or ${seq} < ${place.seq})`
  const isNotBehind = (place: RequestPlace): SQL => sql`(${at} > ${place.at} or ${seq} >= ${place.seq})`
  /** The last row of a slice; undefined: it is not full. */
  const lastOf = async (conditions: readonly SQL[]): Promise<RequestPlace | undefined> => {
    const found = await engine.read((db) =>
      db
        .select({ at, seq })
        .from(engine.tables.requests)
        .where(and(...conditions))
        .orderBy(...newestFirst)
        .limit(1)
        .offset(sliceRows - 1),
    )
    return found[0]
  }

  return {
    newestFirst,
    run: async (filter, options, visit) => {
      const { lead, rest } = conditionsOf(engine, filter)
      let place = options.behind
      let zones: readonly Zone[] = [{ from: 0, to: Number.POSITIVE_INFINITY }]
      let isNarrowed = rest.length === 0
      for (let left = options.most ?? (filter.errorText === undefined ? mostRows : mostTexts); ; ) {
        const [zone] = zones
        if (zone === undefined) return undefined
        const from = Math.max(filter.from ?? 0, zone.from)
        const to = Math.min(filter.to ?? Number.POSITIVE_INFINITY, zone.to - 1, place?.at ?? Number.POSITIVE_INFINITY)
        const begin = place === undefined ? lead : [...lead, isBehind(place)]
        const end = await lastOf([...between(from, to), ...begin])
        const slice = end === undefined ? between(from, to) : [...between(Math.max(from, end.at), to), isNotBehind(end)]
        if (await visit([...slice, ...begin, ...rest])) return undefined
        left -= end === undefined ? zoneRows : sliceRows
        if (end === undefined) zones = zones.slice(1)
        place = end ?? place
        if (!isNarrowed && zones.length > 0) {
          isNarrowed = true
          zones = (await zonesOf(filter)) ?? zones
        }
        zones = zones.filter(({ from }) => place === undefined || from <= place.at)
        const next = zones[0]
        if (left <= 0 && next !== undefined) return earlier(place, { at: next.to, seq: 0 })
        await sleep(0)
      }
    },
  }
}

const earlier = (a: RequestPlace | undefined, b: RequestPlace): RequestPlace => (a === undefined || b.at < a.at ? b : a)
