import { afterAll, expect, test } from 'bun:test'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { UnwrittenUsage, UsageBatch } from '../../server/access/ledger.ts'
import { nothing } from '../../server/access/limits.ts'
import { createStore } from '../../server/store/open.ts'
import type { RequestRecord } from '../../server/store/request-record.ts'
import type { Store } from '../../server/store/store.ts'
import { createUnwrittenKeeper, unwrittenFileName, writeKept } from '../../server/store/unwritten.ts'
import { createVault } from '../../server/vault/vault.ts'
import { freshEngine } from '../support/database.ts'

const folders: string[] = []
const newFolder = (): string => {
  const folder = mkdtempSync(path.join(tmpdir(), 'unwritten-'))
  folders.push(folder)
  return folder
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})
const vault = createVault(new Uint8Array(32))

async function newStore(): Promise<Store> {
  const engine = await freshEngine()
  return createStore({ engine, vault, now: () => 0, sleep: async () => {}, onUnreadable: () => {} })
}
const request = (id: string): RequestRecord => ({
  ...{ id, at: 5, dialect: 'anthropic', model: 'm', stream: false, status: 200, durationMs: 1 },
  ...{ inputTokens: 1, inputSource: 'provider', outputTokens: 1, outputSource: 'provider' },
  ...{ peer: '127.0.0.1', userAgent: 'x', attempts: 1, route: '{}' },
})
const batch = (requests: number, close: readonly string[] = []): UsageBatch => ({
  add: requests === 0 ? [] : [{ subject: 'key_1', period: 'all', used: { ...nothing, requests } }],
  open: [],
  close,
})
const usage = (number: number, pending: UsageBatch, underWay?: UsageBatch): UnwrittenUsage => ({
  mark: { epoch: 'e', number },
  pending,
  ...(underWay === undefined ? {} : { underWay }),
})
const countIn = async (store: Store): Promise<number> =>
  (await store.usage.read('key_1', ['all'])).get('all')?.requests ?? 0

test('what was kept is written once, also when the process that writes it is killed before it is done', async () => {
  const store = await newStore()
  const dataDir = newFolder()
  const keeper = createUnwrittenKeeper(dataDir, vault)
  keeper.keep({ usage: usage(1, batch(2)), requests: [request('a')] })
  keeper.keep({ usage: usage(1, batch(5)), requests: [request('a'), request('b')] })
  const file = path.join(dataDir, unwrittenFileName)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  appendFileSync(file, '["request",{"id":"cut')
  const text = readFileSync(file)
  expect(await writeKept(dataDir, store, vault)).toBe(4)
  expect([await countIn(store), existsSync(file)]).toEqual([5, false])
  await Bun.write(file, text)
  await writeKept(dataDir, store, vault)
  expect(await countIn(store)).toBe(5)
  expect((await store.requests.page({}, { limit: 10 })).rows.map(({ id }) => id).toSorted()).toEqual(['a', 'b'])
  expect(await writeKept(dataDir, store, vault)).toBe(0)
})

test.each([
  ['before the batch under way', 1, 10],
  ['with the batch under way', 2, 7],
  ['with a later batch', 3, 0],
])('counters that were written after all, %s, do not count twice', async (_, written, added) => {
  const store = await newStore()
  const dataDir = newFolder()
  createUnwrittenKeeper(dataDir, vault).keep({ usage: usage(2, batch(7), batch(3)), requests: [] })
  await store.usage.write(batch(100), { epoch: 'e', number: written })
  await writeKept(dataDir, store, vault)
  expect(await countIn(store)).toBe(100 + added)
})

test('tokens that only this process had come back, unless the account has newer ones; none stand in the clear', async () => {
  const store = await newStore()
  const dataDir = newFolder()
  const account = (id: string) =>
    ({
      account: {
        id,
        label: id,
        enabled: true,
        health: { state: 'ready', since: 0, failures: 0 },
        weight: 1,
        maxInFlight: 1,
        createdAt: 0,
      },
      profile: { method: 'social', region: 'us-east-1', successCount: 0, errorCount: 0, updatedAt: 0 },
    }) as const
  const signIn = (refreshToken: string, accessExpiresAt: number) =>
    ({ method: 'social', identityRegion: 'us-east-1', refreshToken, accessToken: 'x', accessExpiresAt }) as const
  await store.accounts.create(account('older'), signIn('old', 10))
  await store.accounts.create(account('newer'), signIn('newest', 30))
  await store.accounts.create(account('saved'), signIn('saved', 10))
  const keeper = createUnwrittenKeeper(dataDir, vault)
  for (const id of ['older', 'newer', 'saved', 'gone']) keeper.keepTokens(id, signIn('S3CRET', 20))
  keeper.keepTokens('saved', undefined)
  // What waits besides has gone: the tokens stay.
  keeper.clear()
  expect(readFileSync(path.join(dataDir, unwrittenFileName), 'utf8')).not.toContain('S3CRET')
  await writeKept(dataDir, store, vault)
  const tokenOf = async (id: string) => (await store.accounts.credentials.load(id))?.refreshToken
  expect([await tokenOf('older'), await tokenOf('newer'), await tokenOf('saved')]).toEqual([
    'S3CRET',
    'newest',
    'saved',
  ])
})

test('the file is bounded, and gone when nothing waits', () => {
  const dataDir = newFolder()
  const keeper = createUnwrittenKeeper(dataDir, vault)
  const large = (id: string): RequestRecord => ({ ...request(id), route: JSON.stringify('x'.repeat(1_000_000)) })
  const waiting: RequestRecord[] = []
  for (let turn = 0; turn < 75; turn++) {
    waiting.push(large(String(turn)))
    if (waiting.length > 10) waiting.shift()
    keeper.keep({ usage: usage(0, batch(0)), requests: [...waiting] })
  }
  expect(keeper.stats().bytes).toBe(statSync(path.join(dataDir, unwrittenFileName)).size)
  expect(keeper.stats().bytes).toBeLessThan(66_000_000)
  keeper.clear()
  expect([keeper.stats().bytes, existsSync(path.join(dataDir, unwrittenFileName))]).toEqual([0, false])
  expect(keeper.keepLast({ usage: usage(0, batch(0)), requests: [] })).toBe(false)
}, 240_000)
