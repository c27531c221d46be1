import { err, ok, type Result } from '../lib/result.ts'
import { cutText } from '../lib/sound-text.ts'
import { sessionPlaceholder } from './session.ts'

/** A checked proxy address in one spelling; it may hold `{session}`. Holds a password: never logged, never shown. */
export type ProxyUrl = { readonly href: string; readonly scheme: ProxyScheme }
export type ProxyScheme = 'http' | 'https' | 'socks5' | 'socks5h'

const schemes: readonly ProxyScheme[] = ['http', 'https', 'socks5', 'socks5h']
const maxCharacters = 500
/** RFC 1929: a byte tells the length of each. */
const maxLoginBytes = 255
export const maskedPassword = '••••'

/**
 * Reads `scheme://[user[:password]@]host:port`. In user, password and host `{session}`, or a `%` that is no escape, stands for the
 * session of an account. The error says what is wrong and repeats nothing of what was given.
 */
export function parseProxyUrl(given: string): Result<ProxyUrl, string> {
  const text = given.trim()
  if (text === '') return err('is empty')
  if (text.length > maxCharacters) return err(`has more than ${maxCharacters} characters`)
  if (/[\s\p{Cc}]/u.test(text)) return err('holds spaces or control characters')
  const word = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase()
  if (word === undefined) return err('must begin with a scheme: http, https, socks5 or socks5h, then ://')
  const scheme = schemes.find((one) => one === word)
  if (scheme === undefined) return err(`must be http, https, socks5 or socks5h, not ${cutText(word, 20)}`)
  const { userInfo, place, rest } = partsOf(text.slice(word.length + 3))
  if (!/^\/?$/.test(rest)) return err('must end after the port: a proxy has no path or query')
  const [, host, port] = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(place) ?? []
  if (host === undefined || host === '') return err('names no host')
  if (port === undefined || port === '') return err('names no port')
  if (Number(port) < 1 || Number(port) > 65_535) return err('has a port outside 1 to 65535')
  // The `http` scheme gives host names their checked, lower-case spelling; SOCKS schemes are opaque to URL.
  const checked = URL.parse(`http://${withSign(host).replaceAll(sign, hostWord)}:${port}/`)
  if (checked === null) return err('has a host that is not a name or an address')
  const name = host.includes(hostWord) ? checked.hostname : checked.hostname.replaceAll(hostWord, sessionPlaceholder)
  const login = userInfo === undefined ? ok('') : loginOf(userInfo)
  if (!login.ok) return login
  return ok({ href: `${scheme}://${login.value}${name}:${Number(port)}`, scheme })
}

/** For display: the same address without its password. Never fails: an unreadable one shows as dots. */
export function maskProxyUrl(href: string): string {
  const parsed = parseProxyUrl(href)
  if (!parsed.ok) return maskedPassword
  return parsed.value.href.replace(/^([a-z0-9]+:\/\/[^:@/]*):[^@]*@/, `$1:${maskedPassword}@`)
}

/** The password inside a checked address, as written there; undefined when there is none. */
export function secretsOf(href: string): readonly string[] {
  const written = /^[a-z0-9]+:\/\/[^:@/]*:([^@]*)@/.exec(href)?.[1]
  if (written === undefined || written === '') return []
  return [...new Set([written, decode(written)?.replaceAll(sign, sessionPlaceholder) ?? written])]
}

function partsOf(text: string): {
  readonly userInfo: string | undefined
  readonly place: string
  readonly rest: string
} {
  const end = text.search(/[/?#]/)
  const authority = end < 0 ? text : text.slice(0, end)
  const at = authority.lastIndexOf('@')
  return {
    userInfo: at < 0 ? undefined : authority.slice(0, at),
    place: authority.slice(at + 1),
    rest: end < 0 ? '' : text.slice(end),
  }
}

function loginOf(userInfo: string): Result<string, string> {
  const colon = userInfo.indexOf(':')
  const user = decode(colon < 0 ? userInfo : userInfo.slice(0, colon))
  const password = colon < 0 ? '' : decode(userInfo.slice(colon + 1))
  if (user === undefined || password === undefined) return err('has an escape in its user or password that is no text')
  // What we have shown came back, with another rest: whose password it was cannot be told.
  if (password.includes(maskedPassword)) return err('has a masked password: type it again')
  if (user === '') return err(password === '' ? 'has an @ without a user' : 'has a password without a user')
  if (/\p{Cc}/u.test(user + password)) return err('has control characters in its user or password')
  if (user.includes(':')) return err('has a colon in its user, which proxies cannot tell from the password')
  if ([user, password].some((one) => Buffer.byteLength(one) > maxLoginBytes)) {
    return err(`has a user or password of more than ${maxLoginBytes} bytes`)
  }
  return ok(`${encode(user)}${password === '' ? '' : `:${encode(password)}`}@`)
}

/** Text with the placeholder as one sign that no address holds: `%7Bsession%7D` is the word itself. */
const sign = '\u{f0000}'
const hostWord = 'x0session0x'
const withSign = (text: string): string => text.replaceAll(sessionPlaceholder, sign).replace(/%(?![0-9a-f]{2})/gi, sign)
const encode = (text: string): string => text.split(sign).map(encodeURIComponent).join(sessionPlaceholder)

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(withSign(text))
  } catch {
    return undefined
  }
}

/** What was kept, if it is still an address. */
export function usableProxyUrl(kept: string | undefined): string | undefined {
  const parsed = parseProxyUrl(kept ?? '')
  return parsed.ok ? parsed.value.href : undefined
}
