import { expect, test } from 'bun:test'
import type { RequestRecord } from '../../server/store/store.ts'
import { adminApp } from './admin-app.ts'

const route = {
  considered: [
    { accountId: 'acc_1', verdict: 'chosen' },
    { accountId: 'acc_2', verdict: 'cooling' },
  ],
  by: 'least_loaded',
  attempts: [{ accountId: 'acc_1', startedMs: 1, waitedMs: 0, endedMs: 9, outcome: 'ok', providerRequestId: 'p-1' }],
}
const row = (id: string, more: Partial<RequestRecord> = {}): RequestRecord => ({
  id,
  at: 1_700_000_000_000,
  dialect: 'anthropic',
  model: 'claude-sonnet-4.5',
  stream: true,
  status: 200,
  durationMs: 12,
  inputTokens: 3,
  inputSource: 'estimate',
  outputTokens: 4,
  outputSource: 'estimate',
  peer: '127.0.0.1',
  userAgent: 'test',
  route: JSON.stringify(route),
  ...more,
})

test('the newest requests come first, by page', async () => {
  const { call, store } = await adminApp()
  await store.requests.append([
    row('r1'),
    row('r2'),
    row('r3', { status: 429, errorKind: 'pool-cooling', keyId: 'key_1' }),
  ])
  const { json } = await call('GET', '/v2/logs?limit=2')
  expect(json).toMatchObject({ total: 3, limit: 2, offset: 0 })
  expect(json.logs.map(({ id }: { id: string }) => id)).toEqual(['r3', 'r2'])
  expect(json.logs[0]).toMatchObject({
    is_success: false,
    status_code: 429,
    error_kind: 'pool-cooling',
    api_key_id: 'key_1',
  })
  expect(json.logs[1]).toEqual({
    id: 'r2',
    timestamp: '2023-11-14T22:13:20.000Z',
    endpoint_type: 'anthropic',
    model: 'claude-sonnet-4.5',
    is_stream: true,
    is_success: true,
    status_code: 200,
    duration_ms: 12,
    input_tokens: 3,
    input_source: 'estimate',
    output_tokens: 4,
    output_source: 'estimate',
    client_ip: '127.0.0.1',
    user_agent: 'test',
    route,
  })
  expect((await call('GET', '/v2/logs?offset=2')).json.logs.length).toBe(1)
  expect((await call('GET', '/v2/logs?limit=-1&offset=x')).json).toMatchObject({ limit: 100, offset: 0 })
})

test('a route that cannot be read does not take the list with it', async () => {
  const { call, store } = await adminApp()
  await store.requests.append([row('r1', { route: '{"cons' }), row('r2')])
  const { logs } = (await call('GET', '/v2/logs')).json
  expect(logs.map(({ route: shown }: { route: object }) => shown)).toEqual([route, { considered: [], attempts: [] }])
})

test('the models are the ones clients can ask for', async () => {
  const { call } = await adminApp()
  expect((await call('GET', '/v2/models')).json.models).toMatchObject([{ id: 'claude-sonnet-4.5', default: true }])
})

test('what was changed or left out on the way stands with its request', async () => {
  const { call, store } = await adminApp()
  const notes = {
    first: [{ what: 'attachment-left-out', field: 'messages.0.content.1', detail: 'too large' }],
    more: 2,
  }
  await store.requests.append([row('r1', { notes: JSON.stringify(notes) }), row('r2', { notes: '{"fir' }), row('r3')])
  const { logs } = (await call('GET', '/v2/logs')).json
  expect(logs.map((log: { notes?: object }) => log.notes)).toEqual([undefined, undefined, notes])
})
