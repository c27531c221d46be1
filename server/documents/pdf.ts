import { counted, createSections, type DocumentReading, documentLimits } from './reading.ts'

/**
 * The text of a PDF, page by page. A hostile file can keep the parser busy or fill the memory, so this runs in a process of
 * its own (child.ts); it never throws.
 */
export async function readPdf(bytes: Uint8Array): Promise<DocumentReading> {
  try {
    const { getDocumentProxy } = await import('unpdf')
    const document = await getDocumentProxy(bytes, { verbosity: 0 })
    if (document.numPages > documentLimits.sections) {
      return { ok: false, reason: `has ${document.numPages} pages; at most ${documentLimits.sections} can be read` }
    }
    const pages = createSections()
    for (let number = 1; number <= document.numPages; number++) {
      const page = await document.getPage(number)
      const { items } = await page.getTextContent()
      const text = items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('')
      page.cleanup()
      const isEmpty = text.trim() === ''
      pages.add({ heading: `Page ${number}`, text: text.trim(), ...(isEmpty && { gap: 'no text; an image?' }) })
      const full = pages.full()
      if (full !== undefined) return { ok: false, reason: full }
    }
    if (pages.list.every(({ text }) => text === ''))
      return { ok: false, reason: 'has no text, only pictures of pages perhaps; send them as images' }
    const empty = pages.list.filter(({ gap }) => gap !== undefined).length
    return {
      ok: true,
      about: `PDF, ${counted(document.numPages, 'page')}`,
      sections: pages.list,
      ...(empty > 0 && { lacks: `${counted(empty, 'page')} of ${document.numPages} without text` }),
    }
  } catch (thrown) {
    return { ok: false, reason: thrown instanceof Error ? (failures[thrown.name] ?? unreadable) : unreadable }
  }
}

const unreadable = 'cannot be read as a PDF'
/** By the parser's names for its exceptions. */
const failures: Readonly<Record<string, string>> = {
  PasswordException: 'is protected by a password',
  InvalidPDFException: 'is not a sound PDF',
}
