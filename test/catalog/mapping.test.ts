import { describe, expect, test } from 'bun:test'
import { describeModel, listModels } from '../../server/catalog/listing.ts'
import { createRuleBook, type ModelMapping, mappingKey } from '../../server/catalog/mapping.ts'
import { resolveModel } from '../../server/catalog/models.ts'
import type { ModelInfo } from '../../server/conversation/model.ts'

const model = (id: string): ModelInfo => ({
  id,
  name: id,
  maxInputTokens: 200_000,
  maxOutputTokens: 64_000,
  acceptsImages: true,
})
const live = ['auto', 'claude-opus-5.5', 'claude-opus-4.5', 'claude-sonnet-4.5', 'claude-haiku-4.5', 'qwen-max'].map(
  model,
)
let count = 0
const map = (name: string, target: string, keyId?: string): ModelMapping => ({
  id: `map_${++count}`,
  name,
  target,
  ...(keyId === undefined ? {} : { keyId }),
})
const ask = (name: string, mappings: readonly ModelMapping[], keyId?: string, forced?: string) =>
  resolveModel(name, live, createRuleBook(mappings, forced)(keyId))

describe('a mapped name', () => {
  test.each([
    // name, mapping, target, what serves
    ['gpt-4o', 'gpt-4o', 'claude-sonnet-4.5', 'claude-sonnet-4.5'],
    ['GPT-4o', 'gpt-4O', 'claude-sonnet-4.5', 'claude-sonnet-4.5'],
    [' gpt-4.1 ', 'gpt-4-1', 'claude-sonnet-4.5', 'claude-sonnet-4.5'],
    ['openai/gpt-4o', 'gpt-4o', 'claude-sonnet-4.5', 'claude-sonnet-4.5'],
    ['openai/gpt-4o', 'openai/*', 'claude-sonnet-4.5', 'claude-sonnet-4.5'],
    ['gpt-4o-2024-08-06', 'gpt-4*', 'claude-opus-5-5', 'claude-opus-5.5'],
    ['gpt-4.1-mini', 'GPT-4.1*', 'claude-haiku-4-5-20251001', 'claude-haiku-4.5'],
    ['', '*', 'auto', 'auto'],
    ['anything at all', '*', 'claude-sonnet-4.5', 'claude-sonnet-4.5'],
    ['claude-opus-5-5', 'claude-opus-*', 'claude-sonnet-4.5', 'claude-sonnet-4.5'],
    ['us.anthropic.claude-opus-4-1-20250805-v1:0', 'claude-opus-4.1', 'claude-opus-5.5', 'claude-opus-5.5'],
    ['claude-4-opus', 'claude-opus-*', 'claude-sonnet-4.5', 'claude-sonnet-4.5'],
    // a target is read like any name, the rule for retired ones too
    ['gpt-4o', 'gpt-4o', 'claude-opus-4-1', 'claude-opus-4.5'],
  ])('%p with %p to %p is served by %p', (name, pattern, target, id) => {
    expect(ask(name, [map(pattern, target)])).toMatchObject({
      ok: true,
      value: { model: { id }, because: 'mapped', mapping: { name: pattern } },
    })
  })

  test.each([
    ['gpt-4o-mini', 'gpt-4o'],
    ['gpt-4', 'gpt-4o'],
    ['my-gpt-4o', 'gpt-4o*'],
  ])('%p is not met by %p', (name, pattern) => {
    expect(ask(name, [map(pattern, 'auto')])).toMatchObject({ ok: false, error: { kind: 'model-not-found' } })
  })

  test.each([
    ['gpt-4o-thinking', map('gpt-4o', 'claude-opus-4.5'), true, undefined],
    ['gpt-4o-high', map('gpt-4o', 'claude-opus-4.5'), false, 'high'],
    ['o3-high-thinking', map('o*', 'claude-opus-4.5'), true, 'high'],
    ['gpt-4o', map('gpt-4o', 'claude-opus-4.5-thinking'), true, undefined],
    ['gpt-4o-low', map('gpt-4o', 'claude-4.5-opus-high-thinking'), true, 'low'],
    ['gpt-4o-thinking', map('gpt-4o-thinking', 'claude-opus-4.5'), false, undefined],
  ] as const)('%p keeps what it wishes, over what the target says', (name, mapping, thinkingSuffix, effort) => {
    const resolved = ask(name, [mapping])
    expect(resolved).toEqual({
      ok: true,
      value: {
        model: model('claude-opus-4.5'),
        thinkingSuffix,
        ...(effort === undefined ? {} : { effort }),
        because: 'mapped',
        mapping,
      },
    })
  })

  test('a whole name goes before a beginning, a longer beginning before a shorter', () => {
    const all = [map('*', 'auto'), map('gpt-*', 'claude-haiku-4.5'), map('gpt-4*', 'claude-sonnet-4.5')]
    const named = [...all, map('gpt-4o', 'claude-opus-4.5')]
    const served = (name: string): string | undefined => {
      const resolved = ask(name, named)
      return resolved.ok ? resolved.value.model.id : undefined
    }
    expect(['gpt-4o', 'gpt-4', 'gpt-3', 'o3'].map(served)).toEqual([
      'claude-opus-4.5',
      'claude-sonnet-4.5',
      'claude-haiku-4.5',
      'auto',
    ])
  })

  test("a key's own mappings hold for it alone, and before those for all", () => {
    const all = [
      map('gpt-4o', 'claude-opus-4.5'),
      map('gpt-*', 'claude-haiku-4.5', 'key_a'),
      map('o3', 'auto', 'key_b'),
    ]
    expect(ask('gpt-4o', all)).toMatchObject({ value: { model: { id: 'claude-opus-4.5' } } })
    expect(ask('gpt-4o', all, 'key_a')).toMatchObject({ value: { model: { id: 'claude-haiku-4.5' } } })
    expect(ask('gpt-4o', all, 'key_b')).toMatchObject({ value: { model: { id: 'claude-opus-4.5' } } })
    expect(ask('o3', all, 'key_b').ok).toBe(true)
    expect(ask('o3', all, 'key_a').ok).toBe(false)
    expect(ask('o3', all).ok).toBe(false)
  })

  test('mappings lead on through one another, but not in a circle', () => {
    expect(ask('a', [map('a', 'b-thinking'), map('b', 'claude-opus-4.5')])).toMatchObject({
      value: { model: { id: 'claude-opus-4.5' }, thinkingSuffix: true, mapping: { name: 'a' } },
    })
    expect(ask('a', [map('a', 'b'), map('b', 'c'), map('c', 'a')])).toMatchObject({
      ok: false,
      error: { kind: 'model-not-found' },
    })
  })

  test('one whose target is gone is an error that names the mapping', () => {
    for (const [pattern, target] of [
      ['gpt-4o', 'glm-5'],
      ['*', 'glm-5'],
    ] as const) {
      expect(ask('gpt-4o', [map(pattern, target)])).toEqual({
        ok: false,
        error: {
          kind: 'model-not-found',
          message: `The mapping '${pattern}' leads to '${target}', which no account offers.`,
          field: 'model',
        },
      })
    }
  })
})

