import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type ClockedGateway, startClockedGateway } from '../support/clocked-gateway.ts'

let gateway: ClockedGateway
beforeAll(async () => {
  gateway = await startClockedGateway({ accounts: [{}, {}, {}] })
}, 240_000)
afterAll(() => gateway.stop())

const chat = (key: string) =>
  gateway.call(
    'POST',
    '/v1/chat/completions',
    { model: 'claude-sonnet-4.5', messages: [{ role: 'user', content: 'Hello.' }] },
    { authorization: `Bearer ${key}` },
  )

test('where one quota is used up and the others rest after a refusal, answer and record say wait, and list each', async () => {
  for (const [index, account] of gateway.accounts.entries())
    account.set({ fault: index === 0 ? 'monthly-limit' : 'feature-gate' })
  const answer = await gateway.ask('Hello.')
  expect([answer.status, answer.json.error.type]).toEqual([429, 'rate_limit_error'])
  expect(answer.json.error.message).toBe(
    'All accounts are resting: 2 after refusals, 1 with its quota used up; last: This feature is not supported.',
  )
  expect(answer.headers.get('retry-after')).toBe('300')
  expect(answer.headers.get('x-should-retry')).toBeNull()
  const { headers, json } = await chat(gateway.key)
  expect(json.error).toMatchObject({ type: 'rate_limit_error', code: 'rate_limit_exceeded' })
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(290)
  await gateway.pass(2_000)
  expect((await gateway.call('GET', '/v2/logs?limit=1')).json.logs[0]).toMatchObject({ error_kind: 'pool-cooling' })
})

test('where all quotas are used up it is said as before, with the time of the first', async () => {
  for (const account of gateway.accounts) account.set({ fault: 'monthly-limit' })
  await gateway.pass(310_000)
  const { status, json } = await chat(gateway.key)
  expect([status, json.error.code, json.error.message]).toEqual([
    429,
    'insufficient_quota',
    'The quota of all accounts is used up.',
  ])
})
