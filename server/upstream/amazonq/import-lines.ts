import { err, ok, type Result } from '../../lib/result.ts'
import { notAnItem } from './import-item.ts'
import type { Fault } from './import-members.ts'
import { parseJson } from './json-call.ts'
import { isRefreshToken } from './token-form.ts'

/** What a line is, told before anything is made of it. */
export type LineKind = 'json' | 'mail' | 'token'
export type Line = { readonly line: number; readonly kind: LineKind; readonly value: Result<unknown, Fault> }

/** The lines of a text that hold something; blank ones and comments (`#`) are passed over. */
export function linesOf(text: string): readonly Line[] {
  return text.split(/\r\n|\r|\n/).flatMap((raw, index): readonly Line[] => {
    const trimmed = raw.trim()
    if (trimmed === '' || trimmed.startsWith('#')) return []
    return [{ line: index + 1, ...lineOf(trimmed) }]
  })
}

/** Whether a text that begins like JSON is one object to a line. Whole JSON in one line is not. */
export function isJsonLines(text: string): boolean {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== '')
  const [first = ''] = lines
  return lines.length > 1 && first.trimStart().startsWith('{') && parseJson(withoutComma(first)) !== undefined
}

function lineOf(text: string): Omit<Line, 'line'> {
  if (text.startsWith('{')) {
    const value = parseJson(withoutComma(text))
    return {
      kind: 'json',
      value:
        value === undefined ? err({ code: 'not-json' as const, error: 'This line is not valid JSON.' }) : ok(value),
    }
  }
  if (text.includes('----') || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)) return { kind: 'mail', value: mailItem(text) }
  return { kind: 'token', value: secretItem(text) }
}

const withoutComma = (text: string): string => text.trim().replace(/,$/, '')

/** A refresh token or an API key that stands alone. */
export function secretItem(text: string): Result<unknown, Fault> {
  const secret = text.trim()
  if (secret.startsWith('ksk_')) return ok({ apiKey: secret })
  // Named as what it is not by the item's own reader.
  if (/^aoa[\w.:-]{16,}$/.test(secret) || isRefreshToken(secret)) return ok({ refreshToken: secret })
  if (/\s/.test(secret)) return err(notAnItem)
  const error = 'This has not the form of a refresh token (aor…) or an API key (ksk_…).'
  return err({ code: 'not-a-sign-in', error })
}

/**
 * A line of `mail----password----refresh token----client id----client secret`, password and client where they stand. The
 * password is in nothing that is given back.
 */
function mailItem(text: string): Result<unknown, Fault> {
  const parts = partsOf(text)
  const known = parts.findIndex((part) => part.startsWith('aor') && isRefreshToken(part))
  // Without the usual beginning only its place and length tell a token from a password.
  const place = known < 0 && parts.length === 5 && isRefreshToken(parts[2] ?? '') ? 2 : known
  const refreshToken = parts[place]
  if (refreshToken === undefined) {
    const error =
      'This line has no refresh token (aor…); it must read mail----password----refresh token----client id----client secret.'
    return err({ code: 'mail-line', error })
  }
  const [first = ''] = parts
  const email = place > 0 && first.includes('@') ? { email: first } : {}
  const [clientId, clientSecret, ...more] = parts.slice(place + 1).filter((part) => part !== '')
  if (clientId === undefined) return ok({ ...email, refreshToken })
  if (clientSecret === undefined || more.length > 0 || !isClient(clientId, clientSecret)) {
    const error = 'After the refresh token this line must have the client id and the client secret, and nothing else.'
    return err({ code: 'mail-line', error })
  }
  return ok({ ...email, refreshToken, clientId, clientSecret })
}

const isClient = (clientId: string, clientSecret: string): boolean =>
  /^[\w.-]{1,128}$/.test(clientId) && /^[\w.~+/=-]{16,}$/.test(clientSecret)

/** Values may begin or end with a dash of their own: a run of more than four is cut where both sides keep their form. */
function partsOf(text: string): readonly string[] {
  const [first = '', ...rest] = text.split(/(-{4,})/)
  const parts = [first]
  for (let at = 0; at < rest.length; at += 2) {
    const extra = (rest[at] ?? '').slice(4)
    const next = rest[at + 1] ?? ''
    // Tokens and signed secrets begin with letters; a client id has 22 characters.
    const isAhead = extra !== '' && next.length + extra.length === 22 && !/^(?:aor|eyJ)/.test(next)
    if (!isAhead) parts.push(`${parts.pop()}${extra}`)
    parts.push(isAhead ? extra + next : next)
  }
  return parts.map((part) => part.trim())
}
