import { Elysia, status } from 'elysia'
import type { AccountCreate, AccountListItem, AccountState } from '../../server/admin/contract/accounts.ts'
import type { ImportResult, ImportTexts } from '../../server/admin/contract/imports.ts'
import type { KeyCreate, KeyPatch, KeyView } from '../../server/admin/contract/keys.ts'
import type {
  ModelMappingCreate,
  ModelMappingUpdate,
  ModelMappingView,
} from '../../server/admin/contract/model-mappings.ts'
import type { ProxyCreate, ProxyUpdate, ProxyView } from '../../server/admin/contract/proxies.ts'
import type { SignInStatus } from '../../server/admin/contract/sign-in.ts'
import { previewImport } from '../../server/admin/import-preview.ts'
import { createConsole } from '../../server/console/assets.ts'
import { maskProxyUrl, parseProxyUrl } from '../../server/egress/proxy-url.ts'
import { realEffects } from '../../server/lib/effects.ts'
import { readImport } from '../../server/upstream/amazonq/import.ts'
import { memoryStore } from '../support/memory-store.ts'

/**
 * A gateway of cardboard for work on the console: real pages and headers, made-up answers, everything in memory.
 * `bun run test/ui/fake-gateway.ts [port]` serves it; the first password is `admin`.
 */
export type FakeGateway = {
  readonly url: string
  /** What the pages show next; changed by the checks as they go. */
  readonly state: FakeState
  readonly stop: () => void
}

export type FakeState = {
  password: string
  mustChange: boolean
  setupCode: string | undefined
  demo: boolean
  wrongTries: number
  sessions: Set<string>
  accounts: AccountListItem[]
  keys: (KeyView & { key: string })[]
  proxies: ProxyView[]
  settings: {
    proxyPoolEnabled: boolean
    proxyPoolStrategy: string
    httpProxy: string
    forceModelEnabled: boolean
    forceModel: string
  }
  mappings: ModelMappingView[]
  signIn: SignInStatus
  failLists: boolean
}

const ago = (ms: number): string => new Date(Date.now() - ms).toISOString()
const hour = 3_600_000

function account(label: string, state: AccountState, extra: Partial<AccountListItem> = {}): AccountListItem {
  const id = `acc_${Bun.hash(label).toString(36).padEnd(24, '0').slice(0, 24)}`
  return {
    id,
    label,
    enabled: state !== 'disabled',
    status: state === 'ready' || state === 'cooling' || state === 'failing' || state === 'unchecked' ? 'normal' : state,
    status_reason: null,
    status_kind: null,
    last_refresh_time: ago(hour),
    last_refresh_status: 'success',
    created_at: ago(90 * hour),
    updated_at: ago(hour),
    error_count: 0,
    success_count: 442,
    q_user_id: null,
    email: `${label}@example.com`,
    usage_current: 180,
    usage_limit: 500,
    subscription_type: 'Pro',
    quota_refreshed_at: ago(hour / 4),
    token_expiry: null,
    state,
    state_since: ago(3 * hour),
    state_until: null,
    auth_method: 'builder-id',
    region: 'us-east-1',
    access_token_expires_at: ago(-hour),
    quota_resets_at: ago(-140 * hour),
    last_used_at: ago(140_000),
    in_flight: 0,
    overage: {
      offered: false,
      enabled: false,
      max_credits: null,
      max_micro_usd: null,
      used_credits: 0,
      provider_cap: null,
      micro_usd_per_credit: null,
    },
    troubles: [],
    burn_per_hour: null,
    runs_out_at: null,
    proxy_id: null,
    proxy_name: null,
    weight: 1,
    max_in_flight: 8,
    notes: null,
    ...extra,
  }
}

export const someAccounts = (): AccountListItem[] => [
  account('team-01', 'ready'),
  account('team-02', 'exhausted', {
    usage_current: 500,
    state_until: ago(-140 * hour),
    auth_method: 'identity-center',
  }),
  account('team-03', 'cooling', { state_until: ago(-42_000), usage_current: 372, region: 'eu-central-1' }),
  account('team-07', 'suspended', {
    status_reason: 'Your account has been locked as a security precaution. Contact support to restore access.',
    usage_limit: 0,
    usage_current: 0,
    subscription_type: null,
  }),
  account('team-08', 'expired', { status_reason: 'Invalid refresh token provided', last_used_at: null }),
  account('team-09', 'failing', { error_count: 7, usage_current: 460 }),
  account('a-very-long-account-label-that-somebody-typed-to-see-what-happens', 'unchecked', { usage_limit: 0 }),
  account('old', 'disabled', { auth_method: 'social' }),
]

