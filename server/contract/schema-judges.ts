import { LRUCache } from 'lru-cache'
import { ok, type Result } from '../lib/result.ts'
import { type Asker, type FarJudge, type Faults, type Loose, type SchemaFault, tooMuchToRead } from './judging.ts'
import type { BoundedJudge } from './schema-judge.ts'

/** Judges values, each for itself. What takes long is judged elsewhere, for streams wait meanwhile. */
export type Judge = (values: readonly unknown[]) => readonly Faults[] | Promise<readonly Faults[]>

type Made = Result<Judge, SchemaFault>

export type SchemaJudges = {
  /** The judge of a schema, or why that is none. */
  readonly of: (schema: Loose, asker?: Asker) => Made | Promise<Made>
  /** What is wrong with a value; undefined: it takes long to know, or the schema is none. For who may do without. */
  readonly nearly: (schema: Loose, value: unknown) => Faults | undefined
  readonly stats: () => { readonly schemas: number; readonly patterns: number; readonly far: number }
}

export const mostSchemasKept = 500
/** Characters of schemas that are kept, all together. */
const mostCharactersKept = 8_000_000
/** Longer ones are not even read here. */
const longestNear = 100_000

const anybody: Asker = { signal: new AbortController().signal }

/** Without a judge of its own for it, what takes long stays unknown. */
export const nobodyFar: FarJudge = async () => tooMuchToRead

/**
 * Keeps the judges of the schemas that come again and again: every turn of an agent brings the same. `turn` lets what waits go
 * on: a request may bring a hundred schemas, each of which is read within its bound.
 */
export function createSchemaJudges(
  judgeFar: FarJudge = nobodyFar,
  turn: () => Promise<void> = () => Promise.resolve(),
): SchemaJudges {
  type Kept = { readonly near: Result<BoundedJudge, SchemaFault>; far?: Result<unknown, SchemaFault> }
  const kept = new LRUCache<string, Kept>({
    max: mostSchemasKept,
    maxSize: mostCharactersKept,
    sizeCalculation: (_, key) => Math.max(1, key.length),
  })
  let far = 0
  // Loaded by the first schema, not at the start: the libraries behind it weigh on an idle server. No import(): who judges cannot wait.
  let maker: typeof import('./schema-judge.ts') | undefined
  const library = (): typeof import('./schema-judge.ts') => {
    maker ??= require('./schema-judge.ts') as typeof import('./schema-judge.ts')
    return maker
  }

  const look = (schema: Loose): { readonly entry: Kept; readonly isFresh: boolean } => {
    const key = JSON.stringify(schema)
    const known = kept.get(key)
    if (known !== undefined) return { entry: known, isFresh: false }
    const near = key.length > longestNear ? tooMuchToRead : library().createJudge(schema, library().nearBounds)
    const made: Kept = { near }
    kept.set(key, made)
    return { entry: made, isFresh: true }
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
  const nearThenFar =
    (near: BoundedJudge, schema: Loose, asker: Asker): Judge =>
    (values) => {
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

  return {
    of: (schema, asker = anybody) => {
      const { entry, isFresh } = look(schema)
      const { near } = entry
      if (near.ok || near.error.isTooMuch !== true) {
        const made: Made = near.ok ? ok(nearThenFar(near.value, schema, asker)) : near
        return isFresh ? turn().then(() => made) : made
      }
      const madeOf = (read: Result<unknown, SchemaFault>): Made =>
        read.ok ? ok((values) => allFar(schema, values, asker)) : read
      if (entry.far !== undefined) return madeOf(entry.far)
      return elsewhere(schema, [], asker).then((read): Made => {
        // One that was not read in time may be the next time.
        if (read.ok || read.error.isTooMuch !== true) entry.far = read
        return madeOf(read)
      })
    },
    nearly: (schema, value) => {
      const { near } = look(schema).entry
      const faults = near.ok ? near.value(value) : undefined
      return faults === library().tooMuch ? undefined : faults
    },
    stats: () => ({ schemas: kept.size, patterns: maker?.matchers.size ?? 0, far }),
  }
}
