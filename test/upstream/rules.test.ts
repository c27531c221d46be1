import { describe, expect, test } from 'bun:test'
import type { Part } from '../../server/conversation/conversation.ts'
import { createLocate } from '../../server/dialect/locate.ts'
import { modelsOf } from '../../server/simulator/models.ts'
import { oldDemands } from '../../server/simulator/old-demand.ts'
import { validate } from '../../server/simulator/validate.ts'
import { findingsOf } from '../../server/upstream/amazonq/explain.ts'
import { brokenRules, type LookedThrough, mend, rules } from '../../server/upstream/amazonq/rules.ts'
import type { RequestBody } from '../../server/upstream/amazonq/wire.ts'
import { wireText } from '../../server/upstream/amazonq/wire-text.ts'
import { assistant, body, type Json, result, tool, user } from '../simulator/client.ts'
import { cpuMs } from '../support/cpu.ts'
import { atOnce } from '../support/steps.ts'
import {
  assistant as answers,
  conversation,
  encode,
  modelInfo,
  user as says,
  toolCall,
  tool as toolOf,
  toolResult,
} from './conversation-support.ts'

const model = modelInfo()
const asBody = (value: Json): RequestBody => value as unknown as RequestBody // as the wire has it, broken or not
const lookAt = (request: RequestBody, of = model): LookedThrough => atOnce(brokenRules(request, of, 'us-east-1'))
const mended = (request: RequestBody, looked = lookAt(request)) => atOnce(mend(request, looked))
const namesIn = ({ broken }: LookedThrough): string[] => broken.map(({ rule }) => rule.name)
const names = (value: Json): string[] => namesIn(lookAt(asBody(value)))
const refusal = (value: unknown, old = [...oldDemands] as (typeof oldDemands)[number][]): string | undefined => {
  const checked = validate(JSON.parse(JSON.stringify(value)), {
    region: 'us-east-1',
    age: 'runtime-2026-08',
    models: modelsOf('power', 'us-east-1'),
    isOwnSignature: () => true,
    isOwnRedaction: () => true,
    old,
  })
  return 'rule' in checked ? checked.rule : undefined
}

const use = (id: string, more: Json = {}): Json => ({ toolUseId: id, name: 't', input: {}, ...more })
const png = Buffer.from('\x89PNG\r\n\x1a\nxxxx', 'latin1').toString('base64')
const picture = (bytes: string, format = 'png'): Json => ({ format, source: { bytes } })
const withTool = (more: Json): Json => body('hi', { userInputMessageContext: { tools: [tool('t', more)] } })
const withSchema = (json: Json): Json => withTool({ inputSchema: { json } })
/** One round of calls in history and its results in the current message. */
const round = (uses: readonly Json[], results: readonly Json[], more: Json = {}): Json =>
  body(
    '',
    { userInputMessageContext: { tools: [tool('t')], toolResults: results }, ...more },
    { history: [user('go'), assistant('', { toolUses: uses })] },
  )
const many = Array.from({ length: 23 }, (_, index) => `c${index}`)
const property = { city: { type: 'string' } }

