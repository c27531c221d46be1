import { expect, test } from 'bun:test'
import { createModelShelf } from '../../server/app/model-shelf.ts'
import { builtInModels } from '../../server/catalog/built-in.ts'
import { createRuleBook, type ModelRules } from '../../server/catalog/mapping.ts'
import type { Conversation } from '../../server/conversation/conversation.ts'
import { gatewayError } from '../../server/conversation/error.ts'
import { makeConversation } from '../support/conversation.ts'

const model = (id: string) => ({ id, name: id, maxInputTokens: 1, maxOutputTokens: 1, acceptsImages: true })
const asking = (name: string, more: Partial<Conversation> = {}): Conversation =>
  makeConversation({ model: name, messages: [], ...more })

function setUp() {
  let now = 0
  let readings = 0
  let slept = 0
  let hangs = false
  let serving = ['a', 'b']
  const asked: (readonly string[])[] = []
  const shelf = createModelShelf({
    now: () => now,
    sleep: async () => {
      slept++
      await Bun.sleep(50)
    },
    serving: () => serving,
    nobodyServes: (accounts) => (accounts?.has('lost') ? gatewayError('no-healthy-account', 'said') : undefined),
    readMissing: async (ids) => {
      readings++
      asked.push(ids)
      await (hangs ? new Promise(() => {}) : Bun.sleep(5))
      if (readings > 1) shelf.set('a', [model('claude-sonnet-4.5'), model('auto')])
    },
  })
  return {
    shelf,
    readings: () => readings,
    slept: () => slept,
    hang: () => {
      hangs = true
    },
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

const builtIn = builtInModels.map(({ id }) => id)

test('before any list is known the built-in one stands in; many who ask cause one reading, not repeated at once', async () => {
  const { shelf, readings, pass } = setUp()
  const ask = () => Promise.all(Array.from({ length: 50 }, async () => (await shelf.available()).map(({ id }) => id)))
  expect(await ask()).toEqual(Array(50).fill(builtIn))
  await ask()
  expect(readings()).toBe(1)
  pass(60_000)
  expect(await ask()).toEqual(Array(50).fill(['claude-sonnet-4.5', 'auto']))
  expect(readings()).toBe(2)
})

test('a reading that hangs holds nobody up for long, and a name that is known not at all', async () => {
  const { shelf, hang, slept } = setUp()
  hang()
  const resolved = async (name: string) => {
    const result = await shelf.resolve(asking(name))
    return result.ok ? result.value.model.id : result.error.kind
  }
  expect(await resolved('claude-sonnet-4-5-20250929')).toBe('claude-sonnet-4.5')
  expect(await resolved('claude-opus-4-7')).toBe('claude-opus-4.7')
  expect(slept()).toBe(0)
  expect((await shelf.available()).map(({ id }) => id)).toEqual(builtIn)
  expect(await resolved('gpt-4o')).toBe('model-not-found')
  expect(slept()).toBe(2)
})

test('a Claude model newer than the built-in list is the provider’s to refuse while no list says otherwise', async () => {
  const { shelf, serve } = setUp()
  serve(['a', 'b'])
  const resolved = async (name: string) => {
    const result = await shelf.resolve(asking(name))
    return result.ok ? result.value.model.id : result.error.kind
  }
  expect(await resolved('claude-opus-9-5-20290101')).toBe('claude-opus-9.5')
  expect(await resolved('claude-opus-4.1')).toBe('claude-opus-4.5')
  shelf.set('a', [model('claude-sonnet-4.5')])
  // The other account's list is not known yet.
  expect(await resolved('claude-opus-9.5')).toBe('claude-opus-9.5')
  expect(await resolved('claude-opus-4.6')).toBe('claude-opus-4.6')
  shelf.set('b', [model('claude-opus-4.5')])
  expect(await resolved('claude-opus-9.5')).toBe('model-not-found')
  expect(await resolved('claude-opus-4.6')).toBe('model-not-found')
})

test('an empty list neither counts nor takes the last one’s place', async () => {
  const { shelf, serve } = setUp()
  serve(['a'])
  shelf.set('a', [])
  expect((await shelf.available()).map(({ id }) => id)).toEqual(builtIn)
  shelf.set('a', [model('x')])
  shelf.set('a', [])
  expect((await shelf.available()).map(({ id }) => id)).toEqual(['x'])
})

test('without an account that serves nothing is listed, and the refusal says why', async () => {
  const { shelf, serve } = setUp()
  serve([])
  expect(await shelf.available()).toEqual([])
  expect(await shelf.resolve(asking('claude-sonnet-4.5'))).toMatchObject({ error: { kind: 'no-account' } })
  expect(await shelf.resolve(asking('claude-sonnet-4.5'), new Set(['lost']))).toMatchObject({
    error: { kind: 'no-healthy-account' },
  })
})

test('only lists that are missing are read, for a key with accounts of its own those of its accounts', async () => {
  const { shelf, asked, pass, serve } = setUp()
  serve(['a', 'b', 'c'])
  shelf.set('b', [model('x')])
  await shelf.available(new Set(['c']))
  pass(60_000)
  await shelf.available(new Set(['b', 'c']))
  pass(60_000)
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

test('a name is remembered by the rules it was looked up with', async () => {
  const { shelf } = setUp()
  shelf.set('a', [model('claude-sonnet-4.5'), model('auto')])
  const rulesOf = (target: string) => createRuleBook([{ id: 'map_1', name: 'gpt-4o', target }])('key')
  const ask = async (rules?: ModelRules) => shelf.resolve(asking('gpt-4o'), undefined, rules)
  expect(await ask()).toMatchObject({ ok: false, error: { kind: 'model-not-found' } })
  const rules = rulesOf('auto')
  for (let time = 0; time < 2; time++) {
    expect(await ask(rules)).toMatchObject({
      ok: true,
      value: { model: { id: 'auto' }, standIn: { because: 'mapped', mapping: 'gpt-4o' } },
    })
  }
  expect(await ask(rulesOf('claude-sonnet-4.5'))).toMatchObject({ value: { model: { id: 'claude-sonnet-4.5' } } })
  expect((await ask()).ok).toBe(false)
})

test('the model that was named is no stand-in', async () => {
  const { shelf } = setUp()
  shelf.set('a', [model('claude-sonnet-4.5')])
  const named = await shelf.resolve(asking('us.anthropic.claude-sonnet-4-5-20250929-v1:0'))
  expect(named.ok && 'standIn' in named.value).toBe(false)
  expect(await shelf.resolve(asking('claude-sonnet-4'))).toMatchObject({
    value: { standIn: { because: 'retired' } },
  })
})

test('a model of no list is a guess, and what the name means without it is asked anew', async () => {
  const { shelf } = setUp()
  expect(await shelf.resolve(asking('claude-sonnet-4'))).toMatchObject({
    ok: true,
    value: { model: { id: 'claude-sonnet-4' }, isGuess: true },
  })
  expect(await shelf.resolve(asking('claude-sonnet-4'), undefined, undefined, 'claude-sonnet-4')).toMatchObject({
    ok: true,
    value: { standIn: { because: 'retired' }, isGuess: true },
  })
  shelf.set('a', [model('claude-sonnet-4.5')])
  const listed = await shelf.resolve(asking('claude-sonnet-4.5'))
  expect(listed.ok && 'isGuess' in listed.value).toBe(false)
})
