import { dateFormats, dateText } from './cell-dates.ts'
import { needed, type Package } from './package.ts'
import { counted, createSections, type DocumentReading, documentLimits } from './reading.ts'
import { relationsOf, walkXml } from './xml.ts'

/** Every sheet as CSV: the values as they were last worked out, dates as dates. */
export function readSheets(files: Package): DocumentReading {
  const targets = relationsOf(files, 'xl', 'workbook.xml')
  const found: { readonly name: string; readonly target: string }[] = []
  let from1904 = false
  walkXml(needed(files, 'xl/workbook.xml'), {
    open: (tag, { name = '', 'r:id': id = '', date1904 }) => {
      if (tag === 'workbookPr') from1904 = date1904 === '1' || date1904 === 'true'
      const target = tag === 'sheet' ? targets.get(id) : undefined
      if (target !== undefined) found.push({ name, target })
    },
  })
  if (found.length > documentLimits.sections)
    return { ok: false, reason: `has ${found.length} sheets; at most ${documentLimits.sections} can be read` }
  const shared = sharedTexts(files.file('xl/sharedStrings.xml'))
  const dates = dateFormats(files.file('xl/styles.xml'))
  const sheets = createSections()
  const lacks: string[] = []
  for (const { name, target } of found) {
    const xml = files.file(target)
    if (xml === undefined) continue
    const rows = rowsOf(xml, { shared, isDate: (style) => dates.has(style), from1904 })
    if (rows === undefined)
      return { ok: false, reason: `has more than ${documentLimits.characters} characters of text` }
    const { text, columnsLeft } = rows
    const gap = `${counted(columnsLeft, 'column')} behind the first ${mostColumns} left out`
    sheets.add({ heading: `Sheet ${JSON.stringify(name)}`, text, ...(columnsLeft > 0 && { gap }) })
    if (columnsLeft > 0) lacks.push(`sheet ${sheets.list.length}: ${gap}`)
    const full = sheets.full()
    if (full !== undefined) return { ok: false, reason: full }
  }
  if (sheets.list.every(({ text, gap }) => text === '' && gap === undefined))
    return { ok: false, reason: 'has no cells with values' }
  const about = `Excel, ${counted(found.length, 'sheet')}, as CSV`
  return { ok: true, about, sections: sheets.list, ...(lacks.length > 0 && { lacks: lacks.join('; ') }) }
}

function sharedTexts(xml: string | undefined): readonly string[] {
  const texts: string[] = []
  if (xml === undefined) return texts
  let text = ''
  let inText = false
  let readings = 0 // how characters are pronounced; not part of the text
  walkXml(xml, {
    open: (name) => {
      if (name === 'si') text = ''
      else if (name === 't') inText = readings === 0
      else if (name === 'rPh') readings++
    },
    text: (piece) => {
      if (inText) text += piece
    },
    close: (name) => {
      if (name === 't') inText = false
      else if (name === 'rPh') readings--
      else if (name === 'si') texts.push(text)
    },
  })
  return texts
}

type Book = {
  readonly shared: readonly string[]
  readonly isDate: (style: number) => boolean
  readonly from1904: boolean
}

/** Beyond this a lone cell far to the right would be nothing but commas. */
const mostColumns = 1_000

/** `columnsLeft`: how many of the columns behind those that are read have a value. */
type Rows = { readonly text: string; readonly columnsLeft: number }

/** Undefined: more text than is read. */
function rowsOf(xml: string, { shared, isDate, from1904 }: Book): Rows | undefined {
  const beyond = new Set<number>()
  const lines: string[] = []
  let characters = 0
  let row: string[] = []
  let column = 0
  let type = 'n'
  let style = 0
  let value = ''
  let inValue = false
  const shown = (): string => {
    if (type === 's') return shared[Number(value)] ?? ''
    if (type === 'b') return value === '1' ? 'TRUE' : 'FALSE'
    return type === 'n' && value !== '' && isDate(style) ? dateText(Number(value), from1904) : value
  }
  walkXml(xml, {
    open: (name, { r, t = 'n', s = '0' }) => {
      if (name === 'row') row = []
      else if (name === 'c') {
        column = r === undefined ? row.length : columnOf(r)
        type = t
        style = Number(s)
        value = ''
      } else if (name === 'v' || name === 't') inValue = true
    },
    text: (piece) => {
      if (inValue) value += piece
    },
    close: (name) => {
      if (name === 'v' || name === 't') inValue = false
      else if (name === 'c' && value !== '' && column >= mostColumns) beyond.add(column)
      else if (name === 'c' && value !== '') {
        while (row.length < column) row.push('')
        row[column] = quoted(shown())
      } else if (name === 'row' && row.length > 0 && characters <= documentLimits.characters) {
        const line = row.join(',')
        characters += line.length + 1
        lines.push(line)
      }
    },
  })
  return characters > documentLimits.characters ? undefined : { text: lines.join('\n'), columnsLeft: beyond.size }
}

/** `AB12` is in column 27, counted from 0. */
function columnOf(reference: string): number {
  let column = 0
  for (const letter of /^[A-Z]{1,3}/i.exec(reference)?.[0].toUpperCase() ?? 'A')
    column = column * 26 + letter.charCodeAt(0) - 64
  return column - 1
}

const quoted = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
