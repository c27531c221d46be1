import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { samplePdf } from '../documents/sample-pdf.ts'
import { adminPassword, eventually, type Gateway, startGateway } from '../support/gateway.ts'
import { leftOut } from '../support/left-out.ts'
import { canWatch, readWatched } from '../support/outbound-watch.ts'

setDefaultTimeout(180_000)

const folders: string[] = []
const newFolder = (): string => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sockets-'))
  folders.push(folder)
  return folder
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

const add = (gateway: Gateway, body: object): Promise<Response> =>
  fetch(`${gateway.url}/v2/accounts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminPassword}` },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  })

// The whole end-to-end run is watched by test/run.ts in the same way; here it is shown that the watch sees.
if (canWatch()) seeing()
else leftOut('strace')

function seeing(): void {
  test('an address nobody configured is seen, though the connection never stands; so is the asking for a name', async () => {
    const watch = newFolder()
    const env = { UPSTREAM_OIDC_URL: 'http://192.0.2.9:1', UPSTREAM_Q_URL: 'http://nowhere.invalid' }
    const gateway = await startGateway({ accounts: [], env, watch })
    const secrets = { clientId: 'a', clientSecret: 'b', refreshToken: 'aorAAAAAGxxxxxxxxxxxxxxxx' }
    await add(gateway, { method: 'builder-id', ...secrets }).catch(() => undefined)
    await add(gateway, { method: 'api-key', apiKey: 'ksk_xxxxxxxxxxxxxxxxxxxxxxxx' }).catch(() => undefined)
    const seen = await eventually(() => readWatched(watch).strangers.length >= 2, 60_000)
    await gateway.stop()
    const { traces, strangers } = readWatched(watch)
    expect([seen !== undefined, traces]).toEqual([true, 1])
    expect(strangers).toContain('192.0.2.9:1')
    expect(strangers.filter((stranger) => stranger.endsWith(':53')).length).toBeGreaterThan(0)
  })

  test('from the start to the stop, through all it does by itself and for others, only configured addresses are spoken to', async () => {
    const watch = newFolder()
    const kinds = ['builder-id', 'social', 'identity-center', 'api-key'] as const
    const accounts = kinds.map((method) => ({ method, plan: 'power' as const }))
    const gateway = await startGateway({ accounts, watch })
    const ask = (route: string, body: object): Promise<Response> =>
      fetch(gateway.url + route, {
        method: 'POST',
        headers: { 'x-api-key': gateway.key, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'claude-sonnet-4-5', max_tokens: 50, ...body }),
      })
    const data = Buffer.from(samplePdf(['Hello from a page'])).toString('base64')
    const document = { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data } }
    for (const [route, body] of [
      ['/v1/messages', { messages: [{ role: 'user', content: [document, { type: 'text', text: 'Hello' }] }] }],
      ['/v1/messages', { stream: true, messages: [{ role: 'user', content: 'Hello' }] }],
      ['/v1/chat/completions', { messages: [{ role: 'user', content: 'See https://example.com/picture.png' }] }],
      ['/v1/responses', { input: 'Hello' }],
    ] as const) {
      const answer = await ask(route, body)
      expect([route, answer.status, (await answer.text()).length > 0]).toEqual([route, 200, true])
    }
    // An address in a request is nobody's to fetch.
    const source = { type: 'url', url: 'http://192.0.2.77/picture.png' }
    const picture = await ask('/v1/messages', { messages: [{ role: 'user', content: [{ type: 'image', source }] }] })
    expect(picture.status).toBe(400)
    for (const route of ['/v2/accounts/refresh-quotas', '/v2/accounts/sync-emails'])
      await gateway.admin('POST', route, {})
    for (const route of ['/v2/models', '/v2/health/latency', '/v2/status']) {
      await fetch(gateway.url + route, { headers: { authorization: `Bearer ${adminPassword}` } })
    }
    await gateway.admin('POST', '/v2/proxies', { url: gateway.simulator.url, name: 'here' })
    await gateway.restart('SIGTERM')
    await gateway.restart('SIGKILL')
    await gateway.stop()
    const { traces, local, strangers } = readWatched(watch)
    expect({ traces, strangers }).toEqual({ traces: 3, strangers: [] })
    // One to each of the accounts at the least: a watch that saw nothing says nothing.
    expect(local).toBeGreaterThan(accounts.length)
  })
}
