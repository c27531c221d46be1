import { cutText } from '../lib/sound-text.ts'

const hidden = '[redacted]'
const maxDepth = 6
const maxItems = 50
const maxText = 2000

// A field whose name holds one of these words is a secret …
const secretWords = new Set(
  (
    'token tokens secret secrets password passwords passwd pwd passphrase authorization cookie cookies credential ' +
    'credentials key keys bearer jwt assertion verifier usercode devicecode setupcode recoverycodes apikey'
  ).split(' '),
)
// … unless its last word says that it only describes one, …
const describingWords = new Set(
  (
    'id ids count ms at until name prefix kind type source path file folder bytes limit state status expires last4 max ' +
    'expiry required url'
  ).split(' '),
)
// … and numbers and switches are counts and states, except under these.
const alwaysSecret = new Set('password passwords passwd pwd passphrase secret secrets authorization'.split(' '))

/** True when a field of this name may not be written with this value. Names in any spelling: camel, snake, header. */
export function isSecretField(name: string, value: unknown): boolean {
  return hides(secrecyOf(name), value)
}

/** What a name says about its values: `text` are secrets unless they are numbers or switches. */
type Secrecy = 'open' | 'text' | 'all'

function secrecyOf(name: string): Secrecy {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
  const whole = words.join('')
  if (!words.some((word) => secretWords.has(word)) && !secretWords.has(whole)) return 'open'
  const last = words.at(-1) ?? ''
  if (words.length > 1 && describingWords.has(last) && !secretWords.has(whole)) return 'open'
  return words.some((word) => alwaysSecret.has(word)) ? 'all' : 'text'
}

function hides(secrecy: Secrecy, value: unknown): boolean {
  if (secrecy === 'open') return false
  if (typeof value === 'number' || typeof value === 'boolean') return secrecy === 'all'
  return value !== null && value !== undefined && value !== ''
}

const shapes: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/\b(Bearer|Basic|Negotiate|Digest)\s+[^\s"',;]{4,}/gi, `$1 ${hidden}`],
  // a member of JSON or of a printed object, whatever its quotes (also escaped once)
  [
    /((?:\\?["'])?[\w-]*(?:token|secret|password|passphrase|authorization|cookie|api_?-?key|assertion)(?:\\?["'])?\s*[:=]\s*)(\\?["'])(?:(?!\2).)+\2/gi,
    `$1$2${hidden}$2`,
  ],
  // a query or form parameter
  [
    /\b((?:access_|refresh_|id_)?token|api[_-]?key|key|secret|client_secret|password|passwd|(?:user_|device_)?code|sig|signature)=[^&\s"'<>]+/gi,
    `$1=${hidden}`,
  ],
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi, `$1${hidden}@`],
  // API keys of clients and of providers, admin tokens
  [/(?<![A-Za-z0-9])(?:sk|ksk|pk|rk|adm)[-_][A-Za-z0-9_-]{6,}/g, hidden],
  // the provider's access and refresh tokens
  [/(?<![A-Za-z0-9])ao[ar][A-Za-z0-9_+/=-]{12,}(?::[A-Za-z0-9_+/=:-]+)?/g, hidden],
  // JSON web tokens and encrypted ones
  [/(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}/g, hidden],
  [/(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{12,}/g, hidden],
]

/** What each of the shapes has at least one of; most texts of a log line have none, and are looked at once. */
const mayHoldShape = /[\s:=]|(?:[spr]k|adm)[-_]|ao[ar]|eyJ|A[KS]IA/

/** Text without anything that has the shape of a secret, cut to 2,000 characters. */
export function redactText(text: string): string {
  // Cut first, so that the cost is bounded; a secret cut in the middle still has its shape.
  const short = text.length > maxText ? `${cutText(text, maxText)}… (${text.length} characters)` : text
  return mayHoldShape.test(short)
    ? shapes.reduce((kept, [pattern, replacement]) => kept.replace(pattern, replacement), short)
    : short
}

/** The same without the cut, for texts whose length is bounded elsewhere. */
export const redactSecrets = (text: string): string =>
  shapes.reduce((kept, [pattern, replacement]) => kept.replace(pattern, replacement), text)

/** A copy that is safe to write: secret fields hidden by name, secret shapes by pattern, depth and sizes bounded. */
export function redact(value: unknown): unknown {
  return createRedact()(value)
}

type Field = { readonly shown: string; readonly secrecy: Secrecy }
const rememberedFields = 1_000
const longestRemembered = 64

/** The same for many values whose fields have the same few names: each name is judged once. */
export function createRedact(): (value: unknown) => unknown {
  const fields = new Map<string, Field>()
  const fieldOf = (name: string): Field => {
    const known = fields.get(name)
    if (known !== undefined) return known
    const field = { shown: redactText(name), secrecy: secrecyOf(name) }
    if (fields.size < rememberedFields && name.length <= longestRemembered) fields.set(name, field)
    return field
  }
  return (value) => walk(value, 0, new Set(), fieldOf)
}

type FieldOf = (name: string) => Field

function walk(value: unknown, depth: number, seen: Set<object>, fieldOf: FieldOf): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'function' || typeof value === 'symbol') return undefined
  if (typeof value !== 'object' || value === null) return value
  if (depth >= maxDepth || seen.has(value)) return '…'
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `(${value.byteLength} bytes)`
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  seen.add(value)
  const kept = walkObject(value, depth, seen, fieldOf)
  seen.delete(value)
  return kept
}

function walkObject(value: object, depth: number, seen: Set<object>, fieldOf: FieldOf): unknown {
  if (value instanceof Error) return describeError(value)
  if (value instanceof Map || value instanceof Set || value instanceof Headers) {
    const entries = value instanceof Set ? [...value] : Object.fromEntries(value as Iterable<[string, unknown]>)
    return walk(entries, depth, seen, fieldOf)
  }
  if (Array.isArray(value)) {
    const items = value.slice(0, maxItems).map((item) => walk(item, depth + 1, seen, fieldOf))
    return value.length > maxItems ? [...items, `… (${value.length} items)`] : items
  }
  const names = Object.keys(value)
  const kept: Record<string, unknown> = Object.create(null) // a member called `__proto__` is one as any other
  for (const name of names.length > maxItems ? names.slice(0, maxItems) : names) {
    const member = (value as Readonly<Record<string, unknown>>)[name]
    const { shown, secrecy } = fieldOf(name)
    kept[shown] = hides(secrecy, member) ? hidden : walk(member, depth + 1, seen, fieldOf)
  }
  if (names.length > maxItems) kept['…'] = `(${names.length} members)`
  return kept
}

/** Name, message, code and causes of what was thrown, redacted. */
export function describeError(error: unknown): string {
  const parts: string[] = []
  for (let cause: unknown = error; cause !== undefined && cause !== null && parts.length < 4; ) {
    if (!(cause instanceof Error)) {
      parts.push(typeof cause === 'string' ? cause : 'something that is no error')
      break
    }
    const { code } = cause as { readonly code?: unknown }
    parts.push(`${cause.name}: ${cause.message}${typeof code === 'string' ? ` (${code})` : ''}`)
    cause = cause.cause
  }
  return redactText(parts.join('; caused by '))
}
