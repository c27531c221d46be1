import type { Halves } from './halves.ts'

/** `\u` and four digits. */
const escapeLength = 6
const replacement = '\\ufffd'
const anyHalf = /\\u[dD][89a-fA-F]/
const cutAtEnd = /\\(?:u.{0,3})?$/

/**
 * The same for JSON text, where a character may be spelled as two escapes: strict readers refuse one without the other. Text
 * without half a character, and not cut in an escape, passes at once; an escape, or a first half, that may go on waits for the
 * next piece.
 */
export function createEscapedHalves(): Halves {
  let held = ''
  return {
    push: (text) => {
      if (held === '' && !cutAtEnd.test(text.slice(-escapeLength)) && !anyHalf.test(text)) return text
      const json = held + text
      let out = ''
      let from = 0
      let at = json.indexOf('\\')
      while (at >= 0 && !mayGoOn(json, at)) {
        const half = halfAt(json, at)
        if (half === 'first' && halfAt(json, at + escapeLength) === 'second') {
          at = json.indexOf('\\', at + 2 * escapeLength)
          continue
        }
        if (half !== undefined) {
          out += json.slice(from, at) + replacement
          from = at + escapeLength
        }
        at = json.indexOf('\\', at + (json[at + 1] === 'u' ? escapeLength : 2))
      }
      held = at < 0 ? '' : json.slice(at)
      return out + json.slice(from, at < 0 ? json.length : at)
    },
    flush: () => {
      const rest = halfAt(held, 0) === undefined ? held : replacement + held.slice(escapeLength)
      held = ''
      return rest
    },
  }
}

function halfAt(json: string, at: number): 'first' | 'second' | undefined {
  if (json[at] !== '\\' || json[at + 1] !== 'u') return undefined
  const code = Number.parseInt(json.slice(at + 2, at + escapeLength), 16)
  return code >= 0xd800 && code < 0xdc00 ? 'first' : code >= 0xdc00 && code < 0xe000 ? 'second' : undefined
}

/** Whether the text ends within the escape at this place, or within the second half that may follow it. */
function mayGoOn(json: string, at: number): boolean {
  const isCut = (begin: number): boolean => {
    const rest = json.slice(begin, begin + escapeLength)
    return rest.length < escapeLength && ('\\u'.startsWith(rest) || rest.startsWith('\\u'))
  }
  return isCut(at) || (halfAt(json, at) === 'first' && isCut(at + escapeLength))
}
