import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { adminApp, elsewhere, password } from './admin-app.ts'

let homeDir = ''
beforeEach(() => {
  homeDir = mkdtempSync(path.join(tmpdir(), 'home-'))
})
afterEach(() => rmSync(homeDir, { recursive: true }))

const app = () => adminApp({ deps: { homeDir } })
const folder = () => path.join(homeDir, '.claude')
const file = () => path.join(folder(), 'settings.json')
const write = (text: string | Uint8Array) => {
  mkdirSync(folder(), { recursive: true })
  writeFileSync(file(), text)
}
const now = () => readFileSync(file(), 'utf8')
const route = '/v2/devtools/claude-code'
const wanted = { baseUrl: 'http://127.0.0.1:62311', apiKey: 'sk-0123456789abcdefghij' }
const env = { ANTHROPIC_BASE_URL: wanted.baseUrl, ANTHROPIC_AUTH_TOKEN: wanted.apiKey }

describe('what cannot be understood is never overwritten (D-41)', () => {
  test.each([
    '{"env": {',
    '[]',
    '"text"',
    '{"env": 5}',
    '{} trailing',
    '{"a": 1,}',
    '// mine\n{}',
    '{"env": {} /* mine */}',
    // The later one counts for who reads it, the first for who edits it.
    '{"env": {"A": "1"}, "env": {"B": "2"}}',
    '{"env": {"ANTHROPIC_BASE_URL": "a", "ANTHROPIC_BASE_URL": "b"}}',
  ])('%s', async (text) => {
    const { call } = await app()
    write(text)
    const answer = await call('POST', `${route}/config`, wanted)
    expect([answer.status, answer.json.code]).toEqual([400, 'UNREADABLE_FILE'])
    expect(answer.json.error).toContain(file())
    expect(now()).toBe(text)
    expect(readdirSync(folder())).toEqual(['settings.json'])
    expect((await call('GET', `${route}/config`)).json).toMatchObject({ configured: false, can_undo: false })
  })

  test('bytes that are no text, a folder, a pipe', async () => {
    const { call } = await app()
    write(Uint8Array.from([0x7b, 0xff, 0x7d]))
    expect((await call('POST', `${route}/config`, wanted)).json.error).toContain('is not UTF-8 text')
    rmSync(file())
    mkdirSync(file())
    expect((await call('POST', `${route}/config`, wanted)).json.error).toContain('is no regular file')
    rmSync(file(), { recursive: true })
    if (Bun.spawnSync(['mkfifo', file()]).exitCode === 0)
      expect((await call('POST', `${route}/config`, wanted)).json.error).toContain('is no regular file')
  })

  test('a file that its owner made read-only', async () => {
    const { call } = await app()
    write('{}')
    chmodSync(file(), 0o444)
    const answer = await call('POST', `${route}/config`, wanted)
    expect([answer.json.code, now()]).toEqual(['UNREADABLE_FILE', '{}'])
    expect(readdirSync(folder())).toEqual(['settings.json'])
  })
})