type Row = readonly [rule: string, request: Json]
const rows: readonly Row[] = [
  ['starts-with-user', body('hi', {}, { history: [assistant('a')] })],
  ['alternation', body('hi', {}, { history: [user('a'), assistant('b'), assistant('c')] })],
  ['results-first', body('hi', { userInputMessageContext: { tools: [tool('t')], toolResults: [result('c')] } })],
  ['result-pairing', round([use('a'), use('b')], [result('a')])],
  ['result-pairing', round([use('a')], [result('a'), result('a')])],
  ['tools-declared', round([use('a', { name: 'gone' })], [result('a')])],
  ['call-id', round([use('a b')], [result('a b')])],
  ['call-input', round([use('a', { input: { '': 1 } })], [result('a')])],
  ['empty-message', body('')],
  [
    'calls-per-message',
    round(
      many.map((id) => use(id)),
      many.map((id) => result(id)),
    ),
  ],
  [
    'history-length',
    body('hi', {}, { history: Array.from({ length: 252 }, (_, index) => (index % 2 ? assistant('b') : user('a'))) }),
  ],
  ['tool-name', withTool({ name: 'a b' })],
  ['tool-name-unique', body('hi', { userInputMessageContext: { tools: [tool('t'), tool('T')] } })],
  ['tool-description', withTool({ description: '' })],
  ['tool-description', withTool({ description: 'x'.repeat(10_241) })],
  ['schema-shape', withSchema({ type: 'object', properties: property, required: null })],
  ['schema-shape', withSchema({ type: 'object', properties: { a: { type: 'STRING' } } })],
  [
    'request-nesting',
    withSchema(Array.from({ length: 70 }).reduce<Json>((inner) => ({ type: 'object', properties: { a: inner } }), {})),
  ],
  ['tool-name-plain', withTool({ name: 'a-b' })],
  [
    'schema-reference',
    withSchema({ type: 'object', properties: { a: { $ref: '#/$defs/a' } }, $defs: { a: { type: 'string' } } }),
  ],
  [
    'schema-alternatives',
    withSchema({
      type: 'object',
      properties: {},
      anyOf: [{ type: 'object', properties: property, required: ['city'] }],
    }),
  ],
  ['schema-keyword', withSchema({ type: 'object', properties: { a: { type: 'string', format: 'date' } } })],
  ['schema-required', withSchema({ type: 'object', properties: property, required: ['city', 'gone'] })],
  ['schema-property', withSchema({ type: 'object', properties: { 'a b': { type: 'string' } } })],
  ['image-bytes', body('hi', {}, { history: [user('see', { images: [picture(png, 'gif')] }), assistant('b')] })],
  [
    'image-bytes',
    body('hi', {}, { history: [user('see', { images: [picture('AAAAAAAAAAAAAAAA')] }), assistant('b')] }),
  ],
  [
    'image-size',
    body('hi', {}, { history: [user('see', { images: [picture(png + 'AAAA'.repeat(3_600_000))] }), assistant('b')] }),
  ],
  [
    'image-size-old',
    body('hi', {}, { history: [user('see', { images: [picture(png + 'AAAA'.repeat(1_000_000))] }), assistant('b')] }),
  ],
  ['images-per-message', body('hi', { images: Array.from({ length: 11 }, () => picture(png)) })],
  ['result-size', round([use('a')], [result('a', 'x'.repeat(800_001))])],
  ['user-text', body('x '.repeat(300_001))],
  ['assistant-text', body('hi', {}, { history: [user('a'), assistant('x '.repeat(50_001))] })],
  ['body-size', body('hi', {}, { history: [user('a'), assistant('x '.repeat(320_000))] })],
  ['request-fields', body('hi', {}, {}, { additionalModelRequestFields: { thinking: { type: 'adaptive' } } })],
  [
    'profile-region',
    body('hi', {}, {}, { profileArn: 'arn:aws:codewhisperer:eu-central-1:699475941385:profile/EHGA3GRVQMUK' }),
  ],
]

describe.each(rows)('the rule %s', (name, request) => {
  test('is found in what the strict provider refuses', () => {
    expect(refusal(request)).toBeDefined()
    expect(names(request)).toContain(name)
  })
})

test('every rule has a request that breaks it, but for those that other tests show', () => {
  const shown = new Set(rows.map(([name]) => name))
  expect(rules.map(({ name }) => name).filter((name) => !shown.has(name))).toEqual(['image-model', 'null-member'])
})

test('an image for a model that reads none, and a null, are found', () => {
  const blind = { ...model, acceptsImages: false }
  const seen = body('see', { images: [picture(png)] })
  expect(namesIn(lookAt(asBody(seen), blind))).toEqual(['image-model'])
  expect(names(body('hi', {}, {}, { profileArn: null }))).toEqual(['null-member'])
})