function proxy(name: string, url: string, extra: Partial<ProxyView> = {}): ProxyView {
  return {
    id: `prx_${name}`,
    url: maskProxyUrl(url),
    name,
    enabled: true,
    weight: 1,
    created_at: ago(30 * hour),
    updated_at: ago(hour),
    state: 'up',
    checked_at: ago(50_000),
    latency_ms: 212,
    failures: 0,
    reason: null,
    account_count: 0,
    ...extra,
  }
}

export const someProxies = (): ProxyView[] => [
  proxy('Office', 'http://team:secret@proxy.office.example:3128', { weight: 5 }),
  proxy('Branch', 'socks5://branch.example:1080', {
    state: 'down',
    failures: 4,
    reason: 'ECONNREFUSED',
    account_count: 1,
  }),
  proxy('Spare', 'https://user:secret@spare.example:8443', { enabled: false, account_count: 2 }),
  proxy('a-very-long-proxy-name-that-somebody-typed-to-see-what-happens.proxy.example:65535', 'http://10.0.0.9:3128', {
    state: 'unchecked',
    checked_at: null,
    latency_ms: null,
  }),
  proxy('Moved', 'socks5h://user:secret@old.example:1080', { state: 'unreadable', latency_ms: null }),
]

export const someMappings = (): ModelMappingView[] => [
  mapping('gpt-4o', 'claude-sonnet-4.5'),
  mapping('gpt-*', 'claude-haiku-4-5', 'claude-haiku-4.5'),
  mapping('gemini-2.5-pro', 'glm-5', null),
]

function mapping(name: string, target: string, servedBy: string | null = target): ModelMappingView {
  return {
    id: `map_${name}`,
    name,
    target,
    key_id: null,
    key_name: null,
    served_by: servedBy,
    created_at: ago(hour),
    updated_at: ago(hour),
  }
}

