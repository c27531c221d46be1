import { afterEach, describe, expect, test } from 'bun:test'
import { createSignatures } from '../../server/simulator/signature.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../server/simulator/simulator.ts'
import { splitText } from '../../server/simulator/split.ts'
import { ask, body, headersFor, read, textOf, tool } from './client.ts'

let running: Simulator | undefined
afterEach(async () => {
  await running?.stop()
  running = undefined
})
async function start(options: SimulatorOptions = {}) {
  running = await startSimulator(options)
  return { simulator: running, account: running.accounts.add({ plan: 'pro' }) }
}
const names = (events: readonly { readonly name: string }[]): readonly string[] =>
  events.map((event) => event.name).filter((name, index, all) => name !== all[index - 1])

describe('a stream', () => {
  test('of the older age opens with initial-response and has no metadata', async () => {
    const { simulator, account } = await start({ age: 'q-2026-05' })
    const { events, end } = await read(await ask(simulator, account, body('hello')))
    expect(end).toBe('complete')
    expect(names(events)).toEqual(['initial-response', 'assistantResponseEvent', 'contextUsageEvent', 'meteringEvent'])
    expect(Object.keys(events[1]?.headers ?? {})).toEqual([':event-type', ':content-type', ':message-type'])
    expect(events[0]?.headers[':content-type']).toBe('application/x-amz-json-1.0')
  })

  test('of the newer age has metadata, initial-response every other time, and varied header order', async () => {
    const { simulator, account } = await start()
    const first = await read(await ask(simulator, account, body('hello')))
    const second = await read(await ask(simulator, account, body('hello')))
    const tail = ['assistantResponseEvent', 'metadataEvent', 'contextUsageEvent', 'meteringEvent']
    expect(names(first.events)).toEqual(['initial-response', ...tail])
    expect(names(second.events)).toEqual(tail)
    expect(new Set(first.events.map((event) => Object.keys(event.headers)[0])).size).toBe(3)
  })

  test('over REST has no initial-response and names the conversation in a header', async () => {
    const { simulator, account } = await start({ age: 'q-2026-05' })
    const { 'x-amz-target': _, ...headers } = headersFor(account, { 'content-type': 'application/json' })
    const init = { method: 'POST', headers, body: JSON.stringify(body('hello')) }
    const response = await fetch(`${simulator.url}/generateAssistantResponse`, init)
    expect(response.headers.get('x-amzn-codewhisperer-conversation-id')).toBe('conversation-1')
    expect(response.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/)
    expect((await read(response)).events[0]?.name).toBe('assistantResponseEvent')
  })

  test('can be written in any cut and stays the same', async () => {
    const said: string[] = []
    for (const write of ['frame', 'whole', { bytes: 1 }, { bytes: 7 }] as const) {
      const { simulator, account } = await start({ write })
      const { events, end } = await read(await ask(simulator, account, body('[[sim:text=表格格式 🙂 done]]')))
      expect(end).toBe('complete')
      said.push(textOf(events))
      await simulator.stop()
    }
    expect(new Set(said)).toEqual(new Set(['表格格式 🙂 done']))
  })

  test('charges by the stated rule', async () => {
    const { simulator, account } = await start()
    simulator.enqueue({ steps: [{ type: 'text', text: 'abcdefgh' }] })
    const { events } = await read(await ask(simulator, account, body('x'.repeat(400))))
    const find = (name: string) => events.find((event) => event.name === name)?.payload
    expect(find('contextUsageEvent')?.contextUsagePercentage).toBeCloseTo((102 / 200_000) * 100, 10)
    expect(find('meteringEvent')?.usage).toBeCloseTo((1.3 * (100 + 5 * 2)) / 50_000, 10)
    expect(account.quota().used).toBeCloseTo((1.3 * 110) / 50_000, 10)
  })

  test('plays every kind of step as told', async () => {
    const { simulator, account } = await start({ initialResponse: false })
    simulator.enqueue({
      steps: [
        { type: 'reasoning', text: 'thi' },
        { type: 'reasoning', text: 'nk' },
        { type: 'signature' },
        { type: 'redacted', base64: 'AAAA' },
        { type: 'text', text: '格' },
        { type: 'text', text: '格' },
        { type: 'tool', name: 'a', id: 'tooluse_a', input: { x: '{"é' } },
        { type: 'tool', name: 'b', id: 'tooluse_b', input: { y: 1 }, fragments: 'one-piece' },
        { type: 'tool', name: 'c', id: 'tooluse_c', fragments: [] },
        { type: 'event', name: 'novelEvent', payload: { n: 1 } },
        { type: 'pause', ms: 1 },
      ],
      stopReason: 'TOOL_USE',
    })
    const { events } = await read(await ask(simulator, account, body('x')))
    const of = (id: string) => events.filter((event) => event.payload.toolUseId === id).map((event) => event.payload)
    expect(of('tooluse_a')[0]).toEqual({ name: 'a', toolUseId: 'tooluse_a' })
    expect(of('tooluse_a')[1]?.input).toBe('')
    expect(
      of('tooluse_a')
        .map((part) => part.input ?? '')
        .join(''),
    ).toBe('{"x":"{\\"é"}')
    expect(of('tooluse_a').at(-1)).toEqual({ name: 'a', stop: true, toolUseId: 'tooluse_a' })
    expect(of('tooluse_b').map((part) => part.input)).toEqual([undefined, '{"y":1}', undefined])
    expect(of('tooluse_c')).toHaveLength(2)
    expect(textOf(events)).toBe('格格')
    expect(events.map((event) => event.name)).toContain('novelEvent')
    expect(events.find((event) => event.name === 'metadataEvent')?.payload).toEqual({ stopReason: 'TOOL_USE' })
    expect(events[2]?.payload.signature).toStartWith('sim1')
  })
})

