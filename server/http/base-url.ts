/** A path of a client API, wherever in an address it stands: whose it is, and what that client adds to its base URL. */
export type ClientPath = { readonly api: 'anthropic' | 'openai' | 'either'; readonly added: string }

const clientPaths = [
  [/(?:^|\/)(messages(?:\/count_tokens)?)\/?$/i, 'anthropic'],
  [/(?:^|\/)(chat\/completions|responses(?:\/[^/]+)*)\/?$/i, 'openai'],
  [/(?:^|\/)(models(?:\/[^/]+)?)\/?$/i, 'either'],
] as const

/** The client API's path that an address ends with, when there is one: what stands before it comes from the base URL. */
export function clientPathOf(pathname: string): ClientPath | undefined {
  for (const [pattern, api] of clientPaths) {
    const added = pattern.exec(pathname)?.[1]
    if (added !== undefined) return { api, added }
  }
  return undefined
}

/**
 * The path that was meant, when it can be no other: a base URL that ends in a slash doubles it, one that ends in `/v1`
 * doubles that with the clients that add it themselves. Undefined: the path is as it was meant.
 */
export function meantPath(pathname: string): string | undefined {
  const meant = pathname.replace(/\/{2,}/g, '/').replace(/^(?:\/v1)+(?=\/v1\/)/, '')
  return meant !== pathname && meant.startsWith('/v1/') ? meant : undefined
}

/** What somebody whose base URL is wrong has to set. `origin` is how they reach us: `http://host:port`. */
export function baseUrlAdvice(origin: string, api: 'anthropic' | 'openai', added: string): string {
  return api === 'anthropic'
    ? `Set the base URL to ${origin} (without /v1): an Anthropic client adds /v1/${added} to it.`
    : `Set the base URL to ${origin}/v1: an OpenAI client adds /${added} to it.`
}
