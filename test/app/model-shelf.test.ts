import { expect, test } from 'bun:test'
import { createModelShelf } from '../../server/app/model-shelf.ts'
import type { Conversation } from '../../server/conversation/conversation.ts'
import { gatewayError } from '../../server/conversation/error.ts'
import { makeConversation } from '../support/conversation.ts'

const model = (id: string) => ({ id, name: id, maxInputTokens: 1, maxOutputTokens: 1, acceptsImages: true })
const asking = (name: string, more: Partial<Conversation> = {}): Conversation =>
  makeConversation({ model: name, messages: [], ...more })

function setUp() {
  let now = 0
  let readings = 0
  let serving = ['a', 'b']
  const asked: (readonly string[])[] = []
  const shelf = createModelShelf({
    now: () => now,
    serving: () => serving,
    nobodyServes: (accounts) => (accounts?.has('lost') ? gatewayError('no-healthy-account', 'said') : undefined),
    readMissing: async (ids) => {
      readings++
      asked.push(ids)
      await Bun.sleep(5)
      if (readings > 1) shelf.set('a', [model('claude-sonnet-4.5'), model('auto')])
    },
  })
  return {
    shelf,
    readings: () => readings,
    asked,
    pass: (ms: number) => {
      now += ms
    },
    serve: (ids: string[]) => {
      serving = ids
      shelf.changed()
    },
  }
}

test('many who ask before any list is known wait for one reading, and a failed one is not repeated at once', async () => {
  const { shelf, readings, pass } = setUp()
  expect(await Promise.all(Array.from({ length: 50 }, () => shelf.available()))).toEqual(Array(50).fill([]))
  await shelf.available()
  expect(readings()).toBe(1)
  pass(10_000)
  const lists = await Promise.all(Array.from({ length: 50 }, () => shelf.available()))
  expect(readings()).toBe(2)
  expect(lists.every((list) => list.length === 2)).toBe(true)
})

test('only lists that are missing are read, for a key with accounts of its own those of its accounts', async () => {
  const { shelf, asked, pass, serve } = setUp()
  serve(['a', 'b', 'c'])
  shelf.set('b', [model('x')])
  await shelf.available(new Set(['c']))
  pass(10_000)
  await shelf.available(new Set(['b', 'c']))
  pass(10_000)
  expect(asked).toEqual([['c']])
})

test('the union follows the accounts that serve', async () => {
  const { shelf, serve } = setUp()
  shelf.set('a', [model('x')])
  shelf.set('b', [model('x'), model('y')])
  expect((await shelf.available()).map(({ id }) => id)).toEqual(['x', 'y'])
  serve(['a'])
  expect((await shelf.available()).map(({ id }) => id)).toEqual(['x'])
})

test('a key with accounts of its own sees what those offer, and a name is looked up among that', async () => {
  const { shelf, serve } = setUp()
  shelf.set('a', [model('claude-sonnet-4.5'), model('claude-opus-4.5')])
  shelf.set('b', [model('claude-sonnet-4')])
  const own = new Set(['b'])
  expect((await shelf.available(own)).map(({ id }) => id)).toEqual(['claude-sonnet-4'])
  expect((await shelf.resolve(asking('claude-opus-4-5'), undefined)).ok).toBe(true)
  expect(await shelf.resolve(asking('claude-opus-4-5'), own)).toMatchObject({
    ok: false,
    error: { kind: 'model-not-found' },
  })
  expect(await shelf.resolve(asking('claude-sonnet-4'), own)).toMatchObject({
    ok: true,
    value: { model: { id: 'claude-sonnet-4' } },
  })
  expect(await shelf.resolve(asking('claude-sonnet-4'), new Set(['lost']))).toMatchObject({
    error: { message: 'said' },
  })
  serve(['a'])
  expect(await shelf.available(own)).toEqual([])
  expect(await shelf.available()).toHaveLength(2)
})

test('what a name says about thinking and effort counts unless the body says otherwise', async () => {
  const { shelf } = setUp()
  shelf.set('a', [model('claude-opus-4.5')])
  const resolved = async (conversation: Conversation) => {
    const result = await shelf.resolve(conversation)
    if (!result.ok) throw new Error(result.error.kind)
    return result.value.conversation
  }
  expect((await resolved(asking('claude-opus-4-5-thinking'))).thinking).toEqual({ type: 'enabled' })
  expect((await resolved(asking('claude-opus-4-5-thinking', { thinking: { type: 'disabled' } }))).thinking.type).toBe(
    'disabled',
  )
  expect((await resolved(asking('claude-4.5-opus-high'))).effort).toBe('high')
  expect((await resolved(asking('claude-4.5-opus-high', { effort: 'low' }))).effort).toBe('low')
})
