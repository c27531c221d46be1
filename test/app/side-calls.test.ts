import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type App, startApp } from '../../server/app/app.ts'
import { realEffects } from '../../server/lib/effects.ts'
import type { SideCall, SimulatedAccount } from '../../server/simulator/account.ts'
import type { Fault, FaultName } from '../../server/simulator/fault.ts'
import { type Simulator, startSimulator } from '../../server/simulator/simulator.ts'
import { quietLog, resolvedFor, version } from '../cli/cli.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into member by member
type Json = any
type Way = readonly [name: string, fault: Fault | FaultName]

const password = 'correct horse battery'
const ways: readonly Way[] = [
  ['403', 'forbidden'],
  ['403 about the token', 'token-invalid'],
  ['404', '404'],
  ['[]', 'empty-list'],
  ['200 with nothing in it', 'nothing-listed'],
  ['429', '429'],
  ['500', '500'],
  ['502 as a page', '502'],
  ['a reset', 'reset'],
  ['silence', { name: 'slow-headers', waitMs: 600_000 }],
]
const sideCalls: readonly SideCall[] = [
  'ListAvailableModels',
  'GetUsageLimits',
  'ListAvailableProfiles',
  'CreateToken',
  'SocialRefresh',
]
const all = (fault: Fault | FaultName) => Object.fromEntries(sideCalls.map((call) => [call, fault]))

let world: Awaited<ReturnType<typeof openWorld>>
afterEach(() => world.close())

