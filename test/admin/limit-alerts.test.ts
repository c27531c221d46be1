import { expect, test } from 'bun:test'
import { limitMessage } from '../../server/admin/alert-message.ts'
import { createLive } from '../../server/admin/live.ts'
import { createTestEffects } from '../support/effects.ts'
import { memoryStore } from '../support/memory-store.ts'

test('a limit that is all but used is told to the console, whether a webhook is set or not', async () => {
  const effects = createTestEffects()
  const live = createLive({ store: memoryStore(), effects, inFlight: () => 0, version: '0', log: () => {} })
  const heard: { readonly event: string; readonly data: string }[] = []
  live.hub.listen({ topics: new Set(['alerts']) }, ({ event, data }) => heard.push({ event, data }))
  const reached = { limit: 'requestsPerDay', used: 4, max: 5, period: '2026-11-28' } as const
  await live.alerts.raise(limitMessage({ ...reached, subject: { kind: 'user', id: 'usr_1' }, percent: 80 }, 'Li Wei'))
  await live.alerts.raise(limitMessage({ ...reached, subject: { kind: 'key', id: 'key_1' }, percent: 100 }, 'laptop'))
  expect(heard.map(({ event, data }) => [event, JSON.parse(data)])).toMatchObject([
    [
      'alert',
      { kind: 'user.limit_80', severity: 'warning', user_id: 'usr_1', name: 'Li Wei', since: expect.any(String) },
    ],
    [
      'alert',
      { kind: 'key.limit_100', severity: 'critical', key_id: 'key_1', detail: expect.stringContaining('4 of 5') },
    ],
  ])
  live.stop()
})
