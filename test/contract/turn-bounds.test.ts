import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createCompression } from '../../server/contract/compress.ts'
import { createForcedSearches, createForms } from '../../server/contract/forms.ts'
import { createHolds } from '../../server/contract/hold.ts'
import { createSchemaJudges } from '../../server/contract/schema-judges.ts'
import { searchLayer } from '../../server/contract/search.ts'
import { createSummaries } from '../../server/contract/summaries.ts'
import type { Conversation } from '../../server/conversation/conversation.ts'
import { gatewayError } from '../../server/conversation/error.ts'
import type { SearchWish } from '../../server/conversation/search.ts'
import { err, ok } from '../../server/lib/result.ts'
import type { UpstreamCall } from '../../server/upstream/upstream.ts'
import { createTestEffects } from '../support/effects.ts'
import { stepsOf } from '../support/source.ts'
import { assistant, user } from '../upstream/conversation-support.ts'
import { calls, chargeOf, read, says, setUp } from './set-up.ts'

const search: SearchWish = { allowedDomains: [], blockedDomains: [] }
const schema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }
const isSummary = ({ conversation }: UpstreamCall): boolean =>
  conversation.system[0]?.startsWith('You write summaries') === true

/** All layers as the server has them; a token is a character, and conversations of more than 10,000 do not fit. */
function start(answer: (turn: number) => ReturnType<typeof says>, repairs = true) {
  const deps = { judges: createSchemaJudges(), holds: createHolds(), repairs: () => repairs }
  const lengthOf = ({ messages }: Conversation): number => JSON.stringify(messages).length
  const tooLong = err(gatewayError('context-too-long', 'Input is too long.'))
  const searched: string[] = []
  let turns = 0
  const gateway = setUp(
    [
      createForms(deps),
      searchLayer({
        search: async (query) => {
          searched.push(query)
          return { found: ok([]) }
        },
      }),
      createForcedSearches(deps),
      createCompression({
        compressionOf: () => ({}),
        estimate: async (one) => ({ tokens: lengthOf(one), source: 'estimated' }),
        windowOf: async () => 20_000,
        summaries: createSummaries(createTestEffects()),
      }),
    ],
    (call) => {
      if (isSummary(call)) return says('s'.repeat(500))
      return lengthOf(call.conversation) > 10_000 ? tooLong : answer(++turns)
    },
  )
  /** Of the turns the caller is shown: what each was allowed, and what all before it had said. */
  const allowed = (): readonly (readonly [limit: number | undefined, before: number])[] => {
    const told = gateway.summaries[0]?.route.turns ?? []
    let before = 0
    const out: (readonly [number | undefined, number])[] = []
    const sent = gateway.sent.filter((call) => !isSummary(call))
    for (const [index, turn] of told.filter(({ purpose }) => purpose !== 'summary').entries()) {
      out.push([sent[index]?.conversation.limits.maxOutputTokens, before])
      before += turn.usage?.output.tokens ?? 0
    }
    return out
  }
  return { ...gateway, searched, allowed }
}
const look = (query: string) => calls({ name: 'internet_search', json: JSON.stringify({ query }) })

