/** Chinese is written without spaces: 日志保留 asks for 日志 and 保留. */
const unspaced = /\p{Script=Han}{3,}/u
const parts = (word: string): readonly string[] =>
  unspaced.test(word)
    ? [...new Intl.Segmenter('zh', { granularity: 'word' }).segment(word)].map(({ segment }) => segment)
    : [word]

/** Whether `text` has every word of `search`, in any order and case. */
export function matchesWords(text: string, search: string): boolean {
  const lower = text.toLowerCase()
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word) || parts(word).every((part) => lower.includes(part)))
}
