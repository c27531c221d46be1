import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { Secret, TOTP } from 'otpauth'
import { adminApp } from '../admin/admin-app.ts'
import { runGateway } from '../support/command.ts'
import { bytesOnServer, onMysql } from '../support/database.ts'
import { adminPassword, answerOnce, eventually, type Gateway, startGateway } from '../support/gateway.ts'
import { startProxyServer } from '../support/proxy-server.ts'
import { formsOf, tracesIn } from '../support/traces.ts'

setDefaultTimeout(120_000)

/** Something that is no secret and is kept: where it is not found, nothing would be. */
const visible = 'seen-everywhere-4711'
const testPassword = 'the-test-password-TESTPW-5a1'
const secrets: Record<string, string> = {
  'admin password': adminPassword,
  'test password': testPassword,
  'wrong password': 'nearly-the-right-password-WRONG-77',
  'person’s password': 'password-of-a-person-PERSON-12',
  'refresh token that is refused': 'aorAAAAAGplantedRefreshTokenREFUSED0001',
  'access token that is pasted': 'aoaAAAAAGplantedAccessTokenPASTED0002',
  'client secret that is changed': 'planted-client-secret-CHANGED-0003',
  'API key of an account that is refused': 'ksk_plantedAccountApiKeyREFUSED0004',
  'proxy password': 'proxy-pass-PLANTED-0005',
  'global proxy password': 'global-pass-PLANTED-0006',
  'webhook path': 'hook-path-PLANTED-0007',
  'webhook secret': 'webhook-signing-PLANTED-0008',
  'owner’s API key': 'sk-plantedOwnerKey0009abcdefghijklmnop',
  'a key nobody has': 'sk-plantedUnknownKey0010abcdefghijkl',
  prompt: 'PROMPT-what-somebody-wrote-0011',
  'system prompt': 'SYSTEM-what-somebody-set-0012',
  'tool result': 'TOOL-what-a-tool-read-0013',
  'prompt of a refused call': 'REFUSED-what-somebody-wrote-0014',
  'prompt of a chat of the console': 'CONSOLE-what-somebody-wrote-0015',
  'prompt that is kept, sealed': 'CAPTURED-what-somebody-wrote-0016',
  'file name': 'FILE-private-name-0017.pdf',
}
const told: Record<string, string> = {}

let gateway: Gateway
const hook = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response(null, { status: 204 }) })
const live: string[] = []
const errors: string[] = []
const reading = new AbortController()