describe('a rule for images names the member of the caller', () => {
  const plainNames = encode(conversation()).names
  const large = png + 'AAAA'.repeat(1_000_000)
  const larger = png + 'AAAA'.repeat(3_600_000)
  const broken: readonly (readonly [rule: string, images: readonly string[], at: number, format?: string])[] = [
    ['image-bytes', [png, 'AAAAAAAAAAAAAAAA'], 1],
    ['image-bytes', [png], 0, 'gif'],
    ['image-size', [png, larger], 1],
    ['image-size-old', [large], 0],
    ['images-per-message', Array.from({ length: 12 }, (_, index) => `${png.slice(0, -2)}${index + 10}`), 10],
    ['image-model', [png], 0],
  ]
  const apis = {
    messages: (data: readonly string[]) => ({
      body: {
        messages: [
          { role: 'user', content: data.map((one) => ({ type: 'image', source: { type: 'base64', data: one } })) },
        ],
      },
      member: (index: number) => `messages.0.content.${index}.source.data`,
    }),
    chat: (data: readonly string[]) => ({
      body: {
        messages: [
          {
            role: 'user',
            content: data.map((one) => ({ type: 'image_url', image_url: { url: `data:image/png;base64,${one}` } })),
          },
        ],
      },
      member: (index: number) => `messages.0.content.${index}.image_url.url`,
    }),
    responses: (data: readonly string[]) => ({
      body: {
        input: [
          {
            role: 'user',
            content: data.map((one) => ({ type: 'input_image', image_url: `data:image/png;base64,${one}` })),
          },
        ],
      },
      member: (index: number) => `input.0.content.${index}.image_url`,
    }),
  }
  const table = broken.flatMap((row) => Object.entries(apis).map(([api, of]) => [row[0], api, row, of] as const))
  test.each(table)('%s over %s, sent whole, made smaller or fetched', (name, _, [, images, at, format], of) => {
    const blind = { ...model, acceptsImages: name !== 'image-model' }
    const request = asBody(body('see', { images: images.map((one) => picture(one, format)) }))
    const found = lookAt(request, blind).broken.filter(({ rule }) => rule.name === name)
    // As a caller sent them, and as they are once another image stands for what was sent.
    for (const sent of [images, images.map((_one, index) => `https://pictures.example/${index}.png`)]) {
      const { body: own, member } = of(sent)
      const parts = images.map(
        (base64, index): Part => ({ type: 'image', format: 'png', base64, field: member(index) }),
      )
      const asked = conversation({ messages: [says(...parts)] })
      const findings = atOnce(
        findingsOf(found, { conversation: asked, body: request, names: plainNames, locate: createLocate(own) }),
      )
      expect(findings.map(({ rule, field }) => [rule, field])).toEqual([[name, member(at)]])
    }
  })
})

const repairable = rows.filter(([name]) => rules.find((rule) => rule.name === name)?.repair !== undefined)

describe.each(repairable)('the repair of %s', (name, request) => {
  test('makes a request that the strict provider takes, and no further one', () => {
    const looked = lookAt(asBody(request))
    const only = { ...looked, broken: looked.broken.filter(({ rule }) => rule.name === name) }
    const made = mended(asBody(request), only)
    expect(made && wireText(made.body)).not.toBe(wireText(asBody(request)))
    const own = oldDemands.filter((demand) => demand === name)
    expect(refusal(made?.body, own)).toBeUndefined()
    expect(namesIn(lookAt(made?.body ?? asBody(request)))).not.toContain(name)
    expect(made && mended(made.body, only)).toBeUndefined()
  })
})

test('calls in rounds of ten keep their order, their results and everything said', () => {
  const request = asBody(
    round(
      many.map((id) => use(id)),
      many.map((id) => result(id, `of ${id}`)),
      { content: 'and now?' },
    ),
  )
  const { history = [], currentMessage } = mended(request)?.body.conversationState ?? request.conversationState
  const entries = [...history, currentMessage]
  const uses = entries.flatMap((entry) =>
    'assistantResponseMessage' in entry ? (entry.assistantResponseMessage.toolUses ?? []) : [],
  )
  const results = entries.flatMap((entry) =>
    'userInputMessage' in entry ? (entry.userInputMessage.userInputMessageContext?.toolResults ?? []) : [],
  )
  expect(uses.map(({ toolUseId }) => toolUseId)).toEqual(many)
  expect(results.map(({ content: [first] }) => first?.text)).toEqual(many.map((id) => `of ${id}`))
  expect(currentMessage.userInputMessage.content).toBe('and now?')
  expect(currentMessage.userInputMessage.userInputMessageContext?.tools).toHaveLength(1)
})

test('a plain schema says the same: references put in place, alternatives joined, keywords told in words', () => {
  const json = {
    type: 'object',
    properties: { when: { type: 'string', format: 'date', description: 'A day.' }, node: { $ref: '#/$defs/node' } },
    $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' }, name: { type: 'string' } } } },
    oneOf: [
      { properties: { a: { type: 'string' }, x: { type: 'number' } }, required: ['x', 'a'] },
      { properties: { b: { type: 'string' } }, required: ['x', 'b'] },
    ],
  }
  const request = asBody(withSchema(json))
  const tools = mended(request)?.body.conversationState.currentMessage.userInputMessage.userInputMessageContext?.tools
  expect(tools?.[0]?.toolSpecification.inputSchema.json).toEqual({
    type: 'object',
    properties: {
      a: { type: 'string' },
      b: { type: 'string' },
      x: { type: 'number' },
      when: { type: 'string', description: 'A day.\nformat: "date".' },
      node: { type: 'object', properties: { next: { description: 'As #/$defs/node.' }, name: { type: 'string' } } },
    },
    required: ['x'],
    description: 'One of: a, x (required: x, a) or b (required: x, b).',
  })
})

