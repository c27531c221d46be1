import type { Effects } from '../lib/effects.ts'
import { createTurns } from '../lib/turns.ts'
import type { Store } from '../store/store.ts'
import type { AdminLog } from './admin-log.ts'
import { type AlertMessage, alertBody, itemOf, type LimitAlert, messageOf } from './alert-message.ts'
import { postAlert, type Tried } from './alert-post.ts'
import { type AlertKind, type AlertList, type AlertTested, alertKinds } from './contract/alerts.ts'
import type { AttentionItem } from './contract/events.ts'
import { settingIn } from './settings-table.ts'

export type Alerts = {
  /** What wants a person now; what was not told yet is sent. */
  readonly attend: (items: readonly AttentionItem[]) => Promise<void>
  /** Tells the console, and sends one alert unless it was sent before: `id` tells them apart. */
  readonly raise: (alert: LimitAlert) => Promise<void>
  /** One try with what is set now, whether alerts are on or not. Undefined: no webhook is set. */
  readonly test: () => Promise<AlertTested | undefined>
  readonly list: () => AlertList
  readonly stats: () => { readonly waiting: number; readonly dropped: number; readonly failed: number }
  /** Gives up what waits. */
  readonly stop: () => void
}

type Delivery = {
  readonly id: string
  readonly type: string
  readonly createdAt: number
  state: 'waiting' | 'delivered' | 'failed' | 'dropped'
  tries: number
  endedAt: number | null
  status: number | null
  error: string | null
  cause: string | null
}

/** In line for the webhook. */
export const mostAlerts = 100
const most = { waiting: mostAlerts, shown: 100, told: 1_000 }
/** 5 s, 20 s, 80 s, 5 min, 20 min: a receiver that is being restarted still hears of it. */
const waitsMs = [5_000, 20_000, 80_000, 320_000, 1_280_000]
const longestWaitMs = 3_600_000
const toldSetting = 'alerts_told'
const raisedSetting = 'alerts_raised'

/**
 * Alerts to the operator's webhook: each once, signed, tried again while the receiver is away, in a bounded line. What was told is
 * remembered over a restart.
 */
