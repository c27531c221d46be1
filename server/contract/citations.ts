import type { Citation, SearchResult } from '../conversation/search.ts'

/** A text beyond this is not looked through. */
const longestText = 1_000_000
const mostCitations = 200

/** `[words](address)`, or a bare address. */
const links = /\[[^\]\n]{0,500}\]\((https?:\/\/[^\s)]+)\)|https?:\/\/[^\s<>"')\]]+/g

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
  for (const match of text.matchAll(links)) {
    const [whole, target = whole] = match
    const result = found.get(addressKey(target))
    if (result === undefined) continue
    characters += charactersOf(text.slice(at, match.index))
    at = match.index
    // The full stop behind a bare address is not part of it.
    const shown = match[1] === undefined ? whole.replace(/[.,;:!?]+$/, '') : whole
    citations.push({ result, start: characters, end: characters + charactersOf(shown), before })
    if (citations.length === mostCitations) break
  }
  return citations
}

/** The same page: however the address ends, whatever its fragment. */
export const addressKey = (url: string): string =>
  url
    .replace(/[.,;:!?]+$/, '')
    .replace(/#.*$/, '')
    .replace(/\/+$/, '')

export function charactersOf(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
