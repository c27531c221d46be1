import { expect, test } from 'bun:test'
import { createCaptures } from '../../server/app/capture.ts'
import type { CaptureRule, CaptureStore, Content } from '../../server/store/store.ts'

const hourMs = 3_600_000

async function setUp(rule: Partial<CaptureRule> = {}) {
  const clock = { now: 1_700_000_000_000 }
  const rules: CaptureRule[] = [
    { keyId: 'key_1', maxBytes: 1_000, keepMs: 24 * hourMs, until: clock.now + hourMs, createdAt: clock.now, ...rule },
  ]
  const saved: { readonly of: Parameters<CaptureStore['save']>[0]; readonly content: Content }[] = []
  const failures: unknown[] = []
  const store: CaptureStore = {
    rules: async () => rules,
    saveRule: async () => undefined,
    removeRule: async () => true,
    save: async (of, content) => {
      if (of.requestId === 'req_lost') throw new Error('full')
      saved.push({ of, content })
    },
    find: async () => undefined,
    prune: async () => undefined,
  }
  const captures = await createCaptures(store, { now: () => clock.now }, (error) => failures.push(error))
  const take = (requestId: string, prompt: unknown, ...reply: readonly string[]): void => {
    const capture = captures.of('key_1')
    capture?.prompt(prompt)
    for (const text of reply) capture?.reply(text)
    capture?.end(requestId)
  }
  return { captures, clock, rules, saved, failures, take }
}

test('nothing is kept of a key that is not switched on, nor after its time', async () => {
  const { captures, clock, rules } = await setUp()
  expect(captures.of('key_2')).toBeUndefined()
  expect(captures.of('key_1')).toBeDefined()
  clock.now += hourMs
  expect(captures.of('key_1')).toBeUndefined()
  rules.length = 0
  clock.now -= hourMs
  await captures.reload()
  expect(captures.of('key_1')).toBeUndefined()
})

test('prompt and reply are each held to the limit, and it is said that there was more', async () => {
  const { saved, take } = await setUp({ maxBytes: 20 })
  take('req_1', { a: 'x' }, 'short')
  take('req_2', { a: 'x'.repeat(100) }, 'one ', 'two ', 'three four five six')
  expect(saved.map(({ content }) => content)).toEqual([
    { prompt: '{"a":"x"}', reply: 'short', cut: false },
    { prompt: `{"a":"${'x'.repeat(14)}`, reply: 'one two three four f', cut: true },
  ])
})

test('secrets are not kept, in prompts or in replies, also where they came in pieces', async () => {
  const { saved, take } = await setUp()
  const key = `sk-${'a1B2'.repeat(12)}`
  take('req_1', { messages: [{ content: `My key is ${key}.` }] }, 'It is sk-a1B2a1B2a1B2', key.slice(15), ', is it?')
  const text = JSON.stringify(saved)
  expect(text).not.toContain(key)
  expect(text).toContain('My key is')
  expect(text).toContain('is it?')
})

test('each is kept for its own time, and one that cannot be written fails nobody', async () => {
  const { clock, saved, failures, take } = await setUp({ keepMs: 2 * hourMs })
  take('req_lost', {})
  take('req_1', {}, 'hello')
  await Promise.resolve()
  expect(saved.map(({ of }) => of)).toEqual([{ requestId: 'req_1', keyId: 'key_1', expiresAt: clock.now + 2 * hourMs }])
  expect(failures.length).toBe(1)
})
