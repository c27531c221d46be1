import type { Store } from '../store/store.ts'
import type { Row } from './source.ts'
import type { Tally } from './tally.ts'

/** What every part of an import is given. */
export type ImportMeans = {
  readonly store: Store
  /** The time of the import: nothing that comes in is later. */
  readonly now: number
  readonly newId: (prefix: string) => string
  readonly hashPassword: (password: string) => Promise<string>
  readonly maxInFlight: number
  /** Nothing of ours is there yet: what the original had in force without saying so is set too. */
  readonly isNew: boolean
}

/** What the parts of an import need: the rows of a table, each reported once, and where to tell what became of them. */
export type ImportContext = ImportMeans & {
  readonly has: (table: string) => boolean
  readonly batches: (table: string) => AsyncIterable<readonly Row[]>
  /** For small tables. */
  readonly all: (table: string) => Promise<readonly Row[]>
  readonly tallyOf: (table: string) => Tally
}
