import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type App, startApp } from '../../server/app/app.ts'
import { realEffects } from '../../server/lib/effects.ts'
import { type Simulator, startSimulator } from '../../server/simulator/simulator.ts'
import { quietLog, resolvedFor, version } from '../cli/cli.ts'
import { poisonedText } from '../support/poison.ts'

// In this process, so that what happened to its objects can be seen.
const password = 'correct horse battery'
let simulator: Simulator
let app: App
let key = ''
const folder = mkdtempSync(path.join(tmpdir(), 'gateway-poison-'))
const send = (route: string, body: string, headers: Record<string, string>): Promise<Response> =>
  fetch(`http://127.0.0.1:${app.port}${route}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })

beforeAll(async () => {
  simulator = await startSimulator()
  const env = {
    DATA_DIR: folder,
    HOST: '127.0.0.1',
    PORT: '0',
    ADMIN_PASSWORD: password,
    UPSTREAM_Q_URL: simulator.url,
    UPSTREAM_OIDC_URL: simulator.url,
    UPSTREAM_KIRO_AUTH_URL: simulator.url,
    SHUTDOWN_GRACE_SECONDS: '0',
  }
  const started = await startApp({
    config: resolvedFor([], env).config,
    effects: realEffects,
    log: quietLog(),
    version,
  })
  if (!started.ok) throw new Error(started.error.message)
  app = started.value
  const bearer = { authorization: `Bearer ${password}` }
  const { method, clientId, clientSecret, refreshToken } = simulator.accounts.add({ plan: 'power' }).secrets()
  await send('/v2/accounts', JSON.stringify({ method, clientId, clientSecret, refreshToken }), bearer)
  key = ((await (await send('/v2/keys', '{"name":"k"}', bearer)).json()) as { key: string }).key
})
afterAll(async () => {
  await app.stop()
  await simulator.stop()
  rmSync(folder, { recursive: true })
})

const model = 'claude-sonnet-4-5'
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const text = 'Hello.'
const calls: Readonly<Record<string, object>> = {
  '/v1/messages': {
    model,
    max_tokens: 100,
    metadata: { user_id: 'u' },
    tools: [{ name: 'weather', description: 'w', input_schema: schema }],
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
      { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'weather', input: { city: 'Ulm' } }] },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 't1', content: 'wet' },
          { type: 'text', text },
        ],
      },
    ],
  },
  '/v1/messages/count_tokens': { model, messages: [{ role: 'user', content: [{ type: 'text', text }] }] },
  '/v1/chat/completions': {
    model,
    tools: [{ type: 'function', function: { name: 'weather', parameters: schema } }],
    response_format: { type: 'text' },
    messages: [{ role: 'user', content: [{ type: 'text', text }] }],
  },
  '/v1/responses': {
    model,
    metadata: { a: 'b' },
    tools: [{ type: 'function', name: 'weather', parameters: schema }],
    input: [{ role: 'user', content: [{ type: 'input_text', text }] }],
  },
}

test.each(Object.keys(calls))(
  'a body of %s that would change every object changes none, and is served or refused',
  async (route) => {
    for (const stream of [false, true]) {
      const answer = await send(route, poisonedText({ ...calls[route], stream }), { 'x-api-key': key })
      await answer.text()
      expect([route, answer.status < 500]).toEqual([route, true])
      expect([route, Object.keys(Object.prototype), Reflect.get({}, 'polluted'), Reflect.get([], 'polluted')]).toEqual([
        route,
        [],
        undefined,
        undefined,
      ])
    }
    const plain = await send(route, JSON.stringify(calls[route]), { 'x-api-key': key })
    expect(plain.status).toBe(200)
  },
)
