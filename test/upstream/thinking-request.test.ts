import { expect, test } from 'bun:test'
import type { Conversation } from '../../server/conversation/conversation.ts'
import { thinkingRequest } from '../../server/upstream/amazonq/thinking-request.ts'
import { conversation, encode, modelInfo, refusal } from './conversation-support.ts'

type Row = readonly [model: string, wish: Partial<Conversation>, expected: ReturnType<typeof thinkingRequest>]
const on = { thinking: { type: 'adaptive' } } as const
const budget = { thinking: { type: 'enabled', budgetTokens: 9_000 } } as const
const off = { thinking: { type: 'disabled' } } as const
const shown = { type: 'adaptive', display: 'summarized' }

const rows: readonly Row[] = [
  // native fields, by the model's own schema
  ['claude-opus-4.7', {}, {}],
  ['claude-opus-4.7', on, { fields: { thinking: shown } }],
  ['claude-opus-4.7', budget, { fields: { thinking: shown } }],
  ['claude-opus-4.7', off, { fields: { thinking: { type: 'disabled' } } }],
  ['claude-opus-4.7', { effort: 'xhigh' }, { fields: { output_config: { effort: 'xhigh' } } }],
  ['claude-opus-4.6', { effort: 'xhigh' }, { fields: { output_config: { effort: 'high' } } }],
  ['claude-opus-4.6', { effort: 'minimal' }, { fields: { output_config: { effort: 'low' } } }],
  ['claude-opus-4.6', { limits: { stop: [], maxOutputTokens: 5 } }, { fields: { max_tokens: 1_024 } }],
  ['claude-opus-4.6', { limits: { stop: [], maxOutputTokens: 10_000_000 } }, { fields: { max_tokens: 64_000 } }],
  // `disabled` is refused by these: nothing is sent
  ['claude-opus-5.5', off, {}],
  ['claude-sonnet-5.5', { ...on, effort: 'max' }, { fields: { thinking: shown, output_config: { effort: 'max' } } }],
  ['gpt-5.6-sol', off, { fields: { reasoning: { effort: 'none' } } }],
  ['gpt-5.6-sol', { ...on, effort: 'minimal' }, { fields: { reasoning: { effort: 'minimal' } } }],
  ['gpt-5.6-sol', on, {}],
  // tags elsewhere, only when asked
  ['claude-sonnet-4.5', {}, {}],
  ['claude-sonnet-4.5', off, {}],
  ['claude-sonnet-4.5', { effort: 'high' }, {}],
  [
    'claude-sonnet-4.5',
    budget,
    { tags: '<thinking_mode>enabled</thinking_mode><max_thinking_length>9000</max_thinking_length>' },
  ],
  [
    'claude-sonnet-4.5',
    { thinking: { type: 'enabled' } },
    { tags: '<thinking_mode>enabled</thinking_mode><max_thinking_length>16000</max_thinking_length>' },
  ],
  [
    'claude-haiku-4.5',
    { ...on, effort: 'max' },
    { tags: '<thinking_mode>adaptive</thinking_mode><thinking_effort>high</thinking_effort>' },
  ],
  [
    'claude-haiku-4.5',
    { ...on, effort: 'minimal' },
    { tags: '<thinking_mode>adaptive</thinking_mode><thinking_effort>low</thinking_effort>' },
  ],
]

test.each(rows)('%s with %j', (model, wish, expected) => {
  expect(thinkingRequest(conversation(wish), modelInfo(model))).toEqual(expected)
  expect(refusal(encode(conversation(wish), modelInfo(model)).body)).toBeUndefined()
})

test('a schema that lists its values as alternatives is understood, one that lists none is left alone', () => {
  const schema = (type: object) => ({
    ...modelInfo(),
    requestFieldsSchema: { type: 'object', properties: { thinking: { properties: { type } } } },
  })
  const alternatives = { anyOf: [{ const: 'enabled' }, { const: 'disabled' }] }
  expect(thinkingRequest(conversation(on), schema(alternatives))).toEqual({ fields: { thinking: { type: 'enabled' } } })
  expect(thinkingRequest(conversation(on), schema({ type: 'string' }))).toEqual({})
  expect(thinkingRequest(conversation(on), { ...modelInfo(), requestFieldsSchema: {} })).toEqual({})
})

test('tags stand before the system text and make the reply be split', () => {
  const { body, splitThinking } = encode(conversation({ ...budget, system: ['Be brief.'] }))
  expect(splitThinking).toBe(true)
  expect(body.conversationState.currentMessage.userInputMessage.content).toMatch(
    /^<thinking_mode>.*<\/max_thinking_length>\n\nBe brief\.\n\nHello$/,
  )
  expect(encode(conversation(budget), modelInfo('claude-opus-4.7')).splitThinking).toBe(false)
})
