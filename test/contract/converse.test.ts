import { describe, expect, test } from 'bun:test'
import type { Layer } from '../../server/contract/layer.ts'
import type { SizesOf } from '../../server/contract/sized-relay.ts'
import { gatewayError } from '../../server/conversation/error.ts'
import type { ReplyEvent } from '../../server/conversation/event.ts'
import { err, ok } from '../../server/lib/result.ts'
import { replyFault } from '../support/grammar.ts'
import { stepsOf } from '../support/source.ts'
import { calls, chargeOf, read, says, setUp } from './set-up.ts'

const say = (text: string) => [{ role: 'user', parts: [{ type: 'text', text }] }] as const

const begin: Layer['begin'] = async (conversation) => ok(conversation)

/** Shows all turns as one reply: the first, one for every purpose, without the ends between them. */
const severalTurns = (...purposes: readonly ('repair' | 'search' | 'summary')[]): Layer => ({
  wants: () => true,
  begin,
  serve: async (conversation, turns) => {
    const first = await turns.run(conversation)
    if (!first.ok) return first
    return ok({
      drop: () => first.value.drop(),
      run: async (sink) => {
        let turn = first.value
        for (const [index, purpose] of [...purposes, undefined].entries()) {
          await turn.run((batch) =>
            sink(index === purposes.length ? batch : batch.filter(({ type }) => type !== 'finish')),
          )
          if (purpose === undefined) return
          const next = await turns.run({ ...conversation, messages: say(purpose) }, purpose)
          if (!next.ok) {
            await sink([{ type: 'error', error: next.error }])
            return
          }
          turn = next.value
        }
      },
    })
  },
})

const textOf = (events: readonly ReplyEvent[]): string =>
  events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')

test('a request that no layer wants goes to the relay as it is', async () => {
  const asked: unknown[] = []
  const layer: Layer = {
    wants: (conversation) => {
      asked.push(conversation.output)
      return false
    },
    begin,
    serve: async () => err(gatewayError('internal', 'not wanted')),
  }
  const { run, summaries, sent } = setUp([layer], () => says('Hello'))
  const events = await read(await run())
  expect(textOf(events)).toBe('Hello')
  expect(asked).toEqual([{ type: 'text' }])
  expect(sent).toHaveLength(1)
  expect(summaries[0]?.route.turns).toBeUndefined()
})

