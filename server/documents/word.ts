import { needed, type Package } from './package.ts'
import { type DocumentReading, documentLimits } from './reading.ts'
import { relatedOf, walkXml } from './xml.ts'

/** Paragraphs as lines, headings marked, the cells of a table's row beside each other; then the footnotes. */
export function readWord(files: Package): DocumentReading {
  const main = relatedOf(files, '', '', 'officeDocument') ?? 'word/document.xml'
  const nameAt = main.lastIndexOf('/') + 1
  const notes = files.file(
    relatedOf(files, main.slice(0, nameAt), main.slice(nameAt), 'footnotes') ?? 'word/footnotes.xml',
  )
  const text = [textOf(needed(files, main)), notes === undefined ? '' : textOf(notes)]
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .join('\n\n')
  if (text === '') return { ok: false, reason: 'has no text' }
  if (text.length > documentLimits.characters)
    return { ok: false, reason: `has more than ${documentLimits.characters} characters of text` }
  return { ok: true, about: 'Word', sections: [{ text }] }
}

function textOf(xml: string): string {
  let text = ''
  let line = ''
  let heading = 0
  let cells = 0
  let inText = false
  /** The same picture or text box again, for programs that do not know the first form. */
  let fallbacks = 0
  walkXml(xml, {
    open: (name, attributes) => {
      if (name === 'Fallback') fallbacks++
      if (fallbacks > 0) return
      if (name === 't') inText = true
      else if (name === 'tab') line += '\t'
      else if (name === 'br' || name === 'cr') line += cells > 0 ? ' ' : '\n'
      else if (name === 'pStyle') heading = Number(/^heading ?([1-6])$/i.exec(attributes['w:val'] ?? '')?.[1] ?? 0)
      else if (name === 'tc') cells++
    },
    text: (piece) => {
      if (inText) line += piece
    },
    close: (name) => {
      if (name === 'Fallback') fallbacks--
      if (fallbacks > 0) return
      if (name === 't') inText = false
      else if (name === 'p' && cells > 0) line += ' '
      else if (name === 'p') {
        text += `${heading > 0 && line.trim() !== '' ? `${'#'.repeat(heading)} ` : ''}${line.trimEnd()}\n`
        line = ''
        heading = 0
      } else if (name === 'tc') {
        cells--
        line = `${line.trimEnd()}\t`
      } else if (name === 'tr' && cells === 0) {
        text += `${line.trimEnd()}\n`
        line = ''
      }
    },
  })
  return `${text}${line}`.replace(/\n{3,}/g, '\n\n')
}
