import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type App, startApp } from '../../server/app/app.ts'
import { resolveConfig } from '../../server/config/resolve.ts'
import { ok } from '../../server/lib/result.ts'
import { createLogger } from '../../server/observe/log.ts'
import { type Simulator, startSimulator } from '../../server/simulator/simulator.ts'
import { createTestEffects } from '../support/effects.ts'

const minute = 60_000
const hour = 60 * minute
const password = 'correct horse battery'
const accountCount = 4
const windowRequests = 30

/** 24 hours on a clock that the test moves: tokens live one hour, quotas reset every four. */
describe('a day of the pool', () => {
  let calls = 0
  const effects = createTestEffects({
    fetch: async (url, init) => {
      calls++
      try {
        return await fetch(url, init as RequestInit)
      } finally {
        calls--
      }
    },
  })
  const startAt = effects.now()
  const log = createLogger({ level: 'info', format: 'json', now: effects.now, write: () => undefined })
  let folder: string
  let simulator: Simulator
  let app: App
  let key: string
  let cost: number
  let sent = 0

  const call = (method: string, route: string, body?: object, bearer = password): Promise<Response> =>
    fetch(`http://127.0.0.1:${app.port}${route}`, {
      method,
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(120_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const ask = async (): Promise<{ readonly status: number; readonly retryAfter: string | null }> => {
    sent++
    const body = { model: 'claude-sonnet-4.5', max_tokens: 500, messages: [{ role: 'user', content: `Hour ${sent}` }] }
    const answer = await call('POST', '/v1/messages', body, key)
    await answer.text()
    return { status: answer.status, retryAfter: answer.headers.get('retry-after') }
  }
  /** Lets time pass in steps shorter than every timeout, so that calls under way are not cut by the moved clock. */
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 5_000) {
      await effects.advance(Math.min(left, 5_000))
      while (calls > 0) await Bun.sleep(1)
    }
  }

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'gateway-day-'))
    simulator = await startSimulator({ effects: { ...effects, sleep: async () => undefined } })
    const env = {
      DATA_DIR: folder,
      HOST: '127.0.0.1',
      PORT: '0',
      ADMIN_PASSWORD: password,
      UPSTREAM_Q_URL: simulator.url,
      UPSTREAM_OIDC_URL: simulator.url,
      UPSTREAM_KIRO_AUTH_URL: simulator.url,
    }
    const resolved = resolveConfig([], env, () => ok('pool:\n  strategy: sequential\n'), '/')
    if (!resolved.ok) throw new Error(resolved.error.message)
    const started = await startApp({ config: resolved.value.config, effects, log, version: '9.9.9' })
    if (!started.ok) throw new Error(started.error.message)
    app = started.value
    for (let index = 0; index < accountCount; index++) {
      const account = simulator.accounts.add({ plan: 'power' })
      const { method, clientId, clientSecret, refreshToken } = account.secrets()
      const added = await call('POST', '/v2/accounts', {
        label: account.id,
        method,
        clientId,
        clientSecret,
        refreshToken,
      })
      expect(added.status).toBeLessThan(300)
    }
    key = ((await (await call('POST', '/v2/keys', { name: 'day' })).json()) as { key: string }).key
    await pass(5_000)
    expect(await ask()).toEqual({ status: 200, retryAfter: null })
    cost = Math.max(...simulator.accounts.list().map((account) => account.quota().used))
    expect(cost).toBeGreaterThan(0)
    for (const account of simulator.accounts.list())
      account.setQuota({ limit: cost * windowRequests, used: 0, resetsAt: startAt + 4 * hour, periodMs: 4 * hour })
  }, 240_000)
  afterAll(async () => {
    await app?.stop()
    await simulator?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test('serves every request for 20 hours while accounts run out and come back', async () => {
    const answers: number[] = []
    const spent = new Set<string>()
    while (effects.now() < startAt + 20 * hour) {
      for (let request = 0; request < 2; request++) answers.push((await ask()).status)
      for (const account of simulator.accounts.list()) {
        const { used, limit } = account.quota()
        if (used >= limit) spent.add(`${account.id} in window ${Math.floor((effects.now() - startAt) / (4 * hour))}`)
      }
      await pass(5 * minute)
    }
    expect(answers.length).toBeGreaterThan(470)
    expect(answers.filter((status) => status !== 200)).toEqual([])
    // Five windows of 96 requests, 30 to an account: three run out in each.
    expect(spent.size).toBe(15)
  }, 240_000)

  test('when all are spent it says until when, and serves again from then on', async () => {
    const end = startAt + 24 * hour
    const waits: { readonly said: number; readonly left: number }[] = []
    while (effects.now() < end - 5 * minute) {
      for (let request = 0; request < 3; request++) {
        const { status, retryAfter } = await ask()
        expect([200, 429]).toContain(status)
        if (status === 429) waits.push({ said: Number(retryAfter), left: (end - effects.now()) / 1_000 })
      }
      await pass(5 * minute)
    }
    expect(waits.length).toBeGreaterThan(10)
    for (const { said, left } of waits) {
      expect(Math.abs(said - left)).toBeLessThanOrEqual(60)
    }
    await pass(end - effects.now() + 6 * minute)
    expect((await ask()).status).toBe(200)
  }, 240_000)

  test('nothing was lost, refreshed too often or counted twice', async () => {
    for (const account of simulator.accounts.list()) {
      const { refreshes, refusedRefreshes } = account.counts()
      expect(refusedRefreshes).toBe(0)
      expect(refreshes).toBeGreaterThanOrEqual(23)
      expect(refreshes).toBeLessThanOrEqual(36)
    }
    const listed = (await (await call('GET', '/v2/accounts')).json()) as { accounts: { state: string }[] }
    expect(listed.accounts.map(({ state }) => state)).toEqual(Array(accountCount).fill('ready'))
  })
})
