import { LRUCache } from 'lru-cache'
import type { Result } from '../lib/result.ts'
import type { SchemaFault } from './schema-copy.ts'

export type Loose = Readonly<Record<string, unknown>>

/** What is wrong with a value, a line for each fault, bounded; empty: it is valid. */
export type Judge = (value: unknown) => readonly string[]

export type SchemaJudges = {
  /** The judge of a schema, or why that is none. */
  readonly of: (schema: Loose) => Result<Judge, SchemaFault>
  readonly stats: () => { readonly schemas: number; readonly patterns: number }
}

export const mostSchemasKept = 500
export const mostPatternsKept = 1_000
/** Characters of schemas that are kept, all together. */
const mostCharactersKept = 8_000_000

/** Keeps the judges of the schemas that come again and again: every turn of an agent brings the same. */
export function createSchemaJudges(): SchemaJudges {
  const kept = new LRUCache<string, Result<Judge, SchemaFault>>({
    max: mostSchemasKept,
    maxSize: mostCharactersKept,
    sizeCalculation: (_, key) => Math.max(1, key.length),
  })
  // Loaded by the first schema, not at the start: the libraries behind it weigh on an idle server. No import(): who judges cannot wait.
  let maker: typeof import('./schema-judge.ts') | undefined
  return {
    of: (schema) => {
      const key = JSON.stringify(schema)
      const known = kept.get(key)
      if (known !== undefined) return known
      maker ??= require('./schema-judge.ts') as typeof import('./schema-judge.ts')
      const made = maker.createJudge(schema)
      kept.set(key, made)
      return made
    },
    stats: () => ({ schemas: kept.size, patterns: maker?.matchers.size ?? 0 }),
  }
}
