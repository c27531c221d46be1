import { expect, test } from 'bun:test'
import { createEventHub } from '../../server/admin/event-hub.ts'
import { createEventStreams } from '../../server/admin/event-streams.ts'
import { tellOfRequests } from '../../server/admin/log-tail.ts'
import { createFeed } from '../../server/lib/feed.ts'
import type { RequestRecord } from '../../server/store/request-record.ts'
import { createTestEffects, settle } from '../support/effects.ts'
import { adminApp, password } from './admin-app.ts'

const bearer = { authorization: `Bearer ${password}` }

/** Reads what has come so far, without waiting for more. */
function reader(response: Response) {
  const stream = response.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let over = false
  const pump = async (): Promise<void> => {
    for (;;) {
      const part = await stream?.read()
      if (part === undefined || part.done) break
      text += decoder.decode(part.value, { stream: true })
    }
    over = true
  }
  void pump()
  return { text: () => text, over: () => over, leave: () => stream?.cancel() }
}

test('the stream opens with the figures as they are, tells what changes, and is named by topic', async () => {
  const { admin, live, addAccount } = await adminApp()
  await addAccount('a')
  const response = await admin.handle(
    new Request('http://localhost:62311/v2/events?topics=status,accounts', { headers: bearer }),
  )
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  const read = reader(response)
  await settle()
  expect(read.text()).toContain('event:status\ndata:{"badges":{"accounts":0,"proxies":0}')
  live.accountChanged('a')
  live.hub.publish('jobs', 'job', { id: 'job_1' })
  await settle()
  expect(read.text()).toContain('event:account\nid:loyw3v28-1\ndata:{"id":"a"}')
  expect(read.text()).not.toContain('job_1')
  expect(live.hub.listeners()).toBe(1)
  await read.leave()
  expect(live.hub.listeners()).toBe(0)
})

test('who was away gets what came meanwhile; who was away too long, or knew another start, is told to read anew', async () => {
  const hub = createEventHub(1_000, 3)
  for (let count = 1; count <= 5; count++) hub.publish('accounts', 'account', { count })
  const heard = (after: string) => {
    const got: string[] = []
    const leave = hub.listen({ topics: new Set(['accounts']), after }, ({ event, data }) =>
      got.push(`${event} ${data}`),
    )
    leave()
    return got
  }
  expect(heard('rs-3')).toEqual(['account {"count":4}', 'account {"count":5}'])
  expect(heard('rs-5')).toEqual([])
  expect(heard('rs-1')).toEqual(['resync {"reason":"gap","missed":1}'])
  for (const id of ['rs-9', 'other-3', 'nonsense']) expect(heard(id)).toEqual(['resync {"reason":"restart"}'])
  expect(hub.listeners()).toBe(0)
})

test('a topic that does not exist is refused by name, and too many pages are told so', async () => {
  const { ask, admin } = await adminApp()
  const strange = await ask('GET', '/v2/events?topics=status,weather', { headers: bearer })
  expect([strange.status, strange.json.field]).toEqual([400, 'topics'])
  expect(strange.json.error).toContain('weather')
  const open = () =>
    admin.handle(new Request('http://localhost:62311/v2/events?topics=jobs', { headers: bearer })).then(reader)
  const pages = await Promise.all(Array.from({ length: 200 }, open))
  const late = await ask('GET', '/v2/events', { headers: bearer })
  expect([late.status, late.json.code]).toEqual([503, 'TOO_MANY_STREAMS'])
  expect(late.headers.get('retry-after')).toBe('10')
  await Promise.all(pages.map((page) => page.leave()))
  expect((await ask('GET', '/v2/events', { headers: {} })).status).toBe(401)
})

test('a quiet stream shows every 15 s that it lives, and ends after its time so that who reads it is asked anew', async () => {
  const effects = createTestEffects()
  const streams = createEventStreams(effects)
  let ended = 0
  const read = reader(streams.open(() => () => void ended++))
  await settle()
  await effects.advance(31_000)
  expect(read.text().match(/event:ping/g)?.length).toBe(2)
  await effects.advance(600_000)
  expect([read.over(), ended, streams.size(), effects.timers()]).toEqual([true, 1, 0, 0])
})

test('what was said before the end is still read after it', async () => {
  const streams = createEventStreams(createTestEffects())
  const response = streams.open((send, end) => {
    send({ event: 'last', data: 'word' })
    end()
    return () => {}
  })
  expect(await response.text()).toBe('retry:3000\nevent:last\ndata:word\n\n')
  expect(streams.size()).toBe(0)
})

test('a job’s own stream shows it as it stands, its steps, and ends with it', async () => {
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const { ask, admin, addAccount } = await adminApp({
    deps: {
      checkAccount: async (accountId) => {
        await held
        return { accountId, at: 0 }
      },
    },
  })
  await addAccount('a')
  const started = await ask('POST', '/v2/accounts/refresh-quotas', { headers: { ...bearer, prefer: 'respond-async' } })
  const { id } = started.json.job
  const read = reader(
    await admin.handle(new Request(`http://localhost:62311/v2/jobs/${id}/events`, { headers: bearer })),
  )
  await settle()
  expect(read.text()).toContain('"state":"running"')
  release()
  await settle()
  expect(read.text()).toContain('"outcome":"refreshed"')
  expect(read.text()).toContain('"state":"done"')
  expect(read.over()).toBe(true)
  expect((await ask('GET', '/v2/jobs/none/events', { headers: bearer })).status).toBe(404)
})

test('what wants a person is listed with the figures, and what is switched off is not', async () => {
  const { call, addAccount, store, clock } = await adminApp()
  for (const id of ['a', 'b', 'c']) await addAccount(id)
  await store.accounts.saveHealth('a', { state: 'suspended', since: clock.now, failures: 1, reason: 'Locked.' })
  await store.accounts.saveHealth('b', { state: 'expired', since: clock.now, failures: 1 })
  await store.accounts.updateAccount('b', { enabled: false })
  const first = (await call('GET', '/v2/status')).json
  expect(first).toMatchObject({ badges: { accounts: 1 }, counters: { accounts: 3, in_service: 1, in_flight: 6 } })
  expect(first.attention).toEqual([
    {
      id: `account.suspended:a:${clock.now}`,
      ...{ kind: 'account.suspended', severity: 'critical', account_id: 'a', name: 'label a' },
      ...{ since: '2023-11-14T22:13:20.000Z', detail: 'Locked.' },
    },
  ])
  await store.accounts.updateAccount('c', { enabled: false })
  expect((await call('GET', '/v2/status')).json.attention[0].kind).toBe('pool.empty')
})

test('that requests end is told by one word for many, and is not caught up on', async () => {
  const effects = createTestEffects()
  const finished = createFeed<RequestRecord>(5)
  const heard: string[] = []
  const leave = tellOfRequests({ finished, effects }, ({ event, id, data }) => heard.push(`${event} ${id} ${data}`))
  for (let count = 0; count < 20; count++) finished.publish({} as RequestRecord) // what it is does not matter here
  await effects.advance(249)
  expect(heard).toEqual([])
  await effects.advance(1)
  expect(heard).toEqual(['logs undefined {"ended":20}'])
  finished.publish({} as RequestRecord)
  leave()
  await effects.advance(1_000)
  expect([heard.length, effects.timers()]).toEqual([1, 0])
})