describe('everything else stays as it is to the byte', () => {
  test('order, indentation, unknown members, numbers that no parser keeps, escapes, line ends', async () => {
    const { call } = await app()
    const text =
      '{\r\n\t"big": 12345678901234567890.10,\r\n\t"word": "\\u00e9\\/",\r\n\t"env": {\r\n\t\t"OTHER": "1"\r\n\t},\r\n\t"__proto__": {"a": 1},\r\n\t"hooks": [ {"a":1} ]\r\n}\r\n'
    write(text)
    await call('POST', `${route}/config`, wanted)
    expect(now()).toBe(
      text.replace(
        '"OTHER": "1"',
        `"OTHER": "1",\r\n\t\t"ANTHROPIC_BASE_URL": "${wanted.baseUrl}",\r\n\t\t"ANTHROPIC_AUTH_TOKEN": "${wanted.apiKey}"`,
      ),
    )
  })

  test('four spaces and a byte order mark; no line end at the end', async () => {
    const { call } = await app()
    write('\uFEFF{\n    "theme": "dark"\n}')
    await call('POST', `${route}/config`, wanted)
    expect(now()).toBe(
      `\uFEFF{\n    "theme": "dark",\n    "env": {\n        "ANTHROPIC_BASE_URL": "${wanted.baseUrl}",\n        "ANTHROPIC_AUTH_TOKEN": "${wanted.apiKey}"\n    }\n}`,
    )
  })

  test('a key of Anthropic goes, since with two it is not known which is sent; a model is set where one is named', async () => {
    const { call } = await app()
    write('{"env":{"ANTHROPIC_API_KEY":"sk-ant-theirs-0123456789","OTHER":"1"},"theme":"dark"}')
    const named = { ...wanted, model: 'claude-sonnet-4-5' }
    const preview = await call('POST', `${route}/config`, { ...named, preview: true })
    expect(preview.json.changes.slice(2)).toEqual([
      { name: 'env.ANTHROPIC_MODEL', before: null, after: 'claude-sonnet-4-5' },
      { name: 'env.ANTHROPIC_API_KEY', before: '••••6789', after: null },
    ])
    await call('POST', `${route}/config`, named)
    expect(now()).not.toContain('sk-ant-theirs')
    expect(JSON.parse(now())).toEqual({
      env: { OTHER: '1', ...env, ANTHROPIC_MODEL: 'claude-sonnet-4-5' },
      theme: 'dark',
    })
    expect((await call('GET', `${route}/config`)).json).toMatchObject({ configured: true, model: 'claude-sonnet-4-5' })
    // None is named: it stays as somebody set it.
    expect((await call('POST', `${route}/config`, wanted)).json.changes).toEqual([])
    await call('POST', `${route}/undo`)
    expect(JSON.parse(now()).env.ANTHROPIC_API_KEY).toBe('sk-ant-theirs-0123456789')
  })

  test('what is set already is not written again', async () => {
    const { call } = await app()
    write(`{"env":${JSON.stringify(env)}}`)
    const answer = await call('POST', `${route}/config`, wanted)
    expect(answer.json).toMatchObject({ success: true, changes: [], backup: null })
    expect(readdirSync(folder())).toEqual(['settings.json'])
  })
})

describe('links and rights', () => {
  test('a link stays one, and its file is set', async () => {
    const { call } = await app()
    const real = path.join(homeDir, 'dotfiles', 'claude.json')
    mkdirSync(path.dirname(real))
    writeFileSync(real, '{"theme":"dark"}')
    mkdirSync(folder())
    symlinkSync(real, file())
    const answer = await call('POST', `${route}/config`, wanted)
    expect(answer.json.success).toBe(true)
    expect(lstatSync(file()).isSymbolicLink()).toBe(true)
    expect(JSON.parse(readFileSync(real, 'utf8'))).toEqual({ theme: 'dark', env })
    // Its copy lies beside the file, not beside the link.
    expect(path.dirname(answer.json.backup)).toBe(path.dirname(real))
    expect((await call('POST', `${route}/undo`)).json.success).toBe(true)
    expect(readFileSync(real, 'utf8')).toBe('{"theme":"dark"}')
    expect(lstatSync(file()).isSymbolicLink()).toBe(true)
  })

  test('a folder that is a link leads to where it leads', async () => {
    const { call } = await app()
    const real = path.join(homeDir, 'dotfiles')
    mkdirSync(real)
    symlinkSync(real, folder())
    expect((await call('POST', `${route}/config`, wanted)).json.success).toBe(true)
    expect(JSON.parse(readFileSync(path.join(real, 'settings.json'), 'utf8'))).toEqual({ env })
    expect(lstatSync(folder()).isSymbolicLink()).toBe(true)
  })

  test('a link to nothing and a link to itself are refused, and stay', async () => {
    const { call } = await app()
    mkdirSync(folder())
    symlinkSync(path.join(homeDir, 'gone.json'), file())
    expect((await call('POST', `${route}/config`, wanted)).json.error).toContain('a link to a file that is not there')
    rmSync(file())
    symlinkSync(file(), file())
    expect((await call('POST', `${route}/config`, wanted)).json.code).toBe('UNREADABLE_FILE')
    expect([lstatSync(file()).isSymbolicLink(), existsSync(path.join(homeDir, 'gone.json'))]).toEqual([true, false])
  })

  test('a file with a key in it is its owner’s alone; its copy keeps the rights it had, and brings them back', async () => {
    const { call } = await app()
    await call('POST', `${route}/config`, wanted)
    expect(statSync(file()).mode & 0o777).toBe(0o600)
    rmSync(folder(), { recursive: true })
    write('{}')
    chmodSync(file(), 0o640)
    const { json } = await call('POST', `${route}/config`, wanted)
    expect([statSync(file()).mode & 0o777, statSync(json.backup).mode & 0o777]).toEqual([0o600, 0o640])
    await call('POST', `${route}/undo`)
    expect([now(), statSync(file()).mode & 0o777]).toEqual(['{}', 0o640])
  })

  test('where nothing can be written it is said, and nothing is left behind', async () => {
    const { call } = await app()
    writeFileSync(folder(), 'a file in the place of the folder')
    const answer = await call('POST', `${route}/config`, wanted)
    expect([400, 500]).toContain(answer.status)
    expect(['UNREADABLE_FILE', 'NOT_WRITTEN']).toContain(answer.json.code)
    expect(readFileSync(folder(), 'utf8')).toBe('a file in the place of the folder')
  })
})

