import { describe, expect, test } from 'bun:test'
import { keyTraces } from '../../server/access/key.ts'
import { exportRows } from '../../server/admin/log-export.ts'
import { createFeed } from '../../server/lib/feed.ts'
import { createStore } from '../../server/store/open.ts'
import type { RequestRecord } from '../../server/store/request-record.ts'
import { createVault } from '../../server/vault/vault.ts'
import { freshEngine } from '../support/database.ts'
import { adminApp, secretsOf } from './admin-app.ts'

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
  attempts: 1,
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
    method: 'POST',
    path: '/v1/messages',
    endpoint_type: 'claude',
    dialect: 'anthropic',
    model: 'claude-sonnet-4.5',
    requested_model: 'claude-sonnet-4.5',
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
    attempts: 1,
    content_captured: false,
    route,
  })
  expect((await call('GET', '/v2/logs?offset=2')).json.logs.length).toBe(1)
  const next = await call('GET', `/v2/logs?limit=2&cursor=${json.next_cursor}`)
  expect(next.json).toMatchObject({ logs: [{ id: 'r1' }], next_cursor: null })
  expect((await call('GET', '/v2/logs?limit=5000')).json.limit).toBe(1000)
})

test('a row says who asked, what served and what it cost, by the names of now', async () => {
  const store = createStore({
    engine: await freshEngine(),
    vault: createVault(new Uint8Array(32)),
    now: () => 0,
    sleep: async () => {},
    onUnreadable: () => {},
  })
  const { call, addAccount } = await adminApp({ deps: { store } })
  const account = await addAccount('acc_1', { label: 'team-01' })
  await store.accounts.create(account, secretsOf('acc_1'))
  const key = { id: 'key_1', name: 'Owner', enabled: true, createdAt: 0 }
  await store.keys.create({ ...key, ...keyTraces('sk-abcdefghijklmnopqrstuvwxyz') })
  await store.settings.write({ owner_key_id: 'key_1' })
  const more = { keyId: 'key_1', accountId: 'acc_1', dialect: 'openai-responses', session: 's-1', attempts: 2 }
  const cost = { inputMicroUsd: 1_500_000, outputMicroUsd: 250_000 }
  const model = { model: 'gpt-4o', upstreamModel: 'claude-sonnet-4.5', modelReason: 'mapped' }
  await store.requests.append([row('r1', { ...more, ...cost, ...model }), row('r2', { keyId: 'key_gone' })])
  const { logs } = (await call('GET', '/v2/logs')).json
  expect(logs[1]).toMatchObject({
    path: '/v1/responses',
    endpoint_type: 'openai',
    api_key_name: 'Owner',
    api_key_prefix: 'sk-abcd...',
    user_name: 'Owner',
    user_type: 'admin',
    account_label: 'team-01',
    model: 'claude-sonnet-4.5',
    original_model: 'gpt-4o',
    model_reason: 'mapped',
    cost_usd: 1.75,
    input_cost_usd: 1.5,
    session_id: 's-1',
    attempts: 2,
  })
  expect(logs[0]).toMatchObject({ api_key_id: 'key_gone', user_type: 'normal' })
  expect(logs[0].api_key_name).toBeUndefined()
  expect((await call('GET', '/v2/logs/r1')).json).toEqual({ ...logs[1], account_names: { acc_1: 'team-01' } })
  expect((await call('GET', '/v2/logs/none')).status).toBe(404)
})

test.each(['__proto__', 'constructor', 'toString'])('an endpoint called %s is none, not a failure', async (name) => {
  const { call } = await adminApp()
  for (const path of ['/v2/logs', '/v2/logs/stats', '/v2/logs/export']) {
    const answer = await call('GET', `${path}?endpoint_type=${name}`)
    expect([path, answer.status]).toEqual([path, 200])
  }
})

