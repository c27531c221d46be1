/** The caller wants a search of the web to be at hand: run by us with the provider's own, not by the caller. */
export type SearchWish = {
  /** Most searches for one request. */
  readonly maxUses?: number
  /** Only pages of these are given; empty: of any. `example.com` means its subdomains too, `example.com/a` what lies below. */
  readonly allowedDomains: readonly string[]
  readonly blockedDomains: readonly string[]
  /** Where the user is, in words. */
  readonly near?: string
  /** The model has to search before it says anything. */
  readonly isForced?: boolean
}

/** The tool as the model sees it. Not `web_search`: that name clashes with a tool of the provider's own. */
export const searchToolName = 'internet_search'
/** The same tool as callers have it. */
export const searchAsCalled = 'web_search'
/** The name of a tool that is none of the caller's own, as the caller may read it. */
export const calledName = (name: string): string => (name === searchToolName ? searchAsCalled : name)
/** What ids of searches begin with, so that they are known when they come back. */
export const searchIdPrefix = 'srvtoolu_'

export type SearchResult = {
  readonly title: string
  readonly url: string
  /** What the provider gave of the page. */
  readonly snippet: string
  /** Epoch ms. */
  readonly publishedAt?: number
}

export type SearchFault = 'invalid-input' | 'unavailable' | 'uses-spent' | 'rate-limited'

export type SearchOutcome =
  | { readonly ok: true; readonly results: readonly SearchResult[] }
  | { readonly ok: false; readonly fault: SearchFault }

/** A place of the text that links to a page that was found. Places count characters (code points). */
export type Citation = {
  readonly result: SearchResult
  /** Within its own text block. */
  readonly start: number
  readonly end: number
  /** Characters of all texts of the reply before this block. */
  readonly before: number
}

/** What the model reads as the result of a search. */
export function searchText(outcome: SearchOutcome): string {
  if (!outcome.ok) return faultTexts[outcome.fault]
  if (outcome.results.length === 0) return 'The search found nothing. Try other words, or say that nothing was found.'
  const pages = outcome.results.map(({ title, url, snippet, publishedAt }, index) => {
    const date = publishedAt === undefined ? [] : [new Date(publishedAt).toISOString().slice(0, 10)]
    return [`[${index + 1}] ${title}`, url, ...date, ...(snippet === '' ? [] : [snippet])].join('\n')
  })
  return ['Web search results:', ...pages].join('\n\n')
}

const instead = 'Do not make up results; answer from what you know and say that you could not search.'
const faultTexts: Readonly<Record<SearchFault, string>> = {
  'invalid-input': 'The search was not done: the input must be {"query": "words to search for"}.',
  unavailable: `The search was not done: web search is not available now. ${instead}`,
  'uses-spent':
    'The search was not done: no more searches are allowed for this request. Answer from what was found so far.',
  'rate-limited': `The search was not done: too many searches at the moment. ${instead}`,
}
