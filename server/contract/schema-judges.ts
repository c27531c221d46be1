import { LRUCache } from 'lru-cache'
import { ok, type Result } from '../lib/result.ts'
import { createSharedSlice } from '../lib/slices.ts'
import { type Asker, type FarJudge, type Faults, type Loose, type SchemaFault, tooMuchToRead } from './judging.ts'
import type { BoundedJudge } from './schema-judge.ts'

/** Judges values, each for itself. What takes long is judged elsewhere, for streams wait meanwhile. */
export type Judge = (values: readonly unknown[]) => readonly Faults[] | Promise<readonly Faults[]>

type Made = Result<Judge, SchemaFault>

export type SchemaJudges = {
  /** The judge of a schema, or why that is none. */
  readonly of: (schema: Loose, asker?: Asker) => Made | Promise<Made>
  /** What is wrong with a value; undefined: it takes a while to know, or the schema is none. For who may do without. */
  readonly nearly: (schema: Loose, value: unknown) => Faults | undefined
  readonly stats: () => { readonly schemas: number; readonly patterns: number; readonly far: number }
}

export const mostSchemasKept = 500
/** Characters of schemas that are kept, all together. */
const mostCharactersKept = 8_000_000
/** Longer ones are not even read here. */
const longestNear = 100_000

/** What is judged for who may do without takes no more than some milliseconds of it. */
const briefBounds = { make: 5_000, judge: 3_000 } as const

const anybody: Asker = { signal: new AbortController().signal }

/** Without a judge of its own for it, what takes long stays unknown. */
export const nobodyFar: FarJudge = async () => tooMuchToRead

/**
 * Keeps the judges of the schemas that come again and again: every turn of an agent brings the same. `turn` lets what waits go
 * on: a request may bring a hundred schemas and a reply a hundred calls, each of which is looked at within its bound.
 */
export function createSchemaJudges(
  judgeFar: FarJudge = nobodyFar,
  turn: () => Promise<void> = () => Promise.resolve(),
): SchemaJudges {
  type Near = Result<BoundedJudge, SchemaFault>
  /** `near`: none, it was not read yet; or not to its end, where it `isLong`. */
  type Kept = { near?: Near; isLong?: true; far?: Result<unknown, SchemaFault>; readonly length: number }
  const kept = new LRUCache<string, Kept>({
    max: mostSchemasKept,
    maxSize: mostCharactersKept,
    sizeCalculation: (_, key) => Math.max(1, key.length),
  })
  /** One that stays where it is need not be written out for each call. */
  const known = new WeakMap<Loose, Kept>()
  const slice = createSharedSlice(turn)
  let far = 0
  // Loaded by the first schema, not at the start: the libraries behind it weigh on an idle server. No import(): who judges cannot wait.
  let maker: typeof import('./schema-judge.ts') | undefined
  const library = (): typeof import('./schema-judge.ts') => {
    maker ??= require('./schema-judge.ts') as typeof import('./schema-judge.ts')
    return maker
  }

  const look = (schema: Loose): Kept => {
    const seen = known.get(schema)
    if (seen !== undefined) return seen
    const key = JSON.stringify(schema)
    const entry: Kept = kept.get(key) ?? { length: key.length }
    kept.set(key, entry)
    known.set(schema, entry)
    return entry
  }
  const read = (schema: Loose, make: number): Near =>
    library().createJudge(schema, { ...library().nearBounds, make }, slice.spend)
  const nearOf = (schema: Loose, entry: Kept): Near => {
    entry.near ??= entry.length > longestNear ? tooMuchToRead : read(schema, library().nearBounds.make)
    return entry.near
  }
  const brieflyOf = (schema: Loose, entry: Kept): Near | undefined => {
    if (entry.near !== undefined || entry.isLong === true) return entry.near
    const made = entry.length > longestNear ? tooMuchToRead : read(schema, briefBounds.make)
    if (made.ok || made.error.isTooMuch !== true) entry.near = made
    else entry.isLong = true
    return entry.near
  }
  const elsewhere = async (schema: Loose, values: readonly unknown[], asker: Asker): ReturnType<FarJudge> => {
    far++
    return judgeFar(schema, values, asker)
  }
  const allFar = async (schema: Loose, values: readonly unknown[], asker: Asker): Promise<readonly Faults[]> => {
    const judged = await elsewhere(schema, values, asker)
    if (judged.ok) return judged.value
    if (judged.error.isBusy === true) asker.onBusy?.()
    return values.map(() => library().tooMuch)
  }
  const nearThenFar = (near: BoundedJudge, schema: Loose, asker: Asker): Judge => {
    const judge: Judge = (values) => {
      const { nearBounds, tooMuch } = library()
      const share = Math.floor(nearBounds.judge / Math.max(1, values.length))
      const verdicts: Faults[] = []
      for (const value of values) {
        const faults = near(value, share)
        if (faults === tooMuch) return allFar(schema, values, asker)
        verdicts.push(faults)
      }
      return verdicts
    }
    return (values) => {
      const rest = slice.rest()
      return rest === undefined ? judge(values) : rest.then(() => judge(values))
    }
  }

  const readInTurn = async (schema: Loose, entry: Kept): Promise<Near> => {
    await slice.rest()
    const near = nearOf(schema, entry)
    await turn()
    return near
  }
  const judgeOf = (schema: Loose, entry: Kept, near: Near, asker: Asker): Made | Promise<Made> => {
    if (near.ok) return ok(nearThenFar(near.value, schema, asker))
    if (near.error.isTooMuch !== true) return near
    const madeOf = (read: Result<unknown, SchemaFault>): Made =>
      read.ok ? ok((values) => allFar(schema, values, asker)) : read
    if (entry.far !== undefined) return madeOf(entry.far)
    return elsewhere(schema, [], asker).then((read): Made => {
      // One that was not read in time may be the next time.
      if (read.ok || read.error.isTooMuch !== true) entry.far = read
      return madeOf(read)
    })
  }

  return {
    of: (schema, asker = anybody) => {
      const entry = look(schema)
      if (entry.near !== undefined) return judgeOf(schema, entry, entry.near, asker)
      return readInTurn(schema, entry).then((near) => judgeOf(schema, entry, near, asker))
    },
    nearly: (schema, value) => {
      if (slice.isSpent()) return undefined
      const near = brieflyOf(schema, look(schema))
      const faults = near?.ok === true ? near.value(value, briefBounds.judge) : undefined
      return faults === library().tooMuch ? undefined : faults
    },
    stats: () => ({ schemas: kept.size, patterns: maker?.matchers.size ?? 0, far }),
  }
}
