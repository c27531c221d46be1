import { expect } from 'bun:test'
import { createCalendar } from '../../server/lib/calendar.ts'
import type { Facts } from './fixture.ts'
import { chat, type Serving } from './serving.ts'

const at = (text: string | null | undefined): number | null =>
  text === null || text === undefined || text === 'never' || text === ''
    ? null
    : Date.parse(/\d{2}:\d{2}$|Z$/.test(text) && text.includes('T') ? text : `${text.replace(' ', 'T')}+08:00`)
const filled = (text: unknown): unknown => (text === '' ? null : (text ?? null))

const dayOf = createCalendar(() => 'Asia/Shanghai')

/** As the original would have had it after its next start: rows that are off without a word become `disabled` then. */
const statusOf = ({ status, enabled }: { readonly status: string; readonly enabled: boolean }): string =>
  status === 'normal' && !enabled ? 'disabled' : status

/** Compares what our API says with what the original's said, field by field. Before anything is served. */
export async function expectSame({ ask }: Serving, facts: Facts): Promise<void> {
  const { accounts, quotaStats, accountStats, statusStats } = await ask('/v2/accounts?pageSize=500')
  expect(accounts).toHaveLength(facts.accounts.length)
  for (const theirs of facts.accounts) {
    const ours = accounts.find(({ id }: { readonly id: string }) => id === theirs.id)
    expect(ours).toMatchObject({
      label: filled(theirs.label),
      status: statusOf(theirs),
      error_count: theirs.error_count,
      success_count: theirs.success_count,
      region: 'us-east-1',
      auth_method: theirs.clientId.startsWith('social-') ? 'social' : 'builder-id',
    })
    if (theirs.status === 'normal') expect(ours.enabled).toBe(theirs.enabled)
    if (theirs.email) expect(ours.email).toBe(theirs.email)
    if (theirs.q_user_id) expect(ours.q_user_id).toBe(theirs.q_user_id)
    if (theirs.status_reason !== null) expect(ours.status_reason).toBe(theirs.status_reason)
    expect(at(ours.created_at)).toBe(at(theirs.created_at))
  }
  expect(quotaStats.totalLimit).toBeGreaterThanOrEqual(facts.quotaStats.totalLimit)
  expect(accountStats.totalCount).toBe(facts.accounts.length)
  for (const status of ['suspended', 'exhausted', 'expired', 'disabled'])
    expect(statusStats[status]).toBe(facts.accounts.filter((one) => statusOf(one) === status).length)

  const users = await ask('/v2/users')
  expect(users.map(({ id }: { readonly id: string }) => id).toSorted()).toEqual(
    facts.users.map(({ id }) => id).toSorted(),
  )
  // What was used "today" and "this month" is over with them.
  const [then, now] = [dayOf(Date.parse(facts.madeAt)), dayOf(Date.now())]
  for (const theirs of facts.users) {
    const ours = users.find(({ id }: { readonly id: string }) => id === theirs.id)
    const { api_key: key, created_at: created, updated_at: _updated, total_cost_usd: cost, ...rest } = theirs
    expect(ours).toMatchObject({ ...rest, daily_requests: then.day === now.day ? rest.daily_requests : 0 })
    expect(ours.total_cost_usd).toBeCloseTo(cost, 6)
    expect(at(ours.created_at)).toBe(at(created))
    expect(ours.keys).toMatchObject([{ prefix: key.slice(0, 7), last4: key.slice(-4), enabled: true }])
    const stats = await ask(`/v2/users/${theirs.id}/stats?days=3650`)
    const { daily_usage: days, ...totals } = facts.userStats[theirs.id]
    const asOfNow =
      then.month === now.month
        ? totals
        : {
            ...totals,
            monthly_total: 0,
            monthly_cost_usd: 0,
            quota_remaining: totals.monthly_quota > 0 ? totals.monthly_quota : -1,
          }
    for (const [name, value] of Object.entries(asOfNow)) {
      if (typeof value === 'number') expect([name, stats[name]]).toEqual([name, expect.closeTo(value, 6)])
      else expect(stats[name]).toBe(value)
    }
    // The original was asked on one day, ours is on another.
    const today = new Date().toLocaleDateString('sv', { timeZone: 'Asia/Shanghai' })
    const ofToday = days.find(({ date }: { readonly date: string }) => date === today)
    expect(ours.daily_requests).toBe(ofToday?.request_count ?? 0)
    expect(stats.daily_usage).toMatchObject(days.map(({ id: _, ...day }: { readonly id: string }) => day))
  }

  const settings = await ask('/v2/settings')
  const {
    adminPassword: _p,
    apiKey,
    port: _port,
    version: _v,
    chatConfig: _c,
    maxAccounts: _m,
    ...same
  } = facts.settings
  for (const [name, value] of Object.entries(same)) {
    if (name.startsWith('supported') || name === 'blockedIPs') continue
    expect([name, settings[name]]).toEqual([name, value])
  }
  expect(settings.apiKey).toEndWith(String(apiKey).slice(-4))
  expect(settings.timezone).toBe('Asia/Shanghai')

  const { proxies } = await ask('/v2/proxies')
  expect(proxies).toHaveLength(facts.proxies.length)
  for (const { name, enabled, weight, url } of facts.proxies) {
    const ours = proxies.find((proxy: { readonly name: string }) => proxy.name === name)
    expect(ours).toMatchObject({ enabled, weight })
    expect(ours.url).toBe(url.replace(/^([a-z0-9]+:\/\/[^:@/]*):[^@]*@/, '$1:••••@'))
  }

  const { blocked_ips: blocked } = await ask('/v2/ips/blocked')
  expect(
    new Set(blocked.map(({ ip, reason }: { readonly ip: string; readonly reason: string }) => `${ip} ${reason}`)),
  ).toEqual(new Set(facts.blocked.map(({ ip, reason }) => `${ip} ${reason}`)))
  for (const { created_at: _c1, updated_at: _u1, ...theirs } of facts.ipConfigs)
    expect(await ask(`/v2/ips/config/${encodeURIComponent(theirs.ip)}`)).toMatchObject(theirs)

  const { logs, total } = await ask('/v2/logs?limit=1000')
  expect(total).toBe(facts.logsTotal)
  expect(logs).toHaveLength(facts.logs.length)
  for (const theirs of facts.logs) {
    const ours = logs.find(({ id }: { readonly id: string }) => id === theirs.id)
    const {
      timestamp,
      api_key_prefix: _prefix,
      cost_usd: cost,
      user_name: name,
      user_type: type,
      model,
      is_stream,
      ...rest
    } = theirs
    expect(ours).toMatchObject({ ...rest, model: model ?? '', is_stream: is_stream ?? false })
    expect(ours.cost_usd).toBeCloseTo(cost, 6)
    expect(at(ours.timestamp)).toBe(at(timestamp))
    if (theirs.user_id !== undefined) expect(ours.user_name).toBe(name)
    if (type !== undefined) expect(ours.user_type).toBe(type)
  }

  const stats = await ask('/v2/logs/stats?start_time=2020-01-01T00:00:00Z')
  for (const [name, value] of Object.entries(facts.stats)) {
    // MySQL gives averages with four digits.
    const digits = name === 'avg_duration_ms' ? 3 : 6
    if (typeof value === 'number') expect([name, stats[name]]).toEqual([name, expect.closeTo(value, digits)])
  }
  // Equals come in either order.
  for (const top of facts.stats.top_accounts)
    expect(stats.top_accounts.find((one: typeof top) => one.account_id === top.account_id)).toMatchObject(top)
  expect(stats.top_ips[0]).toMatchObject(facts.stats.top_ips[0])
}

