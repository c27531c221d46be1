import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { type Gateway, startGateway } from '../support/gateway.ts'

let gateway: Gateway
let other: { readonly id: string; readonly key: string }

type Api = 'messages' | 'chat'
const apis: readonly Api[] = ['messages', 'chat']

const post = (api: Api, model: string, { key = gateway.key, stream = false } = {}): Promise<Response> =>
  fetch(`${gateway.url}/v1/${api === 'messages' ? 'messages' : 'chat/completions'}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream, max_tokens: 500, messages: [{ role: 'user', content: 'Hello' }] }),
  })
/** What the answer says about its model, read to its end. */
async function told(response: Response) {
  await response.text()
  return {
    status: response.status,
    served: response.headers.get('x-model-served'),
    reason: response.headers.get('x-model-reason'),
  }
}
/** The request's row, once it is written. */
async function recordOf(id: string | null): Promise<unknown> {
  for (let tries = 0; tries < 1_200; tries++) {
    const { logs } = await gateway.admin('GET', '/v2/logs?limit=50')
    const row = (logs as { id: string }[]).find((one) => one.id === id)
    if (row !== undefined) return row
    await Bun.sleep(25)
  }
  return undefined
}
const map = async (body: object): Promise<string> => {
  const { mapping } = await gateway.admin('POST', '/v2/model-mappings', body)
  return (mapping as { id: string }).id
}
const listed = async (key = gateway.key): Promise<readonly string[]> => {
  const ids: string[] = []
  for await (const model of new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: key }).models.list()) ids.push(model.id)
  return ids
}

beforeAll(async () => {
  gateway = await startGateway({
    accounts: [
      { plan: 'power', models: ['auto', 'claude-sonnet-4.5', 'claude-opus-4.5', 'claude-haiku-4.5', 'glm-5'] },
    ],
  })
  const { id, key } = await gateway.admin('POST', '/v2/keys', { name: 'other' })
  other = { id: String(id), key: String(key) }
})
afterAll(async () => {
  await gateway?.stop()
})

describe('names of Claude models that are not offered', () => {
  test.each([
    ['claude-sonnet-4-20250514', 'claude-sonnet-4.5', 'retired'],
    ['claude-opus-4-1-20250805', 'claude-opus-4.5', 'retired'],
    ['us.anthropic.claude-3-5-sonnet-20241022-v2:0', 'claude-sonnet-4.5', 'retired'],
    ['claude-3-5-haiku-20241022', 'claude-haiku-4.5', 'retired'],
    ['us.anthropic.claude-opus-4-5-20251101-v1:0', 'claude-opus-4.5', null],
    ['claude-haiku-5-5', 'claude-haiku-4.5', 'small-model'],
  ])('%s is served by %s, and both APIs say so', async (name, served, reason) => {
    for (const api of apis)
      for (const stream of [false, true])
        expect(await told(await post(api, name, { stream }))).toEqual({ status: 200, served, reason })
  })

  test('the record says what was asked, what served and why', async () => {
    const response = await post('messages', 'claude-opus-4-1')
    await response.text()
    expect(await recordOf(response.headers.get('request-id'))).toMatchObject({
      requested_model: 'claude-opus-4-1',
      upstream_model: 'claude-opus-4.5',
      notes: { first: [{ what: 'model-replaced', field: 'model', detail: 'claude-opus-4.5, retired' }] },
    })
  })

  test('pages of other origins can read it', async () => {
    const exposed = (await post('chat', 'claude-opus-4-1')).headers.get('access-control-expose-headers')
    expect(exposed?.split(', ')).toEqual(expect.arrayContaining(['x-model-served', 'x-model-reason']))
  })
})

describe('names nobody offers', () => {
  test.each(['gpt-4o', 'openai/gpt-4o', 'gemini-2.5-pro', 'claude-opus-9'])(
    '%s is 404 in both APIs, with near names and advice',
    async (name) => {
      const anthropic = new Anthropic({ baseURL: gateway.url, apiKey: gateway.key, maxRetries: 0 })
      const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 })
      const messages = [{ role: 'user' as const, content: 'Hello' }]
      const failures = await Promise.all([
        anthropic.messages.create({ model: name, max_tokens: 10, messages }).catch((error: unknown) => error),
        openai.chat.completions.create({ model: name, messages }).catch((error: unknown) => error),
      ])
      expect(failures[0]).toBeInstanceOf(Anthropic.NotFoundError)
      expect(failures[1]).toBeInstanceOf(OpenAI.NotFoundError)
      expect(failures[1]).toMatchObject({ code: 'model_not_found', param: 'model' })
      for (const failure of failures) {
        const { message, headers } = failure as Error & { headers: Headers }
        expect(message).toContain(`The model '${name}' does not exist or no account offers it. Near names: `)
        expect(message).toContain("map it on the console's Models page")
        expect(headers.get('x-model-served')).toBeNull()
      }
    },
  )
})

test('a name that cannot be read from the address is no model', async () => {
  for (const name of ['%zz', '%E0%A4%A', 'a%2Fb', '%00']) {
    const response = await fetch(`${gateway.url}/v1/models/${name}`, { headers: { 'x-api-key': gateway.key } })
    expect({ name, status: response.status }).toEqual({ name, status: 404 })
    expect(await response.json()).toMatchObject({ error: { code: 'model_not_found' } })
  }
})

describe('mappings', () => {
  test('hold at once for all keys, or for one, and are listed for those', async () => {
    const own = await map({ name: 'gpt-4o', target: 'claude-opus-4.5', key_id: other.id })
    expect((await post('chat', 'gpt-4o')).status).toBe(404)
    expect(await told(await post('chat', 'gpt-4o', { key: other.key }))).toEqual({
      status: 200,
      served: 'claude-opus-4.5',
      reason: 'mapped',
    })
    const all = await map({ name: 'gpt-4*', target: 'claude-sonnet-4.5' })
    for (const api of apis) {
      expect(await told(await post(api, 'GPT-4.1-mini'))).toEqual({
        status: 200,
        served: 'claude-sonnet-4.5',
        reason: 'mapped',
      })
      expect((await told(await post(api, 'gpt-4o', { key: other.key }))).served).toBe('claude-opus-4.5')
    }
    expect(await listed(other.key)).toContain('gpt-4o')
    expect(await listed()).not.toContain('gpt-4o')
    const describe = async (name: string, key: string) =>
      (await fetch(`${gateway.url}/v1/models/${name}`, { headers: { 'x-api-key': key } })).json()
    expect(await describe('gpt-4o', other.key)).toMatchObject({ id: 'gpt-4o', display_name: 'Claude Opus 4.5' })
    expect(await describe('gpt-4.1', gateway.key)).toMatchObject({ id: 'gpt-4.1', display_name: 'Claude Sonnet 4.5' })
    for (const id of [own, all]) await gateway.admin('DELETE', `/v2/model-mappings/${id}`)
    expect((await post('chat', 'gpt-4o', { key: other.key })).status).toBe(404)
  })

  test('the answer keeps the name that was asked, the record has both', async () => {
    const id = await map({ name: 'gpt-4o', target: 'claude-sonnet-4.5' })
    const response = await post('chat', 'gpt-4o')
    expect(((await response.json()) as { model: string }).model).toBe('gpt-4o')
    expect(await recordOf(response.headers.get('x-request-id'))).toMatchObject({
      requested_model: 'gpt-4o',
      upstream_model: 'claude-sonnet-4.5',
      notes: { first: [{ what: 'model-replaced', detail: "claude-sonnet-4.5, mapped by 'gpt-4o'" }] },
    })
    await gateway.admin('DELETE', `/v2/model-mappings/${id}`)
  })

  test('outlive a restart', async () => {
    const id = await map({ name: 'gpt-4o', target: 'claude-sonnet-4.5' })
    await gateway.restart('SIGTERM')
    expect((await told(await post('chat', 'gpt-4o'))).served).toBe('claude-sonnet-4.5')
    await gateway.admin('DELETE', `/v2/model-mappings/${id}`)
  })

  test('one whose target is gone is a 404 that names it', async () => {
    const id = await map({ name: 'gpt-4o', target: 'glm-5' })
    gateway.accounts[0]?.set({ models: ['auto', 'claude-sonnet-4.5', 'claude-opus-4.5', 'claude-haiku-4.5'] })
    const { accounts } = await gateway.admin('GET', '/v2/accounts')
    const [account] = accounts as { id: string }[]
    await gateway.admin('POST', `/v2/accounts/${account?.id}/refresh`)
    for (const api of apis) {
      const response = await post(api, 'gpt-4o')
      expect(response.status).toBe(404)
      expect(JSON.stringify(await response.json())).toContain(
        "The mapping 'gpt-4o' leads to 'glm-5', which no account offers.",
      )
    }
    expect(await gateway.admin('GET', '/v2/model-mappings')).toMatchObject({ mappings: [{ served_by: null }] })
    await gateway.admin('DELETE', `/v2/model-mappings/${id}`)
  })
})

test('one model for everything leaves small models alone and says so', async () => {
  await gateway.admin('PUT', '/v2/settings', { forceModelEnabled: true, forceModel: 'claude-sonnet-4-5-20250929' })
  const sonnet = { status: 200, served: 'claude-sonnet-4.5' }
  expect(await told(await post('messages', 'claude-opus-4-5'))).toEqual({ ...sonnet, reason: 'forced' })
  expect(await told(await post('chat', 'gpt-4o'))).toEqual({ ...sonnet, reason: 'forced' })
  expect(await told(await post('chat', 'claude-sonnet-4-5'))).toEqual({ ...sonnet, reason: null })
  expect((await told(await post('chat', 'claude-haiku-4-5'))).served).toBe('claude-haiku-4.5')
  await gateway.admin('PUT', '/v2/settings', { forceModelEnabled: false })
  expect((await told(await post('messages', 'claude-opus-4-5'))).served).toBe('claude-opus-4.5')
})
