import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { uncheckedProxy } from '../egress/health.ts'
import { maskProxyUrl, parseProxyUrl } from '../egress/proxy-url.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { ProxyRecord, Store } from '../store/store.ts'
import type { Outbound } from './account-deps.ts'
import type { AdminLog } from './admin-log.ts'
import type { ProxyCreate, ProxyList, ProxyTested, ProxyUpdate, ProxyView } from './contract/proxies.ts'
import { invalidRequest, type Reason } from './invalid-request.ts'

export type ProxiesDeps = {
  readonly store: Pick<Store, 'proxies' | 'accounts' | 'deleted'>
  readonly effects: Pick<Effects, 'now' | 'newId'>
  readonly outbound: Outbound
  readonly log: AdminLog
}

/** What stands in the way of a change; `conflict`: something that is there already. */
export type ProxyRefusal = { readonly conflict: boolean; readonly error: GatewayError }
type Answer<T> = Promise<Result<T, ProxyRefusal>>

export type ProxiesService = {
  readonly list: () => Promise<ProxyList>
  readonly get: (id: string) => Answer<ProxyView>
  readonly create: (input: ProxyCreate) => Answer<ProxyView>
  readonly update: (id: string, input: ProxyUpdate) => Answer<ProxyView>
  readonly toggle: (id: string) => Answer<ProxyView>
  /** Gives how many accounts it was the own proxy of. It can be restored for a week. */
  readonly remove: (id: string) => Answer<number>
  readonly test: (id: string) => Answer<ProxyTested>
}

export const mostProxies = 500

/** The outbound proxies as the operator sees and changes them. Addresses go out without their passwords. */
export function createProxiesService({ store, effects, outbound, log }: ProxiesDeps): ProxiesService {
  const { proxies } = store

  const view = async (record: ProxyRecord): Promise<ProxyView> =>
    proxyView(record, (await counts(store)).get(record.id))
  const viewOf = async (id: string): Answer<ProxyView> => {
    const record = await proxies.get(id)
    return record === undefined ? unknownProxy : ok(await view(record))
  }

  /** The address checked and not there yet. */
  async function addressOf(given: string, ownId?: string): Answer<{ readonly url: string; readonly shownUrl: string }> {
    const parsed = parseProxyUrl(given)
    if (!parsed.ok) return refuse({ reason: 'proxy-address' }, 'url', `url ${parsed.error}.`)
    const { href } = parsed.value
    const same = (await proxies.list()).find(({ id, url }) => id !== ownId && url === href)
    if (same !== undefined) {
      const why = { reason: 'proxy-there', name: same.name } as const
      return conflict(why, `This address is there already, under the name ${same.name}.`)
    }
    return ok({ url: href, shownUrl: maskProxyUrl(href) })
  }

  return {
    list: async () => {
      const [records, used] = await Promise.all([proxies.list(), counts(store)])
      return { proxies: records.map((record) => proxyView(record, used.get(record.id))), total: records.length }
    },
    get: viewOf,
    create: async ({ url, name, enabled = true, weight = 1 }) => {
      const address = await addressOf(url)
      if (!address.ok) return address
      if ((await proxies.list()).length >= mostProxies)
        return conflict({ reason: 'proxies-full', most: mostProxies }, `There are ${mostProxies} proxies already.`)
      const now = effects.now()
      const record = {
        id: effects.newId('prx'),
        name: nameOf(name, address.value.url),
        ...address.value,
        weight,
        enabled,
        health: uncheckedProxy,
        createdAt: now,
        updatedAt: now,
      }
      await proxies.create(record)
      log('info', 'proxy.created', { proxyId: record.id, name: record.name, enabled, weight })
      await outbound.changed()
      return viewOf(record.id)
    },
    update: async (id, { url, name, enabled, weight }) => {
      const record = await proxies.get(id)
      if (record === undefined) return unknownProxy
      if (url === undefined && name === undefined && enabled === undefined && weight === undefined) {
        return err({
          conflict: false,
          error: invalidRequest({ reason: 'nothing-to-change' }, 'There is nothing to change.'),
        })
      }
      const kept = url === undefined || url.trim() === record.shownUrl
      const address = kept ? undefined : await addressOf(url, id)
      if (address !== undefined && !address.ok) return address
      const changed = address?.value.url !== undefined && address.value.url !== record.url
      await proxies.update(id, {
        ...(name === undefined ? {} : { name: nameOf(name, address?.value.url ?? record.url ?? '') }),
        ...(address === undefined ? {} : { address: address.value }),
        ...(enabled === undefined ? {} : { enabled }),
        ...(weight === undefined ? {} : { weight }),
      })
      if (changed) await proxies.saveHealth(id, uncheckedProxy)
      log('info', 'proxy.updated', { proxyId: id, addressChanged: changed })
      await outbound.changed()
      return viewOf(id)
    },
    toggle: async (id) => {
      const record = await proxies.get(id)
      if (record === undefined) return unknownProxy
      const enabled = !record.enabled
      await proxies.update(id, { enabled })
      log('info', enabled ? 'proxy.enabled' : 'proxy.disabled', { proxyId: id })
      await outbound.changed()
      return viewOf(id)
    },
    remove: async (id) => {
      const used = (await counts(store)).get(id) ?? 0
      const record = await proxies.get(id)
      if (record === undefined) return unknownProxy
      if (!(await store.deleted.take('proxy', id, { name: record.name, at: effects.now() }))) return unknownProxy
      log('info', 'proxy.removed', { proxyId: id, accounts: used })
      await outbound.changed()
      return ok(used)
    },
    test: async (id) => {
      const health = await outbound.test(id)
      const record = await proxies.get(id)
      if (record === undefined) return unknownProxy
      const success = health?.state === 'up'
      return ok({
        success,
        latency_ms: success ? (health.latencyMs ?? null) : null,
        reason: success ? null : (health?.reason ?? 'unreadable'),
        proxy: await view(record),
      })
    },
  }
}