export function createAlerts(deps: {
  readonly store: Pick<Store, 'settings' | 'sealedSettings'>
  readonly effects: Pick<Effects, 'now' | 'newId' | 'after' | 'sleep' | 'random' | 'fetch'>
  readonly published: (item: AttentionItem) => void
  readonly log: AdminLog
}): Alerts {
  const { store, effects, log } = deps
  const deliveries: Delivery[] = []
  const inTurn = createTurns()
  const stopping = new AbortController()
  const inRaise = createTurns()
  let raised: Set<string> | undefined
  let told: Set<string> | undefined
  let dropped = 0
  let failed = 0

  const waiting = (): number => deliveries.filter(({ state }) => state === 'waiting').length

  const target = async (): Promise<{ readonly url: string; readonly secret: string } | undefined> => {
    const url = await store.sealedSettings.read('alert_webhook_url')
    const secret = await store.sealedSettings.read('alert_webhook_secret')
    return url === undefined || secret === undefined ? undefined : { url, secret }
  }
  const isOn = async (): Promise<boolean> => settingIn(await store.settings.all(), 'alerts_enabled') === true

  /** Read anew for each try: what the operator changes meanwhile holds. */
  const once = async (message: AlertMessage, id: string, at: number): Promise<Tried | undefined> => {
    const to = await target()
    if (to === undefined || !(await isOn())) return undefined
    return postAlert(to, alertBody(message, id, at), effects, stopping.signal)
  }

  const deliver = async (message: AlertMessage, delivery: Delivery): Promise<void> => {
    const end = (state: Delivery['state'], error: string | null, cause: string | null = null): void => {
      delivery.state = state
      delivery.error = error
      delivery.cause = cause
      delivery.endedAt = effects.now()
    }
    for (;;) {
      const tried = await inTurn(() => once(message, delivery.id, delivery.createdAt))
      if (tried === undefined) return end('failed', 'Alerts were switched off.', 'off')
      delivery.tries++
      delivery.status = tried.status ?? null
      if (tried.ok) return end('delivered', null)
      const wait = waitsMs[delivery.tries - 1]
      if (!tried.again || wait === undefined || stopping.signal.aborted) {
        failed++
        log('warn', 'alert.failed', { type: message.type, tries: delivery.tries, reason: tried.error })
        return end('failed', tried.error, tried.cause)
      }
      delivery.error = tried.error
      delivery.cause = tried.cause ?? null
      const asked = Math.min(longestWaitMs, tried.retryAfterMs ?? 0)
      await effects.sleep(Math.max(asked, wait * (0.75 + effects.random() / 2)), stopping.signal)
    }
  }

  const send = (message: AlertMessage): void => {
    const id = effects.newId('alert')
    const delivery: Delivery = {
      ...{ id, type: message.type, createdAt: effects.now(), state: 'waiting', tries: 0 },
      ...{ endedAt: null, status: null, error: null, cause: null },
    }
    if (waiting() >= most.waiting) {
      dropped++
      log('error', 'alert.dropped', { type: message.type })
      Object.assign(delivery, { state: 'dropped', endedAt: effects.now() })
    }
    deliveries.push(delivery)
    while (deliveries.length > most.shown) {
      const over = deliveries.findIndex(({ state }) => state !== 'waiting')
      deliveries.splice(Math.max(0, over), 1)
    }
    if (delivery.state === 'waiting') {
      void deliver(message, delivery).catch((error: unknown) => {
        Object.assign(delivery, { state: 'failed', endedAt: effects.now() })
        log('error', 'alert.failed', { type: message.type, cause: String(error) })
      })
    }
  }

  return {
    attend: async (all) => {
      const items = all.filter(wakes)
      if (told === undefined) {
        told = new Set(readTold((await store.settings.all())[toldSetting]))
        for (const id of told) if (!items.some((item) => item.id === id)) told.delete(id)
      }
      const fresh = items.filter(({ id }) => !told?.has(id))
      const standing = new Set(items.map(({ id }) => id))
      const gone = [...told].filter((id) => !standing.has(id))
      if (fresh.length === 0 && gone.length === 0) return
      for (const id of gone) told.delete(id)
      if (fresh.length > 0 && (await isOn()) && (await target()) !== undefined) {
        for (const item of fresh.slice(0, Math.max(0, most.told - told.size))) {
          told.add(item.id)
          deps.published(item)
          send(messageOf(item))
        }
      }
      await store.settings.write({ [toldSetting]: told.size === 0 ? null : JSON.stringify([...told]) })
    },
    raise: (message) => {
      deps.published(itemOf(message, effects.now()))
      return inRaise(async () => {
        if (!(await isOn()) || (await target()) === undefined) return
        raised ??= new Set(readTold((await store.settings.all())[raisedSetting]))
        if (raised.has(message.id)) return
        raised.add(message.id)
        for (const oldest of raised) {
          if (raised.size <= most.told) break
          raised.delete(oldest)
        }
        await store.settings.write({ [raisedSetting]: JSON.stringify([...raised]) })
        send(message)
      })
    },
    test: async () => {
      const to = await target()
      if (to === undefined) return undefined
      const startedAt = effects.now()
      const message = { id: 'test', type: 'test', text: 'This is a test of the alerts.', data: {} } as const
      const body = alertBody(message, effects.newId('alert'), startedAt)
      const tried = await postAlert(to, body, effects, stopping.signal)
      return {
        success: tried.ok,
        status: tried.status ?? null,
        duration_ms: effects.now() - startedAt,
        error: tried.ok ? null : tried.error,
        cause: tried.ok ? null : (tried.cause ?? null),
      }
    },
    list: () => ({
      deliveries: deliveries.toReversed().map((one) => ({
        ...{ id: one.id, type: one.type, state: one.state, tries: one.tries, status: one.status },
        ...{ error: one.error, cause: one.cause },
        created_at: new Date(one.createdAt).toISOString(),
        ended_at: one.endedAt === null ? null : new Date(one.endedAt).toISOString(),
      })),
      waiting: waiting(),
      dropped,
      kinds: [...alertKinds],
    }),
    stats: () => ({ waiting: waiting(), dropped, failed }),
    stop: () => stopping.abort(),
  }
}

/** The rest is only pointed out in the console. */
const wakes = (item: AttentionItem): item is AttentionItem & { readonly kind: AlertKind } =>
  alertKinds.some((kind) => kind === item.kind)

function readTold(text: string | undefined): readonly string[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
  } catch {
    return []
  }
}
