import { describe, expect, test } from 'bun:test'
import { modelsOf } from '../../server/simulator/models.ts'
import { createSignatures } from '../../server/simulator/signature.ts'
import { validate } from '../../server/simulator/validate.ts'
import type { ValidationContext } from '../../server/simulator/violation.ts'
import { assistant, body, citySchema, type Json, result, tool, user } from './client.ts'

const signatures = createSignatures('secret')
const context: ValidationContext = {
  region: 'us-east-1',
  age: 'runtime-2026-08',
  models: modelsOf('pro', 'us-east-1'),
  isOwnSignature: signatures.isOwn,
  isOwnRedaction: signatures.isOwnRedaction,
}
const verdict = (value: unknown, change: Partial<ValidationContext> = {}): string => {
  const checked = validate(value, { ...context, ...change })
  if (!('rule' in checked)) return 'accepted'
  return [checked.failure.status, checked.failure.reason ?? checked.failure.message].join(' ')
}

const malformed = '400 Improperly formed request.'
const mismatch = '400 TOOL_USE_RESULT_MISMATCH'
const badUse = '400 REQUEST_BODY_INVALID'
const tools = { tools: [tool('get_weather')] }
const use = (toolUseId = 'tooluse_1', more: Json = {}): Json => ({
  toolUseId,
  name: 'get_weather',
  input: { city: 'Paris' },
  ...more,
})
const withTools = (list: readonly unknown[]): Json => body('hi', { userInputMessageContext: { tools: list } })
const withSchema = (json: unknown): Json => withTools([tool('t', { inputSchema: { json } })])
/** One tool round trip: `uses` in history, `results` in the current message. */
const round = (uses: readonly Json[], results: readonly Json[], message: Json = {}): Json =>
  body(
    '',
    { userInputMessageContext: { ...tools, toolResults: results }, ...message },
    {
      history: [user('weather?'), assistant('', { toolUses: uses })],
    },
  )
const png = 'iVBORw0KGgo='
const withImage = (image: unknown, modelId = 'claude-sonnet-4.5'): Json => body('look', { modelId, images: [image] })
const image = { format: 'png', source: { bytes: png } }
const history = (...entries: readonly Json[]): Json => body('hi', {}, { history: entries })
const fields = (modelId: string, additionalModelRequestFields: unknown): Json =>
  body('hi', { modelId }, {}, { additionalModelRequestFields })
const reasoned = (reasoningContent: Json, modelId = 'claude-opus-4.7'): Json =>
  body('hi', { modelId }, { history: [user('a'), assistant('b', { reasoningContent })] })
const arn = (region: string): string => `arn:aws:codewhisperer:${region}:638616132270:profile/AAAACCCCXXXX`

const accepted: readonly (readonly [name: string, value: unknown])[] = [
  ['a plain message', body('hi')],
  ['a history that alternates', history(user('a'), assistant('b'))],
  ['tools', withTools([tool('get_weather'), tool('b-2')])],
  [
    'a property called required or additionalProperties',
    withSchema({
      type: 'object',
      properties: { required: { type: 'string' }, additionalProperties: { type: 'null' } },
      required: ['required'],
    }),
  ],
  [
    'a default of null in a schema',
    withSchema({ type: 'object', properties: { a: { type: 'string', default: null } } }),
  ],
  ['a tool round trip', round([use()], [result('tooluse_1')])],
  ['an empty result', round([use()], [{ toolUseId: 'tooluse_1', content: [], status: 'error' }])],
  ['null inside a tool input', round([use('tooluse_1', { input: { city: null } })], [result('tooluse_1')])],
  ['an image', withImage(image)],
  [
    'thinking fields of the model',
    fields('claude-opus-4.7', { thinking: { type: 'adaptive' }, output_config: { effort: 'xhigh' }, max_tokens: 4096 }),
  ],
  ['reasoning signed here', reasoned({ reasoningText: { text: 'hm', signature: signatures.sign('hm') } })],
  ['redacted reasoning issued here', reasoned({ redactedContent: signatures.redact() })],
  ['unsigned reasoning of an open-weight model', reasoned({ reasoningText: { text: 'hm' } }, 'minimax-m2.1')],
  ['a profile of this region', body('hi', {}, {}, { profileArn: arn('us-east-1') })],
  ['members nobody knows', body('hi', { novel: 1 }, { novel: {} }, { inferenceConfig: { maxTokens: 1 } })],
]