describe('the caller’s max_tokens', () => {
  const turn = fc.oneof(
    fc.integer({ min: 1, max: 120 }).map((length) => ({ says: says('x'.repeat(length)), call: 0 })),
    fc.constantFrom('a', 'some words').map((query) => {
      const json = JSON.stringify({ query })
      return { says: look(query), call: json.length + 'internet_search'.length }
    }),
    fc.constant({ says: says('{"name":"Ada"}'), call: 0 }),
  )
  test('holds for the turns of searches and repairs together, and each gets all that is left of it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(turn, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 20, max: 250 }),
        fc.record({ stream: fc.boolean(), format: fc.boolean(), isForced: fc.boolean() }),
        async (turns, maxOutputTokens, { stream, format, isForced }) => {
          const { run, summaries, allowed, pool } = start((at) => turns[at - 1]?.says ?? says('no more'))
          const events = await read(
            await run({
              ...{ search: { ...search, ...(isForced && { isForced }) }, stream },
              limits: { stop: [], maxOutputTokens },
              ...(format && { output: { type: 'json-schema', schema } }),
            }),
          )
          for (const [limit, before] of allowed()) if (before > 0) expect(limit).toBe(maxOutputTokens - before)
          // A call is never cut: the one that goes over the limit is the last.
          const longest = Math.max(0, ...turns.map(({ call }) => call))
          const used = summaries[0]?.usage?.output.tokens ?? 0
          expect(used).toBeLessThanOrEqual(maxOutputTokens + longest)
          const end = events.at(-1)
          if (end?.type === 'finish') expect(end.usage.output.tokens).toBe(used)
          expect(pool.inFlight('a')).toBe(0)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('is not taken up by a summary, which the caller is not shown', async () => {
    const { run, allowed, sent, summaries } = start((at) => (at === 1 ? look('bun') : says('Found.')))
    const messages = Array.from({ length: 12 }, (_, index) => [
      user(`${index} ${'q'.repeat(480)}`),
      assistant(`${index} ${'a'.repeat(480)}`),
    ]).flat()
    const events = await read(
      await run({ search, messages: [...messages, user('And now?')], limits: { stop: [], maxOutputTokens: 200 } }),
    )
    expect(events.at(-1)).toMatchObject({ type: 'finish', reason: 'end' })
    expect(sent.filter(isSummary).length).toBeGreaterThan(0)
    const [limit, before = 0] = allowed().at(-1) ?? []
    expect([limit, before > 0]).toEqual([200 - before, true])
    expect(summaries[0]?.route.turns?.map(({ purpose }) => purpose)).toContain('summary')
  })
})

describe('limits of the key', () => {
  test('count every turn once: what is used takes the place of what was reserved, and one summary tells the sum', async () => {
    const charge = chargeOf()
    const { run, summaries } = start((at) => [look('bun'), says('No.'), says('{"name":"Ada"}')][at - 1] ?? says('no'))
    await read(
      await run(
        {
          ...{ search, stream: false, output: { type: 'json-schema', schema, strict: true } },
          limits: { stop: [], maxOutputTokens: 100 },
        },
        { charge },
      ),
    )
    const [first, second] = [JSON.stringify({ query: 'bun' }).length + 'internet_search'.length, 'No.'.length]
    const told = charge.told.filter((one) => one !== 'begin')
    expect(told).toEqual([
      { reserve: [10, 100] },
      { adjust: [10, first] },
      { reserve: [10, 100 - first] },
      { adjust: [20, first + second] },
      { reserve: [10, 100 - first - second] },
    ])
    expect(summaries).toHaveLength(1)
    const output = first + second + '{"name":"Ada"}'.length
    expect(summaries[0]).toMatchObject({
      used: { requests: 1, inputTokens: 30, outputTokens: output, credits: 1.5 },
      usage: { input: { tokens: 30 }, output: { tokens: output } },
    })
  })

  test('that have no room for another turn end the reply with their own error, and nothing more is sent', async () => {
    for (const [first, part, end] of [
      [look('bun'), { search }, { type: 'error', error: { kind: 'limit-reached' } }],
      // The answer missed, whatever kept it from being mended.
      [says('No.'), { output: { type: 'json-schema', schema } }, { type: 'finish', reason: 'refusal' }],
    ] as const) {
      let asked = 0
      const charge = {
        ...chargeOf(),
        reserve: async () =>
          ++asked === 1
            ? ok({ outputTokens: 100 })
            : err(gatewayError('limit-reached', 'The key has used its tokens.')),
      }
      const { run, sent, summaries } = start(() => first)
      const limits = { stop: [], maxOutputTokens: 100 }
      const events = await read(await run({ ...part, limits }, { charge }))
      expect(events.at(-1)).toMatchObject(end)
      expect([asked, sent.length, summaries.length]).toEqual([2, 1, 1])
      expect(summaries[0]?.used?.requests).toBe(1)
    }
  })
})

describe('a caller that leaves', () => {
  test.each([
    ['search', { search }],
    ['repair', { output: { type: 'json-schema', schema } }],
  ] as const)('during the turn of a %s aborts that one, and its account is free', async (purpose, part) => {
    let aborted: (() => void) | undefined
    const gone = new Promise<void>((resolve) => {
      aborted = resolve
    })
    const { run, leaving, deps, pool, summaries, sent } = start(() =>
      purpose === 'search' ? look('bun') : says('No.'),
    )
    const { send } = deps.relay
    Object.assign(deps.relay, {
      send: async (call: UpstreamCall, signal: AbortSignal) => {
        if (sent.length === 0) return send(call, signal)
        sent.push(call)
        signal.addEventListener('abort', () => aborted?.())
        leaving.abort()
        await gone
        return err(gatewayError('cancelled', 'The caller left.'))
      },
    })
    const served = await run(part)
    if (!served.ok) throw new Error(served.error.message)
    const steps = stepsOf(served.value)
    while ((await steps.next()) !== undefined) {}
    expect(sent).toHaveLength(2)
    expect(pool.inFlight('a')).toBe(0)
    expect(summaries).toMatchObject([{ outcome: 'cancelled', used: { requests: 1 } }])
  })
})
