import type { KeptTable, PlainRow } from '../store/whole.ts'

/** What becomes of the rows of one table. In a backup are `added`, `changed`, `same`, `kept` and `invalid` together. */
export type Changes = {
  /** Only in the backup. */
  readonly added: number
  /** Other in the backup than here, which takes what the backup says. */
  readonly changed: number
  readonly same: number
  /** Other in the backup than here, or not for here: what is here stays. */
  readonly kept: number
  /** Only here, and gone afterwards. */
  readonly removed: number
  /** Cannot stand here, and are left out. */
  readonly invalid: number
  /** Why, of the first of them. */
  readonly reasons: readonly string[]
}

const mostReasons = 20
const longestReason = 300

/** Counts what becomes of rows, table by table. */
export type ChangeCount = {
  readonly count: (table: KeptTable, what: Exclude<keyof Changes, 'reasons' | 'invalid'>, rows?: number) => void
  readonly invalid: (table: KeptTable, reason: string, rows?: number) => void
  readonly of: (table: KeptTable) => Changes
}

export function countChanges(): ChangeCount {
  const counts = new Map<KeptTable, { -readonly [Name in keyof Changes]: Changes[Name] }>()
  const ofTable = (table: KeptTable) => {
    const known = counts.get(table) ?? { added: 0, changed: 0, same: 0, kept: 0, removed: 0, invalid: 0, reasons: [] }
    counts.set(table, known)
    return known
  }
  return {
    count: (table, what, rows = 1) => {
      ofTable(table)[what] += rows
    },
    invalid: (table, reason, rows = 1) => {
      const known = ofTable(table)
      known.invalid += rows
      if (known.reasons.length < mostReasons) known.reasons = [...known.reasons, reason.slice(0, longestReason)]
    },
    of: (table) => ({ ...ofTable(table) }),
  }
}

/** Rows of one table are the same in these members. */
export const areSame = (one: PlainRow, other: PlainRow, members: Iterable<string>): boolean => {
  for (const member of members) if ((one[member] ?? null) !== (other[member] ?? null)) return false
  return true
}

/** How a row is found again elsewhere, where that is not its key: the number of a request is another in each database. */
export const foundBy: Partial<Record<KeptTable, readonly string[]>> = { requests: ['id'] }
export const withoutNumber = (table: KeptTable, members: readonly string[]): readonly string[] =>
  table === 'requests' ? members.filter((member) => member !== 'seq') : members