/** The gateway as it is, with three accounts of three kinds whose tokens it has, and a key. */
async function openWorld(change: (account: SimulatedAccount) => void = () => {}) {
  const simulator: Simulator = await startSimulator()
  const accounts = (['builder-id', 'social', 'identity-center'] as const).map((method) =>
    simulator.accounts.add({ method, plan: 'power' }),
  )
  const folder = mkdtempSync(path.join(tmpdir(), 'gateway-side-'))
  const env = {
    DATA_DIR: folder,
    HOST: '127.0.0.1',
    PORT: '0',
    ADMIN_PASSWORD: password,
    UPSTREAM_Q_URL: `${simulator.url}/{region}`,
    UPSTREAM_OIDC_URL: simulator.url,
    UPSTREAM_KIRO_AUTH_URL: simulator.url,
    SHUTDOWN_GRACE_SECONDS: '0',
  }
  let app: App
  const start = async (): Promise<void> => {
    const { config } = resolvedFor([], env)
    const started = await startApp({ config, effects: realEffects, log: quietLog(), version })
    if (!started.ok) throw new Error(started.error.message)
    app = started.value
  }
  await start()
  const call = async (method: string, route: string, body?: unknown): Promise<Json> => {
    const response = await fetch(`http://127.0.0.1:${app.port}${route}`, {
      method,
      headers: { authorization: `Bearer ${password}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return response.json()
  }
  for (const account of accounts) {
    change(account)
    const { method, clientId, clientSecret, refreshToken, profileArn } = account.secrets()
    await call('POST', '/v2/accounts', { label: account.id, method, clientId, clientSecret, refreshToken, profileArn })
  }
  const { key } = await call('POST', '/v2/keys', { name: 'side calls' })
  const chat = async (
    model = 'claude-sonnet-4-5',
  ): Promise<readonly [status: number, text: string, retryAfterSeconds: number]> => {
    const response = await fetch(`http://127.0.0.1:${app.port}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify({ model, max_tokens: 50, messages: [{ role: 'user', content: 'Hello' }] }),
    })
    return [response.status, await response.text(), Number(response.headers.get('retry-after'))]
  }
  const states = async (): Promise<readonly string[]> =>
    (await call('GET', '/v2/accounts')).accounts.map(({ state }: { state: string }) => state)
  return {
    simulator,
    accounts,
    call,
    chat,
    states,
    /** So many at once; what came back but 200. */
    chats: async (count: number, model?: string) =>
      (await Promise.all(Array.from({ length: count }, () => chat(model)))).filter(([status]) => status !== 200),
    /** Another process on the same folder, as far as the gateway can tell. */
    restart: async (): Promise<void> => {
      await app.stop()
      await start()
    },
    models: async (): Promise<readonly string[]> =>
      (
        await (
          await fetch(`http://127.0.0.1:${app.port}/v1/models`, { headers: { authorization: `Bearer ${key}` } })
        ).json()
      ).data.map(({ id }: { id: string }) => id),
    checkAll: async (): Promise<void> => {
      const { accounts: rows } = await call('GET', '/v2/accounts')
      await Promise.all(rows.map(({ id }: { id: string }) => call('POST', `/v2/accounts/${id}/refresh`)))
    },
    close: async (): Promise<void> => {
      await simulator.stop()
      await app.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

describe('while every call beside conversations fails', () => {
  test.each([...ways])(
    'with %s, 100 chats are answered: from the first start on, after a restart and in steady state',
    async (name, fault) => {
      const lists = { ListAvailableModels: fault, GetUsageLimits: fault, ListAvailableProfiles: fault }
      world = await openWorld((account) => account.set({ calls: lists }))
      expect(await world.chats(34)).toEqual([])
      expect(await world.models()).toContain('claude-sonnet-4.5')
      // A company's sign-in that came with its profile is not asked for it; the others' may be, and go without.
      expect(new Set(await world.states())).toEqual(new Set(['ready']))
      for (const account of world.accounts) account.set({ calls: all(fault) })
      const checking = name === 'silence' ? Promise.resolve() : world.checkAll()
      expect(await world.chats(33)).toEqual([])
      await checking
      expect(new Set(await world.states())).toEqual(new Set(['ready']))
      await world.restart()
      expect(await world.chats(33)).toEqual([])
      expect(new Set(await world.states())).toEqual(new Set(['ready']))
    },
    240_000,
  )
})

describe('a call beside conversations that fails alone', () => {
  test.each([...sideCalls])(
    '(%s) disturbs nobody, whatever it answers, and is shown',
    async (call) => {
      world = await openWorld()
      await world.checkAll()
      for (const [name, fault] of ways) {
        for (const account of world.accounts) account.set({ calls: { [call]: fault } })
        const checking = name === 'silence' ? Promise.resolve() : world.checkAll()
        expect([name, await world.chats(10)]).toEqual([name, []])
        await checking
        expect([name, ...new Set(await world.states())]).toEqual([name, 'ready'])
      }
      if (call === 'ListAvailableProfiles') return
      for (const account of world.accounts) account.set({ calls: { [call]: '500' } })
      await world.checkAll()
      const { accounts } = await world.call('GET', '/v2/accounts')
      const kinds = accounts.flatMap((account: Json) => account.troubles.map(({ kind }: Json) => kind))
      const shown = { ListAvailableModels: 'models-unread', GetUsageLimits: 'quota-unread' } as const
      expect(kinds).toContain(call in shown ? shown[call as keyof typeof shown] : 'access-unrenewed')
    },
    240_000,
  )
})

test('the last list that was read serves on, over a restart, when the provider gives none any more', async () => {
  world = await openWorld((account) => account.set({ models: ['claude-sonnet-4.5', 'claude-haiku-4.5'] }))
  await world.checkAll()
  const known = await world.models()
  expect(known).toContain('claude-haiku-4.5')
  for (const account of world.accounts) account.set({ calls: { ListAvailableModels: 'empty-list' } })
  await world.checkAll()
  await world.restart()
  expect(await world.models()).toEqual(known)
  // Lists are known: a name that is in none of them is not found.
  expect((await world.chat('claude-opus-4.7'))[0]).toBe(404)
  expect(await world.chats(3)).toEqual([])
}, 240_000)

test('without a list the provider’s word decides about a model, and the accounts stay as they are', async () => {
  world = await openWorld((account) =>
    account.set({ models: ['claude-sonnet-4.5'], calls: { ListAvailableModels: '500' } }),
  )
  const [status, text] = await world.chat('claude-opus-4.7')
  expect([status, JSON.parse(text).error.type]).toEqual([404, 'not_found_error'])
  expect((await world.chat('claude-opus-99'))[0]).toBe(404)
  expect(await world.chats(3)).toEqual([])
  expect(new Set(await world.states())).toEqual(new Set(['ready']))
}, 240_000)

describe('a sign-in service that fails once', () => {
  test.each(['500', '502', '429', 'reset', 'forbidden', 'empty-list', '404'] as const)(
    'with %s just when the provider has refused the token books nothing, and all are answered',
    async (fault) => {
      world = await openWorld()
      const [only, ...others] = world.accounts
      const rows = (await world.call('GET', '/v2/accounts')).accounts
      for (const other of others) {
        const row = rows.find(({ label }: Json) => label === other.id)
        await world.call('PATCH', `/v2/accounts/${row.id}`, { enabled: false })
      }
      expect(await world.chats(1)).toEqual([])
      only?.expireAccess()
      world.simulator.enqueue(fault, { operation: 'CreateToken' })
      expect(await world.chats(20)).toEqual([])
      const row = (await world.call('GET', '/v2/accounts')).accounts.find(({ label }: Json) => label === only?.id)
      expect(row).toMatchObject({ state: 'ready', status_reason: null, error_count: 0 })
    },
    240_000,
  )

  test('and goes on failing ends as a retryable 503, with the account as it was', async () => {
    world = await openWorld()
    expect(await world.chats(3)).toEqual([])
    for (const account of world.accounts) {
      account.expireAccess()
      account.set({
        calls: {
          CreateToken: { name: '429', retryAfterMs: 40_000, retryAfterHeader: true },
          SocialRefresh: { name: '429', retryAfterMs: 40_000, retryAfterHeader: true },
        },
      })
    }
    const [status, text, retryAfterSeconds] = await world.chat()
    expect([status, JSON.parse(text).error.type]).toEqual([503, 'api_error'])
    expect(retryAfterSeconds).toBeWithin(35, 41)
    expect(new Set(await world.states())).toEqual(new Set(['ready']))
  }, 240_000)
})

test('a first start with the provider out of reach is a 503 that names a time', async () => {
  world = await openWorld()
  await world.simulator.stop()
  const [status, text, retryAfterSeconds] = await world.chat()
  expect([status, JSON.parse(text).error.type]).toEqual([503, 'api_error'])
  expect(retryAfterSeconds).toBeWithin(1, 61)
}, 240_000)

test('a suspicion rests the account for long, over a restart, with the provider’s words', async () => {
  world = await openWorld()
  for (const account of world.accounts) account.set({ fault: 'suspicion' })
  const [status, text] = await world.chat()
  expect([status, text]).toEqual([503, expect.stringContaining('suspicious activity')])
  for (const account of world.accounts) account.set({ fault: undefined })
  await world.restart()
  expect((await world.chat())[0]).toBe(503)
  const { accounts } = await world.call('GET', '/v2/accounts')
  for (const { state, status_reason, state_until } of accounts) {
    expect([state, status_reason]).toEqual(['restricted', expect.stringContaining('suspicious activity')])
    expect(Date.parse(state_until) - Date.now()).toBeWithin(29 * 60_000, 61 * 60_000)
  }
  await world.checkAll()
  expect(await world.chats(3)).toEqual([])
}, 240_000)
