const isOwnPath = (path: string): boolean => /^\/(?![/\\])/.test(path)

/** The page to go to after sign-in: a path on this origin, else `/`. Refuses `//host`, `/\host`, what becomes that, and whole URLs. */
export function safeNext(next: unknown): string {
  if (typeof next !== 'string' || !isOwnPath(next)) return '/'
  const origin = 'http://same.invalid'
  const url = URL.parse(next, origin)
  // Without its dots `/..//host` is `//host`.
  if (!url || url.origin !== origin || !isOwnPath(url.pathname) || url.pathname === '/login') return '/'
  return `${readablePath(url.pathname)}${url.search}${url.hash}`
}

/** Where to sign in, and to come back from there. */
export const signInPath = ({ pathname, search }: { readonly pathname: string; readonly search: string }): string =>
  pathname === '/' ? '/login' : `/login?next=${encodeURIComponent(`${pathname}${search}`)}`

/** The same, where each `%` begins a character: the router takes no other. */
export const readablePath = (pathname: string): string =>
  isReadable(pathname) ? pathname : pathname.replaceAll('%', '%25')

function isReadable(pathname: string): boolean {
  try {
    // The result is looked at: the minifier drops a call that seems to have no effect.
    return decodeURI(pathname) !== ''
  } catch {
    return false
  }
}
