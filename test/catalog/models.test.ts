import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { describeModel, listModels, modelPage } from '../../server/catalog/listing.ts'
import { nearNames, resolveModel } from '../../server/catalog/models.ts'
import type { ModelInfo } from '../../server/conversation/model.ts'

const model = (id: string, rate = 1): ModelInfo => ({
  id,
  name: id,
  maxInputTokens: 200_000,
  maxOutputTokens: 64_000,
  acceptsImages: true,
  rate,
})
const live = [
  'auto',
  'claude-opus-5.5',
  'claude-opus-4.7',
  'claude-opus-4.5',
  'claude-sonnet-5',
  'claude-sonnet-4.6',
  'claude-sonnet-4.5',
  'claude-sonnet-4',
  'claude-haiku-4.5',
  'deepseek-3.2',
  'glm-5',
  'gpt-5.6-sol',
].map((id) => model(id))

describe('resolveModel', () => {
  test.each([
    ['auto', 'auto'],
    ['claude-sonnet-4', 'claude-sonnet-4'],
    ['claude-sonnet-4-0', 'claude-sonnet-4'],
    ['claude-sonnet-4.5', 'claude-sonnet-4.5'],
    ['claude-sonnet-4-5', 'claude-sonnet-4.5'],
    ['Claude-Sonnet-4-5', 'claude-sonnet-4.5'],
    ['  claude-sonnet-4.5 ', 'claude-sonnet-4.5'],
    ['claude-sonnet-4-20250514', 'claude-sonnet-4'],
    ['claude-sonnet-4-5-20250929', 'claude-sonnet-4.5'],
    ['claude-sonnet-4-5-latest', 'claude-sonnet-4.5'],
    ['claude-sonnet-4-5@20250929', 'claude-sonnet-4.5'],
    ['claude-haiku-4-5-20251001', 'claude-haiku-4.5'],
    ['claude-opus-4-5-20251101', 'claude-opus-4.5'],
    ['claude-opus-4-5', 'claude-opus-4.5'],
    ['claude-opus-5-5', 'claude-opus-5.5'],
    ['claude-opus-5.5', 'claude-opus-5.5'],
    ['claude-opus-5-5[1m]', 'claude-opus-5.5'],
    ['claude-sonnet-5', 'claude-sonnet-5'],
    ['claude-4.5-sonnet', 'claude-sonnet-4.5'],
    // Bedrock: model ids, inference profiles, their ARNs
    ['anthropic.claude-sonnet-4-5-20250929-v1:0', 'claude-sonnet-4.5'],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'claude-sonnet-4.5'],
    ['us-gov.anthropic.claude-sonnet-4-20250514-v1:0', 'claude-sonnet-4'],
    ['global.anthropic.claude-haiku-4-5-20251001-v1:0', 'claude-haiku-4.5'],
    ['apac.anthropic.claude-opus-4-7-v1', 'claude-opus-4.7'],
    ['us.anthropic.claude-opus-5-5', 'claude-opus-5.5'],
    ['anthropic.claude-sonnet-4-5-20250929-v1:0:200k', 'claude-sonnet-4.5'],
    ['us.anthropic.claude-sonnet-4-6-v1[1m]', 'claude-sonnet-4.6'],
    ['bedrock/us.anthropic.claude-opus-4-5-20251101-v1:0', 'claude-opus-4.5'],
    [
      'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-4-5-20251101-v1:0',
      'claude-opus-4.5',
    ],
    // Vertex
    ['claude-opus-4-5@20251101', 'claude-opus-4.5'],
    ['claude-opus-5-5@default', 'claude-opus-5.5'],
    ['vertex_ai/claude-haiku-4-5@20251001', 'claude-haiku-4.5'],
    ['publishers/anthropic/models/claude-sonnet-4@20250514', 'claude-sonnet-4'],
    // OpenRouter and other go-betweens
    ['anthropic/claude-sonnet-4.5', 'claude-sonnet-4.5'],
    ['openrouter/anthropic/claude-4.5-sonnet', 'claude-sonnet-4.5'],
    ['anthropic/claude-opus-4.5:beta', 'claude-opus-4.5'],
    ['anthropic--claude-4.5-opus', 'claude-opus-4.5'],
    ['claude-sonnet-4.6-1m', 'claude-sonnet-4.6'],
    ['kiro/claude-opus-4-7', 'claude-opus-4.7'],
    ['opus-4.7', 'claude-opus-4.7'],
    ['deepseek/deepseek-3.2', 'deepseek-3.2'],
    ['z-ai/glm-5:free', 'glm-5'],
    ['deepseek-3-2', 'deepseek-3.2'],
    ['gpt-5.6-sol', 'gpt-5.6-sol'],
  ])('%s is %s', (name, id) => {
    const resolved = resolveModel(name, live)
    expect(resolved).toEqual({ ok: true, value: { model: model(id), thinkingSuffix: false } })
  })

  test.each([
    // the next of the family; none that is itself retired, as long as there is another
    ['claude-3-5-sonnet-20241022', 'claude-sonnet-4.5', 'retired'],
    ['claude-3-5-sonnet-20240620', 'claude-sonnet-4.5', 'retired'],
    ['claude-3-5-sonnet-latest', 'claude-sonnet-4.5', 'retired'],
    ['claude-3-5-sonnet-v2@20241022', 'claude-sonnet-4.5', 'retired'],
    ['claude-3-7-sonnet-20250219', 'claude-sonnet-4.5', 'retired'],
    ['claude-sonnet-3.5', 'claude-sonnet-4.5', 'retired'],
    ['claude-sonnet-4.1', 'claude-sonnet-4.5', 'retired'],
    ['us.anthropic.claude-3-5-sonnet-20241022-v2:0', 'claude-sonnet-4.5', 'retired'],
    ['anthropic/claude-3.7-sonnet', 'claude-sonnet-4.5', 'retired'],
    ['claude-opus-4-1', 'claude-opus-4.5', 'retired'],
    ['claude-opus-4-1-20250805', 'claude-opus-4.5', 'retired'],
    ['us.anthropic.claude-opus-4-1-20250805-v1:0', 'claude-opus-4.5', 'retired'],
    ['claude-opus-4-20250514', 'claude-opus-4.5', 'retired'],
    ['claude-opus-4-6', 'claude-opus-4.7', 'retired'],
    ['claude-opus-4-8', 'claude-opus-5.5', 'retired'],
    ['claude-3-opus-20240229', 'claude-opus-4.5', 'retired'],
    ['claude-3-haiku-20240307', 'claude-haiku-4.5', 'retired'],
    ['claude-3-5-haiku-20241022', 'claude-haiku-4.5', 'retired'],
    // before there were families
    ['claude-2.1', 'claude-sonnet-4.5', 'retired'],
    ['claude-2', 'claude-sonnet-4.5', 'retired'],
    ['anthropic.claude-v2:1', 'claude-sonnet-4.5', 'retired'],
    ['anthropic.claude-v2', 'claude-sonnet-4.5', 'retired'],
    ['claude-instant-1.2', 'claude-haiku-4.5', 'retired'],
    ['anthropic.claude-instant-v1', 'claude-haiku-4.5', 'retired'],
    // no version: the newest
    ['claude-opus-latest', 'claude-opus-5.5', 'unversioned'],
    ['claude-sonnet', 'claude-sonnet-5', 'unversioned'],
    ['sonnet', 'claude-sonnet-5', 'unversioned'],
    ['opus[1m]', 'claude-opus-5.5', 'unversioned'],
    ['haiku', 'claude-haiku-4.5', 'unversioned'],
    ['~anthropic/claude-haiku-latest', 'claude-haiku-4.5', 'unversioned'],
    // clients choose it by themselves
    ['claude-haiku-5-5', 'claude-haiku-4.5', 'small-model'],
  ] as const)('%s is not offered: %s stands in, being %s', (name, id, because) => {
    expect(resolveModel(name, live)).toEqual({ ok: true, value: { model: model(id), thinkingSuffix: false, because } })
  })

  test('the order of the lists does not change what stands in', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(live, { minLength: live.length }), (shuffled) => {
        for (const [name, id] of [
          ['claude-opus-4-1', 'claude-opus-4.5'],
          ['claude-3-sonnet', 'claude-sonnet-4.5'],
        ] as const)
          expect(resolveModel(name, shuffled)).toMatchObject({ value: { model: { id } } })
      }),
    )
  })

  test('Sonnet 4 is served while it is offered, stood in for when it is not, and stands in only for want of others', () => {
    const without = live.filter(({ id }) => id !== 'claude-sonnet-4')
    expect(resolveModel('claude-sonnet-4-20250514', without)).toMatchObject({
      value: { model: { id: 'claude-sonnet-4.5' }, because: 'retired' },
    })
    expect(resolveModel('claude-3-7-sonnet', [model('claude-sonnet-4')])).toMatchObject({
      value: { model: { id: 'claude-sonnet-4' }, because: 'retired' },
    })
  })

  test.each([
    ['claude-sonnet-4.5-thinking', 'claude-sonnet-4.5', undefined],
    ['claude-sonnet-4-5-think', 'claude-sonnet-4.5', undefined],
    ['claude-sonnet-4-5-20250929-thinking', 'claude-sonnet-4.5', undefined],
    ['claude-sonnet-4-5-thinking-20250929', 'claude-sonnet-4.5', undefined],
    ['claude-opus-5-5-thinking[1m]', 'claude-opus-5.5', undefined],
    ['anthropic/claude-sonnet-4.5:thinking', 'claude-sonnet-4.5', undefined],
    ['claude-sonnet-4.5-thought', 'claude-sonnet-4.5', undefined],
    ['claude-4.5-opus-high-thinking', 'claude-opus-4.5', 'high'],
    ['claude-opus-4.5-thinking-low', 'claude-opus-4.5', 'low'],
  ] as const)('%s is %s with thinking', (name, id, effort) => {
    expect(resolveModel(name, live)).toEqual({
      ok: true,
      value: { model: model(id), thinkingSuffix: true, ...(effort ? { effort } : {}) },
    })
  })

  test('one that stands in keeps what the name wishes', () => {
    expect(resolveModel('claude-haiku-5-5-thinking', live)).toEqual({
      ok: true,
      value: { model: model('claude-haiku-4.5'), thinkingSuffix: true, because: 'small-model' },
    })
    expect(resolveModel('anthropic/claude-3.7-sonnet:thinking', live)).toEqual({
      ok: true,
      value: { model: model('claude-sonnet-4.5'), thinkingSuffix: true, because: 'retired' },
    })
    expect(resolveModel('claude-4.1-opus-high-thinking', live)).toEqual({
      ok: true,
      value: { model: model('claude-opus-4.5'), thinkingSuffix: true, effort: 'high', because: 'retired' },
    })
  })

  test.each([
    ['claude-4.5-opus-high', 'high'],
    ['claude-4.5-opus-low', 'low'],
    ['claude-opus-4-5-max', 'max'],
  ] as const)('%s is Opus 4.5 with effort %s', (name, effort) => {
    expect(resolveModel(name, live)).toEqual({
      ok: true,
      value: { model: model('claude-opus-4.5'), thinkingSuffix: false, effort },
    })
  })

  test('a live id that ends like a wish is taken as it stands', () => {
    const own = [...live, model('qwen-max'), model('kimi-thinking')]
    expect(resolveModel('qwen-max', own)).toEqual({
      ok: true,
      value: { model: model('qwen-max'), thinkingSuffix: false },
    })
    expect(resolveModel('kimi-thinking', own)).toMatchObject({ ok: true, value: { thinkingSuffix: false } })
  })

  test.each([
    'claude-fable-5-2',
    'claude-opus-6',
    'claude-sonnet-5-5',
    'claude',
    'gpt-4o',
    'openai/gpt-4o',
    'o3',
    'anthropic.',
    'https://example.com/',
    '',
    '[1m]',
    'x'.repeat(9_999),
  ])('unknown %p is an error with one to three live names', (name) => {
    const resolved = resolveModel(name, live)
    expect(resolved).toMatchObject({ ok: false, error: { kind: 'model-not-found', field: 'model' } })
    const near = nearNames(name, live)
    expect(near.length).toBeWithin(1, 4)
    for (const id of near) expect(!resolved.ok && resolved.error.message.includes(id)).toBe(true)
    const message = resolved.ok ? '' : resolved.error.message
    expect(message.length).toBeLessThan(300)
    expect(message).toContain("map it on the console's Models page")
  })

  test('near names are the nearest', () => {
    expect(nearNames('claude-opus-4-8', live)[0]).toBe('claude-opus-4.5')
    expect(nearNames('claude-opus-4.8', live)).toContain('claude-opus-4.7')
    expect(nearNames('gpt-5.6', live)).toContain('gpt-5.6-sol')
    expect(nearNames('us.anthropic.claude-opus-6-20270101-v1:0', live)[0]).toBe('claude-opus-4.5')
  })

  test('without a haiku the small model is the cheapest Claude, and without any Claude an error', () => {
    const noHaiku = [model('auto', 0.1), model('claude-opus-4.5', 2.2), model('claude-sonnet-4.5', 1.3)]
    expect(resolveModel('claude-haiku-4-5', noHaiku)).toMatchObject({
      ok: true,
      value: { model: { id: 'claude-sonnet-4.5' } },
    })
    expect(resolveModel('claude-haiku-4-5', [model('auto')])).toMatchObject({
      ok: false,
      error: { kind: 'model-not-found' },
    })
  })

  test('the newest haiku counts by version, not by spelling', () => {
    const haikus = [model('claude-haiku-4.5'), model('claude-haiku-4.10'), model('claude-haiku-4')]
    for (const name of ['claude-haiku-latest', 'claude-haiku-4.6', 'claude-haiku-5']) {
      expect(resolveModel(name, haikus)).toMatchObject({ ok: true, value: { model: { id: 'claude-haiku-4.10' } } })
    }
  })

  test('with no list at all nothing is guessed', () => {
    expect(resolveModel('claude-sonnet-4.5', [])).toMatchObject({ ok: false, error: { kind: 'no-account' } })
  })

  test('dots, dashes, dates and case never change the target', () => {
    const claude = live.filter(({ id }) => id.startsWith('claude'))
    fc.assert(
      fc.property(
        fc.constantFrom(...claude),
        fc.boolean(),
        fc.constantFrom('', '-20250929', '-latest', '[1m]'),
        fc.constantFrom('', '-thinking', '-think'),
        fc.boolean(),
        ({ id }, dashed, tail, thinking, upper) => {
          const spelled = `${dashed ? id.replaceAll('.', '-') : id}${thinking}${tail}`
          const resolved = resolveModel(upper ? spelled.toUpperCase() : spelled, live)
          expect(resolved).toEqual({ ok: true, value: { model: model(id), thinkingSuffix: thinking !== '' } })
        },
      ),
    )
  })

  test('any name at all is answered', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (name) => {
        const resolved = resolveModel(name, live)
        expect(resolved.ok ? live.includes(resolved.value.model) : resolved.error.kind === 'model-not-found').toBe(true)
      }),
    )
  })
})