describe('somebody else writes too', () => {
  test('what changed since the preview is left as it is', async () => {
    const { call } = await app()
    write('{"a":1}')
    const preview = await call('POST', `${route}/config`, { ...wanted, preview: true })
    expect(preview.json.changes).toEqual([
      { name: 'env.ANTHROPIC_BASE_URL', before: null, after: wanted.baseUrl },
      { name: 'env.ANTHROPIC_AUTH_TOKEN', before: null, after: '••••ghij' },
    ])
    expect([now(), readdirSync(folder())]).toEqual(['{"a":1}', ['settings.json']])
    write('{"a":2}')
    const { revision } = preview.json
    const late = await call('POST', `${route}/config`, { ...wanted, revision })
    expect([late.status, late.json.code, now()]).toEqual([400, 'CHANGED_MEANWHILE', '{"a":2}'])
    const again = await call('POST', `${route}/config`, { ...wanted, preview: true })
    const done = await call('POST', `${route}/config`, { ...wanted, revision: again.json.revision })
    expect(done.json.success).toBe(true)
    expect(JSON.parse(now())).toEqual({ a: 2, env })
  })

  test('writes at once come one after another, and no member is lost', async () => {
    const { call } = await app()
    write('{"a":1}')
    const apiKeys = Array.from({ length: 8 }, (_, index) => `sk-number-${index}-0123456789`)
    const answers = await Promise.all(apiKeys.map((apiKey) => call('POST', `${route}/config`, { ...wanted, apiKey })))
    expect(answers.map(({ status }) => status)).toEqual(apiKeys.map(() => 200))
    const { ANTHROPIC_AUTH_TOKEN, ...others } = JSON.parse(now()).env
    expect(JSON.parse(now())).toEqual({ a: 1, env: { ...env, ANTHROPIC_AUTH_TOKEN } })
    expect(others).not.toBeEmptyObject()
    // Whichever the database answered last.
    expect(apiKeys).toContain(ANTHROPIC_AUTH_TOKEN)
    expect(readdirSync(folder()).filter((name) => name.includes('.writing-'))).toEqual([])
  })

  test('undo goes back copy by copy', async () => {
    const { call, clock } = await app()
    const first = '{"theme": "dark"}'
    write(first)
    await call('POST', `${route}/config`, wanted)
    const second = now()
    clock.now += 1_000
    await call('POST', `${route}/config`, { ...wanted, apiKey: 'sk-another-key-0123456789' })
    expect(JSON.parse(now()).env.ANTHROPIC_AUTH_TOKEN).toBe('sk-another-key-0123456789')
    expect((await call('GET', `${route}/config`)).json.can_undo).toBe(true)

    const undone = await call('POST', `${route}/undo`)
    expect(undone.json).toMatchObject({ success: true, path: file() })
    expect(now()).toBe(second)
    await call('POST', `${route}/undo`)
    expect(now()).toBe(first)
    const none = await call('POST', `${route}/undo`)
    expect([none.status, none.json.code, now()]).toEqual([404, 'NO_BACKUP', first])
    expect(readdirSync(folder())).toEqual(['settings.json'])
  })

  test('what was changed by hand since is not undone; touched without a change it is', async () => {
    const { call } = await app()
    write('{"theme": "dark"}')
    const { json } = await call('POST', `${route}/config`, wanted)
    const set = now()
    const mine = set.replace('dark', 'light')
    write(mine)
    expect((await call('GET', `${route}/config`)).json.can_undo).toBe(false)
    const refused = await call('POST', `${route}/undo`)
    expect([refused.status, refused.json.code, now()]).toEqual([400, 'CHANGED_MEANWHILE', mine])
    expect(refused.json.error).toContain(json.backup)
    expect(readFileSync(json.backup, 'utf8')).toBe('{"theme": "dark"}')
    write(set)
    utimesSync(file(), 1, 1)
    expect((await call('POST', `${route}/undo`)).json.restored).toBe(json.backup)
    expect(now()).toBe('{"theme": "dark"}')
  })

  test('where there was no file there is none again', async () => {
    const { call } = await app()
    const { json } = await call('POST', `${route}/config`, wanted)
    expect(json.backup).toBe(null)
    expect((await call('POST', `${route}/undo`)).json).toMatchObject({ success: true, restored: null })
    expect(readdirSync(folder())).toEqual([])
  })

  test('copies are bounded, and others’ files of such names are left alone', async () => {
    const { call, clock } = await app()
    write('{}')
    const others = ['settings.json.backup-2020', 'settings.json.bak', 'settings.local.json']
    for (const name of others) writeFileSync(path.join(folder(), name), 'mine')
    for (let index = 0; index < 14; index++) {
      clock.now += 1_000
      await call('POST', `${route}/config`, { ...wanted, apiKey: `sk-number-${index}-0123456789` })
    }
    const names = readdirSync(folder())
    expect(names.filter((name) => /\.backup-\d{4}-/.test(name))).toHaveLength(10)
    expect(names).toEqual(expect.arrayContaining(others))
  })
})

