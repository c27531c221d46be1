import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { refusalReasons } from '../../server/admin/contract/refusal-reasons.ts'
import { ApiError } from '../../ui/src/api/client.ts'
import { errorText, itemErrorText, signInText } from '../../ui/src/api/error-text.ts'
import { type Key, placesOf } from '../../ui/src/i18n/dictionary.ts'
import { en, keys, sayIn, zhCn } from '../support/words.ts'

const server = path.join(import.meta.dir, '../../server')
const sourcesOf = (room: string, file = /\.ts$/): readonly (readonly [name: string, text: string])[] =>
  readdirSync(path.join(server, room), { recursive: true, encoding: 'utf8' })
    .filter((name) => file.test(name))
    .map((name) => [`${room}/${name}`, readFileSync(path.join(server, room, name), 'utf8')])
const zh = sayIn('zh-CN')
const refused = (more: Partial<ConstructorParameters<typeof ApiError>[0]>) =>
  new ApiError({ status: 400, code: 'INVALID_REQUEST', message: 'Words of the server.', ...more })

test('every reason has words in both languages, with just what comes with it in them', () => {
  for (const [reason, params] of Object.entries(refusalReasons)) {
    if (reason === 'sign-in') continue // by its fault, below
    const key = `refusal.${reason}` as Key
    const places = placesOf(en[key] ?? '').filter((place) => place !== 'field')
    expect([reason, places.toSorted()]).toEqual([reason, params.toSorted()])
    expect(zhCn[key]).toMatch(/\p{Script=Han}/u)
  }
  const said = keys.filter((key) => key.startsWith('refusal.') && !key.startsWith('refusal.sign-in.'))
  expect(said.filter((key) => !Object.hasOwn(refusalReasons, key.slice('refusal.'.length)))).toEqual([])
})

test('whatever the admin API refuses by itself has a reason or a code of its own', () => {
  const bare = sourcesOf('admin').flatMap(([name, text]) => [
    ...[...text.matchAll(/gatewayError\(\s*'invalid-request'[^\n]*(?:\n[^\n]*){0,2}/g)]
      .filter(([made]) => !/\b(?:code|params)\b/.test(made))
      .map(([made]) => `${name}: ${made}`),
    ...[...text.matchAll(/code: '(?:INVALID_REQUEST|CONFLICT)'[^\n]*(?:\n[^\n]*){0,2}/g)]
      .filter(([made]) => !made.includes('params'))
      .map(([made]) => `${name}: ${made}`),
  ])
  // Between two servers of one machine; no page asks.
  expect(bare.filter((made) => !made.startsWith('admin/succession'))).toEqual([])
  const reasons = ['admin', 'access', 'backup'].flatMap((room) =>
    sourcesOf(room).flatMap(([, text]) => [...text.matchAll(/\breason: '([\w-]+)'/g)].map((match) => match[1] ?? '')),
  )
  const unused = Object.keys(refusalReasons).filter(
    (reason) => !reasons.includes(reason) && !sourcesOf('.').some(([, text]) => text.includes(`'${reason}'`)),
  )
  expect(unused).toEqual([])
})

test('every fault of a sign-in has words in both languages', () => {
  const faults = sourcesOf('upstream/amazonq', /^(?:import|token-form).*\.ts$/).flatMap(([, text]) =>
    [...text.matchAll(/code: '([a-z-]+)'/g)].map((match) => match[1] ?? ''),
  )
  expect(new Set(faults).size).toBeGreaterThan(10)
  for (const fault of [...faults, 'token-rejected', 'account-suspended', 'timeout', 'cancelled'])
    expect([fault, signInText(fault, undefined, zh)]).toEqual([fault, expect.stringMatching(/\p{Script=Han}/u)])
})

test('a refusal is said in the language of the page by its reason, and nothing of the server’s sentence is', () => {
  const there = { reason: 'proxy-there', name: '出口一' }
  expect(errorText(refused({ status: 409, code: 'CONFLICT', params: there }), zh)).toBe('已有相同地址的代理：出口一。')
  expect(errorText(refused({ field: 'weight', params: { reason: 'missing' } }), zh)).toBe('缺少 weight。')
  expect(errorText(refused({ params: { reason: 'sign-in', fault: 'region' }, field: 'region' }), zh)).toBe(
    'region: 不是有效的 AWS 区域。',
  )
  expect(errorText(refused({ code: 'UNREADABLE_FILE', params: { reason: 'no-text' } }), zh)).toBe(
    `${zhCn['error.code.UNREADABLE_FILE']} 它不是 UTF-8 文本。`,
  )
})

test('a sign-in that is lost says why in the language of the page', () => {
  const lost = { code: 'SIGN_IN_EXPIRED', params: { reason: 'refresh-token-dead' } }
  expect(errorText(refused(lost), zh)).toBe(`${zhCn['error.code.SIGN_IN_EXPIRED']} 服务商不再接受这个登录凭据。`)
})

test('a reason that is newer than the page leaves the server’s words, as such', () => {
  expect(errorText(refused({ params: { reason: 'from-next-year' } }), zh)).toBe(
    '服务器未接受此请求。 原始信息：“Words of the server.”',
  )
})

test('an item of a job says its reason or its fault; what the provider said stays, as such', () => {
  const said = (more: object) => itemErrorText({ index: 0, ok: false, outcome: 'refused', ...more }, zh)
  expect(said({ code: 'INVALID_REQUEST', error: 'Switched off.', params: { reason: 'proxy-off' } })).toBe(
    '该代理已停用。',
  )
  expect(said({ code: 'malformed-token', error: 'is no token' })).toBe('不是刷新令牌的格式（aor…）。')
  expect(said({ code: 'account-suspended', error: 'Locked.' })).toBe('服务商已封停此账号。 原始信息：“Locked.”')
})
