import { isIP } from 'node:net'
import type { TSchema } from '@sinclair/typebox'
import { err, ok, type Result } from '../lib/result.ts'

/** Checks a value against one setting's schema; the error says what was expected, without naming the key. */
export function checkValue(schema: TSchema, value: unknown): Result<unknown, string> {
  switch (schema.type) {
    case 'boolean':
      return typeof value === 'boolean' ? ok(value) : err(`must be true or false, not ${show(value)}`)
    case 'integer':
      return checkInteger(schema, value)
    case 'array':
      return checkList(schema, value)
    default:
      return checkText(schema, value)
  }
}

/** The same for text from a flag or the environment. */
export function parseValue(schema: TSchema, text: string): Result<unknown, string> {
  if (schema.type === 'integer') return checkInteger(schema, /^[+-]?\d{1,15}$/.test(text) ? Number(text) : text)
  if (schema.type === 'boolean') {
    const value = parseSwitch(text)
    return value === undefined ? err(`must be true or false, not ${show(text)}`) : ok(value)
  }
  return checkValue(schema, text)
}

/** `true`/`false` in the spellings people use; undefined for anything else. */
export function parseSwitch(text: string): boolean | undefined {
  if (/^(1|t|true|yes|on)$/i.test(text)) return true
  if (/^(0|f|false|no|off)$/i.test(text)) return false
  return undefined
}

function checkInteger(schema: TSchema, value: unknown): Result<number, string> {
  const { minimum, maximum } = schema as unknown as { minimum: number; maximum: number }
  const fits = typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum
  if (fits) return ok(value)
  const quoted = typeof value === 'string' && /^\d+$/.test(value) ? ' (leave out the quotes)' : ''
  return err(`must be a whole number from ${minimum} to ${maximum}, not ${show(value)}${quoted}`)
}

function checkList(schema: TSchema, value: unknown): Result<readonly string[], string> {
  if (!Array.isArray(value)) return err(`must be a list, not ${show(value)}`)
  for (const [index, item] of value.entries()) {
    const checked = checkText(schema.items as TSchema, item)
    if (!checked.ok) return err(`item ${index + 1} ${checked.error}`)
  }
  return ok(Object.freeze([...value]) as readonly string[])
}

function checkText(schema: TSchema, value: unknown): Result<string, string> {
  if (typeof value !== 'string') return err(`must be text, not ${show(value)}`)
  const words = schema.enum as readonly string[] | undefined
  if (words !== undefined && !words.includes(value))
    return err(`must be one of ${words.join(', ')}, not ${show(value)}`)
  if (schema.pattern !== undefined && !new RegExp(schema.pattern as string).test(value)) {
    return err(`must look like ${show(schema.default)}, not ${show(value)}`)
  }
  const expected = schema.format === undefined ? undefined : formatFault(schema.format, value)
  return expected === undefined ? ok(value) : err(`must be ${expected}, not ${show(value)}`)
}

function formatFault(format: string, value: string): string | undefined {
  if (format === 'http-url') return isHttpUrl(value) ? undefined : 'an http:// or https:// URL'
  if (format === 'page-origin') return isPageOrigin(value) ? undefined : "'*' or the scheme, name and port of a page"
  if (format === 'ip-range') return isAddressRange(value) ? undefined : 'an IP address or a range such as 10.0.0.0/8'
  if (format === 'time-zone') return isTimeZone(value) ? undefined : 'an IANA time zone such as Europe/Berlin'
  return undefined
}

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text.replaceAll('{region}', 'us-east-1'))
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && url.search === '' && url.hash === ''
}

function isPageOrigin(text: string): boolean {
  const url = URL.parse(text)
  return (
    text === '*' ||
    (url !== null && /^https?:$/.test(url.protocol) && url.origin === text.toLowerCase().replace(/\/$/, ''))
  )
}

function isAddressRange(text: string): boolean {
  const [address = '', bits, more] = text.split('/')
  const version = isIP(address)
  if (version === 0 || more !== undefined) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}

function isTimeZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
    return true
  } catch {
    return false
  }
}

/** A value as it is quoted in a message: short, on one line. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a section'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text
}
