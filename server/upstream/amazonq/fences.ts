/** Far more of a line than tells whether it is a fence. */
const keptCharacters = 256
/** Quotes, list marks and indentation may stand before a fence. */
const fenceLine = /^[\s>]*(?:(?:[-*+]|\d{1,9}[.)])\s+)*(`{3,}|~{3,})(.*)$/s

/** Follows the code blocks of a Markdown text that comes in pieces of at most one line each. */
export type Fences = {
  /** Whether after this piece a paragraph may begin: it ended an empty line outside a code block. */
  readonly read: (piece: string) => boolean
}

export function createFences(): Fences {
  let open = ''
  let line = ''
  return {
    read: (piece) => {
      if (line.length < keptCharacters) line += piece
      if (!piece.endsWith('\n')) return false
      const whole = line
      line = ''
      const [, mark = '', rest = ''] = fenceLine.exec(whole) ?? []
      if (open === '') {
        // Three backticks that close on their own line are a piece of code within a text.
        if (mark.startsWith('~') || !rest.includes('`')) open = mark
      } else if (mark.startsWith(open) && rest.trim() === '') open = ''
      return open === '' && whole.trim() === ''
    },
  }
}
