import { walkXml } from './xml.ts'

/** The cell styles that show a number as a date or a time. */
export function dateFormats(xml: string | undefined): ReadonlySet<number> {
  const styles = new Set<number>()
  if (xml === undefined) return styles
  const own = new Set<number>()
  let inCells = false
  let index = 0
  walkXml(xml, {
    open: (name, { numFmtId = '', formatCode = '' }) => {
      if (name === 'numFmt' && isDateCode(formatCode)) own.add(Number(numFmtId))
      else if (name === 'cellXfs') inCells = true
      else if (name === 'xf' && inCells) {
        const id = Number(numFmtId)
        if (isBuiltInDate(id) || own.has(id)) styles.add(index)
        index++
      }
    },
    close: (name) => {
      if (name === 'cellXfs') inCells = false
    },
  })
  return styles
}

// ECMA-376 part 1, 18.8.30; 27 to 36 and 50 to 58 are the dates of East Asian languages.
const isBuiltInDate = (id: number): boolean =>
  (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58)

/** Quoted words, escaped characters, colours and languages say nothing of what the number is. */
const isDateCode = (code: string): boolean => /[ymdhs]/i.test(code.replace(/"[^"]*"|\\.|\[[^\]]*\]/g, ''))

const dayMs = 86_400_000

/** A day number as ISO text; what is no date stays the number. The system of 1900 counts a 29 February that never was. */
export function dateText(serial: number, from1904: boolean): string {
  if (!Number.isFinite(serial) || serial < 0 || serial > 2_958_465) return String(serial)
  const days = from1904 ? serial + 1_462 : serial
  const at = new Date(Math.round((days - 25_569 + (days < 60 ? 1 : 0)) * dayMs))
  const text = at.toISOString()
  if (days < 1 && !from1904) return text.slice(11, 19)
  return text.slice(11, 19) === '00:00:00' ? text.slice(0, 10) : `${text.slice(0, 10)} ${text.slice(11, 19)}`
}
