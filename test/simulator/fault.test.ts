import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { errorFaults, type Fault, type FaultName, failureOf, streamFaults } from '../../server/simulator/fault.ts'
import { type Simulator, startSimulator } from '../../server/simulator/simulator.ts'
import { ask, body, control, headersFor, jsonOf, read, textOf, tool } from './client.ts'

let simulator: Simulator
beforeAll(async () => {
  simulator = await startSimulator({ initialResponse: false })
})
beforeEach(() => simulator.clearQueue())
afterAll(() => simulator.stop())

const names = Object.keys(errorFaults) as (keyof typeof errorFaults)[]

describe('an error fault answers what the service would', () => {
  test.each(names)('%s', async (name) => {
    const account = simulator.accounts.add({ fault: name })
    const response = await ask(simulator, account, body('hi'))
    const failure = failureOf({ name })
    expect(response.status).toBe(failure?.status ?? 0)
    expect(response.headers.get('x-amzn-requestid')).not.toBeNull()
    if (failure?.plain === undefined) {
      const answer = await jsonOf(response)
      expect(answer.__type).toBe(`com.amazon.kiro.runtimeservice#${failure?.type}`)
      expect([answer.message, answer.reason]).toEqual([failure?.message, failure?.reason ?? null])
    } else expect(await response.text()).toBe(failure.plain.text)
  })
})

test('a throttle says how long in the body, and in the header when told to', async () => {
  const account = simulator.accounts.add()
  simulator.enqueue({ name: 'credit-rate', retryAfterMs: 300_000 })
  simulator.enqueue({ name: 'rate', retryAfterMs: 1500, retryAfterHeader: true })
  const [first, second] = [await ask(simulator, account, body('hi')), await ask(simulator, account, body('hi'))]
  expect(first.headers.get('retry-after')).toBeNull()
  expect(await jsonOf(first)).toMatchObject({
    reason: 'CREDIT_CONSUMPTION_RATE_EXCEEDED',
    retryAfterMilliseconds: 300_000,
  })
  expect(second.headers.get('retry-after')).toBe('2')
  expect(await jsonOf(second)).toMatchObject({ retryAfterMilliseconds: 1500 })
})

test('REST puts the class into a header', async () => {
  const account = simulator.accounts.add({ fault: 'suspended' })
  const { 'x-amz-target': _, ...headers } = headersFor(account, { 'content-type': 'application/json' })
  const init = { method: 'POST', headers, body: JSON.stringify(body('hi')) }
  const response = await fetch(`${simulator.url}/generateAssistantResponse`, init)
  expect(response.headers.get('x-amzn-errortype')).toBe('AccessDeniedException')
  expect(Object.keys(await jsonOf(response)).sort()).toEqual(['message', 'reason'])
})