describe('listModels', () => {
  test('lists live ids and the dashed form of Claude ids, both resolvable, each once', () => {
    const ids = listModels([...live, model('claude-opus-5.5')]).map(({ id }) => id)
    expect(ids).toContain('claude-opus-5.5')
    expect(ids).toContain('claude-opus-5-5')
    expect(ids).toContain('deepseek-3.2')
    expect(ids).not.toContain('deepseek-3-2')
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(resolveModel(id, live).ok).toBe(true)
  })

  test('an entry has the members of both shapes', () => {
    expect(listModels([model('claude-opus-5.5')])[1]).toEqual({
      id: 'claude-opus-5-5',
      object: 'model',
      created: 0,
      owned_by: 'anthropic',
      type: 'model',
      display_name: 'claude-opus-5.5',
      created_at: '1970-01-01T00:00:00Z',
      max_input_tokens: 200_000,
      max_tokens: 64_000,
    })
  })

  test('without any list the page is empty, not invented', () => {
    expect(modelPage([])).toEqual({ object: 'list', data: [], has_more: false, first_id: null, last_id: null })
  })

  test('the page names its ends', () => {
    expect(modelPage(live)).toMatchObject({ first_id: 'auto', last_id: 'gpt-5.6-sol', has_more: false })
  })

  test('a single model is described under the name asked for', () => {
    expect(describeModel('claude-haiku-5-5', live)).toMatchObject({ ok: true, value: { id: 'claude-haiku-5-5' } })
    expect(describeModel('gpt-4o', live)).toMatchObject({ ok: false, error: { kind: 'model-not-found' } })
  })
})
