import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { allModels } from '../../server/simulator/models.ts'
import { type Simulator, startSimulator } from '../../server/simulator/simulator.ts'
import { ask, body, control, headersFor, type Json, jsonOf } from './client.ts'

let simulator: Simulator
beforeAll(async () => {
  simulator = await startSimulator({ basePath: '/the/base/' })
})
afterAll(() => simulator.stop())
const origin = 'AI_EDITOR'

describe('ListAvailableModels', () => {
  test('gives the plan in pages', async () => {
    const account = simulator.accounts.add({ plan: 'power' })
    const ids: unknown[] = []
    let nextToken: unknown
    do {
      const page = await jsonOf(
        await control(simulator, account, 'ListAvailableModels', { origin, maxResults: 8, nextToken }),
      )
      ids.push(...(page.models as Json[]).map((model) => model.modelId))
      nextToken = page.nextToken
    } while (nextToken !== undefined)
    expect(ids).toEqual(allModels.map((model) => model.id))
  })

  test('over REST reads its members from the query', async () => {
    const account = simulator.accounts.add({ plan: 'free' })
    const { 'x-amz-target': _, ...headers } = headersFor(account)
    for (const path of ['ListAvailableModels', 'List-Available-Models']) {
      const list = await jsonOf(await fetch(`${simulator.url}/${path}?origin=${origin}`, { headers }))
      expect(list).toMatchObject({ defaultModel: { modelId: 'auto' } })
      expect(JSON.stringify(list)).not.toContain('opus')
    }
    expect((await fetch(`${simulator.url}/ListAvailableModels`, { headers })).status).toBe(400)
  })

  test('describes limits, inputs and thinking fields', async () => {
    const account = simulator.accounts.add({ models: ['claude-opus-4.7', 'glm-5'] })
    const { models } = await jsonOf(await control(simulator, account, 'ListAvailableModels', { origin }))
    expect(models).toMatchObject([
      {
        modelId: 'claude-opus-4.7',
        tokenLimits: { maxInputTokens: 1_000_000, maxOutputTokens: 128_000 },
        additionalModelRequestFieldsSchema: { type: 'object' },
      },
      { modelId: 'glm-5', supportedInputTypes: ['TEXT'], promptCaching: { supportsPromptCaching: false } },
    ])
  })

  test('is refused to a suspended account, whose usage can still be read', async () => {
    const account = simulator.accounts.add({ fault: 'suspended' })
    expect((await control(simulator, account, 'ListAvailableModels', { origin })).status).toBe(403)
    expect((await control(simulator, account, 'GetUsageLimits')).status).toBe(200)
  })
})

describe('ListAvailableProfiles', () => {
  test('is not for Builder ID', async () => {
    const response = await control(simulator, simulator.accounts.add(), 'ListAvailableProfiles')
    expect([response.status, (await jsonOf(response)).message]).toEqual([
      403,
      'AWS Builder ID is not supported for this operation.',
    ])
  })

  test('gives an enterprise its profile in its region only', async () => {
    const account = simulator.accounts.add({ method: 'identity-center', region: 'eu-west-1' })
    const headers = headersFor(account, { 'x-amz-target': 'AmazonCodeWhispererService.ListAvailableProfiles' })
    const inRegion = async (region: string) => {
      const response = await fetch(`${simulator.url}/${region}/`, {
        method: 'POST',
        headers,
        body: '{"maxResults":10}',
      })
      return ((await jsonOf(response)).profiles as Json[]).map((profile) => profile.arn)
    }
    expect(await inRegion('us-east-1')).toEqual([])
    expect(await inRegion('eu-central-1')).toEqual([account.profileArn])
  })
})

test('GetUsageLimits reports the main part, trial, bonuses and overage', async () => {
  const expiresAt = Date.UTC(2030, 0, 1)
  const account = simulator.accounts.add({
    plan: 'pro-plus',
    email: 'someone@example.com',
    quota: {
      used: 12.5,
      resetsAt: expiresAt,
      trial: { limit: 500, used: 1.5, expiresAt, active: true },
      bonuses: [{ name: 'WELCOME', limit: 10, used: 10, expiresAt, active: true }],
      overage: { enabled: true, used: 3, cap: 100 },
    },
  })
  const limits = await jsonOf(await control(simulator, account, 'GetUsageLimits', { isEmailRequired: true }))
  expect(limits).toMatchObject({
    nextDateReset: expiresAt / 1000,
    subscriptionInfo: { subscriptionTitle: 'KIRO PRO+', type: 'Q_DEVELOPER_STANDALONE_PRO_PLUS' },
    overageConfiguration: { overageStatus: 'ENABLED' },
    userInfo: { email: 'someone@example.com' },
    usageBreakdownList: [
      {
        currentUsage: 12,
        currentUsageWithPrecision: 12.5,
        usageLimit: 2000,
        currentOverages: 3,
        overageCap: 100,
        freeTrialInfo: { freeTrialStatus: 'ACTIVE', usageLimitWithPrecision: 500, currentUsageWithPrecision: 1.5 },
        bonuses: [{ status: 'EXHAUSTED', usageLimit: 10 }],
      },
    ],
  })
  const plain = await jsonOf(await control(simulator, account, 'GetUsageLimits'))
  expect(plain.userInfo).toMatchObject({ email: null })
})

test('InvokeMCP lists its tool and searches with sample pages', async () => {
  const account = simulator.accounts.add()
  const call = async (method: string, params?: object) =>
    jsonOf(await control(simulator, account, 'InvokeMCP', { jsonrpc: '2.0', id: '1', method, params }))
  const search = (query: string) => call('tools/call', { name: 'web_search', arguments: { query } })
  const pages = async (query: string) => {
    const { result } = (await search(query)) as { result: { content: readonly { text: string }[] } }
    return JSON.parse(result.content[0]?.text ?? '')
  }
  expect(await call('tools/list')).toMatchObject({ result: { tools: [{ name: 'web_search' }] } })
  expect(await call('tools/forget')).toMatchObject({ error: { code: -32601 } })
  expect(await call('tools/call', { name: 'fetch' })).toMatchObject({ error: { code: -32602 } })
  expect(await search('x'.repeat(201))).toMatchObject({ error: { code: -32602 } })
  expect(await search('what is broken')).toMatchObject({ error: { code: -32603 } })
  expect(await search('what fails')).toMatchObject({ result: { isError: true } })
  const { results, totalResults } = await pages('bun')
  expect([totalResults, results[0].snippet]).toEqual([3, expect.stringContaining('simulated; no search was done')])
  expect((await pages('no results')).results).toEqual([])
  expect(typeof (await search('bun as text')).result).toBe('string')
})

test('the path in front of the base is kept, another is unknown', async () => {
  const account = simulator.accounts.add()
  expect(simulator.url).toEndWith('/the/base')
  expect((await ask(simulator, account, body('hi'))).status).toBe(200)
  const init = { method: 'POST', headers: headersFor(account), body: '{}' }
  expect((await fetch(`http://127.0.0.1:${simulator.port}/`, init)).status).toBe(404)
})