/** A proxy that may be given to an account or a sign-in; `undefined` and `null` mean none. */
export async function usableProxy(
  { store }: { readonly store: Pick<Store, 'proxies'> },
  proxyId: string | null | undefined,
): Promise<Result<string | undefined, GatewayError>> {
  const id = proxyId?.trim() ?? ''
  if (id === '') return ok(undefined)
  const field = 'proxyId'
  const record = await store.proxies.get(id)
  if (record === undefined)
    return err(invalidRequest({ reason: 'no-proxy' }, 'There is no proxy with this id.', { field }))
  if (!record.enabled) return err(invalidRequest({ reason: 'proxy-off' }, 'This proxy is switched off.', { field }))
  return ok(id)
}

/** For `doctor`: what is set, without passwords. */
export async function proxyStates({ store }: { readonly store: Pick<Store, 'proxies' | 'sealedSettings'> }) {
  const states = (await store.proxies.list()).map((record) => {
    const { id, name, url, enabled, state, latency_ms, reason } = proxyView(record, 0)
    return { id, name, url, enabled, state, latencyMs: latency_ms, reason }
  })
  return { proxies: states, httpProxy: (await store.sealedSettings.shown()).http_proxy ?? null }
}

async function counts({ accounts }: Pick<Store, 'accounts'>): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>()
  for (const { profile } of await accounts.list()) {
    if (profile.proxyId !== undefined) found.set(profile.proxyId, (found.get(profile.proxyId) ?? 0) + 1)
  }
  return found
}

function proxyView(record: ProxyRecord, accountCount = 0): ProxyView {
  const { id, name, shownUrl, enabled, weight, health, createdAt, updatedAt } = record
  return {
    id,
    url: shownUrl,
    name,
    enabled,
    weight,
    created_at: new Date(createdAt).toISOString(),
    updated_at: new Date(updatedAt).toISOString(),
    state: record.url === undefined ? 'unreadable' : health.state,
    checked_at: health.checkedAt === undefined ? null : new Date(health.checkedAt).toISOString(),
    latency_ms: health.latencyMs ?? null,
    failures: health.failures,
    reason: health.reason ?? null,
    account_count: accountCount,
  }
}

/** What the operator calls it, else where it is. */
function nameOf(name: string | null | undefined, href: string): string {
  const given = name?.trim() ?? ''
  return given === ''
    ? (
        href
          .split('@')
          .at(-1)
          ?.replace(/^.*\/\//, '') ?? ''
      ).slice(0, 100)
    : given
}

const refuse = (why: Reason, field: string, message: string) =>
  err({ conflict: false, error: invalidRequest(why, message, { field }) })
const conflict = (why: Reason, message: string) =>
  err({ conflict: true, error: invalidRequest(why, message, { field: 'url' }) })
const unknownProxy = err({
  conflict: false,
  error: gatewayError('not-found', 'There is no proxy with this id.'),
})