describe('Droid', () => {
  const config = () => path.join(homeDir, '.factory', 'settings.json')
  const droid = '/v2/devtools/droid'
  const own = {
    displayName: 'claude-server',
    model: 'claude-sonnet-4.5',
    baseUrl: wanted.baseUrl,
    apiKey: wanted.apiKey,
    provider: 'anthropic',
    maxOutputTokens: 32_000,
  }

  test('gets a model of its own beside those that are there', async () => {
    const { call } = await app()
    mkdirSync(path.dirname(config()))
    const theirs = { model: 'x', baseUrl: 'https://x.example', apiKey: 'secret', provider: 'openai' }
    writeFileSync(config(), JSON.stringify({ theme: 'x', customModels: [theirs] }, null, 2))
    const { json } = await call('POST', `${droid}/config`, wanted)
    expect(json.changes).toContainEqual({ name: 'customModels[1].apiKey', before: null, after: '••••ghij' })
    expect(JSON.parse(readFileSync(config(), 'utf8'))).toEqual({ theme: 'x', customModels: [theirs, own] })
    expect((await call('GET', `${droid}/config`)).json).toMatchObject({
      configured: true,
      baseUrl: wanted.baseUrl,
      apiKey: '••••ghij',
      model: 'claude-sonnet-4.5',
    })
  })

  test('changes its own one, and keeps the model somebody chose', async () => {
    const { call } = await app()
    mkdirSync(path.dirname(config()))
    writeFileSync(
      config(),
      JSON.stringify({ customModels: [{ ...own, model: 'mine', apiKey: 'sk-old-0123456789abc' }] }),
    )
    const { json } = await call('POST', `${droid}/config`, wanted)
    expect(json.changes).toEqual([{ name: 'customModels[0].apiKey', before: '••••9abc', after: '••••ghij' }])
    expect(JSON.parse(readFileSync(config(), 'utf8'))).toEqual({ customModels: [{ ...own, model: 'mine' }] })
    await call('POST', `${droid}/config`, { ...wanted, apiKey: '••••ghij', model: 'claude-opus-4.5' })
    expect(JSON.parse(readFileSync(config(), 'utf8')).customModels).toEqual([{ ...own, model: 'claude-opus-4.5' }])
  })

  test.each(['{"customModels": {}}', '{"customModels": [5]}'])('is left alone with %s', async (text) => {
    const { call } = await app()
    mkdirSync(path.dirname(config()))
    writeFileSync(config(), text)
    expect((await call('POST', `${droid}/config`, wanted)).json.code).toBe('UNREADABLE_FILE')
    expect(readFileSync(config(), 'utf8')).toBe(text)
  })
})