const plainOf = (json: Parameters<typeof withSchema>[0]) => {
  const request = asBody(withSchema(json))
  const { userInputMessage } =
    mended(request)?.body.conversationState.currentMessage ?? request.conversationState.currentMessage
  return userInputMessage.userInputMessageContext?.tools?.[0]?.toolSpecification.inputSchema.json
}

test('references that would make a schema many times as large are left, and the rule has no repair', () => {
  const nodes = (levels: number, words: number) => ({
    type: 'object',
    properties: { n: { $ref: '#/$defs/N0' } },
    $defs: Object.fromEntries(
      Array.from({ length: levels }, (_, level) => {
        const next = { $ref: `#/$defs/N${level + 1}` }
        const properties = level + 1 < levels ? { a: next, b: next, c: next } : {}
        return [`N${level}`, { type: 'object', description: 'x'.repeat(words), properties }]
      }),
    ),
  })
  const grows = asBody(withSchema(nodes(20, 2_000)))
  expect(mended(grows)).toBeUndefined()
  expect(JSON.stringify(plainOf(nodes(4, 1_000)))).not.toContain('$ref')
  expect(JSON.stringify(plainOf(nodes(1, 200_000)))).not.toContain('$ref')
})

test('alternatives within alternatives at the root keep their members, and words that say how they stand', () => {
  const one = (name: string) => ({ type: 'object', properties: { [name]: { type: 'string' } }, required: [name] })
  const either = { anyOf: [one('file'), one('url')] }
  expect(plainOf({ type: 'object', properties: {}, allOf: [either, one('mode')] })).toEqual({
    type: 'object',
    properties: { file: { type: 'string' }, url: { type: 'string' }, mode: { type: 'string' } },
    required: ['mode'],
    description: 'One of: file (required: file) or url (required: url).',
  })
  expect(plainOf({ type: 'object', properties: {}, anyOf: [either, one('text')] })).toEqual({
    type: 'object',
    properties: { file: { type: 'string' }, url: { type: 'string' }, text: { type: 'string' } },
    description: 'One of: file, url (One of: file (required: file) or url (required: url)) or text (required: text).',
  })
})

test('what alternatives say of one property is joined, too', () => {
  const circle = {
    type: 'object',
    properties: { kind: { const: 'circle', type: 'string' }, size: { type: 'number' }, at: { type: 'string' } },
    required: ['kind', 'size'],
  }
  const word = {
    type: 'object',
    properties: { kind: { enum: ['word', 'line'], type: 'string' }, size: { type: 'string' }, at: { type: 'string' } },
    required: ['kind', 'size'],
  }
  const union = { type: 'object', properties: { kind: { type: 'string', description: 'Which.' } } }
  const plain = {
    type: 'object',
    properties: {
      kind: { type: 'string', description: 'Which.', enum: ['circle', 'word', 'line'] },
      size: { anyOf: [{ type: 'number' }, { type: 'string' }] },
      at: { type: 'string' },
    },
    required: ['kind', 'size'],
    description: 'One of: kind: "circle", size, at (required: kind, size) or kind, size, at (required: kind, size).',
  }
  expect(plainOf({ ...union, oneOf: [circle, word] })).toEqual(plain)
  expect(plainOf({ ...union, anyOf: [circle, word, circle] })).toMatchObject({ properties: plain.properties })
  const inPlace = { $defs: { circle, word }, oneOf: [{ $ref: '#/$defs/circle' }, { $ref: '#/$defs/word' }] }
  expect(plainOf({ ...union, ...inPlace })).toEqual(plain)
  expect(
    plainOf({
      type: 'object',
      properties: { a: { type: 'string', maxLength: 5 }, b: { const: 1 } },
      allOf: [{ properties: { a: { type: 'string', minLength: 1 } } }, { properties: { a: { maxLength: 3 } } }],
      oneOf: [{ properties: { b: { const: 1 } } }, { properties: { b: { const: 0, description: 'None.' } } }],
    }),
  ).toMatchObject({
    properties: {
      a: { allOf: [{ type: 'string', minLength: 1 }, { maxLength: 3 }, { type: 'string', maxLength: 5 }] },
      b: { enum: [1], description: 'None.' },
    },
  })
  expect(plainOf({ type: 'object', properties: { a: { const: 'x' } } })).toEqual({
    type: 'object',
    properties: { a: { enum: ['x'] } },
  })
})

