import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readdir } from 'node:fs/promises'
import { readRaw } from '../support/database.ts'
import { adminPassword, type Gateway, startGateway } from '../support/gateway.ts'

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(async () => {
  await gateway?.stop()
})

const authorization = `Bearer ${adminPassword}`
async function ask(content: string, stream: boolean): Promise<string> {
  const answer = await fetch(`${gateway.url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': gateway.key, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'claude-sonnet-4.5',
      max_tokens: 300,
      stream,
      messages: [{ role: 'user', content }],
    }),
  })
  await answer.text()
  return answer.headers.get('request-id') ?? ''
}
async function rowOf(id: string): Promise<Record<string, unknown>> {
  for (let tries = 0; tries < 600; tries++) {
    const { logs } = await gateway.admin('GET', `/v2/logs?request_id=${id}`)
    const [row] = logs as Record<string, unknown>[]
    if (row !== undefined) return row
    await Bun.sleep(50)
  }
  throw new Error('no row of the request')
}
async function reader(route: string) {
  const answer = await fetch(gateway.url + route, { headers: { authorization } })
  const source = (answer.body as ReadableStream<Uint8Array>).getReader()
  const decoder = new TextDecoder()
  const until = async (text: string): Promise<string> => {
    let read = ''
    while (!read.includes(text)) {
      const { value, done } = await source.read()
      if (done) throw new Error(`the stream ended: ${read}`)
      read += decoder.decode(value)
    }
    return read
  }
  return { until, leave: () => source.cancel() }
}

test('a request is told as it ends, kept with its figures, counted, and its address is a visitor', async () => {
  const live = await reader('/v2/logs/stream')
  await live.until('event:connected')
  const id = await ask('Hello', false)
  expect(await live.until('event:request')).toContain(id)
  await live.leave()
  expect(await rowOf(id)).toMatchObject({
    method: 'POST',
    path: '/v1/messages',
    endpoint_type: 'claude',
    is_success: true,
    api_key_name: 'test',
    content_captured: false,
  })
  const stats = await gateway.admin('GET', '/v2/logs/stats')
  expect(stats.total_requests).toBeGreaterThanOrEqual(1)
  expect(await gateway.admin('GET', '/v2/ips/visitors')).toMatchObject({ visitor_ips: [{ ip: '127.0.0.1' }] })
  expect(await gateway.admin('GET', '/v2/stats/online')).toMatchObject({ online_count: 1 })
  expect(await gateway.admin('GET', '/v2/health/aws-latency')).toMatchObject({ status: 'good' })
})

test('the server log is told as it is written', async () => {
  const log = await reader('/v2/server-logs/stream?format=json')
  await log.until('event:connected')
  const id = await ask('Hello again', false)
  expect(await log.until('relay.finished')).toContain(id)
  await log.leave()
})

test.each([true, false])(
  'prompts and replies are kept only while that is on (streamed: %j), sealed, without secrets',
  async (stream) => {
    const secret = 'sk-ant-0123456789abcdef'
    const before = await ask(`nothing of MARK-BEFORE is kept`, stream)
    const { keys } = await gateway.admin('GET', '/v2/keys')
    const keyId = (keys as { id: string; name: string }[]).find(({ name }) => name === 'test')?.id
    expect(await gateway.admin('PUT', `/v2/captures/${keyId}`, { hours: 2 })).toMatchObject({ active: true })
    const id = await ask(`keep MARK-KEPT but not ${secret}`, stream)
    expect((await rowOf(before)).content_captured).toBe(false)
    expect((await rowOf(id)).content_captured).toBe(true)
    const content = await gateway.admin('GET', `/v2/logs/${id}/content`)
    expect(String(content.prompt)).toContain('MARK-KEPT')
    expect(String(content.reply)).toContain(stream ? 'event: message_stop' : '"stop_reason"')
    expect(JSON.stringify(content)).not.toContain(secret)
    const rows = await readRaw(gateway.dataDir, 'select sealed from {captures}')
    expect(rows.length).toBe(1)
    expect(Buffer.from(rows[0]?.[0] as Uint8Array).includes('MARK-')).toBe(false)
    await gateway.admin('DELETE', `/v2/captures/${keyId}`)
    await expect(gateway.admin('GET', `/v2/logs/${id}/content`)).rejects.toThrow('404')
    expect((await rowOf(await ask('MARK-AFTER', stream))).content_captured).toBe(false)
  },
)

test('no log is written into the data folder, at the most talkative level either', async () => {
  await gateway.admin('PATCH', '/v2/settings', { debugLog: true })
  for (let index = 0; index < 3; index++) await rowOf(await ask('Hello', index === 0))
  const files = (await readdir(gateway.dataDir, { recursive: true })).map((name) => name.split('.')[0])
  const known = new Set(['config', 'control', 'data', 'master', 'server'])
  expect(files.filter((name = '') => !known.has(name))).toEqual([])
})