describe('one model for everything', () => {
  test.each([
    ['gpt-4o', 'claude-sonnet-4.5', 'forced'],
    ['claude-opus-5.5', 'claude-sonnet-4.5', 'forced'],
    ['claude-sonnet-4-5-20250929', 'claude-sonnet-4.5', undefined],
    ['claude-haiku-4-5', 'claude-haiku-4.5', undefined],
    ['claude-3-5-haiku-latest', 'claude-haiku-4.5', 'retired'],
  ] as const)('%s is served by %s', (name, id, because) => {
    const resolved = ask(name, [map('gpt-4o', 'auto')], undefined, 'claude-sonnet-4-5-20250929')
    expect(resolved).toEqual({
      ok: true,
      value: { model: model(id), thinkingSuffix: false, ...(because === undefined ? {} : { because }) },
    })
  })

  test("the name's wishes are kept, but not taken for wishes where a model is called so", () => {
    expect(ask('gpt-4o-high-thinking', [], undefined, 'claude-opus-4.5')).toMatchObject({
      value: { model: { id: 'claude-opus-4.5' }, thinkingSuffix: true, effort: 'high' },
    })
    expect(ask('qwen-max', [], undefined, 'claude-opus-4.5')).toEqual({
      ok: true,
      value: { model: model('claude-opus-4.5'), thinkingSuffix: false, because: 'forced' },
    })
  })

  test('one that is gone is an error that names the setting', () => {
    expect(ask('claude-opus-5.5', [], undefined, 'glm-5')).toMatchObject({
      ok: false,
      error: { message: "The setting forceModel leads to 'glm-5', which no account offers." },
    })
  })
})

describe('the list', () => {
  const mappings = [
    map('gpt-4o', 'claude-sonnet-4.5'),
    map('claude-opus-5-5', 'claude-haiku-4.5'),
    map('gpt-*', 'auto'),
    map('o3', 'glm-5'),
    map('o1', 'auto', 'key_a'),
  ]
  const idsFor = (keyId?: string) => listModels(live, createRuleBook(mappings)(keyId)).map(({ id }) => id)

  test('has mapped names for the keys they hold for, without beginnings and what leads nowhere', () => {
    expect(idsFor()).toContain('gpt-4o')
    expect(idsFor()).not.toContain('o1')
    expect(idsFor('key_a')).toContain('o1')
    expect(idsFor()).not.toContain('gpt-*')
    expect(idsFor()).not.toContain('o3')
    expect(idsFor().filter((id) => id === 'claude-opus-5-5')).toHaveLength(1)
  })

  test('describes offered models that are led elsewhere by what serves, and leaves out what is led nowhere', () => {
    const rules = createRuleBook([map('claude-opus-*', 'auto'), map('claude-haiku-4.5', 'glm-5')])(undefined)
    const entries = listModels(live, rules)
    expect(entries.find(({ id }) => id === 'claude-opus-4-5')?.display_name).toBe('auto')
    expect(entries.find(({ id }) => id === 'claude-sonnet-4.5')?.display_name).toBe('claude-sonnet-4.5')
    expect(entries.some(({ id }) => id.includes('haiku'))).toBe(false)
  })

  test('describes a mapped name by what serves it', () => {
    const rules = createRuleBook(mappings)(undefined)
    expect(listModels(live, rules).find(({ id }) => id === 'claude-opus-5-5')?.display_name).toBe('claude-haiku-4.5')
    expect(describeModel('gpt-4o', live, rules)).toMatchObject({
      value: { id: 'gpt-4o', display_name: 'claude-sonnet-4.5' },
    })
    expect(describeModel('o3', live, rules).ok).toBe(false)
  })
})

test('names that a caller could not tell apart are the same mapping', () => {
  expect(mappingKey(' GPT-4.1')).toBe(mappingKey('gpt-4-1'))
  expect(mappingKey('claude-4-opus')).toBe(mappingKey('claude-opus-4'))
  expect(mappingKey('gpt-4*')).not.toBe(mappingKey('gpt-4'))
})