test('a tool renamed for the provider is known again by the name it stands for', () => {
  const request = asBody(withTool({ name: '1-a.b'.replace('.', '-') }))
  expect([...(mended(request)?.renamed ?? [])]).toEqual([['a_b', '1-a-b']])
})

test('nothing that the encoder writes breaks a rule that is known', () => {
  const odd = encode(
    conversation({
      system: ['Be brief.'],
      tools: [
        toolOf('a b'),
        toolOf('A B'),
        toolOf('web_search', {
          description: 'x'.repeat(20_000),
          schema: { type: ['OBJECT'], required: null, properties: { '': {} } },
        }),
      ],
      messages: [
        answers('first', toolCall('id with spaces'), toolCall('id with spaces', 'a b')),
        says(toolResult('nobody', 'x'.repeat(900_000))),
        answers(toolCall('c', 'gone', { '': { '': 1 } })),
      ],
    }),
  )
  expect(lookAt(odd.body).broken.filter(({ rule }) => rule.sure === 'known')).toEqual([])
})

describe('a request of any size', () => {
  const many = (count: number, value: (index: number) => unknown = () => ({})) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, value(index)]))
  const withCall = (input: Json): Json => round([use('a', { input })], [result('a')])
  /** No step is longer than what is looked at between two turns of the event loop, but for one object's own members. */
  const huge: readonly (readonly [string, Json])[] = [
    ['properties', withSchema({ type: 'object', properties: many(400_000) })],
    ['keywords', withSchema({ type: 'object', ...many(400_000, () => 1) })],
    ['required names', withSchema({ type: 'object', properties: {}, required: Object.keys(many(400_000)) })],
    ['alternatives', withSchema({ type: 'object', properties: { a: { anyOf: Object.values(many(400_000)) } } })],
    ['an enumeration', withSchema({ type: 'object', properties: { a: { enum: Object.values(many(400_000)) } } })],
    ['members of an input', withCall(many(400_000))],
  ]
  test.each(huge)('is looked at within a bound, and says so: %s', (_, request) => {
    const looked = lookAt(asBody(request))
    expect(looked.isWhole).toBe(false)
    expect(mended(asBody(request), looked)).toBeUndefined()
  })

  test('what stands at the beginning is found all the same, and only where all was seen are schemas repaired', () => {
    const format = { type: 'string', format: 'date' }
    const small = asBody(withSchema({ type: 'object', properties: { a: format } }))
    expect(namesIn(lookAt(small))).toEqual(['schema-keyword'])
    expect(mended(small)).toBeDefined()
    const large = asBody(withSchema({ type: 'object', format: 'x', properties: many(400_000) }))
    expect(namesIn(lookAt(large))).toContain('schema-keyword')
    expect(mended(large)).toBeUndefined()
  })

  test('is repaired in steps, and so are a thousand tools', () => {
    const tools = Array.from({ length: 1_000 }, (_, index) =>
      tool(`t${index}`, {
        inputSchema: { json: { type: 'object', properties: many(20, () => ({ type: 'string', format: 'x' })) } },
      }),
    )
    const request = asBody(body('hi', { userInputMessageContext: { tools } }))
    const looked = atOnce(brokenRules(request, model, 'us-east-1'), 5_000)
    expect([namesIn(looked), looked.isWhole]).toEqual([['schema-keyword', 'body-size'], true])
    expect(atOnce(mend(request, looked), 5_000)).toBeDefined()
  })

  test('alternatives at the root that all require thousands of names are joined at once', () => {
    const required = Object.keys(many(20_000))
    const anyOf = Array.from({ length: 4 }, () => ({ type: 'object', required }))
    const begun = cpuMs()
    expect(mended(asBody(withSchema({ type: 'object', properties: {}, anyOf })))).toBeDefined()
    expect(cpuMs() - begun).toBeLessThan(1_000)
  })
})
