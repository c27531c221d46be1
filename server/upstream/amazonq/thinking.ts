/** A stretch of the model's text and what it is. */
export type Piece = { readonly kind: 'text' | 'reasoning'; readonly text: string }

export type TagSplitter = {
  readonly push: (text: string) => readonly Piece[]
  /** Gives out what was held back; from here on everything is text. For the end, and when something else than text comes. */
  readonly flush: () => readonly Piece[]
}

const openTag = '<thinking>'
const closeTag = '</thinking>'
/** White space before the tag that is waited through; more of it is text. */
const maxLead = 64

/**
 * Splits `<thinking>…</thinking>` off the head of a reply that arrives in arbitrary pieces. Only a tag that opens the reply
 * counts, so the words in later text stay text; a beginning that may still become a tag is held back, at most until the
 * next characters decide. The blank line after the closing tag belongs to the form and is dropped; nothing else is.
 */
export function createTagSplitter(): TagSplitter {
  let state: 'lead' | 'reasoning' | 'gap' | 'text' = 'lead'
  let held = ''
  let gapLines = 0

  function advance(pieces: Piece[]): void {
    for (;;) {
      switch (state) {
        case 'lead': {
          const start = held.length - held.trimStart().length
          if (start <= maxLead && held.startsWith(openTag, start)) {
            held = held.slice(start + openTag.length)
            state = 'reasoning'
            continue
          }
          if (start <= maxLead && openTag.startsWith(held.slice(start))) return
          state = 'text'
          continue
        }
        case 'reasoning': {
          const end = held.indexOf(closeTag)
          const upTo = end >= 0 ? end : held.length - possibleTagLength(held)
          if (upTo > 0) pieces.push({ kind: 'reasoning', text: held.slice(0, upTo) })
          if (end < 0) {
            held = held.slice(upTo)
            return
          }
          held = held.slice(end + closeTag.length)
          state = 'gap'
          continue
        }
        case 'gap': {
          if (held === '') return
          if (gapLines < 2 && held.startsWith('\n')) {
            held = held.slice(1)
            gapLines++
            continue
          }
          state = 'text'
          continue
        }
        case 'text': {
          if (held !== '') pieces.push({ kind: 'text', text: held })
          held = ''
          return
        }
      }
    }
  }

  return {
    push: (text) => {
      if (state === 'text') return text === '' ? [] : [{ kind: 'text', text }]
      held += text
      const pieces: Piece[] = []
      advance(pieces)
      return pieces
    },
    flush: () => {
      const kind = state === 'reasoning' ? 'reasoning' : 'text'
      const pieces: readonly Piece[] = held === '' ? [] : [{ kind, text: held }]
      state = 'text'
      held = ''
      return pieces
    },
  }
}

/** How many characters at the end may be the beginning of the closing tag. */
function possibleTagLength(text: string): number {
  for (let length = Math.min(closeTag.length - 1, text.length); length > 0; length--) {
    if (closeTag.startsWith(text.slice(-length))) return length
  }
  return 0
}
