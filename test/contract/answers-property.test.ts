import { expect, test } from 'bun:test'
import Ajv from 'ajv/dist/2020'
import fc from 'fast-check'
import { createForcedSearches, createForms } from '../../server/contract/forms.ts'
import { createHolds } from '../../server/contract/hold.ts'
import type { FarJudge } from '../../server/contract/judging.ts'
import { createJudge, farBounds } from '../../server/contract/schema-judge.ts'
import { createSchemaJudges } from '../../server/contract/schema-judges.ts'
import { searchLayer } from '../../server/contract/search.ts'
import type { FinishReason } from '../../server/conversation/ending.ts'
import type { UpstreamEvent } from '../../server/conversation/event.ts'
import { foldReply } from '../../server/conversation/reply.ts'
import { ok } from '../../server/lib/result.ts'
import type { UpstreamCall } from '../../server/upstream/upstream.ts'
import { dialects, replyContext } from '../dialect/samples.ts'
import { type Answer, dialectClients } from '../support/dialect-clients.ts'
import { batchesOf, sourceOf } from '../support/source.ts'
import { replies, setUp } from './set-up.ts'

type Schema = Readonly<Record<string, unknown>>

/** Whose answers are easily right and easily wrong. */
const anySchema: fc.Arbitrary<Schema> = fc.oneof(
  fc.constant({
    type: 'object',
    properties: { a: { type: 'integer' }, b: { type: 'string' } },
    required: ['a'],
    additionalProperties: false,
  }),
  fc.constant({ type: 'object', properties: { a: { enum: [1, 'x', null] } }, required: ['a'] }),
  fc.constant({ type: 'array', items: { type: 'integer' }, minItems: 1 }),
  fc.constant({
    anyOf: [
      { type: 'object', required: ['a'] },
      { type: 'string', pattern: '^x+$' },
    ],
  }),
  fc.constant({ properties: { a: { type: 'array', items: { type: 'boolean' } } }, required: ['a'] }),
  // Patterns: what they mean to others, and what is judged elsewhere.
  fc
    .constantFrom(
      '^\\S+$',
      '^.+$',
      '^[^\\s]+$',
      '^a\\sb$',
      '\\bx\\b',
      '^\\w+$',
      '^(?!.*\\s)x',
      '(?<!a)x',
      '^(.)\\1$',
      '^\\p{L}+$',
    )
    .map((pattern) => ({ type: 'object', properties: { a: { type: 'string', pattern } }, required: ['a'] })),
  fc.constant({ type: 'object', patternProperties: { '^(a|b)+$': { type: 'integer' } }, additionalProperties: false }),
  fc.constant({ components: { A: { enum: ['x', 'x\u3000'] } }, properties: { a: { $ref: '#/components/A' } } }),
)
const anyJson = fc
  .oneof(
    fc.constantFrom<unknown>({ a: 1 }, { a: 1, b: '🙂 "quoted"\n' }, { a: 'x' }, [1, 2], [], 'xx', { a: [true] }, {}),
    fc.jsonValue({ maxDepth: 2 }),
    fc.constant({ a: 1 }),
    fc.constant({ a: 1 }),
  )
  .map((value) => JSON.stringify(value))
const anyTextJson = fc
  .array(fc.constantFrom('a', 'b', 'x', 'é', '你', '😀', '\u3000', '\u00a0', '\u2028', '\r', ' ', '\ufeff'), {
    maxLength: 4,
  })
  .map((parts) => JSON.stringify({ a: parts.join('') }))
/** What programs read differently. */
const anyUncertain = fc.constantFrom('{"a":"x","a":1}', '{"a":1,"a":"x"}', '{"a":1e400}', '{"a":1,"a":1}')
const anySaid = fc
  .tuple(
    fc.oneof({ weight: 5, arbitrary: anyJson }, { weight: 3, arbitrary: anyTextJson }, anyUncertain),
    fc.constantFrom('bare', 'bare', 'fenced', 'prose', 'cut', 'twice', 'none', 'fence-open', 'spaced'),
  )
  .map(([json, how]) => {
    const forms: Readonly<Record<typeof how, string>> = {
      bare: json,
      fenced: `\`\`\`json\n${json}\n\`\`\``,
      prose: `Here you are {really}: ${json} Bye.`,
      cut: json.slice(0, Math.ceil(json.length / 2)),
      twice: `${json} ${json}`,
      none: 'I cannot.',
      'fence-open': `Sure.\n\`\`\`\n${json}`,
      spaced: `\n\n  ${json}\n`,
    }
    return forms[how]
  })

/** One turn of the model: what it says, in pieces, and what stands beside it. */
const anyTurn = fc.record({
  said: anySaid,
  byTool: fc.boolean(),
  piece: fc.integer({ min: 1, max: 12 }),
  thinks: fc.boolean(),
  calls: fc.constantFrom('none', 'none', 'none', 'before', 'after', 'search', 'paid', 'wrong', 'wrong', 'both'),
  reason: fc.constantFrom<FinishReason>(
    'end',
    'end',
    'end',
    'stop-sequence',
    'max-tokens',
    'refusal',
    'filtered',
    'context-full',
  ),
})
type Turn = typeof anyTurn extends fc.Arbitrary<infer Of> ? Of : never