const bearer = { authorization: `Bearer ${adminPassword}`, 'x-test-password': testPassword }
const send = async (method: string, route: string, body?: unknown, headers: Record<string, string> = bearer) => {
  const answer = await fetch(gateway.url + route, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (!answer.ok) errors.push(text, ...[...answer.headers].map(([name, value]) => `${name}: ${value}`))
  return { status: answer.status, text, headers: answer.headers }
}
const done = async (method: string, route: string, body?: unknown, headers?: Record<string, string>) => {
  const answer = await send(method, route, body, headers)
  expect([method, route, answer.status, answer.status < 300 ? '' : answer.text]).toEqual([
    method,
    route,
    answer.status,
    '',
  ])
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into member by member
  return answer.text === '' ? {} : (JSON.parse(answer.text) as any)
}
const read = async (route: string): Promise<void> => {
  const answer = await fetch(gateway.url + route, { headers: bearer, signal: reading.signal })
  for await (const chunk of answer.body ?? []) live.push(new TextDecoder().decode(chunk))
}

beforeAll(async () => {
  const proxy = await startProxyServer()
  gateway = await startGateway({
    accounts: (['builder-id', 'social', 'identity-center', 'api-key'] as const).map((method) => ({
      method,
      plan: 'power',
    })),
    config: 'test: true\nlog:\n  level: debug\n',
    env: { TEST_PASSWORD: testPassword },
  })
  for (const route of [
    '/v2/server-logs/stream?level=debug',
    '/v2/server-logs/stream?format=json',
    '/v2/logs/stream',
    '/v2/events',
  ]) {
    void read(route).catch(() => undefined)
  }
  await scenario(proxy.port)
  await proxy.stop()
})
afterAll(async () => {
  reading.abort()
  await gateway.stop()
  hook.stop(true)
})

/** Everything that has to do with a secret, done once, well and badly. */
async function scenario(proxyPort: number): Promise<void> {
  const { prompt = '', 'system prompt': system = '', 'tool result': result = '' } = secrets
  told['a client key'] = gateway.key
  // Accounts: taken in, refused, changed, checked, renewed.
  await send('POST', '/v2/accounts', { method: 'social', refreshToken: secrets['refresh token that is refused'] })
  await send('POST', '/v2/accounts', { method: 'api-key', apiKey: secrets['API key of an account that is refused'] })
  await send('POST', '/v2/accounts', { method: 'social', refreshToken: [secrets['refresh token that is refused']] })
  await send('POST', '/v2/accounts/import', [
    { refreshToken: secrets['refresh token that is refused'], accessToken: secrets['access token that is pasted'] },
  ])
  await send('POST', '/v2/accounts/import-preview', {
    sources: [{ name: secrets['file name'], text: `{"refreshToken":"${secrets['refresh token that is refused']}"` }],
  })
  await send('POST', '/v2/accounts/import-by-token', `{"refreshToken":"${secrets['refresh token that is refused']}`)
  const { accounts } = await done('GET', '/v2/accounts')
  const [first] = accounts as { id: string }[]
  await done('PATCH', `/v2/accounts/${first?.id}`, { label: visible })
  await send('PATCH', `/v2/accounts/${first?.id}`, {
    clientSecret: secrets['client secret that is changed'],
    weight: 'x',
  })
  for (const { id } of accounts as { id: string }[]) await send('POST', `/v2/accounts/${id}/refresh`, {})
  await done('POST', '/v2/accounts/refresh-quotas', {})

  // Proxies, settings, webhook.
  const proxyUrl = `http://me:${secrets['proxy password']}@127.0.0.1:${proxyPort}`
  const { proxy } = await done('POST', '/v2/proxies', { url: proxyUrl, name: visible })
  await send('POST', `/v2/proxies/${proxy.id}/test`, {})
  await send('POST', '/v2/proxies', { url: proxyUrl })
  await send('POST', '/v2/proxies', { url: `gopher://me:${secrets['proxy password']}@127.0.0.1:1` })
  await done('PUT', '/v2/settings', { httpProxy: `http://me:${secrets['global proxy password']}@127.0.0.1:9` })
  await send('PUT', '/v2/settings', { httpProxy: `http://me:${secrets['global proxy password']}@:x` })
  await done('PUT', '/v2/settings', { httpProxy: '' })
  await done('PUT', '/v2/settings', {
    apiKey: secrets['owner’s API key'],
    alertWebhookUrl: `http://127.0.0.1:${hook.port}/${secrets['webhook path']}`,
    alertWebhookSecret: secrets['webhook secret'],
    alertsEnabled: true,
  })
  await send('PUT', '/v2/settings', { apiKeyy: secrets['owner’s API key'], adminPassword })
  await done('POST', '/v2/alerts/test', {})

  // People, sessions, tokens, second factor.
  const person = { user: 'Vera', password: secrets['person’s password'] }
  await done('POST', '/v2/operators', { name: 'Vera', role: 'admin', password: person.password })
  await send('POST', '/api/login', { password: secrets['wrong password'] }, {})
  await send('POST', '/api/login', { user: secrets['wrong password'], password: secrets['wrong password'] }, {})
  await send('POST', '/api/login', `{"password":"${secrets['wrong password']}`, {})
  await send('GET', '/v2/keys', undefined, { authorization: `Bearer ${secrets['wrong password']}` })
  await send('GET', `/v2/keys?token=${secrets['wrong password']}&password=${adminPassword}`, undefined, {})
  const login = await send('POST', '/api/login', person, {})
  told['a session'] = /admin_session=(\w+)/.exec(login.headers.get('set-cookie') ?? '')?.[1] ?? ''
  const own = {
    cookie: `admin_session=${told['a session']}`,
    'x-requested-with': 'test',
    'x-test-password': testPassword,
  }
  const token = await done('POST', '/v2/admin-tokens', { name: visible, scopes: ['read'] }, own)
  told['an admin token'] = token.token
  await send('GET', '/v2/accounts', undefined, { authorization: `Bearer ${token.token}` })
  await send('POST', '/v2/keys', { name: 'x' }, { authorization: `Bearer ${token.token}` })
  const factor = await done('POST', '/v2/second-factor', { password: person.password }, own)
  told['a second factor'] = factor.secret
  const code = new TOTP({ secret: Secret.fromBase32(factor.secret) }).generate()
  const { recoveryCodes } = await done('POST', '/v2/second-factor/confirm', { code }, own)
  for (const [index, one] of (recoveryCodes as string[]).entries()) told[`recovery code ${index}`] = one
  await send('POST', '/api/login', { ...person, code: '000000' }, {})
  await done('POST', '/api/login', { ...person, code: recoveryCodes[0] }, {})

  // Keys, users.
  const made = await done('POST', '/v2/keys', { name: visible })
  told['a second client key'] = made.key
  const user = await done('POST', '/v2/users', { name: visible })
  told['a user’s key'] = user.api_key
  await send('POST', '/v1/messages', { model: 'x' }, { 'x-api-key': secrets['a key nobody has'] ?? '' })
  await send('GET', `/v1/models?key=${secrets['a key nobody has']}`, undefined, {})

  // Calls: good ones, refused ones, broken ones, over each API, and one whose key is captured.
  const chat = {
    model: 'claude-sonnet-4-5',
    max_tokens: 60,
    system,
    messages: [{ role: 'user', content: `${prompt} [[marker:${prompt}]]` }],
  }
  const key = { 'x-api-key': gateway.key }
  const tool = { type: 'tool_result', tool_use_id: 't', content: result }
  const use = { type: 'tool_use', id: 't', name: 'read', input: { file: secrets['file name'] } }
  const history = [
    { role: 'user', content: prompt },
    { role: 'assistant', content: [use] },
    { role: 'user', content: [tool] },
  ]
  const tools = [{ name: 'read', input_schema: { type: 'object' } }]
  await done('POST', '/v1/messages', chat, key)
  await done('POST', '/v1/messages', { ...chat, tools, messages: history }, key)
  expect((await send('POST', '/v1/messages', { ...chat, stream: true }, key)).status).toBe(200)
  await done(
    'POST',
    '/v1/chat/completions',
    { model: chat.model, messages: [{ role: 'system', content: system }, ...chat.messages] },
    key,
  )
  await done('POST', '/v1/responses', { model: chat.model, instructions: system, input: prompt }, key)
  await done('POST', '/v1/messages/count_tokens', chat, key)
  const refused = secrets['prompt of a refused call']
  await send(
    'POST',
    '/v1/messages',
    { ...chat, messages: [{ role: 'user', content: [{ type: refused, text: refused }] }] },
    key,
  )
  await send('POST', '/v1/messages', { ...chat, messages: refused }, key)
  await send(
    'POST',
    '/v1/messages',
    `{"model":"claude-sonnet-4-5","messages":[{"role":"user","content":"${refused}`,
    key,
  )
  await send(
    'POST',
    '/v1/messages',
    { ...chat, model: 'no-such-model', messages: [{ role: 'user', content: refused }] },
    key,
  )
  for (const fault of ['500', 'reset', 'throttled']) {
    await send(
      'POST',
      '/v1/messages',
      { ...chat, messages: [{ role: 'user', content: `[[sim:fault=${fault}]] ${refused}` }] },
      key,
    )
  }
  const console = { role: 'user', content: secrets['prompt of a chat of the console'] }
  await send('POST', '/v2/test/messages', { model: chat.model, max_tokens: 60, messages: [console] })
  await done('PUT', `/v2/captures/${made.id}`, { hours: 1 })
  const kept = { role: 'user', content: secrets['prompt that is kept, sealed'] }
  const captured = await send('POST', '/v1/messages', { ...chat, messages: [kept] }, { 'x-api-key': made.key })
  // Kept a moment after the answer.
  const id = captured.headers.get('request-id')
  await answerOnce(
    () => fetch(`${gateway.url}/v2/logs/${id}/content`, { headers: { authorization: `Bearer ${adminPassword}` } }),
    ({ ok }) => ok,
  )
  const content = await done('GET', `/v2/logs/${id}/content`)
  expect(content.prompt).toContain(kept.content)

  for (const { id, secrets: now } of gateway.accounts.map((account) => ({
    id: account.id,
    secrets: account.secrets(),
  }))) {
    for (const name of ['accessToken', 'refreshToken', 'clientSecret', 'apiKey'] as const) {
      if (now[name] !== undefined) told[`${name} of ${id}`] = now[name]
    }
  }
  told['control token'] = JSON.parse(readFileSync(path.join(gateway.dataDir, 'control.json'), 'utf8')).token
  told['master key'] = readFileSync(path.join(gateway.dataDir, 'master.key'), 'utf8').trim()
}

const everything = (): Record<string, string> => ({ ...secrets, ...told })

test('what is planted is long enough to be known again, in every form', () => {
  const all = everything()
  expect(Object.keys(all).length).toBeGreaterThan(40)
  for (const [name, secret] of Object.entries(all)) expect([name, secret.length >= 10]).toEqual([name, true])
  for (const secret of Object.values(secrets)) {
    const around = `{"a":"${secret}"}`
    for (const text of [around, btoa(unescape(encodeURIComponent(around))), Buffer.from(around).toString('hex')]) {
      expect([secret, tracesIn(text, { it: secret })]).toEqual([secret, ['it']])
    }
    expect(formsOf(secret).length).toBeGreaterThan(4)
  }
})

describe('no secret stands in the clear', () => {
  /** Of the files those two are secrets themselves: for the server's user alone. */
  const ownSecrets = ['master.key', 'control.json']
  /** Looks through all that is kept, and gives it. */
  const scanKept = async (): Promise<{ readonly files: readonly string[]; readonly whole: Buffer }> => {
    const files = readdirSync(gateway.dataDir, { recursive: true, encoding: 'utf8' }).filter((file) =>
      statSync(path.join(gateway.dataDir, file)).isFile(),
    )
    for (const file of files) {
      if (ownSecrets.includes(file)) {
        expect([file, statSync(path.join(gateway.dataDir, file)).mode & 0o077]).toEqual([file, 0])
        continue
      }
      // The test itself wrote the configuration; nothing of it is a secret.
      expect([file, tracesIn(readFileSync(path.join(gateway.dataDir, file)), everything())]).toEqual([file, []])
    }
    const tables = await bytesOnServer(gateway.dataDir)
    expect(['tables on a server', tracesIn(tables, everything())]).toEqual(['tables on a server', []])
    const bytes = files.map((file) => readFileSync(path.join(gateway.dataDir, file)))
    return { files, whole: Buffer.concat([...bytes, tables]) }
  }

  test('in the database and its journal while the server runs, or in any other file of its folder', async () => {
    const { files, whole } = await scanKept()
    const database = onMysql ? [] : ['data.sqlite3', 'data.sqlite3-wal']
    expect(files).toEqual(expect.arrayContaining([...database, 'master.key']))
    expect(whole.includes(visible)).toBe(true)
  })

  test('in what the process wrote, at the most talkative level', () => {
    const log = gateway.logs()
    expect(log).toContain('"level":"debug"')
    expect(log).toContain('login.failed')
    expect(log).toContain('relay.finished')
    expect(tracesIn(log, everything())).toEqual([])
  })

  test('in the live streams of log, requests and events', async () => {
    expect(await eventually(() => live.join('').includes('relay.finished'), 60_000)).toBeNumber()
    expect(live.join('')).toContain('event:status')
    expect(tracesIn(live.join(''), everything())).toEqual([])
  })

  test('in an error, whatever was wrong', () => {
    expect(errors.length).toBeGreaterThan(60)
    // A client is told which part of its own call was not understood; nobody else is.
    const { 'prompt of a refused call': _, ...others } = everything()
    for (const error of errors) expect([error, tracesIn(error, others)]).toEqual([error, []])
  })

  test('in any answer of the admin API that shows things, exports and the audit log among them, to whomever', async () => {
    const { routes } = await adminApp()
    const list = async (route: string): Promise<string[]> => {
      const answer: unknown = await done('GET', route)
      const lists = [answer, ...Object.values(answer as object)].filter(Array.isArray)
      return (lists[0] ?? []).map(({ id }: { id: string }) => id)
    }
    const ids: Readonly<Record<string, readonly string[]>> = {
      '/v2/accounts/': await list('/v2/accounts'),
      '/v2/keys/': await list('/v2/keys'),
      '/v2/proxies/': await list('/v2/proxies'),
      '/v2/users/': await list('/v2/users'),
      '/v2/operators/': await list('/v2/operators'),
      '/v2/jobs/': await list('/v2/jobs'),
      '/v2/logs/': await list('/v2/logs'),
      '/v2/model-mappings/': [],
      '/v2/ips/': ['127.0.0.1'],
      '/v2/auth/': [],
    }
    const shown: string[] = []
    let asked = 0
    for (const { method, path: route } of routes) {
      if (method !== 'GET' || /\/(stream|events)$|\/content$|^\/api\/control/.test(route)) continue
      const area = Object.keys(ids).find((start) => route.startsWith(start))
      const at = route.includes(':') ? (ids[area ?? ''] ?? ['none']).map((id) => route.replace(/:\w+/g, id)) : [route]
      for (const one of at) {
        const { status, text, headers } = await send('GET', one)
        expect([one, status < 500]).toEqual([one, true])
        const answer = `${text}\n${[...headers].join('\n')}`
        expect([one, tracesIn(answer, everything())]).toEqual([one, []])
        shown.push(answer)
        asked++
      }
    }
    for (const more of [
      '/v2/logs/export?format=csv',
      '/v2/logs/export?format=jsonl',
      '/v2/logs?limit=500',
      '/v2/audit?limit=500',
      '/v2/logs?error=planted',
    ]) {
      const { text } = await send('GET', more)
      expect([more, tracesIn(text, everything())]).toEqual([more, []])
    }
    expect(asked).toBeGreaterThan(60)
    expect(shown.join('')).toContain(visible)
  })

  test('in the metrics, or in what the command line prints to be sent to somebody', async () => {
    const metrics = await send('GET', '/metrics', undefined, {})
    expect(metrics.text).toContain('gen_ai')
    expect(tracesIn(metrics.text, everything())).toEqual([])
    for (const args of [
      ['doctor'],
      ['account', 'list'],
      ['key', 'list'],
      ['audit', 'verify'],
      ['help'],
      ['--version'],
    ]) {
      const { out, err } = await runGateway(
        [...args, ...(args[0]?.startsWith('-') ? [] : ['--data-dir', gateway.dataDir])],
        {
          ADMIN_PASSWORD: adminPassword,
          TEST_PASSWORD: testPassword,
          UPSTREAM_Q_URL: gateway.simulator.url,
          UPSTREAM_OIDC_URL: gateway.simulator.url,
          UPSTREAM_KIRO_AUTH_URL: gateway.simulator.url,
        },
      )
      expect([args.join(' '), (out + err).length > 0]).toEqual([args.join(' '), true])
      expect([args.join(' '), tracesIn(out + err, everything())]).toEqual([args.join(' '), []])
    }
  })

  test('in the files that a kill and a stop leave behind', async () => {
    await gateway.restart('SIGKILL')
    await scanKept()
    await gateway.restart('SIGTERM')
    expect((await scanKept()).whole.includes(visible)).toBe(true)
  })
})