/** Lets every account that is switched on, and every key, serve a chat. */
export async function expectServing({ url, ask, simulator }: Serving, facts: Facts): Promise<void> {
  const enabled = facts.accounts.filter(({ status, enabled }) => status === 'normal' && enabled)
  const keys = facts.users.filter((user) => user.enabled).map(({ api_key: key }) => key)
  const served = async (key: string, api: 'messages' | 'chat'): Promise<void> => {
    const answer = await chat(url, key, api)
    expect([key.slice(0, 7), answer.status, answer.ok ? '' : await answer.text()]).toEqual([key.slice(0, 7), 200, ''])
  }
  for (const key of [...keys, facts.apiKey]) {
    await served(key, 'messages')
    await served(key, 'chat')
  }
  // Keys of one account each: which account answers is then no chance.
  for (const { id } of enabled) {
    const before = simulator.accounts.get(id)?.counts().replies ?? 0
    const { key } = await ask('/v2/keys', 'POST', { name: id.slice(0, 8), account_ids: [id] })
    await served(key, 'messages')
    expect(simulator.accounts.get(id)?.counts().replies).toBe(before + 1)
  }
  for (const user of facts.users.filter((one) => !one.enabled))
    expect((await chat(url, user.api_key, 'chat')).status).not.toBe(200)
  expect((await chat(url, facts.replacedKey, 'chat')).status).toBe(401)
  expect((await chat(url, 'sk-nobodys-key-0123456789abcdef', 'messages')).status).toBe(401)
}

/** Every secret of the original that may stand nowhere in the clear. */
export const secretsOf = (facts: Facts): readonly string[] => [
  facts.password,
  facts.apiKey,
  ...facts.users.map(({ api_key: key }) => key as string),
  ...facts.accounts.flatMap(({ clientSecret, refreshToken, accessToken, password }) =>
    [clientSecret, refreshToken, accessToken, password].filter(
      (text) => typeof text === 'string' && text.length > 12 && text !== 'social-token',
    ),
  ),
  ...facts.proxies.flatMap(({ url }) => /:([^:@/]{4,})@/.exec(url as string)?.[1] ?? []),
]
