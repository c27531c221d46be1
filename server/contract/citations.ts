import type { Citation, SearchResult } from '../conversation/search.ts'

/** A text beyond this is not looked through. */
const longestText = 1_000_000
const mostCitations = 200
const mostAddresses = 10_000

/** `[words](` before an address, or a bare one's beginning. Words hold no bracket, so that no character is tried twice. */
const openings = /\[[^[\]\n]{0,500}\]\((?=https?:\/\/)|https?:\/\//g

/** Finds the places of one text that link to pages that were found: nothing else is known to be a citation. */
export function citationsIn(
  text: string,
  found: ReadonlyMap<string, SearchResult>,
  before: number,
): readonly Citation[] {
  if (found.size === 0 || text.length > longestText) return []
  const citations: Citation[] = []
  let at = 0
  let characters = 0
  let looked = 0
  for (const { start, end, target } of addressesIn(text)) {
    if (++looked > mostAddresses) break
    const result = found.get(addressKey(target))
    if (result === undefined) continue
    characters += charactersOf(text.slice(at, start))
    at = start
    citations.push({ result, start: characters, end: characters + charactersOf(text.slice(start, end)), before })
    if (citations.length === mostCitations) break
  }
  return citations
}

type Address = { readonly start: number; readonly end: number; readonly target: string }

/** Each `[words](address)` and each bare address. A text of any kind is gone through once: a model may write whatever it likes. */
function* addressesIn(text: string): Generator<Address> {
  const opening = new RegExp(openings)
  let linkEnd = -1
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const start = match.index
    if (match[0].startsWith('[')) {
      const from = start + match[0].length
      if (linkEnd < from) linkEnd = nextOf(/[\s)]/g, text, from)
      const isLink = text[linkEnd] === ')'
      if (isLink) yield { start, end: linkEnd + 1, target: text.slice(from, linkEnd) }
      opening.lastIndex = isLink ? linkEnd + 1 : start + 1
    } else {
      const end = nextOf(/[\s<>"')\]]/g, text, opening.lastIndex)
      // The full stop behind a bare address is not part of it.
      const target = withoutEnd(text.slice(start, end), marks)
      yield { start, end: start + target.length, target }
      opening.lastIndex = end
    }
  }
}

function nextOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.exec(text)?.index ?? text.length
}

const marks = '.,;:!?'

/** Without the characters of this kind it ends in. */
function withoutEnd(text: string, kind: string): string {
  let end = text.length
  while (end > 0 && kind.includes(text.charAt(end - 1))) end--
  return text.slice(0, end)
}

/** The same page: however the address ends, whatever its fragment. */
export function addressKey(url: string): string {
  const [page = ''] = withoutEnd(url, marks).split('#', 1)
  return withoutEnd(page, '/')
}

export function charactersOf(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
