import type { Effects } from '../lib/effects.ts'
import { cutText } from '../lib/sound-text.ts'
import type { WatchMemory } from '../lib/watch-memory.ts'
import type { PoolStats } from '../pool/pool.ts'
import type { Store } from '../store/store.ts'
import type { AdminLog } from './admin-log.ts'
import { type Alerts, createAlerts } from './alerts.ts'
import { createEventHub, type EventHub } from './event-hub.ts'
import { createJobBoard, type JobBoard } from './job-board.ts'
import { createJobEvents } from './job-events.ts'
import { createWatch, type Surroundings, type Watch } from './watch.ts'

/** What goes on behind the admin API while the server runs: bulk work, the console's events, the alerts. */
export type Live = {
  readonly jobs: JobBoard
  readonly hub: EventHub
  readonly watch: Watch
  readonly alerts: Alerts
  /** An account's row or state changed. */
  readonly accountChanged: (id: string) => void
  readonly stop: () => void
}

export function createLive(deps: {
  readonly store: Pick<Store, 'accounts' | 'proxies' | 'settings' | 'sealedSettings'>
  readonly effects: Pick<Effects, 'now' | 'newId' | 'after' | 'sleep' | 'random' | 'fetch'>
  readonly inFlight: (id: string) => number
  readonly poolStats?: () => PoolStats | undefined
  readonly version: string
  readonly log: AdminLog
  readonly memory?: WatchMemory
  readonly around?: Surroundings
}): Live {
  const { effects, log } = deps
  const hub = createEventHub(effects.now())
  const jobs = createJobBoard({
    effects,
    changed: createJobEvents(hub, effects),
    failed: (kind, error) => log('error', 'job.failed', { job: kind, cause: cutText(String(error), 300) }),
  })
  const alerts = createAlerts({ ...deps, published: (item) => hub.publish('alerts', 'alert', item) })
  const watch = createWatch({
    ...deps,
    hub,
    jobsRunning: () => jobs.stats().running,
    onAttention: alerts.attend,
  })
  return {
    ...{ jobs, hub, watch, alerts },
    accountChanged: (id) => {
      hub.publish('accounts', 'account', { id })
      watch.changed()
    },
    stop: () => {
      watch.stop()
      alerts.stop()
    },
  }
}
