/** What came of reading a PDF. `reason` completes the sentence "The document …". */
export type PdfReading =
  | { readonly ok: true; readonly text: string; readonly pages: number }
  | { readonly ok: false; readonly reason: string }

export type PdfReader = (bytes: Uint8Array<ArrayBuffer>, signal: AbortSignal) => Promise<PdfReading>

export const pdfLimits = { bytes: 32 * 1024 * 1024, pages: 500, characters: 2_000_000, timeMs: 20_000 } as const

/**
 * The text of a PDF, page by page. A hostile file can keep the parser busy or fill the memory, so this runs in a process of
 * its own (child.ts); it never throws.
 */
export async function readPdf(bytes: Uint8Array): Promise<PdfReading> {
  try {
    const { getDocumentProxy } = await import('unpdf')
    const document = await getDocumentProxy(bytes, { verbosity: 0 })
    if (document.numPages > pdfLimits.pages) {
      return { ok: false, reason: `has ${document.numPages} pages; at most ${pdfLimits.pages} can be read` }
    }
    const texts: string[] = []
    let characters = 0
    for (let number = 1; number <= document.numPages; number++) {
      const page = await document.getPage(number)
      const { items } = await page.getTextContent()
      const text = items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('')
      page.cleanup()
      characters += text.length
      if (characters > pdfLimits.characters) {
        return { ok: false, reason: `has more than ${pdfLimits.characters} characters of text` }
      }
      texts.push(text.trim())
    }
    const text = texts.filter((page) => page !== '').join('\n\n')
    if (text === '') return { ok: false, reason: 'has no text, only pictures of pages perhaps; send them as images' }
    return { ok: true, text, pages: document.numPages }
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