describe('a stream fault', () => {
  type Row = readonly [fault: FaultName | Fault, end: string, count: number | 'whole', last: string]
  const rows: readonly Row[] = [
    ['cut-in-frame', 'cut', 3, 'assistantResponseEvent'],
    ['cut-boundary', 'complete', 3, 'assistantResponseEvent'],
    [{ name: 'cut-boundary', afterFrames: 1 }, 'complete', 1, 'assistantResponseEvent'],
    ['exception-first', 'complete', 1, 'error'],
    ['exception-after-text', 'complete', 4, 'error'],
    ['exception-too-long', 'complete', 4, 'ContentLengthExceededException'],
    ['empty', 'complete', 0, 'none'],
    ['filtered', 'complete', 1, 'metadataEvent'],
    ['nothing-said', 'complete', 3, 'meteringEvent'],
    ['cut-characters', 'complete', 'whole', 'meteringEvent'],
    ['crc', 'message-crc', 3, 'assistantResponseEvent'],
    ['reset-after-text', 'reset', 3, 'assistantResponseEvent'],
    [{ name: 'silence', waitMs: 5 }, 'complete', 'whole', 'meteringEvent'],
    [{ name: 'silence-after-text', waitMs: 5 }, 'complete', 'whole', 'meteringEvent'],
    [{ name: 'slow-headers', waitMs: 5 }, 'complete', 'whole', 'meteringEvent'],
  ]
  test.each(rows)('%p ends the body as %s', async (fault, end, count, last) => {
    const account = simulator.accounts.add({ fault })
    const response = await ask(simulator, account, body('hello there, this is long enough'))
    expect(response.status).toBe(200)
    const got = await read(response)
    expect(got.end).toBe(end)
    if (count === 'whole') expect(textOf(got.events)).toContain('simulated')
    else expect(got.events).toHaveLength(count)
    expect(got.events.at(-1)?.name ?? 'none').toBe(last)
  })

  test('no-stop and stop-incomplete leave tool uses unfinished', async () => {
    const account = simulator.accounts.add()
    const asked = body('[[sim:tool=a]]', { userInputMessageContext: { tools: [tool('a')] } })
    const uses: string[] = []
    for (const fault of ['no-stop', 'stop-incomplete'] as const) {
      simulator.enqueue(fault)
      const { events, end } = await read(await ask(simulator, account, asked))
      expect([end, events.at(-1)?.name]).toEqual(['complete', 'meteringEvent'])
      const parts = events.filter((event) => event.name === 'toolUseEvent').map((event) => event.payload)
      uses.push(`${parts.map((part) => part.input ?? '').join('')} ${parts.some((part) => part.stop === true)}`)
    }
    expect(uses).toEqual(['{"city":"Paris"} false', '{"city":"Paris" true'])
  })

  test('cut-characters cuts each character in two, in text and tool input alike', async () => {
    const account = simulator.accounts.add({ fault: 'cut-characters' })
    const asked = body('[[sim:text=a🎉b]][[sim:tool=a]][[sim:input={"x":"🙂"}]]', {
      userInputMessageContext: { tools: [tool('a')] },
    })
    const { events } = await read(await ask(simulator, account, asked))
    const said = events.map(({ payload }) => payload.content ?? payload.input).filter((text) => text !== undefined)
    expect(said).toEqual(['a\ud83c', '\udf89b', '{"x":"\ud83d', '\ude42"}'])
  })

  test('reset breaks the connection before the headers', async () => {
    const account = simulator.accounts.add({ fault: 'reset' })
    expect(
      await ask(simulator, account, body('hi')).then(
        () => 'answered',
        () => 'broken',
      ),
    ).toBe('broken')
  })

  test('has a row here for every name', () => {
    const told = new Set<string>([
      ...rows.map(([fault]) => (typeof fault === 'string' ? fault : fault.name)),
      'no-stop',
      'stop-incomplete',
      'reset',
    ])
    expect(streamFaults.filter((name) => !told.has(name))).toEqual([])
  })
})

test.each([
  ['[[sim:fault=502]]', 502],
  ['[[sim:fault=429]]', 429],
  ['[[sim:fault=cut-in-frame]]', 200],
  ['[[sim:fault=no-such-fault]]', 200],
] as const)('the prompt %s is answered %i', async (prompt, status) => {
  const response = await ask(simulator, simulator.accounts.add(), body(`please ${prompt}`))
  expect(response.status).toBe(status)
  await response.body?.cancel()
})

test('the queue serves an account before all, each item once, and keeps other operations apart', async () => {
  const [one, two] = [simulator.accounts.add(), simulator.accounts.add()]
  simulator.enqueue('capacity')
  simulator.enqueue('suspended', { account: two.id })
  simulator.enqueue('500', { operation: 'ListAvailableModels' })
  const status = async (account: typeof one) => {
    const response = await ask(simulator, account, body('hi'))
    await response.body?.cancel()
    return response.status
  }
  expect([await status(two), await status(one), await status(one), await status(two)]).toEqual([403, 429, 200, 200])
  expect((await control(simulator, one, 'ListAvailableModels', { origin: 'AI_EDITOR' })).status).toBe(500)
})

describe('a bearer', () => {
  const invalid = { message: 'The bearer token included in the request is invalid.', reason: null }
  test('nobody knows is refused', async () => {
    const headers = headersFor(simulator.accounts.add(), { authorization: 'Bearer stranger' })
    const response = await ask(simulator, simulator.accounts.add(), body('hi'), { headers })
    expect([response.status, await jsonOf(response)]).toEqual([403, expect.objectContaining(invalid)])
  })
  test('that expired is refused by every operation', async () => {
    let now = Date.UTC(2026, 0, 1)
    const clock = { now: () => now, sleep: async () => {}, random: () => 0.5, newUuid: () => crypto.randomUUID() }
    const timed = await startSimulator({ effects: clock })
    const account = timed.accounts.add({ accessLifetimeMs: 60_000 })
    const status = async () => (await control(timed, account, 'GetUsageLimits')).status
    expect(await status()).toBe(200)
    now += 60_000
    expect(await status()).toBe(403)
    expect((await ask(timed, account, body('hi'))).status).toBe(403)
    await timed.stop()
  })
  test('of an API key announces itself', async () => {
    const account = simulator.accounts.add({ method: 'api-key' })
    const { tokentype: _, ...silent } = headersFor(account)
    const statuses = [
      await ask(simulator, account, body('hi')),
      await ask(simulator, account, body('hi'), { headers: silent }),
    ]
    expect(statuses.map((response) => response.status)).toEqual([200, 400])
  })
})