const refused: readonly (readonly [name: string, value: unknown, verdict: string])[] = [
  ['no body', undefined, malformed],
  ['a list', [], malformed],
  ['no conversationState', {}, malformed],
  ['no currentMessage', { conversationState: { chatTriggerType: 'MANUAL' } }, malformed],
  ['an assistant as currentMessage', body('hi', {}, { currentMessage: assistant('x') }), malformed],
  ['an unknown chatTriggerType', body('hi', {}, { chatTriggerType: 'AUTO' }), malformed],
  ['no chatTriggerType', body('hi', {}, { chatTriggerType: undefined }), malformed],
  [
    'a conversationId that is too long',
    body('hi', {}, { conversationId: 'x'.repeat(129) }),
    '400 INVALID_CONVERSATION_ID',
  ],
  ['an unknown agentTaskType', body('hi', {}, { agentTaskType: 'chat' }), malformed],
  ['an unknown agentMode', body('hi', {}, {}, { agentMode: 'chat' }), malformed],
  ['a systemPrompt', body('hi', {}, {}, { systemPrompt: 'x' }), '400 REQUEST_BODY_INVALID'],
  ['an unknown origin', body('hi', { origin: 'claude-server' }), malformed],
  ['an unknown origin in history', history(user('a', { origin: 'x' }), assistant('b')), malformed],
  ['null in the state', body('hi', {}, { agentTaskType: null }), malformed],
  ['null in a message', body('hi', { images: null }), malformed],
  ['null in history', history(user('a'), assistant('b', { messageId: null })), malformed],
  ['null as a tool input', round([use('tooluse_1', { input: null })], [result('tooluse_1')]), malformed],
  ['two users in a row', history(user('a'), user('b'), assistant('c')), malformed],
  ['two assistants in a row', history(user('a'), assistant('b'), assistant('c')), malformed],
  ['a history ending with a user', history(user('a'), assistant('b'), user('c')), malformed],
  ['a history starting with an assistant', history(assistant('a')), malformed],
  ['a history entry of both kinds', history({ ...user('a'), ...assistant('b') }), malformed],
  ['empty content', body(''), malformed],
  ['empty content in history', history(user(''), assistant('b')), malformed],
  ['an empty assistant', history(user('a'), assistant('')), malformed],
  [
    'results in the first history message',
    body(
      'hi',
      { userInputMessageContext: tools },
      { history: [user('', { userInputMessageContext: { toolResults: [result('tooluse_1')] } }), assistant('b')] },
    ),
    malformed,
  ],
  [
    'results without uses',
    body('', { userInputMessageContext: { ...tools, toolResults: [result('tooluse_1')] } }),
    mismatch,
  ],
  ['a result for another use', round([use()], [result('tooluse_2')]), mismatch],
  ['a use without result', round([use('tooluse_1'), use('tooluse_2')], [result('tooluse_1')]), mismatch],
  ['two results for one use', round([use()], [result('tooluse_1'), result('tooluse_1')]), mismatch],
  ['one id for two uses', round([use(), use()], [result('tooluse_1')]), mismatch],
  [
    'an unanswered use deep in history',
    body(
      'hi',
      { userInputMessageContext: tools },
      { history: [user('a'), assistant('', { toolUses: [use()] }), user('b'), assistant('c')] },
    ),
    mismatch,
  ],
  ['an unknown result status', round([use()], [{ ...result('tooluse_1'), status: 'ok' }]), malformed],
  [
    'a result block of another kind',
    round([use()], [{ toolUseId: 'tooluse_1', content: [{ html: 'x' }], status: 'success' }]),
    malformed,
  ],
  [
    'tool turns without tools',
    round([use()], [result('tooluse_1')], { userInputMessageContext: { toolResults: [result('tooluse_1')] } }),
    malformed,
  ],
  [
    'a tool in history that is not declared',
    round([use('tooluse_1', { name: 'gone' })], [result('tooluse_1')]),
    malformed,
  ],
  [
    'tools in history',
    body(
      'hi',
      { userInputMessageContext: tools },
      { history: [user('a', { userInputMessageContext: tools }), assistant('b')] },
    ),
    malformed,
  ],
  ['a tool use input that is text', round([use('tooluse_1', { input: '{}' })], [result('tooluse_1')]), badUse],
  [
    'a tool use with an empty key',
    round([use('tooluse_1', { input: { a: { '': 1 } } })], [result('tooluse_1')]),
    badUse,
  ],
  ['a tool use name with a dot', round([use('tooluse_1', { name: 'a.b' })], [result('tooluse_1')]), badUse],
  ['a tool name over 64', withTools([tool('x'.repeat(65))]), malformed],
  ['a tool name with a dot', withTools([tool('a.b')]), malformed],
  ['a tool declared twice', withTools([tool('a'), tool('a')]), malformed],
  ['two tools that differ by case alone', withTools([tool('Read'), tool('read')]), malformed],
  ['a cachePoint among tools', withTools([{ cachePoint: { type: 'default' } }]), malformed],
  ['an empty description', withTools([tool('a', { description: '' })]), malformed],
  ['no description', withTools([tool('a', { description: undefined })]), malformed],
  ['a description over 10,240', withTools([tool('a', { description: 'x'.repeat(10_241) })]), malformed],
  ['a schema that is text', withSchema('{}'), malformed],
  ['a schema of another type', withSchema({ type: 'array', items: citySchema }), malformed],
  ['a type in capitals', withSchema({ type: 'object', properties: { a: { type: 'STRING' } } }), malformed],
  ['a list of types', withSchema({ type: 'object', properties: { a: { type: ['string', 'null'] } } }), 'accepted'],
  ['required: null', withSchema({ type: 'object', required: null }), malformed],
  ['properties: null', withSchema({ type: 'object', properties: null }), malformed],
  ['required: []', withSchema({ type: 'object', properties: {}, required: [] }), malformed],
  ['additionalProperties', withSchema({ ...citySchema, additionalProperties: false }), malformed],
  [
    'additionalProperties deep inside',
    withSchema({
      type: 'object',
      properties: { a: { type: 'array', items: { anyOf: [{ type: 'object', additionalProperties: true }] } } },
    }),
    malformed,
  ],
  ['a property without a name', withSchema({ type: 'object', properties: { '': { type: 'string' } } }), malformed],
  ['an unknown model', body('hi', { modelId: 'claude-7' }), '400 INVALID_MODEL_ID'],
  ['a modelId with a slash', body('hi', { modelId: 'anthropic/claude' }), malformed],
  ['an image of an odd format', withImage({ ...image, format: 'bmp' }), malformed],
  [
    'an image that is not base64',
    withImage({ format: 'png', source: { bytes: 'data:image/png;base64,AAAA' } }),
    malformed,
  ],
  ['an image without bytes', withImage({ format: 'png', source: { bytes: '' } }), malformed],
  ['an image over 10 MiB', withImage({ format: 'png', source: { bytes: 'A'.repeat(14_000_000) } }), malformed],
  ['eleven images', body('look', { images: Array.from({ length: 11 }, () => image) }), malformed],
  ['an image for a text model', withImage(image, 'glm-5'), '400 IMAGE_FORMAT_UNSUPPORTED'],
  ['fields for a model without schema', fields('claude-sonnet-4.5', { thinking: { type: 'adaptive' } }), malformed],
  ['an unknown field', fields('claude-opus-4.7', { budget: 1 }), malformed],
  ['an effort the model lacks', fields('claude-opus-4.6', { output_config: { effort: 'xhigh' } }), malformed],
  ['thinking disabled where it cannot be', fields('claude-opus-5.5', { thinking: { type: 'disabled' } }), malformed],
  ['thinking without type', fields('claude-opus-4.7', { thinking: { display: 'omitted' } }), malformed],
  ['max_tokens below 1,024', fields('claude-opus-4.7', { max_tokens: 100 }), malformed],
  ['max_tokens over the model', fields('claude-sonnet-4.6', { max_tokens: 128_000 }), malformed],
  ['reasoning without signature', reasoned({ reasoningText: { text: 'hm' } }), '400 THINKING_SIGNATURE_INVALID'],
  ['an empty signature', reasoned({ reasoningText: { text: 'hm', signature: '' } }), '400 THINKING_SIGNATURE_INVALID'],
  [
    'a signature of other text',
    reasoned({ reasoningText: { text: 'ha', signature: signatures.sign('hm') } }),
    '400 THINKING_SIGNATURE_INVALID',
  ],
  ['a foreign redacted block', reasoned({ redactedContent: 'AAAA' }), '400 THINKING_SIGNATURE_INVALID'],
  ['a profile of another region', body('hi', {}, {}, { profileArn: arn('eu-central-1') }), malformed],
  ['a profile of no form', body('hi', {}, {}, { profileArn: 'x' }), malformed],
  ['more text than the window', body('字'.repeat(200_001)), '400 CONTENT_LENGTH_EXCEEDS_THRESHOLD'],
]

describe('the provider accepts', () => {
  test.each(accepted)('%s', (_name, value) => expect(verdict(value)).toBe('accepted'))
})

describe('the provider refuses', () => {
  test.each(refused)('%s', (_name, value, expected) => expect(verdict(value)).toBe(expected))
})

test('the free plan has no Opus and another region no GPT', () => {
  expect(verdict(body('hi', { modelId: 'claude-opus-4.7' }), { models: modelsOf('free', 'us-east-1') })).toBe(
    '400 INVALID_MODEL_ID',
  )
  expect(modelsOf('pro', 'eu-central-1').filter((model) => model.id.startsWith('gpt-'))).toEqual([])
})

test('the older service has no reason for unmatched results', () => {
  expect(verdict(round([use()], [result('tooluse_2')]), { age: 'q-2026-05' })).toBe(malformed)
})

test.each([
  [54, 'accepted'],
  [64, malformed],
  [50_000, malformed],
])('a member that nests %d levels: %s', (levels, expected) => {
  let deep: unknown = 1
  for (let depth = 0; depth < levels; depth++) deep = { a: deep }
  expect(verdict(body('hi', { novel: deep }))).toBe(expected)
})
