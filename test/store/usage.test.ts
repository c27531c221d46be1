import { afterAll, expect, test } from 'bun:test'
import { keyTraces } from '../../server/access/key.ts'
import { costOf } from '../../server/access/limits.ts'
import type { Engine } from '../../server/store/engine/engine.ts'
import { createIpStore } from '../../server/store/ips.ts'
import { createKeyStore } from '../../server/store/keys.ts'
import type { KeyRecord, UserRecord } from '../../server/store/store.ts'
import { createUsageStore } from '../../server/store/usage.ts'
import { createUserStore } from '../../server/store/users.ts'
import { freshEngine } from '../support/database.ts'

const engines: Engine[] = []
afterAll(async () => {
  for (const engine of engines) await engine.close()
})
async function open() {
  const engine = await freshEngine(() => 5)
  engines.push(engine)
  const deps = { engine, now: () => 5 }
  return {
    users: createUserStore(deps),
    keys: createKeyStore(engine),
    usage: createUsageStore(engine),
    ips: createIpStore(engine),
  }
}

const rate = {
  inputMicroUsdPerMillion: 5_000_000,
  outputMicroUsdPerMillion: 25_000_000,
  inputCredits: 0.001,
  outputCredits: 0,
}
const userOf = (id: string, more: Partial<UserRecord> = {}): UserRecord => ({
  id,
  name: id,
  enabled: true,
  priority: 0,
  createdAt: 1,
  updatedAt: 1,
  ...more,
})
const keyOf = (id: string, userId?: string, more: Partial<KeyRecord> = {}): KeyRecord => ({
  id,
  name: id,
  ...keyTraces(`sk-of-${id}-0123456789`),
  enabled: true,
  createdAt: 1,
  ...(userId === undefined ? {} : { userId }),
  ...more,
})

test('users and keys come back as they were given, limits and rights too', async () => {
  const { users, keys } = await open()
  const limits = {
    requestsPerMinute: 1,
    requestsPerDay: 2,
    tokensPerDay: 3,
    tokensPerMonth: 4,
    microUsdPerMonth: 5,
    creditsPerMonth: 0.5,
    concurrency: 7,
  }
  const rights = { notes: 'n', expiresAt: 9, models: ['m'], accountIds: ['acc_a'], limits }
  const full = { user: userOf('usr_1', { ...rights, email: 'e' }), key: keyOf('key_1', 'usr_1', rights) }
  const plain = { user: userOf('usr_2', { createdAt: 2 }), key: keyOf('key_2', 'usr_2') }
  await users.create([full, plain])
  expect(await users.list()).toEqual([plain.user, full.user])
  expect(await keys.list()).toEqual([full.key, plain.key])
  expect(
    await users.update('usr_1', { limits: { tokensPerDay: null, concurrency: 8 }, models: null, notes: null }),
  ).toEqual({
    ...userOf('usr_1'),
    email: 'e',
    expiresAt: 9,
    accountIds: ['acc_a'],
    limits: {
      requestsPerMinute: 1,
      requestsPerDay: 2,
      tokensPerMonth: 4,
      microUsdPerMonth: 5,
      creditsPerMonth: 0.5,
      concurrency: 8,
    },
    updatedAt: 5,
  })
  expect(await users.update('nobody', { name: 'x' })).toBeUndefined()
})

test('a user with a key string that exists is made wholly or not at all', async () => {
  const { users, keys } = await open()
  await keys.create(keyOf('key_1'))
  const entry = { user: userOf('usr_1'), key: { ...keyOf('key_1'), id: 'key_2', userId: 'usr_1' } }
  await expect(users.create([entry])).rejects.toThrow()
  expect(await users.list()).toEqual([])
})

test('counters add up, and go with their user and its keys', async () => {
  const { users, usage } = await open()
  await users.create([{ user: userOf('usr_1'), key: keyOf('key_1', 'usr_1') }])
  const used = costOf(100, 10, rate)
  const add = ['usr_1', 'key_1', 'key_other'].flatMap((subject) =>
    ['2026-11-28', '2026-11', 'all'].map((period) => ({ subject, period, used })),
  )
  const call = { id: 'req_1', keyId: 'key_1', userId: 'usr_1', at: 1, inputTokens: 100, inputMicroUsd: 500 }
  await usage.write({ add, open: [call, { ...call, id: 'req_2' }], close: [] })
  await usage.write({ add, open: [call], close: ['req_2', 'req_none'] })
  expect(await usage.openCalls()).toEqual([call])
  expect((await usage.read('usr_1', ['2026-11', '2026-10'])).get('2026-11')).toEqual({
    requests: 2,
    inputTokens: 200,
    outputTokens: 20,
    inputMicroUsd: 1_000,
    outputMicroUsd: 500,
    credits: 0.2,
  })
  expect([...(await usage.ofPeriod('all')).keys()].toSorted()).toEqual(['key_1', 'key_other', 'usr_1'])
  expect((await usage.ofPeriod('all', ['usr_1'])).size).toBe(1)
  expect((await usage.days('usr_1', '2026-11-01')).map(({ day }) => day)).toEqual(['2026-11-28'])
  expect(await users.remove('usr_1')).toBe(true)
  expect([...(await usage.ofPeriod('all')).keys()]).toEqual(['key_other'])
  await usage.pruneDays('2026-11-29')
  expect((await usage.ofPeriod('2026-11-28')).size).toBe(0)
  expect((await usage.ofPeriod('all')).size).toBe(1)
})

test('blocked ranges and configurations of addresses', async () => {
  const { ips } = await open()
  const block = { range: '192.0.2.7/32', shown: '192.0.2.7', reason: 'a', createdAt: 1 }
  await ips.block([block, { ...block, range: '10.0.0.0/8', shown: '10.0.0.0/8', createdAt: 2, expiresAt: 9 }])
  await ips.block([{ ...block, reason: 'b', createdAt: 3 }])
  expect((await ips.blocks()).map(({ range, reason }) => [range, reason])).toEqual([
    ['192.0.2.7/32', 'b'],
    ['10.0.0.0/8', 'a'],
  ])
  expect(await ips.unblock(['10.0.0.0/8', '10.0.0.0/9'])).toBe(1)
  await ips.saveConfig({ ip: '192.0.2.7', notes: 'n', requestsPerDay: 4, createdAt: 1, updatedAt: 1 })
  await ips.saveConfig({ ip: '192.0.2.7', requestsPerMinute: 3, createdAt: 8, updatedAt: 8 })
  expect(await ips.configs()).toEqual([{ ip: '192.0.2.7', requestsPerMinute: 3, createdAt: 1, updatedAt: 8 }])
  expect([await ips.removeConfig('192.0.2.7'), await ips.removeConfig('192.0.2.7')]).toEqual([true, false])
})
