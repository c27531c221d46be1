import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type ClockedGateway, startClockedGateway } from '../support/clocked-gateway.ts'

let gateway: ClockedGateway
beforeAll(async () => {
  gateway = await startClockedGateway()
}, 60_000)
afterAll(() => gateway.stop())

/** Whatever holds memory while the server runs: caches, lines, buffers, counters by name. */
const holders = [
  'accounts',
  'addresses_counted',
  'alerts_dropped',
  'alerts_waiting',
  'answers_kept',
  'answers_kept_bytes',
  'calls_under_way',
  'conversations_remembered',
  'event_listeners',
  'event_streams',
  'job_results_kept',
  'jobs_kept',
  'jobs_running',
  'keys_remembered',
  'limited_subjects',
  'models_watched',
  'online_addresses',
  'request_log_dropped',
  'request_log_waiting',
  'routes_resting',
  'routes_watched',
  'usage_unwritten',
  'waiting_refreshes',
  'waiting_requests',
]

test.each(holders)('%s is a figure of the metrics', async (name) => {
  const { status, text } = await gateway.call('GET', '/metrics')
  expect(status).toBe(200)
  expect(text).toMatch(new RegExp(`^\\w*${name}(\\{[^}]*\\})? \\d`, 'm'))
})

test('a key that is used is remembered, and forgotten when any key changes', async () => {
  const remembered = async (): Promise<string | undefined> =>
    /keys_remembered (\d+)/.exec((await gateway.call('GET', '/metrics')).text)?.[1]
  await gateway.ask()
  expect(await remembered()).toBe('1')
  await gateway.call('POST', '/v2/keys', { name: 'another' })
  expect(await remembered()).toBe('0')
})