function eventsOf({ said, byTool, piece, thinks, calls, reason }: Turn, { conversation }: UpstreamCall) {
  const pieces = said.match(new RegExp(`[\\s\\S]{1,${piece}}`, 'gu')) ?? []
  const names = conversation.tools.map(({ name }) => name)
  let index = 0
  const call = (name: string, ...json: readonly string[]): readonly UpstreamEvent[] => {
    const at = index++
    return [
      { type: 'tool-call-start', index: at, id: `c${at}`, name },
      ...json.map((one) => ({ type: 'tool-call-delta', index: at, json: one }) as const),
      { type: 'tool-call-end', index: at },
    ]
  }
  const beside = (where: 'before' | 'after'): readonly UpstreamEvent[] => {
    if (calls === 'search' && where === 'after' && names.includes('internet_search'))
      return call('internet_search', '{"query":', '"bun"}')
    if (where === 'after' && names.includes('pay'))
      return (strictInputs[calls] ?? []).flatMap((json) => call('pay', json))
    return calls === where && names.includes('look') ? call('look', '{"path":"a"}') : []
  }
  const words = (): readonly UpstreamEvent[] => {
    // A provider's adapter gives objects alone as inputs.
    if (byTool && names.includes('give_answer') && isObject(said)) return call('give_answer', ...pieces)
    const at = index++
    return [
      { type: 'text-start', index: at },
      ...pieces.map((text) => ({ type: 'text-delta', index: at, text }) as const),
      { type: 'text-end', index: at },
    ]
  }
  const thought = (): readonly UpstreamEvent[] => {
    const at = index++
    return [
      { type: 'reasoning-start', index: at },
      { type: 'reasoning-delta', index: at, text: '{"a":' },
      { type: 'reasoning-end', index: at },
    ]
  }
  const blocks = [...(thinks ? thought() : []), ...beside('before'), ...words(), ...beside('after')]
  const hasCalls = blocks.some(({ type }) => type === 'tool-call-start')
  return replies([
    ...blocks,
    { type: 'finish', reason: hasCalls && reason === 'end' ? 'tool-calls' : reason, report: {} },
  ])
}

/** Of calls of a strict tool, which stand behind the words. */
const strictInputs: Readonly<Record<string, readonly string[]>> = {
  paid: ['{"to":"ann"}'],
  wrong: ['{"to":1}'],
  both: ['{"to":"ann"}', '{"to":1}'],
}
const payInput = {
  type: 'object',
  properties: { to: { type: 'string' } },
  required: ['to'],
  additionalProperties: false,
}
const payTool = (name: string): object => {
  if (name === 'anthropic') return { name: 'pay', strict: true, input_schema: payInput }
  const named = { name: 'pay', strict: true, parameters: payInput }
  return name === 'openai-chat' ? { type: 'function', function: named } : { type: 'function', ...named }
}