test('every filter of the address selects, the original’s and ours', async () => {
  const { call, store } = await adminApp()
  const at = 1_700_000_000_000
  await store.requests.append([
    row('other', { at, attempts: 0 }),
    row('wanted', {
      at: at + 60_000,
      dialect: 'openai-chat',
      keyId: 'key_1',
      userId: 'usr_1',
      accountId: 'acc_1',
      upstreamModel: 'm',
      model: 'asked',
      stream: false,
      status: 529,
      errorKind: 'model-overloaded',
      errorMessage: 'The model is full.',
      firstTokenMs: 50,
      durationMs: 5_000,
      inputTokens: 900,
      session: 's',
      peer: '192.0.2.9',
      attempts: 3,
    }),
  ])
  await store.settings.write({ timezone: 'Asia/Shanghai' })
  for (const query of [
    'client_ip=192.0.2.9',
    'account_id=acc_1',
    'api_key_id=key_1',
    'user_id=usr_1',
    'endpoint_type=openai',
    'endpoint_type=openai-chat',
    'model=m',
    'requested_model=asked',
    'is_success=false',
    'status_code=529',
    'status_code=5xx',
    'error_kind=model-overloaded',
    'error=IS%20FULL',
    'request_id=wanted',
    'session_id=s',
    'is_stream=false',
    'retried=true',
    'min_duration_ms=5000',
    'min_first_token_ms=50',
    'min_tokens=900',
    `start_time=${at + 1}`,
    'start_time=2023-11-14T22:13:21Z',
    'start_time=2023-11-15T06:13:21%2B08:00',
    'start_time=2023-11-15T06:13:21+08:00',
    'start_time=2023-11-15%2006:13:21',
  ]) {
    const { json } = await call('GET', `/v2/logs?${query}`)
    expect([query, json.total, json.logs.map(({ id }: { id: string }) => id)]).toEqual([query, 1, ['wanted']])
  }
  expect((await call('GET', '/v2/logs?is_success=1&client_ip=')).json.logs).toMatchObject([{ id: 'other' }])
  expect((await call('GET', '/v2/logs?end_time=2023-11-14T22:13:20Z')).json.logs).toMatchObject([{ id: 'other' }])
})

test.each([
  ['limit=-2', 'limit'],
  ['limit=0', 'limit'],
  ['offset=x', 'offset'],
  ['cursor=%00', 'cursor'],
  ['start_time=yesterday', 'start_time'],
  ['end_time=2023-02-31', 'end_time'],
  ['start_time=2023-02-02&end_time=2023-02-01', 'end_time'],
  ['is_success=maybe', 'is_success'],
  ['status_code=6xx', 'status_code'],
  ['min_duration_ms=1e3', 'min_duration_ms'],
  [`error=${'x'.repeat(301)}`, 'error'],
])('%s is refused by the name of its field', async (query, field) => {
  const { call } = await adminApp()
  const { status, json } = await call('GET', `/v2/logs?${query}`)
  expect([status, json.code, json.field]).toEqual([400, 'INVALID_REQUEST', field])
})

test('old rows are counted first and then deleted', async () => {
  const { call, store, clock } = await adminApp()
  const day = 86_400_000
  await store.requests.append([1, 29, 31, 50].map((days) => row(`r${days}`, { at: clock.now - days * day })))
  const preview = await call('POST', '/v2/logs/cleanup', { preview: true })
  expect(preview.json).toMatchObject({ deleted: 0, would_delete: 2, preview: true })
  expect((await call('GET', '/v2/logs')).json.total).toBe(4)
  for (const days_to_keep of ['all', 4000, 1.5])
    expect((await call('POST', '/v2/logs/cleanup', { days_to_keep })).json.field).toBe('days_to_keep')
  // As the original: never more than what is older than 30 days, unless it is said in so many words.
  for (const days_to_keep of [0, -1]) {
    const counted = await call('POST', '/v2/logs/cleanup', { days_to_keep, preview: true })
    expect(counted.json).toMatchObject({ would_delete: 2 })
  }
  expect((await call('POST', '/v2/logs/cleanup')).json).toMatchObject({ deleted: 2 })
  expect((await call('POST', '/v2/logs/cleanup', { days_to_keep: 10 })).json).toMatchObject({ deleted: 1 })
  expect((await call('GET', '/v2/logs')).json.logs).toMatchObject([{ id: 'r1' }])
})