describe('several turns of one request', () => {
  test('are one reply: opened once, blocks without gaps, the usage of all, one end', async () => {
    const { run } = setUp([severalTurns('search')], (_, turn) =>
      turn === 1 ? calls({ name: 'a', json: '{}' }, { name: 'b', json: '{}' }) : says(['Hel', 'lo']),
    )
    const events = await read(await run())
    expect(replyFault(events)).toBeUndefined()
    expect(events.filter(({ type }) => type === 'reply-start')).toHaveLength(1)
    expect(events.flatMap((event) => (event.type.endsWith('-start') && 'index' in event ? [event.index] : []))).toEqual(
      [0, 1, 2],
    )
    expect(events.at(-1)).toMatchObject({
      type: 'finish',
      reason: 'end',
      usage: { input: { tokens: 20, source: 'estimated' }, output: { tokens: 11 }, credits: 1 },
    })
  })

  test('end in one summary that tells each turn and marks its attempts', async () => {
    const { run, summaries } = setUp([severalTurns('repair')], () => says('Hello'))
    await read(await run())
    expect(summaries).toHaveLength(1)
    expect(summaries[0]).toMatchObject({
      outcome: 'ok',
      accountId: 'a',
      upstreamModel: 'm',
      usage: { input: { tokens: 20 }, output: { tokens: 10 }, credits: 1 },
      used: { requests: 1, inputTokens: 20, outputTokens: 10, inputMicroUsd: 20, outputMicroUsd: 20, credits: 1 },
    })
    expect(summaries[0]?.route.attempts.map(({ purpose, outcome }) => [purpose, outcome])).toEqual([
      [undefined, 'ok'],
      ['repair', 'ok'],
    ])
    expect(summaries[0]?.route.turns?.map(({ purpose, usage }) => [purpose, usage?.output.tokens])).toEqual([
      [undefined, 5],
      ['repair', 5],
    ])
  })

  test('stay on the account and the session, though the conversation is another', async () => {
    const { run, sent } = setUp([severalTurns('repair', 'repair')], () => says('Hello'))
    await read(await run())
    expect(sent).toHaveLength(3)
    expect(new Set(sent.map(({ conversationId }) => conversationId)).size).toBe(1)
    expect(new Set(sent.map(({ accountId }) => accountId)).size).toBe(1)
    expect(sent.map(({ invocationId }) => invocationId).length).toBe(3)
  })

  test('a summary counts for limits and record, and is not shown as the size of the conversation', async () => {
    const { run, summaries } = setUp([severalTurns('summary')], () => says('Hello'))
    const events = await read(await run())
    expect(events.at(-1)).toMatchObject({ usage: { input: { tokens: 10 }, output: { tokens: 5 } } })
    expect(summaries[0]).toMatchObject({ usage: { input: { tokens: 20 } }, used: { inputTokens: 20 } })
  })

  test('reserve one after the other, each in place of what the last one had reserved', async () => {
    const charge = chargeOf()
    const { run } = setUp([severalTurns('repair')], () => says('Hello'))
    await read(await run({ limits: { stop: [], maxOutputTokens: 100 } }, { charge }))
    expect(charge.told.filter((one) => one !== 'begin')).toEqual([
      { reserve: [10, 100] },
      { adjust: [10, 5] },
      { reserve: [10, 100] },
    ])
  })

  test('a turn that fails ends the reply with its error, and the summary says so', async () => {
    const { run, summaries } = setUp([severalTurns('repair')], (_, turn) =>
      turn === 1 ? says('Hello') : err(gatewayError('context-too-long', 'too long')),
    )
    const events = await read(await run())
    expect(events.at(-1)).toMatchObject({ type: 'error', error: { kind: 'context-too-long' } })
    expect(summaries).toMatchObject([
      { outcome: 'context-too-long', message: 'too long', usage: { output: { tokens: 5 } } },
    ])
  })

  test('a first turn that fails is an error value, told once', async () => {
    const { run, summaries } = setUp([severalTurns('repair')], () => err(gatewayError('invalid-request', 'no')))
    expect(await run()).toMatchObject({ ok: false, error: { kind: 'invalid-request' } })
    expect(summaries).toMatchObject([
      { outcome: 'invalid-request', route: { attempts: [{ outcome: 'invalid-request' }] } },
    ])
  })

  test('a caller that leaves in the second turn ends that one, and gives its account back', async () => {
    const { run, summaries, pool } = setUp([severalTurns('search')], () => says('Hello'))
    const served = await run()
    if (!served.ok) throw new Error(served.error.message)
    const steps = stepsOf(served.value)
    for (let count = 0; count < 5; count++) await steps.next()
    await steps.leave()
    expect(summaries).toMatchObject([{ outcome: 'cancelled', usage: { input: { tokens: 20 } } }])
    expect(pool.inFlight('a')).toBe(0)
  })

  test('a stream that nobody reads is told as well', async () => {
    const { run, summaries, pool } = setUp([severalTurns('search')], () => says('Hello'))
    const served = await run()
    if (served.ok) served.value.drop()
    expect(summaries).toMatchObject([{ outcome: 'cancelled' }])
    expect(pool.inFlight('a')).toBe(0)
  })

  test('a turn that begins while another is under way is a bug, told as the gateway’s own', async () => {
    const layer: Layer = {
      wants: () => true,
      begin,
      serve: async (conversation, turns) => {
        await turns.run(conversation)
        return turns.run(conversation)
      },
    }
    const { run, summaries } = setUp([layer], () => says('Hello'))
    expect(await run()).toMatchObject({ ok: false, error: { kind: 'internal' } })
    expect(summaries).toHaveLength(1)
  })
})

test('layers lie upon one another, each over the conversation the one above hands down', async () => {
  const seen: string[] = []
  const layer = (name: string): Layer => ({
    wants: ({ system }) => !system.includes(name),
    begin,
    serve: (conversation, turns) => {
      seen.push(`${name}: ${conversation.system.join()}`)
      return turns.run({ ...conversation, system: [...conversation.system, name] })
    },
  })
  const { run, sent } = setUp([layer('outer'), layer('inner')], () => says('Hello'))
  await read(await run())
  expect(seen).toEqual(['outer: ', 'inner: outer'])
  expect(sent[0]?.conversation.system).toEqual(['outer', 'inner'])
})

test('what does not fit says by how much, whether or not a layer wants it', async () => {
  for (const layers of [[], [severalTurns()]]) {
    const { run, deps, summaries } = setUp(layers, () => err(gatewayError('context-too-long', 'Input is too long.')))
    Object.assign(deps, { sizesOf: async () => ({ input: 900_007, maximum: 200_000 }) })
    expect(await run()).toMatchObject({
      ok: false,
      error: { kind: 'context-too-long', contextTokens: { input: 900_007, maximum: 200_000 } },
    })
    expect(summaries).toMatchObject([
      { outcome: 'context-too-long', contextTokens: { input: 900_007, maximum: 200_000 } },
    ])
  }
})

test('a further turn that does not fit says its own size, in the stream and in the record', async () => {
  const { run, deps, summaries } = setUp([severalTurns('search')], (_, turn) =>
    turn === 1 ? says('Hello') : err(gatewayError('context-too-long', 'Input is too long.')),
  )
  const asked: unknown[] = []
  const contextTokens = { input: 900_007, maximum: 200_000 }
  const sizesOf: SizesOf = async ({ conversation }) => {
    asked.push(conversation.messages)
    return contextTokens
  }
  Object.assign(deps, { sizesOf })
  expect((await read(await run())).at(-1)).toMatchObject({ error: { kind: 'context-too-long', contextTokens } })
  expect(asked).toEqual([say('search')])
  expect(summaries).toMatchObject([{ outcome: 'context-too-long', contextTokens }])
})
