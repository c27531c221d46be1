import { createFences } from './fences.ts'

/** A stretch of the model's text and what it is. */
export type Piece = { readonly kind: 'text' | 'reasoning'; readonly text: string }

export type TagSplitter = {
  readonly push: (text: string) => readonly Piece[]
  /** Gives out what was held back. For the end, and when something else than text comes: after it a new text begins. */
  readonly flush: () => readonly Piece[]
}

const openTag = '<thinking>'
const closeTag = '</thinking>'
/** White space before the tag that is waited through; more of it is text. */
const maxLead = 64
/** A tag that stands further in is indented code. */
const indentation = /^ {0,3}/

/**
 * Splits `<thinking>…</thinking>` off a reply that arrives in arbitrary pieces. A tag counts where a thought can begin: at the
 * head of a text, right after another thought, and at the beginning of a paragraph (after an empty line) that stands in no
 * code block. Tags within a line or a paragraph are words and stay text. A beginning that may still become a tag is held
 * back until the next characters decide. The empty line after the closing tag belongs to the form and is dropped; nothing else is.
 */
export function createTagSplitter(): TagSplitter {
  let state: 'lead' | 'reasoning' | 'gap' | 'text' = 'lead'
  /** Not given out yet. */
  let held = ''
  /** The last character of the reasoning that was given out. */
  let before = ''
  /** Line breaks dropped since the closing tag of a thought that no text has followed yet. */
  let gap: string | undefined
  let fences = createFences()
  /** In text: what comes next begins a line that may begin with the tag. */
  let mayOpen = false

  /** One step; false when what is held has to wait for more. */
  function step(pieces: Piece[]): boolean {
    switch (state) {
      case 'lead':
        return lead(pieces)
      case 'reasoning':
        return reasoning(pieces)
      case 'gap': {
        if (held === '') return false
        if (gap !== undefined && gap.length < 2 && held.startsWith('\n')) {
          gap += '\n'
          held = held.slice(1)
        } else state = 'lead'
        return true
      }
      case 'text':
        return text(pieces)
    }
  }

  function lead(pieces: Piece[]): boolean {
    const start = held.length - held.trimStart().length
    if (start <= maxLead && held.startsWith(openTag, start)) {
      // Right after another thought: what stood between the two holds them apart.
      if (gap !== undefined) give(pieces, 'reasoning', gap + held.slice(0, start))
      open(start)
      return true
    }
    if (start <= maxLead && openTag.startsWith(held.slice(start))) return false
    state = 'text'
    gap = undefined
    mayOpen = false
    return true
  }

  function open(start: number): void {
    held = held.slice(start + openTag.length)
    before = ''
    gap = undefined
    fences = createFences()
    state = 'reasoning'
  }

  function reasoning(pieces: Piece[]): boolean {
    const end = held.indexOf(closeTag)
    if (end < 0) {
      const upTo = held.length - possibleTagLength(held)
      giveReasoning(pieces, upTo)
      return false
    }
    const after = end + closeTag.length
    // A thought about the tag itself quotes it.
    if ((end > 0 ? held[end - 1] : before) === '`') {
      if (held.length === after) {
        giveReasoning(pieces, end)
        return false
      }
      if (held[after] === '`') {
        giveReasoning(pieces, after)
        return true
      }
    }
    giveReasoning(pieces, end)
    held = held.slice(closeTag.length)
    gap = ''
    state = 'gap'
    return true
  }

  function giveReasoning(pieces: Piece[], upTo: number): void {
    if (upTo === 0) return
    before = held[upTo - 1] ?? ''
    give(pieces, 'reasoning', held.slice(0, upTo))
    held = held.slice(upTo)
  }

  function text(pieces: Piece[]): boolean {
    if (mayOpen) {
      const indent = indentOf(held)
      if (held.startsWith(openTag, indent)) {
        open(indent)
        return true
      }
      if (openTag.startsWith(held.slice(indent))) return false
      mayOpen = false
    }
    const lineEnd = held.indexOf('\n')
    const upTo = lineEnd < 0 ? held.length : lineEnd + 1
    if (upTo === 0) return false
    const line = held.slice(0, upTo)
    give(pieces, 'text', line)
    mayOpen = fences.read(line)
    held = held.slice(upTo)
    return true
  }

  return {
    push: (text) => {
      held += text
      const pieces: Piece[] = []
      while (step(pieces));
      return pieces
    },
    flush: () => {
      const pieces: Piece[] = []
      // A quoted closing tag that nothing follows closed the thought after all.
      const rest = state === 'reasoning' && before === '`' && held === closeTag ? '' : held
      give(pieces, state === 'reasoning' ? 'reasoning' : 'text', rest)
      held = ''
      gap = undefined
      fences = createFences()
      state = 'lead'
      return pieces
    },
  }
}

function give(pieces: Piece[], kind: Piece['kind'], text: string): void {
  if (text !== '') pieces.push({ kind, text })
}

const indentOf = (text: string): number => indentation.exec(text)?.[0].length ?? 0

/** How many characters at the end may be the beginning of the closing tag. */
function possibleTagLength(text: string): number {
  for (let length = Math.min(closeTag.length - 1, text.length); length > 0; length--) {
    if (closeTag.startsWith(text.slice(-length))) return length
  }
  return 0
}
