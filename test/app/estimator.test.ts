import { expect, test } from 'bun:test'
import { createLazyEstimator } from '../../server/app/estimator.ts'
import { makeConversation } from '../support/conversation.ts'
import { createTestEffects } from '../support/effects.ts'

const words = async () => (text: string) => text.split(' ').length

test('what waits in the event loop has its turn before the tokenizer is loaded, on a clock that stands still', async () => {
  const order: string[] = []
  const estimator = createLazyEstimator(createTestEffects(), async () => {
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
  const estimator = createLazyEstimator(createTestEffects(), async () => {
    loads++
    return words()
  })
  await Promise.all([1, 2, 3].map(() => estimator.conversation(makeConversation({}))))
  await estimator.conversation(makeConversation({}))
  expect(loads).toBe(1)
})

test('a load that failed is tried again later, ever more rarely, and not by each request', async () => {
  const effects = createTestEffects()
  let loads = 0
  const estimator = createLazyEstimator(effects, async () => {
    loads++
    if (loads < 4) throw new Error(`no memory ${loads}`)
    return words()
  })
  const ask = () => estimator.conversation(makeConversation({}))
  const rows: readonly (readonly [seconds: number, failure: string])[] = [
    [0, 'no memory 1'],
    [9, 'no memory 1'],
    [1, 'no memory 2'],
    [19, 'no memory 2'],
    [1, 'no memory 3'],
    [39, 'no memory 3'],
  ]
  for (const [seconds, failure] of rows) {
    await effects.advance(seconds * 1_000)
    await expect(ask()).rejects.toThrow(failure)
  }
  await effects.advance(1_000)
  expect((await ask()).tokens).toBeGreaterThan(0)
  expect(estimator.text('one two')).toBe(2)
  expect(loads).toBe(4)
})