export async function startFakeGateway(port = 0): Promise<FakeGateway> {
  const state: FakeState = {
    password: 'admin',
    mustChange: true,
    setupCode: undefined,
    demo: false,
    wrongTries: 0,
    sessions: new Set(),
    accounts: someAccounts(),
    keys: [],
    proxies: someProxies(),
    settings: {
      proxyPoolEnabled: false,
      proxyPoolStrategy: 'sticky',
      httpProxy: '',
      forceModelEnabled: false,
      forceModel: '',
    },
    mappings: someMappings(),
    signIn: { status: 'pending', remaining: 582, error: null, code: null, accountId: null },
    failLists: false,
  }
  const sessionOf = (request: Request): string =>
    /admin_session=(\w+)/.exec(request.headers.get('cookie') ?? '')?.[1] ?? ''
  const isIn = (request: Request): boolean => state.sessions.has(sessionOf(request))
  const keyName = (keyId: string | null): string | null => state.keys.find(({ id }) => id === keyId)?.name ?? null
  const refused = () => status(401, { error: 'Sign in first.', code: 'UNAUTHORIZED', requestId: 'req_fake' })

  const open = new Elysia()
    .get('/healthz', () => ({ status: 'ok' }))
    .get('/api/session', ({ request }) => ({
      name: 'claude-server',
      signedIn: isIn(request),
      mustChangePassword: isIn(request) && state.mustChange,
      setupCodeRequired: !isIn(request) && state.setupCode !== undefined,
      firstVisit: false,
      demo: state.demo,
      namedSignIn: false,
      ...(state.demo ? { demoPassword: state.password, demoKey: 'sk-demo' } : {}),
      ...(isIn(request) ? { version: '0.1.0' } : {}),
    }))
    .post('/api/login', ({ body, set }) => {
      const { password, setupCode } = body as { password: string; setupCode?: string }
      if (state.wrongTries >= 5) {
        set.headers['retry-after'] = '3'
        state.wrongTries = 0
        return status(429, { success: false, message: 'Locked.', code: 'LOCKED' })
      }
      if (password !== state.password) {
        state.wrongTries += 1
        return status(401, { success: false, message: 'Wrong.', code: 'INVALID_PASSWORD' })
      }
      if (state.setupCode !== undefined && setupCode !== state.setupCode) {
        return status(401, { success: false, message: 'Code.', code: 'SETUP_CODE_REQUIRED' })
      }
      const session = crypto.randomUUID().replaceAll('-', '')
      state.sessions.add(session)
      set.headers['set-cookie'] = `admin_session=${session}; Path=/; HttpOnly; SameSite=Strict`
      return { success: true, message: 'Signed in.', mustChangePassword: state.mustChange }
    })
    .post('/api/password', ({ body, request }) => {
      if (!isIn(request)) return refused()
      const { currentPassword, newPassword } = body as { currentPassword: string; newPassword: string }
      if (currentPassword !== state.password) {
        return status(403, { error: 'Wrong.', code: 'INVALID_PASSWORD', field: 'currentPassword' })
      }
      Object.assign(state, { password: newPassword, mustChange: false, setupCode: undefined })
      return { success: true }
    })
    .post('/api/logout', ({ request }) => {
      state.sessions.delete(sessionOf(request))
      return { success: true }
    })

  const admin = new Elysia({ prefix: '/v2' })
    .onBeforeHandle(({ request }) => {
      if (!isIn(request)) return refused()
      if (state.failLists && request.method === 'GET') {
        return status(500, { error: 'The database is locked.', code: 'INTERNAL', requestId: 'req_fake' })
      }
      return undefined
    })
    .get('/accounts', ({ query }) => {
      const wanted = query.status ?? 'all'
      const shown = state.accounts.filter((item) => wanted === 'all' || item.status === wanted)
      const count = (word: string): number => state.accounts.filter((item) => item.status === word).length
      const total = (member: 'usage_current' | 'usage_limit'): number =>
        state.accounts.reduce((sum, item) => sum + item[member], 0)
      return {
        accounts: shown,
        count: shown.length,
        pagination: { total: shown.length, page: 1, pageSize: 100, pages: 1 },
        quotaStats: { totalUsage: total('usage_current'), totalLimit: total('usage_limit'), count: 1, percent: 0 },
        accountStats: { totalCount: state.accounts.length, enabledCount: 1, successTotal: 0, errorTotal: 0 },
        statusStats: Object.fromEntries(
          ['normal', 'exhausted', 'suspended', 'expired', 'disabled'].map((word) => [word, count(word)]),
        ),
        counts: Object.fromEntries(
          Map.groupBy(state.accounts, (item) => item.state)
            .entries()
            .map(([word, items]) => [word, items.length]),
        ),
      }
    })
    .get('/accounts/:id', ({ params }) => state.accounts.find((item) => item.id === params.id) ?? notFound())
    .post('/accounts', ({ body }) => {
      const asked = body as AccountCreate
      if (asked.refreshToken?.startsWith('bad')) {
        return status(400, {
          error: 'The refresh token is not accepted.',
          code: 'SIGN_IN_EXPIRED',
          requestId: 'req_fake',
        })
      }
      const added = account(asked.label ?? 'pasted', 'ready')
      state.accounts = [...state.accounts, added]
      return added
    })
    .patch('/accounts/:id', ({ params, body }) => {
      const { proxyId, ...rest } = body as { proxyId?: string | null }
      const named = state.proxies.find(({ id }) => id === proxyId)?.name ?? null
      const way = proxyId === undefined ? {} : { proxy_id: proxyId, proxy_name: named }
      state.accounts = state.accounts.map((item) => (item.id === params.id ? { ...item, ...rest, ...way } : item))
      return state.accounts.find((item) => item.id === params.id) ?? notFound()
    })
    .delete('/accounts/:id', ({ params }) => {
      state.accounts = state.accounts.filter((item) => item.id !== params.id)
      return { success: true }
    })
    .post('/accounts/:id/refresh', ({ params }) => state.accounts.find((item) => item.id === params.id) ?? notFound())
    .post('/accounts/import-preview', ({ body }) => {
      const read = readImport((body as ImportTexts).sources)
      if (!read.ok) return status(400, { error: read.error.message, code: 'INVALID_REQUEST' })
      return previewImport({ store: nobody, effects: realEffects }, read.value)
    })
    .post('/accounts/import-checked', ({ body }) => {
      const { sources, indexes } = body as ImportTexts
      const read = readImport(sources)
      if (!read.ok) return status(400, { error: read.error.message, code: 'INVALID_REQUEST' })
      const results = read.value.items.flatMap((item, index): ImportResult[] => {
        if (indexes?.includes(index) === false) return []
        const place = { index, source: 0 }
        if (!item.ok) return [{ ...place, outcome: 'refused', error: item.error.error, code: item.error.code }]
        const name = item.value.label ?? item.value.email ?? `Token ${index + 1}`
        state.accounts = [...state.accounts, account(name, 'ready')]
        return [{ ...place, outcome: 'added', name }]
      })
      return { results }
    })
    .post('/auth/start', () => ({
      authId: crypto.randomUUID(),
      verificationUri: 'https://device.sso.us-east-1.amazonaws.com/',
      verificationUriComplete: 'https://device.sso.us-east-1.amazonaws.com/?user_code=WXYZ-1234',
      userCode: 'WXYZ-1234',
      expiresIn: 600,
      interval: 1,
    }))
    .get('/auth/status/:id', () => state.signIn)
    .post('/auth/cancel/:id', () => {
      state.signIn = { status: 'error', remaining: 0, error: 'Cancelled.', code: 'cancelled', accountId: null }
      return { success: true }
    })
    .get('/keys', () => ({ keys: state.keys.map(({ key: _, ...shown }) => shown), count: state.keys.length }))
    .post('/keys', ({ body }) => {
      const { name, account_ids } = body as KeyCreate
      const key = `sk-${crypto.randomUUID().replaceAll('-', '')}`
      const id = `key_${state.keys.length}`
      const view = {
        id,
        name,
        prefix: 'sk-',
        last4: key.slice(-4),
        enabled: true,
        user_id: null,
        repair: null,
        internal: false,
        expires_at: null,
        notes: null,
        models: [],
        account_ids: account_ids ?? [],
        rate_limit_rpm: 0,
        request_quota: 0,
        daily_quota: 0,
        monthly_quota: 0,
        monthly_spend_micro_usd: 0,
        monthly_credits: 0,
        concurrency: 0,
        created_at: ago(0),
        last_used_at: null,
        previous_until: null,
        compression: 'inherit',
        dry_run: false,
        hand_over: null,
        total_tokens_used: 0,
        total_requests: 0,
        total_cost_usd: 0,
        daily_requests: 0,
        daily_tokens: 0,
        monthly_tokens: 0,
        monthly_cost_micro_usd: 0,
        monthly_credits_used: 0,
        standings: [],
      }
      state.keys = [...state.keys, { ...view, key }]
      return { ...view, key }
    })
    .patch('/keys/:id', ({ params, body }) => {
      state.keys = state.keys.map((item) =>
        item.id === params.id ? ({ ...item, ...(body as KeyPatch) } as typeof item) : item,
      )
      return state.keys.find((item) => item.id === params.id) ?? notFound()
    })
    .delete('/keys/:id', ({ params }) => {
      state.keys = state.keys.filter((item) => item.id !== params.id)
      return { success: true }
    })
    .get('/proxies', () => ({ proxies: state.proxies, total: state.proxies.length }))
    .post('/proxies', ({ body }) => {
      const asked = body as ProxyCreate
      const url = parseProxyUrl(asked.url)
      if (!url.ok) return badUrl('url', url.error)
      if (state.proxies.some((item) => item.url === url.value.href)) {
        return status(409, { error: 'This address is there already.', code: 'CONFLICT', field: 'url' })
      }
      const { name, weight = 1, enabled = true } = asked
      const added = proxy(name ?? url.value.href.replace(/^.*[/@]/, ''), url.value.href, { weight, enabled })
      state.proxies = [...state.proxies, added]
      return { message: 'Added.', proxy: added }
    })
    .put('/proxies/:id', ({ params, body }) => {
      const { url, name, ...rest } = body as ProxyUpdate
      const parsed = url === undefined ? undefined : parseProxyUrl(url)
      if (parsed?.ok === false) return badUrl('url', parsed.error)
      const moved = parsed === undefined ? {} : { url: maskProxyUrl(parsed.value.href), state: 'unchecked' as const }
      state.proxies = state.proxies.map((item) =>
        item.id === params.id ? { ...item, ...rest, ...moved, name: name || item.name } : item,
      )
      const changed = state.proxies.find(({ id }) => id === params.id)
      return changed === undefined ? notFound() : { message: 'Changed.', proxy: changed }
    })
    .delete('/proxies/:id', ({ params }) => {
      state.proxies = state.proxies.filter(({ id }) => id !== params.id)
      return { message: 'Removed.' }
    })
    .post('/proxies/:id/test', async ({ params }) => {
      await Bun.sleep(400)
      const tested = state.proxies.find(({ id }) => id === params.id)
      if (tested === undefined) return notFound()
      const success = tested.reason === null && tested.state !== 'unreadable'
      const looked = { ...tested, state: success ? ('up' as const) : tested.state, checked_at: ago(0) }
      state.proxies = state.proxies.map((item) => (item.id === params.id ? looked : item))
      const reason = success ? null : (tested.reason ?? 'unreadable')
      return { success, latency_ms: success ? 212 : null, reason, proxy: looked }
    })
    .get('/model-mappings', () => ({ mappings: state.mappings, total: state.mappings.length }))
    .post('/model-mappings', ({ body }) => {
      const { name, target, key_id = null } = body as ModelMappingCreate
      if (state.mappings.some((item) => item.name === name && item.key_id === key_id)) {
        return status(409, { error: 'This name is mapped already.', code: 'CONFLICT', field: 'name' })
      }
      const added = { ...mapping(name, target), key_id, key_name: keyName(key_id) }
      state.mappings = [...state.mappings, added]
      return { message: 'Added.', mapping: added }
    })
    .put('/model-mappings/:id', ({ params, body }) => {
      const patch = body as ModelMappingUpdate
      state.mappings = state.mappings.map((item) => {
        if (item.id !== params.id) return item
        const next = { ...item, ...patch }
        return { ...next, key_name: keyName(next.key_id), served_by: next.target }
      })
      const changed = state.mappings.find(({ id }) => id === params.id)
      return changed === undefined ? notFound() : { message: 'Changed.', mapping: changed }
    })
    .delete('/model-mappings/:id', ({ params }) => {
      state.mappings = state.mappings.filter(({ id }) => id !== params.id)
      return { message: 'Removed.' }
    })
    .get('/settings', () => state.settings)
    .put('/settings', ({ body }) => {
      const { httpProxy = state.settings.httpProxy, ...rest } = body as Partial<FakeState['settings']>
      const kept = httpProxy === '' || httpProxy === state.settings.httpProxy
      const parsed = kept ? undefined : parseProxyUrl(httpProxy)
      if (parsed?.ok === false) return badUrl('httpProxy', parsed.error)
      const shown = parsed === undefined ? httpProxy : maskProxyUrl(parsed.value.href)
      state.settings = { ...state.settings, ...rest, httpProxy: shown }
      return { ...state.settings, warnings: [] }
    })
    .get('/logs', () => ({
      logs: [{ id: 'req_1', input_source: 'derived', output_source: 'estimated' }],
      total: 1,
      limit: 50,
      offset: 0,
    }))
    .get('/models', () => ({
      models: ['claude-sonnet-4.5', 'claude-haiku-4.5'].map((id, index) => ({
        id,
        name: id,
        description: index === 0 ? 'Balanced' : 'Fast',
        default: index === 0,
        thinking: true,
        maxInputTokens: 200_000,
        maxOutputTokens: 64_000,
        images: true,
        price: { input_usd: 3 - 2 * index, output_usd: 15 - 10 * index, from: 'list' },
      })),
      prices: { as_of: '2026-10', source: 'https://prices.example' },
    }))

  const app = new Elysia()
    .onError(({ code }) => (code === 'NOT_FOUND' ? notFound() : undefined))
    .use(open)
    .use(admin)
    .post('/v1/messages', ({ request }) => {
      const key = request.headers.get('x-api-key')
      if (key !== 'sk-demo' && !state.keys.some((known) => known.key === key)) {
        const error = { type: 'authentication_error', message: 'invalid x-api-key' }
        return status(401, { type: 'error', error, request_id: 'req_fake' })
      }
      return new Response(slowAnswer() as unknown as ReadableStream, {
        headers: { 'content-type': 'text/event-stream', 'x-request-id': 'req_1' },
      })
    })
    .use(await createConsole())
    .listen({ port, hostname: '127.0.0.1' })
  return { url: `http://127.0.0.1:${app.server?.port}`, state, stop: () => void app.stop(true) }
}

/** For the preview alone: none of the accounts shown has secrets. */
const nobody = memoryStore(() => 0)
const badUrl = (field: string, error: string) =>
  status(400, { error: `${field} ${error}.`, code: 'INVALID_REQUEST', field })
const notFound = () => status(404, { error: 'Not found.', code: 'NOT_FOUND' })

async function* slowAnswer(): AsyncGenerator<string> {
  const frame = (type: string, data: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`
  yield frame('message_start', { message: { usage: { input_tokens: 18, output_tokens: 1 } } })
  const words = ['Hello ', '<img src=x onerror=alert(1)> ', '你好 ', 'from ', 'the ', 'simulated ', 'provider.']
  yield frame('content_block_delta', { delta: { type: 'thinking_delta', thinking: 'A greeting is asked for.' } })
  for (const text of words) {
    await Bun.sleep(60)
    yield frame('content_block_delta', { delta: { type: 'text_delta', text } })
  }
  yield frame('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 92 } })
  yield frame('message_stop', {})
}

if (import.meta.main) {
  const { url } = await startFakeGateway(Number(process.argv[2] ?? 0))
  console.log(url)
}
