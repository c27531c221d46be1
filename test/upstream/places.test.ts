import { expect, test } from 'bun:test'
import { createPlaces } from '../../server/upstream/amazonq/places.ts'
import { createTestEffects, settle } from '../support/effects.ts'

function setUp(count: number) {
  const effects = createTestEffects()
  const places = createPlaces(count, 1_000, effects)
  const served: string[] = []
  const leaves = new Map<string, () => void>()
  const come = async (...names: readonly string[]): Promise<void> => {
    for (const name of names) {
      void places.take().then((leave) => {
        served.push(leave === undefined ? `${name} left` : name)
        if (leave !== undefined) leaves.set(name, leave)
      })
    }
    await settle()
  }
  const leave = async (name: string): Promise<void> => {
    leaves.get(name)?.()
    await settle()
  }
  return { places, served, come, leave, advance: effects.advance, timers: effects.timers }
}

test('places are given in the order of coming, one for each that is given back', async () => {
  const { places, served, come, leave } = setUp(2)
  await come('a', 'b', 'c', 'd', 'e')
  expect([served, places.waiting()]).toEqual([['a', 'b'], 3])
  await leave('b')
  expect(served).toEqual(['a', 'b', 'c'])
  await leave('a')
  await leave('c')
  expect([served, places.waiting()]).toEqual([['a', 'b', 'c', 'd', 'e'], 0])
  await come('f')
  expect(places.waiting()).toBe(1)
})

test('who has waited long enough leaves the line, and its turn is the next one’s', async () => {
  const { places, served, come, leave, advance, timers } = setUp(1)
  await come('a', 'b')
  await advance(600)
  await come('c')
  await advance(500)
  expect([served, places.waiting()]).toEqual([['a', 'b left'], 1])
  await leave('a')
  expect(served).toEqual(['a', 'b left', 'c'])
  expect(timers()).toBe(0)
  await leave('c')
  await come('d')
  expect(served.at(-1)).toBe('d')
})

test('a place given back twice is one place', async () => {
  const { served, come, leave } = setUp(1)
  await come('a', 'b', 'c')
  await leave('a')
  await leave('a')
  expect(served).toEqual(['a', 'b'])
})
