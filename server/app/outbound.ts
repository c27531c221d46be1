import type { Outbound as OutboundHooks } from '../admin/account-deps.ts'
import { createEgress, type Egress } from '../egress/egress.ts'
import { afterProbe, type ProxyHealth, probeProxy } from '../egress/health.ts'
import { usableProxyUrl } from '../egress/proxy-url.ts'
import { forEachLimited } from '../lib/each.ts'
import type { Effects } from '../lib/effects.ts'
import type { Logger } from '../observe/log.ts'
import type { AccountRecord, Store } from '../store/store.ts'
import { type AmazonQSettings, dataUrl, userAgent } from '../upstream/amazonq/endpoint.ts'
import { settingOf } from './pool-settings.ts'
import type { StoreFaults } from './store-faults.ts'

export type Outbound = {
  /** The same effects; requests leave by the way of the account they are for. */
  readonly effects: Effects
  readonly routeOf: Egress['routeOf']
  readonly cutOff: Egress['cutOff']
  /** For the admin API. */
  readonly hooks: OutboundHooks
  /** An account's row changed or, undefined, is gone. */
  readonly takeOver: (accountId: string, record: AccountRecord | undefined) => void
  /** Looks through every enabled proxy; a job. */
  readonly checkAll: (signal: AbortSignal) => Promise<void>
  readonly close: () => Promise<void>
}

type Deps = {
  readonly store: Pick<Store, 'accounts' | 'proxies' | 'settings' | 'sealedSettings'>
  readonly settings: AmazonQSettings
  readonly effects: Effects
  readonly log: Logger
  readonly storeFaults: Pick<StoreFaults, 'failed'>
}

const checkWidth = 4
/** A proxy in use that fails is looked at again at once, but no more often than this. */
const suspectEveryMs = 10_000

/** Joins the stored proxies and settings with the door they lead through, and keeps an eye on the proxies. */
export async function createOutbound({ store, settings, effects, log, storeFaults }: Deps): Promise<Outbound> {
  const looks = new Map<string, Promise<ProxyHealth | undefined>>()
  const lookedAt = new Map<string, number>()
  const stopping = new AbortController()
  let isGlobalClosed = false
  const quietly = (work: Promise<unknown>): void =>
    void work.catch((error: unknown) => stopping.signal.aborted || storeFaults.failed(error))

  const egress = createEgress({
    fetch: effects.fetch,
    onFault: (proxyId) => {
      if (stopping.signal.aborted) return
      if (effects.now() - (lookedAt.get(proxyId) ?? Number.NEGATIVE_INFINITY) < suspectEveryMs) return
      quietly(look(proxyId))
    },
  })
  const probe = {
    effects,
    targetUrl: `${new URL(dataUrl(settings, settings.defaultRegion)).origin}/`,
    userAgent: userAgent(settings, 'egress'),
  }

  async function loadNetwork(): Promise<void> {
    const proxies = await store.proxies.list()
    const stored = await store.settings.all()
    const globalShown = (await store.sealedSettings.shown()).http_proxy
    const globalHref =
      globalShown === undefined ? undefined : usableProxyUrl(await store.sealedSettings.read('http_proxy'))
    isGlobalClosed = globalShown !== undefined && globalHref === undefined
    egress.setNetwork({
      proxies: proxies.map(({ id, url, weight, enabled, health }) => ({
        id,
        ...(url === undefined ? {} : { href: url }),
        weight,
        enabled,
        healthy: health.state !== 'down',
      })),
      poolEnabled: settingOf(stored, 'proxy_pool_enabled') === true,
      ...(globalHref === undefined ? {} : { globalHref }),
      ...(isGlobalClosed ? { globalUnreadable: true } : {}),
    })
    const known = new Set(proxies.map(({ id }) => id))
    for (const id of lookedAt.keys()) if (!known.has(id)) lookedAt.delete(id)
  }

  function takeOver(accountId: string, record: AccountRecord | undefined): void {
    if (record === undefined) {
      egress.forgetAccount(accountId)
      return
    }
    const { proxyId, region } = record.profile
    egress.setAccount(accountId, {
      host: new URL(dataUrl(settings, region)).host,
      ...(proxyId === undefined ? {} : { proxyId }),
    })
  }

  const loadAccounts = async (): Promise<void> => {
    for (const record of await store.accounts.list()) takeOver(record.account.id, record)
  }

  /** One look at a time through each proxy: who comes meanwhile gets the result of that one. */
  function look(proxyId: string, signal = stopping.signal): Promise<ProxyHealth | undefined> {
    const running = looks.get(proxyId)
    if (running !== undefined) return running
    const started = lookNow(proxyId, signal).finally(() => looks.delete(proxyId))
    looks.set(proxyId, started)
    return started
  }

  async function lookNow(proxyId: string, signal: AbortSignal): Promise<ProxyHealth | undefined> {
    lookedAt.set(proxyId, effects.now())
    const before = await store.proxies.get(proxyId)
    const href = before?.url
    if (before === undefined || href === undefined) return undefined
    const fetch = (url: string, init: RequestInit): Promise<Response> => egress.fetchThrough(href, url, init, proxyId)
    const result = await probeProxy({ ...probe, fetch }, signal)
    if (signal.aborted) return undefined
    const after = await store.proxies.get(proxyId)
    // Another address meanwhile: this says nothing about it.
    if (after?.url !== href) return after?.health
    const health = afterProbe(after.health, result, effects.now())
    await store.proxies.saveHealth(proxyId, health)
    if (health.state !== after.health.state) {
      await loadNetwork()
      const { name } = after
      log[health.state === 'down' ? 'warn' : 'info']('proxy.state-changed', {
        proxyId,
        name,
        state: health.state,
        ...(health.reason === undefined ? {} : { reason: health.reason }),
      })
    }
    return health
  }

  await loadNetwork()
  await loadAccounts()
  for (const { id, name, url } of await store.proxies.list()) {
    if (url === undefined) log.warn('proxy.unreadable', { proxyId: id, name })
  }
  if (isGlobalClosed) log.warn('proxy.unreadable', { proxyId: 'global', name: 'http_proxy' })

  return {
    effects: { ...effects, fetch: egress.fetch },
    routeOf: egress.routeOf,
    cutOff: egress.cutOff,
    hooks: {
      changed: async () => {
        await loadNetwork()
        await loadAccounts()
        for (const { id, enabled, health } of await store.proxies.list())
          if (enabled && health.state === 'unchecked') quietly(look(id))
      },
      routeAccount: (accountId, proxyId) => egress.setAccount(accountId, { proxyId }),
      test: (proxyId) => look(proxyId),
    },
    takeOver,
    checkAll: async (signal) => {
      const due = (await store.proxies.list()).filter(({ enabled }) => enabled)
      await forEachLimited(due, checkWidth, async ({ id }) => void (await look(id, signal)), signal)
    },
    close: async () => {
      stopping.abort()
      await Promise.allSettled(looks.values())
      await egress.close()
    },
  }
}