describe('an account', () => {
  test('that does not account ends its replies without a word about them, until it does', async () => {
    const account = simulator.accounts.add({ sendsAccounting: false })
    const names = async () => (await read(await ask(simulator, account, body('hi')))).events.map(({ name }) => name)
    expect(new Set(await names())).toEqual(new Set(['assistantResponseEvent']))
    account.set({ sendsAccounting: true })
    expect((await names()).slice(-3)).toEqual(['metadataEvent', 'contextUsageEvent', 'meteringEvent'])
  })

  test('over its requests per minute is throttled until the minute is over', async () => {
    let now = 0
    const clock = { now: () => now, sleep: async () => {}, random: () => 0.5, newUuid: () => crypto.randomUUID() }
    const timed = await startSimulator({ effects: clock })
    const account = timed.accounts.add({ requestsPerMinute: 2 })
    const status = async () => {
      const response = await ask(timed, account, body('hi'))
      await response.body?.cancel()
      return response.status
    }
    expect([await status(), await status(), await status()]).toEqual([200, 200, 429])
    now += 60_001
    expect(await status()).toBe(200)
    await timed.stop()
  })

  test('out of credits is refused until its reset; with overage it goes on to the cap', async () => {
    let now = 0
    const clock = { now: () => now, sleep: async () => {}, random: () => 0.5, newUuid: () => crypto.randomUUID() }
    const timed = await startSimulator({ effects: clock })
    const account = timed.accounts.add({ quota: { limit: 10, used: 10, resetsAt: 1000, periodMs: 1000 } })
    const answer = async () => {
      const response = await ask(timed, account, body('hi'))
      if (response.status !== 200) return (await jsonOf(response)).reason
      await response.body?.cancel()
      return 200
    }
    expect(await answer()).toBe('MONTHLY_REQUEST_COUNT')
    account.setQuota({ overage: { enabled: true, used: 0, cap: 5 } })
    expect(await answer()).toBe(200)
    account.setQuota({ overage: { enabled: true, used: 5, cap: 5 } })
    expect(await answer()).toBe('OVERAGE_REQUEST_LIMIT_EXCEEDED')
    now = 1000
    expect(await answer()).toBe(200)
    expect(account.quota()).toMatchObject({ resetsAt: 2000 })
    await timed.stop()
  })

  test('of a company account whose conversations alone mind, is a 403 while every list is answered', async () => {
    const account = simulator.accounts.add({ method: 'identity-center', requiresProfile: 'chat' })
    const refused = await ask(simulator, account, body('hi'))
    expect([refused.status, (await jsonOf(refused)).message]).toEqual([403, 'profileArn is required for this request.'])
    for (const operation of ['GetUsageLimits', 'ListAvailableModels']) {
      expect((await control(simulator, account, operation, { origin: 'AI_EDITOR' })).status).toBe(200)
    }
    const { profileArn } = account
    const served = await ask(simulator, account, body('hi', {}, {}, { profileArn }))
    expect(served.status).toBe(200)
    await served.text()
  })

  test('of an enterprise must name its own profile', async () => {
    const account = simulator.accounts.add({ method: 'identity-center' })
    const other = 'arn:aws:codewhisperer:us-east-1:111111111111:profile/OTHER0000000'
    const statuses: number[] = []
    for (const profileArn of [undefined, other, account.profileArn]) {
      const response = await ask(simulator, account, body('hi', {}, {}, { profileArn }))
      statuses.push(response.status)
      await response.body?.cancel()
    }
    expect(statuses).toEqual([400, 403, 200])
  })
})

test.each([
  ['user-agent', 'aws-sdk-rust/1.3'],
  ['content-type', 'application/json'],
  ['amz-sdk-invocation-id', 'x'],
  ['amz-sdk-request', '1'],
  ['x-amzn-codewhisperer-optout', 'maybe'],
])('strict mode refuses a request whose %s is %s', async (name, value) => {
  const account = simulator.accounts.add()
  const response = await ask(simulator, account, body('hi'), { headers: headersFor(account, { [name]: value }) })
  expect(response.status).toBe(400)
  expect(String((await jsonOf(response)).message)).toContain(name)
})

test('an unknown target or path is 404, broken JSON 400', async () => {
  const account = simulator.accounts.add()
  expect((await control(simulator, account, 'DeleteEverything')).status).toBe(404)
  expect((await fetch(`${simulator.url}/nowhere`)).status).toBe(404)
  expect((await ask(simulator, account, '{"a":')).status).toBe(400)
})
