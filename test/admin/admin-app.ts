import { afterEach, beforeEach } from 'bun:test'
import { keyTraces } from '../../server/access/key.ts'
import type { Role } from '../../server/access/role.ts'
import { newAccountRecord } from '../../server/admin/account-draft.ts'
import type { AdminDeps } from '../../server/admin/deps.ts'
import { createEventStreams } from '../../server/admin/event-streams.ts'
import { openAdmin } from '../../server/admin/index.ts'
import { createLive } from '../../server/admin/live.ts'
import type { RequestPeer } from '../../server/admin/request-peer.ts'
import { storedPasswords } from '../../server/admin/stored-passwords.ts'
import { createUnreadBook } from '../../server/admin/unread-book.ts'
import type { ModelInfo } from '../../server/conversation/model.ts'
import type { Quota } from '../../server/conversation/quota.ts'
import { afterProbe, type ProbeResult } from '../../server/egress/health.ts'
import { createCalendar } from '../../server/lib/calendar.ts'
import { createFeed } from '../../server/lib/feed.ts'
import { ok } from '../../server/lib/result.ts'
import { createLogger } from '../../server/observe/log.ts'
import { defaultHealthPolicy } from '../../server/pool/health.ts'
import type { PoolStats } from '../../server/pool/pool.ts'
import { createStore } from '../../server/store/open.ts'
import type { RequestRecord } from '../../server/store/request-record.ts'
import type { Store } from '../../server/store/store.ts'
import type { AccountCheck } from '../../server/upstream/amazonq/check.ts'
import type { Credentials } from '../../server/upstream/amazonq/credentials.ts'
import type { SignInRequest, SignInState } from '../../server/upstream/amazonq/sign-in.ts'
import { createVault } from '../../server/vault/vault.ts'
import { freshEngine, onMysql } from '../support/database.ts'
import { createTestEffects } from '../support/effects.ts'
import { memoryStore } from '../support/memory-store.ts'

export const password = 'correct horse battery'
export const setupCode = 'ABCD2345'
export const controlToken = 'control-token-of-this-start'
export const atTheMachine: RequestPeer = { address: '127.0.0.1', loopback: true, forwarded: false, https: false }
export const elsewhere: RequestPeer = { address: '192.0.2.7', loopback: false, forwarded: false, https: false }

export type Answer = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into member by member
  readonly json: any
}
export type Sent = {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly raw?: BodyInit
}

/** What a failure looks like, whichever route refused. */
export const failure = (error: string, code: string, more: object = {}): object => ({
  ...{ error, code, message: error, params: {}, requestId: 'req_test' },
  ...more,
})

export const quotaOf = (used: number, limit: number): Quota => ({ used, limit, readAt: 1_700_000_000_000 })

export const secretsOf = (id: string): Credentials => ({
  method: 'builder-id',
  identityRegion: 'us-east-1',
  clientId: `client-${id}`,
  clientSecret: `SECRET-client-secret-of-${id}-0001`,
  refreshToken: `SECRET-refresh-token-of-${id}-0002`,
  accessToken: `SECRET-access-token-of-${id}-0003`,
})

/** Made by the test that runs, and done with when it ends: the next one has their databases. */
let ofTest: Store[] | undefined
if (onMysql) {
  beforeEach(() => {
    ofTest = []
  })
  afterEach(async () => {
    const done = ofTest ?? []
    ofTest = undefined
    for (const store of done) await store.close()
  })
}

/** In memory; on MariaDB the real one, when the tests run there. */
async function storeOf(now: () => number): Promise<Store> {
  if (!onMysql) return memoryStore(now)
  const engine = await freshEngine(now)
  const vault = createVault(new Uint8Array(32))
  const store = createStore({ engine, vault, now, sleep: async () => {}, onUnreadable: () => {} })
  ofTest?.push(store)
  return store
}