describe('who may', () => {
  test('only who sits at the machine', async () => {
    const { call, world } = await app()
    write('{}')
    await call('POST', `${route}/config`, wanted)
    world.peer = elsewhere
    expect((await call('POST', `${route}/undo`)).json.code).toBe('LOOPBACK_ONLY')
    expect((await call('GET', `${route}/config`)).json.code).toBe('LOOPBACK_ONLY')
  })

  test('a name that leads to this machine is not this machine', async () => {
    const { ask } = await app()
    write('{}')
    const headers = { authorization: `Bearer ${password}`, host: 'rebound.example' }
    const answer = await ask('POST', `${route}/config`, { body: wanted, headers })
    expect([answer.json.code, now()]).toEqual(['LOOPBACK_ONLY', '{}'])
  })

  test('a session shows the password with the write; looking needs none', async () => {
    const { ask, signIn, signInAs } = await app()
    write('{}')
    const cookie = { cookie: await signIn(), 'x-requested-with': 'test' }
    const send = (method: string, to: string, body?: object, headers = {}) =>
      ask(method, `${route}/${to}`, { body, headers: { ...cookie, ...headers } })
    expect((await send('GET', 'config')).status).toBe(200)
    expect((await send('POST', 'config', { ...wanted, preview: true })).status).toBe(200)
    const without = await send('POST', 'config', wanted)
    expect([without.status, without.json.code, now()]).toEqual([403, 'PASSWORD_REQUIRED', '{}'])
    const wrong = await send('POST', 'config', wanted, { 'x-confirm-password': 'not this' })
    expect([wrong.status, wrong.json.code, now()]).toEqual([403, 'INVALID_PASSWORD', '{}'])
    const right = await send('POST', 'config', wanted, { 'x-confirm-password': password })
    expect([right.status, JSON.parse(now())]).toEqual([200, { env }])
    expect((await send('POST', 'undo')).json.code).toBe('PASSWORD_REQUIRED')
    // A person's own password, and their role.
    const admin = await signInAs('ada', 'admin')
    const body = { ...wanted, apiKey: 'sk-of-ada-0123456789' }
    const hers = { ...admin, 'x-confirm-password': 'the password of ada' }
    expect((await ask('POST', `${route}/config`, { body, headers: hers })).status).toBe(200)
    const viewer = { ...(await signInAs('vera', 'viewer')), 'x-confirm-password': 'the password of vera' }
    expect((await ask('POST', `${route}/undo`, { headers: viewer })).status).toBe(403)
    expect((await ask('GET', `${route}/config`, { headers: viewer })).status).toBe(403)
  })

  test('a misspelt preview does not write', async () => {
    const { call } = await app()
    write('{}')
    const answer = await call('POST', `${route}/config`, { ...wanted, preveiw: true })
    expect([answer.status, answer.json.field, now()]).toEqual([400, 'preveiw', '{}'])
  })

  test.each([
    ['an address of another kind', { baseUrl: 'ftp://x' }, 'baseUrl'],
    ['a long address', { baseUrl: `http://x/${'y'.repeat(3_000)}` }, 'baseUrl'],
    ['a blank key', { apiKey: ' ' }, 'apiKey'],
    ['a key with a control character', { apiKey: 'sk-\u0000' }, 'apiKey'],
    ['a masked key of nobody', { apiKey: '••••ghij' }, 'apiKey'],
    ['a model of two lines', { model: 'm\nx' }, 'model'],
  ])('%s is refused by name', async (_, part, field) => {
    const { call } = await app()
    const answer = await call('POST', `${route}/config`, { ...wanted, ...part })
    expect([answer.status, answer.json.field, existsSync(folder())]).toEqual([400, field, false])
  })
})
