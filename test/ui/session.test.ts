import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { errorCodes } from '../../server/admin/contract/error-codes.ts'
import { ApiError, faultOf } from '../../ui/src/api/client.ts'
import { errorText, itemErrorText } from '../../ui/src/api/error-text.ts'
import { passwordFault, passwordStrength } from '../../ui/src/features/session/password-rule.ts'
import { signInFault } from '../../ui/src/features/session/sign-in-fault.ts'
import { isMissingChunk } from '../../ui/src/features/shell/missing-chunk.ts'
import { en, sayIn, zhCn } from '../support/words.ts'

const t = sayIn('en')

test.each([
  ['admin', '', 'password.admin'],
  ['Admin', '', 'password.admin'],
  ['short77', '', 'password.short'],
  ['密码密码密码密', '', 'password.short'],
  ['密码密码密码密码', '', undefined],
  ['long enough', 'long enough', 'password.same'],
  ['password12345', '', 'error.code.PASSWORD_COMMON'],
  ['long enough', '', undefined],
] as const)('the password %p after %p is refused with %p', (password, current, fault) => {
  expect(passwordFault(password, current)).toBe(fault)
})

test.each([
  ['aaaaaaaaaaaaaaaaaaaa', 'password.weak'],
  ['12345678', 'password.weak'],
  ['password12345', 'password.weak'],
  ['sunshine8', 'password.weak'],
  ['riverbed8', 'password.fair'],
  ['Tr4vel-light', 'password.good'],
  ['correct horse battery staple', 'password.strong'],
] as const)('%p is %s', (password, strength) => {
  expect(passwordStrength(password)).toBe(strength)
})

test('failures of the admin API and of sign-in are read alike', () => {
  const admin = faultOf(
    400,
    { error: 'No such region.', code: 'INVALID_REQUEST', field: 'region', requestId: 'req_1' },
    new Headers(),
  )
  expect(admin).toMatchObject({
    status: 400,
    code: 'INVALID_REQUEST',
    message: 'No such region.',
    field: 'region',
    requestId: 'req_1',
  })
  const locked = faultOf(
    429,
    { success: false, message: 'Locked.', code: 'LOCKED' },
    new Headers({ 'retry-after': '42' }),
  )
  expect(locked).toMatchObject({ status: 429, code: 'LOCKED', message: 'Locked.', retryAfterSeconds: 42 })
  const proxy = faultOf(502, undefined, new Headers({ 'x-request-id': 'req_2' }))
  expect(proxy).toMatchObject({
    code: 'HTTP_502',
    message: 'HTTP 502',
    requestId: 'req_2',
    retryAfterSeconds: undefined,
  })
})

test('known causes are said in the reader’s language, others in the server’s words with the reference', () => {
  const error = (status: number) => new ApiError({ status, code: 'X', message: 'The words.', requestId: 'req_3' })
  expect(errorText(error(0), t)).toBe('The server cannot be reached.')
  expect(errorText(error(429), t)).toContain('Too many requests')
  expect(errorText(error(502), t)).toBe('Something went wrong. As reported: “The words.” Reference req_3')
  expect(errorText(new Error('internal detail'), t)).toBe('Something went wrong.')
})

/** Every code that the sources of the server answer with: written down where a refusal is made, or as the spelling of a kind. */
function codesInSources(): readonly string[] {
  const root = path.join(import.meta.dir, '../../server')
  const files = ['admin', 'access', 'http'].flatMap((room) =>
    readdirSync(path.join(root, room), { recursive: true, encoding: 'utf8' }).map((file) =>
      path.join(root, room, file),
    ),
  )
  const text = files.filter((file) => file.endsWith('.ts')).map((file) => readFileSync(file, 'utf8'))
  const spelt =
    /(?:(?:code|refused|passphrase|busy|unavailable): |\bcode:\s*\|?\s*|(?:fault|conflict)\(|\d{3}, )'([A-Z][A-Z_]+)'/g
  // A word of several parts is a code wherever it stands, but for these.
  const several = /'([A-Z]+(?:_[A-Z]+)+)'/g
  const others = ['ADMIN_PASSWORD', 'ERR_BUFFER_TOO_LARGE']
  const found = text.flatMap((source) => [spelt, several].flatMap((form) => [...source.matchAll(form)]))
  return [...new Set(found.map((match) => match[1] ?? ''))].filter(
    (code) => !others.includes(code) && !code.startsWith('ANTHROPIC_'),
  )
}

test('every code the server answers with is in its list, and has words in both languages', () => {
  const found = codesInSources()
  expect(found.length).toBeGreaterThan(35)
  expect(found.filter((code) => !errorCodes.some((known) => known === code))).toEqual([])
  for (const code of errorCodes) {
    const said = errorText(new ApiError({ status: 400, code, message: 'Words.' }), t)
    expect(said).toStartWith(en[`error.code.${code}`])
    expect(zhCn[`error.code.${code}`]).toMatch(/\p{Script=Han}/u)
  }
})

test('words from elsewhere are marked as such, and those of the server in English are left out', () => {
  const said = (code: string) => errorText(new ApiError({ status: 400, code, message: 'Words.' }), t)
  expect(said('ACCOUNT_REFUSED')).toBe('The provider refused this account. As reported: “Words.”')
  expect(said('UNAUTHORIZED')).toBe('Sign in first.')
})

test('an item of a job that failed is told of like any failure, by its code', () => {
  const said = (more: object) => itemErrorText({ index: 0, ok: false, outcome: 'failed', ...more }, t)
  expect(said({ code: 'NOT_FOUND', error: 'There is no account acc_1.' })).toBe('It no longer exists.')
  expect(said({ error: 'The disk is full.' })).toBe('Something went wrong. As reported: “The disk is full.”')
  expect(said({})).toBe('Something went wrong.')
})

test('code that is gone after an upgrade is told from a fault of ours', () => {
  expect(isMissingChunk(new TypeError('Failed to fetch dynamically imported module: http://x/a.js'))).toBe(true)
  expect(isMissingChunk(new TypeError('error loading dynamically imported module'))).toBe(true)
  expect(isMissingChunk(new TypeError('Importing a module script failed.'))).toBe(true)
  expect(isMissingChunk(new TypeError("Cannot read properties of undefined (reading 'x')"))).toBe(false)
  expect(isMissingChunk(undefined)).toBe(false)
})

test.each([
  ['INVALID_PASSWORD', false, { field: 'password', text: 'login.wrong' }],
  ['INVALID_PASSWORD', true, { field: 'password', text: 'login.wrongNamed' }],
  ['SECOND_FACTOR_REQUIRED', true, { field: 'code' }],
  ['SECOND_FACTOR_WRONG', false, { field: 'code', text: 'login.codeWrong' }],
  ['SECOND_FACTOR_UNREADABLE', false, { field: 'code', text: 'login.codeUnreadable' }],
  ['SETUP_CODE_REQUIRED', false, { field: 'setupCode', text: 'login.setupCodeWrong' }],
  ['SETUP_CODE_LOCKED', false, { field: 'setupCode', text: 'login.setupCodeLocked' }],
  ['LOCKED', false, undefined],
] as const)('a sign-in refused with %s (by name: %p) is said at its field', (code, named, fault) => {
  expect(signInFault(new ApiError({ status: 401, code, message: 'x' }), { named })).toEqual(fault)
})

test('what a role does not allow is said in the reader’s language', () => {
  const error = new ApiError({ status: 403, code: 'FORBIDDEN', message: 'This needs the role admin.' })
  expect(errorText(error, t)).toBe('Your role does not allow this.')
})