describe('an export', () => {
  const fill = async () => {
    const app = await adminApp()
    await app.store.requests.append(
      Array.from({ length: 1_200 }, (_, turn) => row(`r${turn}`, { at: turn, keyId: `key_${turn % 2}` })),
    )
    return app
  }
  test('gives every row that matches as a line of JSON, newest first', async () => {
    const { call } = await fill()
    const answer = await call('GET', '/v2/logs/export?api_key_id=key_1')
    expect(answer.headers.get('content-type')).toStartWith('application/x-ndjson')
    expect(answer.headers.get('content-disposition')).toContain('.jsonl"')
    const lines = answer.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ id }) => id)).toEqual(Array.from({ length: 600 }, (_, turn) => `r${1199 - turn * 2}`))
  })
  test('as CSV has a header, quotes what needs it and lets nothing compute', async () => {
    const { call, store } = await adminApp()
    await store.requests.append([
      row('r1', { userAgent: '=HYPERLINK("http://x","y")', errorKind: 'k', errorMessage: 'a\nb' }),
    ])
    const { text } = await call('GET', '/v2/logs/export?format=csv')
    const [head, ...lines] = text.split('\r\n')
    expect(head).toStartWith('timestamp,id,status_code')
    expect(lines.join('|')).toContain(',k,"a\nb",claude,')
    expect(lines.join('|')).toEndWith(`,127.0.0.1,,"'=HYPERLINK(""http://x"",""y"")"|`)
  })
  test('stops at the limit it was given and refuses other formats', async () => {
    const { call } = await fill()
    expect((await call('GET', '/v2/logs/export?limit=501')).text.trimEnd().split('\n')).toHaveLength(501)
    expect((await call('GET', '/v2/logs/export?format=xml')).json.field).toBe('format')
  })
  test('as CSV begins with the mark without which a spreadsheet takes Chinese for another coding', async () => {
    const { store } = await fill()
    const { value } = await exportRows(store.requests, {}, 'csv').getReader().read()
    expect([...(value ?? [])].slice(0, 4)).toEqual([0xef, 0xbb, 0xbf, 't'.charCodeAt(0)])
  })
  test('of one request by its id has that one alone', async () => {
    const { call } = await fill()
    const ids = async (id: string) =>
      (await call('GET', `/v2/logs/export?request_id=${id}`)).text
        .split('\n')
        .flatMap((line) => (line === '' ? [] : JSON.parse(line).id))
    expect([await ids('r7'), await ids('none')]).toEqual([['r7'], []])
  })
  test('reads on only as fast as it is taken', async () => {
    const { store } = await fill()
    let pages = 0
    const page: typeof store.requests.page = (...args) => {
      pages++
      return store.requests.page(...args)
    }
    const reader = exportRows({ page }, {}, 'jsonl').getReader()
    await reader.read()
    await Bun.sleep(20)
    expect(pages).toBe(1)
    await reader.cancel()
    expect(pages).toBe(1)
  })
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

test('a list for looking through has neither routes nor, when nobody asks, a total', async () => {
  const { call, store } = await adminApp()
  await store.requests.append([row('r1'), row('r2', { stream: false })])
  const { json } = await call('GET', '/v2/logs?brief=true&count=false&is_stream=false')
  expect(Object.keys(json).toSorted()).toEqual(['limit', 'logs', 'next_cursor', 'offset'])
  expect(json.logs.map(({ id, route: told }: { id: string; route?: object }) => [id, told])).toEqual([
    ['r2', undefined],
  ])
  expect((await call('GET', '/v2/logs?brief=true')).json.total).toBe(2)
})

describe('the tail of the log', () => {
  const fed = async () => {
    const finished = createFeed<RequestRecord>(3)
    const app = await adminApp({ deps: { finished } })
    const tail = async (query = '') => (await app.call('GET', `/v2/logs/tail?${query}`)).json
    const ids = ({ logs }: { logs: readonly { id: string }[] }) => logs.map(({ id }) => id)
    return { ...app, finished, tail, ids }
  }
  test('has what ended since its mark, by the filters of the list', async () => {
    const { finished, tail, ids } = await fed()
    finished.publish(row('r1'))
    const first = await tail()
    expect([ids(first), first.gap]).toEqual([['r1'], false])
    finished.publish(row('r2', { status: 429, errorKind: 'limit-reached' }))
    finished.publish(row('r3'))
    expect(ids(await tail(`after=${first.mark}`))).toEqual(['r2', 'r3'])
    expect(ids(await tail(`after=${first.mark}&is_success=false`))).toEqual(['r2'])
    const last = await tail(`after=${(await tail()).mark}`)
    expect([ids(last), last.gap]).toEqual([[], false])
    expect((await tail('status_code=9')).field).toBe('status_code')
  })
  test('says when something was missed', async () => {
    const { finished, tail } = await fed()
    finished.publish(row('r0'))
    const { mark } = await tail()
    for (const id of ['r1', 'r2', 'r3']) finished.publish(row(id))
    expect((await tail(`after=${mark}`)).gap).toBe(false)
    finished.publish(row('r4'))
    expect((await tail(`after=${mark}`)).gap).toBe(true)
    expect((await tail('after=other-1')).gap).toBe(true)
  })
})
