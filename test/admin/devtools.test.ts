import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { adminApp, elsewhere } from './admin-app.ts'

let homeDir = ''
beforeEach(() => {
  homeDir = mkdtempSync(path.join(tmpdir(), 'home-'))
})
afterEach(() => rmSync(homeDir, { recursive: true }))

const folder = () => path.join(homeDir, '.claude')
const file = () => path.join(folder(), 'settings.json')
const write = (text: string) => {
  mkdirSync(folder(), { recursive: true })
  writeFileSync(file(), text)
}
const route = '/v2/devtools/claude-code'
const wanted = { baseUrl: 'http://127.0.0.1:62311', apiKey: 'sk-0123456789abcdefghij' }

test.each(['{"env": {', '[]', '"text"', '{"env": 5}', '{} trailing', '{"a": 1,}'])(
  'what cannot be understood is never overwritten (D-41): %s',
  async (text) => {
    const { call } = await adminApp({ deps: { homeDir } })
    write(text)
    const answer = await call('POST', `${route}/config`, wanted)
    expect([answer.status, answer.json.code]).toEqual([400, 'UNREADABLE_FILE'])
    expect(readFileSync(file(), 'utf8')).toBe(text)
    expect(readdirSync(folder())).toEqual(['settings.json'])
  },
)

test('undo goes back copy by copy, and keeps what stood there', async () => {
  const { call, clock } = await adminApp({ deps: { homeDir } })
  const first = '{"theme": "dark"}'
  write(first)
  await call('POST', `${route}/config`, wanted)
  const second = readFileSync(file(), 'utf8')
  clock.now += 1_000
  await call('POST', `${route}/config`, { ...wanted, apiKey: 'sk-another-key-0123456789' })
  const third = readFileSync(file(), 'utf8')
  expect(JSON.parse(third)).toMatchObject({ theme: 'dark', env: { ANTHROPIC_AUTH_TOKEN: 'sk-another-key-0123456789' } })

  const undone = await call('POST', `${route}/undo`)
  expect(undone.json).toMatchObject({ success: true, path: file() })
  expect(undone.json.kept).toContain('.undone-')
  expect(readFileSync(file(), 'utf8')).toBe(second)
  expect(readFileSync(undone.json.kept, 'utf8')).toBe(third)
  clock.now += 1_000
  await call('POST', `${route}/undo`)
  expect(readFileSync(file(), 'utf8')).toBe(first)
  const none = await call('POST', `${route}/undo`)
  expect([none.status, none.json.code]).toEqual([404, 'NO_BACKUP'])
  expect(readFileSync(file(), 'utf8')).toBe(first)
})

test('only who sits at the machine may undo', async () => {
  const { call, world } = await adminApp({ deps: { homeDir } })
  write('{}')
  await call('POST', `${route}/config`, wanted)
  world.peer = elsewhere
  expect((await call('POST', `${route}/undo`)).json.code).toBe('LOOPBACK_ONLY')
})
