/**
 * How well `text` answers `search`: more is better, 0 is not at all. Its beginning before the beginning of a word, that before the
 * middle of one, and letters in order with others between them last.
 */
export function matchScore(text: string, search: string): number {
  const wanted = search.trim().toLowerCase()
  if (wanted === '') return 1
  const lower = text.toLowerCase()
  const at = lower.indexOf(wanted)
  if (at === 0) return 100 - Math.min(50, lower.length - wanted.length) / 10
  if (at > 0) return isWordStart(lower, at) ? 80 : 60
  const words = wanted.split(/\s+/)
  if (words.length > 1) return words.every((word) => lower.includes(word)) ? 50 : 0
  return isInOrder(lower, wanted) ? 20 : 0
}

/** Two letters scattered over a line mean nothing: from three on, and the first one at the start of a word. */
function isInOrder(text: string, wanted: string): boolean {
  if (wanted.length < 3) return false
  let at = [...text].findIndex((letter, index) => letter === wanted[0] && isWordStart(text, index))
  for (const letter of wanted) {
    at = at < 0 ? -1 : text.indexOf(letter, at)
    if (at < 0) return false
    at += 1
  }
  return true
}

const isWordStart = (text: string, at: number): boolean => at === 0 || /[\s\p{P}]/u.test(text[at - 1] ?? '')

/** The best `most` of them, those used last before others that answer as well. */
export function bestOf<T extends { readonly id: string; readonly text: string; readonly words?: string }>(
  items: readonly T[],
  search: string,
  recent: readonly string[],
  most: number,
): readonly T[] {
  const age = (id: string): number => (recent.includes(id) ? recent.indexOf(id) : recent.length)
  return items
    .map((item) => ({
      item,
      score: Math.max(matchScore(item.text, search), item.words ? 0.9 * matchScore(item.words, search) : 0),
    }))
    .filter(({ score }) => score > 0)
    .toSorted((one, other) => other.score - one.score || age(one.item.id) - age(other.item.id))
    .slice(0, most)
    .map(({ item }) => item)
}
