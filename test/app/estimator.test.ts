import { expect, test } from 'bun:test'
import { createLazyEstimator } from '../../server/app/estimator.ts'
import { makeConversation } from '../support/conversation.ts'
import { createTestEffects } from '../support/effects.ts'

const never = (error: unknown): void => {
  throw error
}
const words = async () => (text: string) => text.split(' ').length

test('what waits in the event loop has its turn before the tokenizer is loaded, on a clock that stands still', async () => {
  const order: string[] = []
  const estimator = createLazyEstimator(createTestEffects(), never, async () => {
    order.push('load')
    return words()
  })
  const figure = estimator.conversation(makeConversation({}))
  await Promise.resolve()
  order.push('call')
  expect((await figure).tokens).toBeGreaterThan(0)
  expect(order).toEqual(['call', 'load'])
})

test('all who ask before it is there wait for one load', async () => {
  let loads = 0
  const estimator = createLazyEstimator(createTestEffects(), never, async () => {
    loads++
    return words()
  })
  await Promise.all([1, 2, 3].map(() => estimator.conversation(makeConversation({}))))
  await estimator.conversation(makeConversation({}))
  expect(loads).toBe(1)
})

test('a load that failed is tried again later, ever more rarely; until then figures are rough', async () => {
  const effects = createTestEffects()
  const failures: string[] = []
  let loads = 0
  const estimator = createLazyEstimator(
    effects,
    (error) => failures.push(String(error)),
    async () => {
      loads++
      if (loads < 4) throw new Error(`no memory ${loads}`)
      return words()
    },
  )
  const text = 'abcd'.repeat(100)
  const ask = () =>
    estimator.conversation(makeConversation({ messages: [{ role: 'user', parts: [{ type: 'text', text }] }] }))
  const rows: readonly (readonly [seconds: number, loads: number])[] = [
    [0, 1],
    [9, 1],
    [1, 2],
    [19, 2],
    [1, 3],
    [39, 3],
  ]
  for (const [seconds, expected] of rows) {
    await effects.advance(seconds * 1_000)
    const figure = await ask()
    expect(figure.source).toBe('estimated')
    expect(figure.tokens).toBeGreaterThan(100)
    expect(estimator.text('表格 word')).toBe(4)
    expect(loads).toBe(expected)
  }
  expect(failures).toEqual([1, 2, 3].map((load) => `Error: no memory ${load}`))
  await effects.advance(1_000)
  expect((await ask()).tokens).toBeLessThan(100)
  expect(estimator.text('one two')).toBe(2)
  expect(loads).toBe(4)
})
