import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type ClockedGateway, startClockedGateway } from '../support/clocked-gateway.ts'

let gateway: ClockedGateway
beforeAll(async () => {
  gateway = await startClockedGateway()
}, 240_000)
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
  'held_characters',
  'job_results_kept',
  'jobs_kept',
  'jobs_running',
  'judgements_waiting',
  'keys_remembered',
  'limited_subjects',
  'models_watched',
  'online_addresses',
  'request_log_dropped',
  'request_log_waiting',
  'routes_resting',
  'routes_watched',
  'succession_news_lost',
  'succession_news_waiting',
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

/** Every cache of bounded size in the sources, by its file in their order, with the figure that tells its size. */
const caches: Readonly<Record<string, readonly string[]>> = {
  'admin/burn-book.ts': ['remembered burn_rates'],
  'admin/idempotency.ts': ['remembered idempotent_answers'],
  'admin/unread-book.ts': ['remembered unread_accounts'],
  // The names of one view are at most so many, and go with it.
  'app/model-shelf.ts': ['remembered model_views', 'remembered model_views'],
  'contract/schema-judges.ts': ['schemas_kept'],
  'contract/schema-weight.ts': ['patterns_kept'],
  'contract/summaries.ts': ['summaries_kept'],
  'dialect/openai-responses/kept-answers.ts': ['answers_kept'],
  'documents/extract.ts': [
    'remembered document_characters',
    'remembered smaller_image_characters',
    'remembered unreadable_documents',
  ],
  'documents/remote.ts': ['remembered fetched_attachment_characters', 'remembered unfetched_addresses'],
  'pool/affinity.ts': ['conversations_remembered'],
  'upstream/amazonq/check.ts': ['remembered checks_in_vain'],
  'upstream/amazonq/refresh.ts': [
    'remembered tokens_replaced',
    'remembered sign_ins_held',
    'remembered sign_ins_dead',
    'remembered sign_ins_resting',
  ],
  'usage/estimate.ts': ['remembered counted_texts'],
}
/** Holders that bound themselves by hand. */
const byHand = [
  'limited_subjects',
  'remembered captured_characters',
  'remembered credit_rates',
  'remembered guessing_addresses',
  'remembered idempotent_answer_bytes',
  'remembered priced_models',
]

test('every cache there is has a figure', () => {
  const server = path.join(import.meta.dir, '../../server')
  const found = [...new Bun.Glob('**/*.ts').scanSync(server)].flatMap((file) => {
    const count = readFileSync(path.join(server, file), 'utf8').split(/new LRUCache\b/).length - 1
    return count === 0 ? [] : [[file, count] as const]
  })
  expect(Object.fromEntries(found)).toEqual(
    Object.fromEntries(Object.entries(caches).map(([file, figures]) => [file, figures.length])),
  )
})

test('the figures of the caches are told, with how far they may grow', async () => {
  await gateway.ask() // loads what counts texts
  const { text } = await gateway.call('GET', '/metrics')
  for (const figure of new Set([...Object.values(caches).flat(), ...byHand])) {
    const [name, of] = figure.split(' ')
    const line = of === undefined ? `claude_server_${name} ` : `claude_server_${name}{of="${of}"} `
    expect([figure, text.split('\n').some((one) => one.startsWith(line))]).toEqual([figure, true])
    if (of !== undefined) expect(text).toMatch(new RegExp(`^claude_server_limit\\{of="${figure}"\\} [1-9]`, 'm'))
  }
  expect(text).toMatch(/^claude_server_remembered\{of="sign_ins_held"\} [1-9]/m)
  expect(text).toMatch(/^claude_server_remembered\{of="priced_models"\} [1-9]/m)
})
