import { expect, test } from 'bun:test'
import { createCaptures } from '../../server/app/capture.ts'
import type { CaptureRule, CaptureStore, Content } from '../../server/store/store.ts'

const hourMs = 3_600_000

async function setUp(rule: Partial<CaptureRule> = {}, mostHeld?: number) {
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
  const sizes: (() => number)[] = []
  const captures = await createCaptures(
    store,
    { now: () => clock.now },
    (error) => failures.push(error),
    (_, size) => sizes.push(size),
    mostHeld,
  )
  const take = (requestId: string, prompt: unknown, ...reply: readonly string[]): void => {
    const capture = captures.of('key_1')
    capture?.prompt(prompt)
    for (const text of reply) capture?.reply(text)
    capture?.end(requestId)
  }
  return { captures, clock, rules, saved, failures, take, held: () => sizes[0]?.() }
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

test('all requests under way together hold so much and no more, and give it back', async () => {
  const { captures, saved, held } = await setUp({}, 30)
  const [first, second] = [captures.of('key_1'), captures.of('key_1')]
  first?.prompt('a'.repeat(18))
  second?.prompt('b'.repeat(18))
  expect(held()).toBe(30)
  second?.reply('c')
  first?.end('req_1')
  expect(held()).toBe(10)
  second?.reply('d'.repeat(5))
  second?.end('req_2')
  expect([held(), saved.map(({ content }) => content)]).toEqual([
    0,
    [
      { prompt: JSON.stringify('a'.repeat(18)), reply: '', cut: false },
      { prompt: `"${'b'.repeat(9)}`, reply: 'ddddd', cut: true },
    ],
  ])
})