const copy = {
  ...{ name: 'one.sqlite3', kind: 'copy' as const, file: '/backups/one.sqlite3' },
  ...{ bytes: 1, created_at: '2023-11-14T00:00:00Z' },
}
const report = { kind: 'backup' as const, createdAt: null, dryRun: false, tables: [], keptAs: null, import: null }
/** The routes alone; what a backup is has its own tests. */
const backupStub: NonNullable<AdminDeps['backup']> = {
  original: async () => ({
    ...{ backup_version: 2, backup_time: '', accounts: [], settings: {}, blocked_ips: [], users: [] },
    ...{ user_token_usage: [], imported_accounts: [] },
  }),
  portable: async () => ok((async function* () {})()),
  toFile: async () => ok(copy),
  files: async () => ({ folder: '/backups', files: [copy] }),
  find: async (name) => (['one', copy.name].includes(name) ? copy : undefined),
  remove: async () => true,
  lastRestore: async () => ({ at: null, report: null, undo: null }),
  restore: async (_, { dryRun }) => ok({ ...report, dryRun }),
}

/** The admin API over a store in memory, a clock that is moved, and a provider whose answers are set by the test. */
export async function adminApp(options: { readonly first?: boolean; readonly deps?: Partial<AdminDeps> } = {}) {
  const clock = { now: 1_700_000_000_000 }
  const ids = { count: 0 }
  const world = {
    peer: atTheMachine,
    changed: [] as string[],
    keysChanged: 0,
    capturesChanged: 0,
    ipsChanged: 0,
    mappingsChanged: 0,
    offered: [] as ModelInfo[],
    outboundChanged: 0,
    routed: [] as string[],
    probe: { ok: true, latencyMs: 12 } as ProbeResult,
    asked: [] as SignInRequest[],
    applied: [] as Readonly<Record<string, string | null>>[],
    logged: [] as string[],
    adopted: [] as string[],
    /** What the provider says about an account; default: all is well, each account another person. */
    check: (id: string): Partial<AccountCheck> | Promise<Partial<AccountCheck>> => ({
      userId: `user-${id}`,
      email: `${id}@example.com`,
      plan: 'PRO',
    }),
    pool: undefined as PoolStats | undefined,
    refreshError: undefined as AccountCheck['error'],
    signIns: new Map<string, SignInState>(),
    latency: 120.4 as number | undefined,
  }
  const store = await storeOf(() => clock.now)
  const streams = createEventStreams({ now: () => clock.now, after: () => () => {} })
  const serverLog = createLogger({ level: 'debug', format: 'json', write: () => {}, now: () => clock.now, keep: 5 })
  const finished = createFeed<RequestRecord>(3)
  const passwords = storedPasswords(store.settings, { memoryCost: 8, timeCost: 1 })
  if (options.first !== true) await passwords.change(password)

  const effects = {
    ...createTestEffects(),
    now: () => clock.now,
    newId: (prefix: string) => `${prefix}_${++ids.count}`,
  }
  const log: AdminDeps['log'] = (level, event, fields) =>
    void world.logged.push(`${level} ${event} ${JSON.stringify(fields ?? {})}`)
  const live = createLive({ store, effects, inFlight: () => 2, poolStats: () => world.pool, version: '9.9.9', log })
  const { admin, routes } = openAdmin({
    store,
    live,
    passwords,
    effects,
    checkAccount: async (id) => ({ accountId: id, at: clock.now, ...(await world.check(id)) }),
    refreshAccount: async () =>
      world.refreshError === undefined ? ok(undefined) : { ok: false, error: world.refreshError },
    adoptCredentials: async (id, credentials) => {
      world.adopted.push(id)
      await store.accounts.credentials.save(id, credentials)
    },
    accountsChanged: (id) => void world.changed.push(id),
    outbound: {
      changed: async () => void world.outboundChanged++,
      routeAccount: (id, proxyId) => void world.routed.push(`${id} ${proxyId}`),
      test: async (id) => {
        const proxy = await store.proxies.get(id)
        if (proxy?.url === undefined) return undefined
        const health = afterProbe(proxy.health, world.probe, clock.now)
        await store.proxies.saveHealth(id, health)
        return health
      },
    },
    inFlight: () => 2,
    unread: createUnreadBook(),
    poolStats: () => world.pool,
    healthPolicy: () => defaultHealthPolicy,
    newAccountRoom: 8,
    log,
    backup: backupStub,
    resetCounters: async () => {
      for (const { account, profile } of await store.accounts.list()) {
        await store.accounts.count(account.id, { success: -profile.successCount, error: -profile.errorCount })
      }
    },
    clearRequestLogs: async () => void (await store.requests.clear()),
    signIns: {
      start: async (ask) => {
        world.asked.push(ask)
        const authId = `auth_${++ids.count}`
        world.signIns.set(authId, { status: 'pending', remainingMs: 599_001 })
        const url = ask.startUrl ?? 'https://view.awsapps.com/start'
        return ok({
          authId,
          verificationUri: url,
          verificationUriComplete: `${url}?user_code=WXYZ-1234`,
          userCode: 'WXYZ-1234',
          expiresInMs: 600_000,
          intervalMs: 5_000,
        })
      },
      status: (authId) => world.signIns.get(authId),
      wait: async (authId) => world.signIns.get(authId),
      cancel: (authId) => world.signIns.delete(authId),
    },
    availableModels: () => [
      {
        id: 'claude-sonnet-4.5',
        name: 'Claude Sonnet 4.5',
        description: '',
        default: true,
        thinking: true,
        maxInputTokens: 200_000,
        maxOutputTokens: 64_000,
        price: { input_usd: 3, output_usd: 15, from: 'list' as const },
        images: true,
      },
    ],
    offered: async () => world.offered,
    mappingsChanged: async () => void world.mappingsChanged++,
    keysChanged: () => void world.keysChanged++,
    usage: { calendar: createCalendar(() => 'UTC'), flush: async () => {} },
    ipsChanged: async () => void world.ipsChanged++,
    applySettings: (changed) => void world.applied.push(changed),
    capturesChanged: async () => void world.capturesChanged++,
    streams,
    serverLog,
    finished,
    online: { count: () => 3 },
    providerLatency: async () => world.latency,
    version: '9.9.9',
    dataDir: '/srv/the gateway',
    port: () => 62311,
    setupCode,
    peerOf: () => world.peer,
    requestIdOf: () => 'req_test',
    controlToken,
    ...options.deps,
  })

  const ask = async (method: string, path: string, { body, headers, raw }: Sent = {}): Promise<Answer> => {
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await admin.handle(
      new Request(`http://localhost:62311${path}`, {
        method,
        headers: { ...headers },
        ...(sent === undefined ? {} : { body: sent }),
      }),
    )
    const text = await response.text()
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch {
      json = undefined
    }
    return { status: response.status, headers: response.headers, text, json }
  }
  /** With the password as a bearer, as the original's scripts do. */
  const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
    ask(method, path, { body, headers: { authorization: `Bearer ${password}` } })
  const signIn = async (given = password): Promise<string> => {
    const answer = await ask('POST', '/api/login', { body: { password: given } })
    return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  }
  /** Somebody with a name, and the headers of their session. */
  const signInAs = async (name: string, role: Role, by = { authorization: `Bearer ${password}` } as object) => {
    await ask('POST', '/v2/operators', {
      headers: { ...by },
      body: { name, role, password: `the password of ${name}` },
    })
    const answer = await ask('POST', '/api/login', { body: { user: name, password: `the password of ${name}` } })
    const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    return { cookie, 'x-requested-with': 'test' }
  }
  const addAccount = async (id: string, change: { label?: string; credentials?: Partial<Credentials> } = {}) => {
    const credentials = { ...secretsOf(id), ...change.credentials }
    const record = newAccountRecord(
      { id, label: change.label ?? `label ${id}`, enabled: true, credentials },
      clock.now,
      8,
    )
    await store.accounts.create(record, credentials)
    return record
  }
  const addKey = (id: string, key: string) =>
    store.keys.create({ id, name: id, ...keyTraces(key), enabled: true, createdAt: clock.now })

  return {
    admin,
    effects,
    live,
    routes: await routes(),
    streams,
    serverLog,
    finished,
    store,
    passwords,
    clock,
    world,
    ask,
    call,
    signIn,
    signInAs,
    addAccount,
    addKey,
  }
}