const isObject = (json: string): boolean => {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

const formats = ['schema', 'strict', 'object'] as const
type Format = (typeof formats)[number]

/** How each API demands the form; Messages knows schemas alone. */
function demand(name: string, format: Format, schema: Schema, search: boolean): object {
  const strict = format === 'strict'
  if (name === 'anthropic')
    return {
      output_config: { format: { type: 'json_schema', schema } },
      ...(search && { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }),
    }
  if (name === 'openai-chat')
    return {
      response_format:
        format === 'object'
          ? { type: 'json_object' }
          : { type: 'json_schema', json_schema: { name: 'n', strict, schema } },
      ...(search && { web_search_options: {} }),
    }
  return {
    text: {
      format: format === 'object' ? { type: 'json_object' } : { type: 'json_schema', name: 'n', strict, schema },
    },
    ...(search && { tools: [{ type: 'web_search' }] }),
  }
}

/** Another's judge: ours would find no fault with itself. */
const ajv = new Ajv({ strict: false })
const validators = new Map<string, (value: unknown) => unknown>()
const validatorOf = (schema: Schema): ((value: unknown) => unknown) => {
  const key = JSON.stringify(schema)
  const validator = validators.get(key) ?? ajv.compile(schema)
  validators.set(key, validator)
  return validator
}
/** What is judged in another process, here in this one. */
const judgeHere: FarJudge = async (of, values) => {
  const judge = createJudge(of, farBounds)
  return judge.ok ? { ok: true, value: values.map((value) => judge.value(value)) } : judge
}

type Served = { readonly answer: Answer; readonly isRefused: boolean }

test('no answer to a demand by schema is finished and not valid, in any API, whole or streamed', async () => {
  const seen = new Map<string, number>()
  const count = (...what: readonly unknown[]): void => {
    const name = what.join(' ')
    seen.set(name, (seen.get(name) ?? 0) + 1)
  }
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: dialectClients.length - 1 }),
      fc.constantFrom(...formats),
      anySchema,
      fc.array(anyTurn, { minLength: 4, maxLength: 4 }),
      fc.record({
        ...{ stream: fc.boolean(), repairs: fc.boolean(), tools: fc.boolean(), search: fc.boolean() },
        pays: fc.boolean(),
        limit: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined, freq: 2 }),
      }),
      async (at, format, schema, turns, { stream, repairs, tools, search, pays, limit }) => {
        const client = dialectClients[at]
        const dialect = dialects[at]
        if (client === undefined || dialect?.name !== client.name) throw new Error('the lists of dialects differ')
        const demanded = demand(client.name, format, schema, search) as { readonly tools?: readonly object[] }
        const asked = client.request({
          ...{ text: 'Answer as JSON.', stream, ...(limit !== undefined && { maxTokens: limit }) },
          ...(tools && { tools: ['look'] }),
        }) as { readonly tools?: readonly object[] }
        const ofTools = [...(asked.tools ?? []), ...(demanded.tools ?? []), ...(pays ? [payTool(client.name)] : [])]
        const decoded = dialect.decode({ ...asked, ...demanded, ...(ofTools.length > 0 && { tools: ofTools }) })
        if (!decoded.ok) throw new Error(decoded.error.message)
        const deps = { judges: createSchemaJudges(judgeHere), holds: createHolds(), repairs: () => repairs }
        const page = { title: 'A page', url: 'https://a.example/', snippet: '{"a":1}' }
        const layers = [
          createForms(deps),
          searchLayer({ search: async () => ({ found: ok([page]) }) }),
          createForcedSearches(deps),
        ]
        const { run, pool } = setUp(layers, (call, turn) => {
          const one = turns[turn - 1]
          return one === undefined ? replies([{ type: 'finish', reason: 'end', report: {} }]) : eventsOf(one, call)
        })
        const served = await run(decoded.value.conversation)
        if (!served.ok) throw new Error(served.error.message)
        const batches = await batchesOf(served.value)
        const events = batches.flat()
        // A refusal of ours stands alone, and is never what a strict tool's input comes to.
        if (events.some((event) => event.type === 'text-start' && event.isRefusal)) {
          const begun = events.filter(({ type }) => type === 'text-start' || type === 'tool-call-start')
          const isAtFault = pays && /wrong|both/.test(turns[0]?.calls ?? '') && turns[0]?.reason === 'end'
          expect([begun.length, events.at(-1)?.type, isAtFault]).toEqual([1, 'finish', false])
        }
        const context = { ...replyContext, form: decoded.value.form }
        let told: Served | undefined
        if (stream) {
          const encoder = dialect.createEncoder(context)
          const text = batches.flatMap((batch) => batch.map((event) => encoder.encode(event))).join('')
          told = { answer: client.readStream(text), isRefused: text.includes('"refusal":"') }
        } else {
          const reply = await foldReply(sourceOf(batches))
          if (reply.ok) {
            const body = dialect.encodeReply(reply.value, context) as Record<string, unknown>
            told = { answer: client.readWhole(body), isRefused: JSON.stringify(body).includes('"refusal":"') }
          }
        }
        expect(pool.inFlight('a')).toBe(0)
        const { answer, isRefused = false } = told ?? {}
        const how = isRefused ? 'refused' : (answer?.end ?? 'failed')
        count(client.name, stream ? 'streamed' : 'whole', how)
        count(client.name, client.name === 'anthropic' ? 'schema' : format, how)
        count('repairs', repairs, how)
        if (answer === undefined || !['end', 'calls', 'stop'].includes(how)) return
        for (const { name, input } of answer.calls)
          if (name === 'pay') expect(input).toEqual({ to: expect.any(String) })
        // Beside calls none is due: words are left out, and a value that the text began with is not judged.
        if (how === 'calls') {
          expect(answer.text).toMatch(/^(?:[{[]|$)/)
          return
        }
        const isValid = validatorOf(format === 'object' && client.name !== 'anthropic' ? { type: 'object' } : schema)
        expect([schema, answer.text, isValid(JSON.parse(answer.text))]).toEqual([schema, answer.text, true])
        expect(/"a":.*"a":|e400/.test(answer.text)).toBe(false)
      },
    ),
    { numRuns: 2_000 },
  )
  // That it looked at all of them, and met every end: else the above says less than it seems.
  const wanted = dialectClients.flatMap(({ name }) =>
    ['whole', 'streamed', ...(name === 'anthropic' ? ['schema'] : formats)].flatMap((of) =>
      ['end', 'calls', 'limit', 'refused'].map((how) => `${name} ${of} ${how}`),
    ),
  )
  const ofRepairs = ['end', 'refused', 'failed'].flatMap((how) => [`repairs true ${how}`, `repairs false ${how}`])
  expect([...wanted, ...ofRepairs].filter((name) => !seen.has(name))).toEqual([])
})
