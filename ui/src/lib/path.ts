/** The page to go to after sign-in: a path on this origin, else `/`. Refuses `//host`, `/\host` and whole URLs. */
export function safeNext(next: unknown): string {
  if (typeof next !== 'string' || !/^\/(?![/\\])/.test(next)) return '/'
  const origin = 'http://same.invalid'
  const url = URL.parse(next, origin)
  if (!url || url.origin !== origin || url.pathname === '/login') return '/'
  return `${url.pathname}${url.search}${url.hash}`
}

/** Where to sign in, and to come back from there. */
export const signInPath = ({ pathname, search }: { readonly pathname: string; readonly search: string }): string =>
  pathname === '/' ? '/login' : `/login?next=${encodeURIComponent(`${pathname}${search}`)}`
