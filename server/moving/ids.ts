import { sha256Hex } from '../access/digest.ts'
import type { Row } from './source.ts'
import { type Cells, textOf } from './values.ts'

const longestId = 64

/**
 * The row's own id, which scripts and log rows know it by; where it has none that could be one, an id made of the row itself:
 * the same each time it is read. `ordinal` tells equal rows apart.
 */
export function idOf(cells: Cells, row: Row, prefix: string, ordinal: number, taken?: ReadonlySet<string>): string {
  const text = cells.text('id')?.trim()
  if (text === undefined) cells.repair('it had no id and got one')
  else if (!isId(text)) cells.repair('its id could not stand in an address and was replaced')
  else if (taken?.has(text)) cells.repair('its id was another row’s too and was replaced')
  else return text
  return madeId(row, prefix, ordinal)
}

/** What routes can name: the sign that parts them, and those a client would change on the way, stand in none. */
const isId = (text: string): boolean =>
  text.length <= longestId && /^[\x21-\x7e]+$/.test(text) && !/[/\\?#%]/.test(text) && !/^\.{1,2}$/.test(text)

/** The rows of one table by the ids others refer to them with; one whose id was replaced is still meant by its old one. */
export type Renamed = {
  readonly add: (cells: Cells, id: string) => void
  /** A reference as it can be kept: rows that are gone are still named. */
  readonly of: (reference: string) => string
}

export function createRenamed(): Renamed {
  const ids = new Map<string, string>()
  return {
    add: (cells, id) => {
      const text = cells.text('id')?.trim()
      // Of several with one id the first has it.
      if (text !== undefined && !ids.has(text)) ids.set(text, id)
    },
    of: (reference) => ids.get(reference) ?? reference.slice(0, longestId),
  }
}

export function madeId(row: Row, prefix: string, ordinal: number): string {
  const content = JSON.stringify([
    ordinal,
    ...Object.entries(row).map(([name, value]) => [name, value === null ? null : textOf(value)]),
  ])
  return `${prefix}_${sha256Hex(content).slice(0, 24)}`
}
