const name = 'admin_session'

/** The session id in a Cookie header. */
export function sessionIdOf(cookie: string | null): string | undefined {
  for (const part of (cookie ?? '').split(';')) {
    const at = part.indexOf('=')
    if (part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return undefined
}

/** The cookie of a session; it ends with the browser, and on the server after 12 idle hours. */
export const sessionCookie = (id: string, https: boolean): string =>
  `${name}=${id}; Path=/; HttpOnly; SameSite=Strict${https ? '; Secure' : ''}`

export const endedCookie = (https: boolean): string => `${sessionCookie('', https)}; Max-Age=0`
