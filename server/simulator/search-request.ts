import { cutText } from '../lib/sound-text.ts'

/** The tool by which a gateway lets the model search. */
export const searchToolOf = (names: readonly string[]): string | undefined =>
  names.find((name) => /^internet_search(_\d+)?$/.test(name))

const wishes: readonly RegExp[] = [
  /\bweb search for the query:\s*([^\n]+)/i,
  /\b(?:search|look up|browse)\s+(?:the\s+)?(?:web|internet|online|net)\b(?:\s+(?:for|about))?[^\S\n]*([^\n]*)/i,
  /\b(?:look up|search for)\s+([^\n]+)/i,
  /(?:上网|联网|在网上|网上)(?:搜索|查询|查找|查一下|搜一下)(?:一下)?[^\S\n]*([^\n]*)/,
  /^\s*(?:搜索|查询)\s*([^\n]+)/,
]

/** What a prompt wants to have searched for, when it asks for a search in words. */
export function asksForSearch(asked: string): string | undefined {
  const words = asked.slice(-600)
  for (const wish of wishes) {
    const found = wish.exec(words)
    if (found === null) continue
    const query = (found[1] ?? '')
      .replace(/\s+/g, ' ')
      .replace(/[.?!。？！"”]+$/, '')
      .trim()
    return cutText(query === '' ? words.replace(/\s+/g, ' ').trim() : query, 200)
  }
  return undefined
}

/** The first pages that a search's result names, as links. */
export function pagesIn(results: readonly string[]): readonly string[] {
  return results
    .filter((result) => result.startsWith('Web search results:'))
    .flatMap((result) => [...result.matchAll(/^\[\d+\] (.+)\n(https?:\S+)$/gm)].slice(0, 2))
    .map(([, title, url]) => `[${title}](${url})`)
}
