import { expect, test } from 'bun:test'
import { createEventStreams } from '../../server/admin/event-streams.ts'
import { createTestEffects } from '../support/effects.ts'
import { adminApp, password } from './admin-app.ts'

type Event = { event?: string; id?: string; data?: string }

/** Reads what has come so far, as a browser would. */
async function follow(response: Response) {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const next = async (): Promise<Event[]> => {
    const { value } = await reader.read()
    return new TextDecoder()
      .decode(value)
      .split('\n\n')
      .filter((frame) => frame !== '')
      .map((frame) => frame.replace(/^retry:\d+\n/, ''))
      .filter((frame) => frame !== '')
      .map((frame) => Object.fromEntries(frame.split('\n').map((line) => line.split(/: ?(.*)/s).slice(0, 2))) as Event)
  }
  return { next, leave: () => reader.cancel() }
}
async function open() {
  const app = await adminApp()
  const stream = async (path: string, headers: Record<string, string> = {}) => {
    const url = `http://localhost:62311/v2${path}`
    return app.admin.handle(new Request(url, { headers: { authorization: `Bearer ${password}`, ...headers } }))
  }
  return { ...app, stream }
}

test('the server log is told as it is written, in the original’s events, from the level that was asked for', async () => {
  const { stream, serverLog } = await open()
  serverLog.info('before.connected')
  const response = await stream('/server-logs/stream?level=INFO')
  expect(response.headers.get('content-type')).toStartWith('text/event-stream')
  const { next, leave } = await follow(response)
  expect(await next()).toEqual([{ event: 'connected', data: 'ok' }])
  serverLog.debug('too.small')
  serverLog.warn('account.cooled', { accountId: 'acc_1', apiKey: 'sk-secret-secret', message: 'two\nlines' })
  const [line] = await next()
  expect(line?.event).toBe('log')
  expect(line?.data).toContain('WARN  account.cooled two\\nlines accountId=acc_1')
  expect(line?.data).not.toContain('sk-secret')
  await leave()
})

test('a client that comes back gets what it missed, and is told what is gone', async () => {
  const { stream, serverLog } = await open()
  for (let turn = 1; turn <= 3; turn++) serverLog.info(`line.${turn}`)
  const tail = await follow(await stream('/server-logs/stream?tail=2&format=json'))
  const [, second] = await tail.next()
  expect(JSON.parse(second?.data ?? '')).toMatchObject({ id: 2, level: 'info', event: 'line.2' })
  await tail.leave()
  const id = second?.id ?? ''
  const events = async (lastId: string) => {
    const { next, leave } = await follow(await stream('/server-logs/stream', { 'last-event-id': lastId }))
    const told = await next()
    await leave()
    return told.map(({ event, data }) => [event, data?.replace(/^\S+ \S+ INFO +/, '')])
  }
  expect(await events(id)).toEqual([
    ['connected', 'ok'],
    ['log', 'line.3'],
  ])
  for (let turn = 4; turn <= 9; turn++) serverLog.info(`line.${turn}`)
  expect((await events(id)).slice(1, 3)).toEqual([
    ['resync', '{"reason":"gap","missed":2}'],
    ['log', 'line.5'],
  ])
  expect((await events('otherstart-2')).slice(1, 3)).toEqual([
    ['resync', '{"reason":"restart"}'],
    ['log', 'line.5'],
  ])
})

const row = {
  id: 'req_1',
  at: 1,
  dialect: 'anthropic',
  model: 'm',
  stream: true,
  status: 200,
  durationMs: 1,
  inputTokens: 1,
  inputSource: 'measured',
  outputTokens: 1,
  outputSource: 'measured',
  peer: '192.0.2.1',
  userAgent: '',
  attempts: 1,
  route: '{}',
}

test('requests are told as they end, those of the filter alone', async () => {
  const { stream, finished } = await open()
  const { next, leave } = await follow(await stream('/logs/stream?is_success=false&endpoint_type=claude'))
  await next()
  const failed = { status: 529, errorKind: 'model-overloaded' }
  finished.publish(row)
  finished.publish({ ...row, ...failed, dialect: 'openai-chat' })
  finished.publish({ ...row, ...failed, id: 'req_3' })
  const told = await next()
  expect(told.map(({ event, data }) => [event, JSON.parse(data ?? '').id])).toEqual([['request', 'req_3']])
  expect(JSON.parse(told[0]?.data ?? '')).toMatchObject({ status_code: 529, endpoint_type: 'claude' })
  await leave()
})

test('a request is told with the names of its key, user and account, as they are now', async () => {
  const { stream, finished, store, call, addAccount, clock } = await open()
  const user = (await call('POST', '/v2/users', { name: 'Li Wei', priority: 2 })).json
  const [{ id: keyId }] = user.keys
  await addAccount('acc_1', { label: 'Work' })
  const { next, leave } = await follow(await stream('/logs/stream'))
  await next()
  const ended = { ...row, keyId, userId: user.id, accountId: 'acc_1', at: clock.now }
  const told = async () => {
    finished.publish(ended)
    return JSON.parse((await next())[0]?.data ?? '')
  }
  expect(await told()).toMatchObject({
    ...{ api_key_id: keyId, api_key_name: 'default', user_name: 'Li Wei', user_type: 'vip', account_label: 'Work' },
    content_captured: false,
  })
  await call('PATCH', `/v2/users/${user.id}`, { name: 'Wang Fang' })
  const rule = { keyId, until: clock.now + 3_600_000, maxBytes: 1_000, keepMs: 1_000, createdAt: clock.now }
  Object.defineProperty(store, 'captures', { value: { rules: async () => [rule] } })
  let reads = 0
  const { list } = store.keys
  Object.assign(store.keys, {
    list: () => {
      reads++
      return list()
    },
  })
  clock.now += 6_000
  expect(await told()).toMatchObject({ user_name: 'Wang Fang', content_captured: true })
  for (let request = 0; request < 20; request++) await told()
  expect(reads).toBe(1)
  await leave()
})

test.each([
  ['/server-logs/stream?level=loud', 'level'],
  ['/server-logs/stream?format=xml', 'format'],
  ['/server-logs/stream?tail=-1', 'tail'],
  ['/logs/stream?status_code=abc', 'status_code'],
])('%s is refused by the name of its field', async (path, field) => {
  const { call } = await open()
  const { status, json } = await call('GET', `/v2${path}`)
  expect([status, json.field]).toEqual([400, field])
})

test('a stream has a sign of life every 15 seconds, is bounded for who does not read, and ends at a stop', async () => {
  const effects = createTestEffects()
  const streams = createEventStreams(effects)
  let send = (_: { event: string; data: string }): void => {}
  let left = 0
  const open = () =>
    streams.open((given) => {
      send = given
      return () => void left++
    })
  const { next } = await follow(open())
  expect(await next()).toEqual([])
  await effects.advance(15_000)
  expect(await next()).toEqual([{ event: 'ping', data: String(effects.now()) }])
  for (let turn = 0; turn < 1_200; turn++) send({ event: 'log', data: String(turn) })
  const told = await next()
  expect(told).toHaveLength(1_001)
  expect(told.at(-1)).toEqual({ event: 'resync', data: '{"reason":"slow","missed":200}' })
  streams.close()
  expect(await next()).toEqual([])
  expect([left, streams.size(), effects.timers()]).toEqual([1, 0, 0])
  const all = Array.from({ length: 200 }, open)
  expect([all.at(-1)?.status, open().status]).toEqual([200, 503])
  await all[0]?.body?.cancel()
  expect(streams.size()).toBe(199)
  streams.close()
})
