import { sha256Hex } from '../access/digest.ts'
import type { Row } from './source.ts'
import { type Cells, textOf } from './values.ts'

/**
 * The row's own id, which scripts and log rows know it by; where it has none that could be one, an id made of the row itself:
 * the same each time it is read. `ordinal` tells equal rows apart.
 */
export function idOf(cells: Cells, row: Row, prefix: string, ordinal: number, taken?: ReadonlySet<string>): string {
  const text = cells.text('id', 200)?.trim()
  if (text === undefined) cells.repair('it had no id and got one')
  else if (text.length > 100 || !/^[\x21-\x7e]+$/.test(text)) cells.repair('its id could not stand and was replaced')
  else if (taken?.has(text)) cells.repair('its id was another row’s too and was replaced')
  else return text
  return madeId(row, prefix, ordinal)
}

export function madeId(row: Row, prefix: string, ordinal: number): string {
  const content = JSON.stringify([
    ordinal,
    ...Object.entries(row).map(([name, value]) => [name, value === null ? null : textOf(value)]),
  ])
  return `${prefix}_${sha256Hex(content).slice(0, 24)}`
}