test('deltas are small, never cut a character, and are the same every time', () => {
  const text = 'Größe 表格格式 🙂🙂🙂 '.repeat(50)
  const pieces = [...splitText(text)]
  expect(pieces.join('')).toBe(text)
  expect(pieces).toContain('')
  expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(13)
  expect(pieces.every((piece) => piece.isWellFormed())).toBe(true)
  expect([...splitText(text)]).toEqual(pieces)
})

test('a signature holds for its text and its simulator only', () => {
  const [one, two] = [createSignatures(), createSignatures()]
  expect(one.isOwn('a', one.sign('a'))).toBe(true)
  expect(one.isOwn('b', one.sign('a'))).toBe(false)
  expect(two.isOwn('a', one.sign('a'))).toBe(false)
  expect(one.isOwnRedaction(one.redact())).toBe(true)
  expect(two.isOwnRedaction(one.redact())).toBe(false)
})

describe('a client', () => {
  const until = async (isTrue: () => boolean): Promise<void> => {
    for (const end = performance.now() + 30_000; !isTrue() && performance.now() < end; ) await Bun.sleep(5)
  }

  test('that leaves is counted at once, also in a silence', async () => {
    const { simulator, account } = await start()
    const leaving = new AbortController()
    const response = await ask(simulator, account, body('[[sim:fault=silence-after-text:60000]]'), {
      signal: leaving.signal,
    })
    await response.body?.getReader().read()
    expect(simulator.counters()).toMatchObject({ openStreams: 1, abortedStreams: 0 })
    leaving.abort()
    await until(() => simulator.counters().openStreams === 0)
    expect(simulator.counters()).toMatchObject({
      openStreams: 0,
      peakStreams: 1,
      abortedStreams: 1,
      finishedStreams: 0,
    })
    expect(account.counts()).toMatchObject({ requests: 1, replies: 1, openStreams: 0, abortedStreams: 1 })
  })

  test('that reads to the end is none that left', async () => {
    const { simulator, account } = await start()
    await Promise.all([1, 2, 3].map(async () => read(await ask(simulator, account, body('hi')))))
    await until(() => simulator.counters().finishedStreams === 3)
    expect(simulator.counters()).toMatchObject({ requests: 3, finishedStreams: 3, abortedStreams: 0, openStreams: 0 })
  })

  test('that reads slowly slows the stream instead of filling memory', async () => {
    const { simulator, account } = await start()
    const leaving = new AbortController()
    const response = await ask(simulator, account, body('[[sim:text=0123456789]][[sim:repeat=1000000]]'), {
      signal: leaving.signal,
    })
    const reader = response.body?.getReader()
    await reader?.read()
    await Bun.sleep(50)
    expect(simulator.counters().openStreams).toBe(1)
    // A reader nobody holds any more is collected, and its stream is left.
    expect(reader).toBeDefined()
    leaving.abort()
    await until(() => simulator.counters().openStreams === 0)
    expect(simulator.counters().abortedStreams).toBe(1)
  })
})

test('requests are kept without the bearer, bounded', async () => {
  const { simulator, account } = await start({ keepRequests: 2 })
  for (const text of ['one', 'two', 'three']) {
    await read(await ask(simulator, account, body(text, { userInputMessageContext: { tools: [tool('a')] } })))
  }
  const kept = simulator.requests()
  expect(kept).toHaveLength(2)
  expect(JSON.stringify(kept)).not.toContain(account.secrets().accessToken ?? 'missing')
  expect(kept[1]).toMatchObject({
    operation: 'GenerateAssistantResponse',
    accountId: account.id,
    status: 200,
    hasBearer: true,
  })
  expect(JSON.stringify(kept[1]?.body)).toContain('three')
})
