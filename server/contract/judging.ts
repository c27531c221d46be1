import { err, type Result } from '../lib/result.ts'

export type Loose = Readonly<Record<string, unknown>>

/** What is wrong with a value, a line for each fault, bounded; empty: it is valid. */
export type Faults = readonly string[]

/** Why a schema is none. */
export type SchemaFault = {
  /** Path within the schema, `''` for itself. */
  readonly path: string
  readonly problem: string
  /** Not wrong: more than was to be looked at. */
  readonly isTooMuch?: true
  /** Nor is it known: its turn did not come. */
  readonly isBusy?: true
}

/** Who wants something judged. */
export type Asker = {
  readonly callerId?: string
  /** Aborted once nobody waits for it any more. */
  readonly signal: AbortSignal
  /** A value's turn did not come; its verdict says only that nobody knows. */
  readonly onBusy?: () => void
}

/** A bound that is told of before the library that keeps them is loaded. */
export const mostPatternsKept = 1_000

/** Nobody knows within the bounds whether it is a schema at all. */
export const tooMuchToRead = err<SchemaFault>({ path: '', problem: 'is too much to judge', isTooMuch: true })

/** Reads a schema and judges values by it, in another process; `isTooMuch`: it took too long there, too. */
export type FarJudge = (
  schema: Loose,
  values: readonly unknown[],
  asker: Asker,
) => Promise<Result<readonly Faults[], SchemaFault>>
