import { usableProxyUrl } from '../egress/proxy-url.ts'
import type { Effects } from '../lib/effects.ts'
import { createTurns } from '../lib/turns.ts'
import type { Store } from '../store/store.ts'
import type { AccountDeps } from './account-deps.ts'
import { type AttentionInput, attentionOf, type BackupFacts, servesNow } from './attention.ts'
import { createBurnBook } from './burn-book.ts'
import type { AttentionItem, StatusView } from './contract/events.ts'
import type { EventHub } from './event-hub.ts'
import { noOutcomes, type Outcomes } from './outcomes.ts'
import { settingIn } from './settings-table.ts'

export type Watch = {
  readonly read: () => Promise<StatusView>
  /** Before it nothing is looked at. */
  readonly start: () => void
  /** Something moved: looks again soon. */
  readonly changed: () => void
  readonly stop: () => void
}

/** What the process itself knows beside accounts and proxies. Each is asked at every look, but for the disk's. */
export type Surroundings = {
  readonly outcomes: () => Outcomes
  readonly diskFreeBytes: () => number | null
  /** Undefined: copies are made elsewhere. */
  readonly backups: () => Promise<BackupFacts | undefined>
}

const everyMs = 5_000
const everyUnseenMs = 15_000
const soonMs = 250
const hourMs = 3_600_000
/** The disk is asked no more often. */
const diskMs = 15_000

/** Looks at accounts and proxies all the time: tells the console what changed, and the alerts what wants a person. */
export function createWatch(
  deps: Pick<AccountDeps, 'inFlight' | 'poolStats' | 'log' | 'memory'> & {
    readonly version: string
    readonly store: Pick<Store, 'accounts' | 'proxies' | 'settings' | 'sealedSettings'>
    readonly effects: Pick<Effects, 'now' | 'after'>
    readonly hub: EventHub
    readonly jobsRunning: () => number
    readonly around?: Surroundings
    readonly onAttention: (items: readonly AttentionItem[]) => Promise<void>
  },
): Watch {
  const { effects, store, hub, around } = deps
  const burns = createBurnBook(store.accounts, deps.memory)
  const inTurn = createTurns()
  let told = ''
  let stopped = true
  let failing = false
  let cancel = (): void => {}
  let isSoon = false

  let disk: { readonly at: number; readonly facts: Pick<AttentionInput, 'diskFreeBytes' | 'backups'> } | undefined
  const diskFacts = async (): Promise<Pick<AttentionInput, 'diskFreeBytes' | 'backups'>> => {
    if (around === undefined) return { diskFreeBytes: null }
    const at = effects.now()
    if (disk !== undefined && at - disk.at < diskMs) return disk.facts
    const backups = await around.backups()
    const facts = { diskFreeBytes: around.diskFreeBytes(), ...(backups === undefined ? {} : { backups }) }
    disk = { at, facts }
    return facts
  }

  const read = async (): Promise<StatusView> => {
    const [accounts, proxies, stored, isGlobalClosed, ofDisk] = await Promise.all([
      store.accounts.list(),
      store.proxies.list(),
      store.settings.all(),
      isClosed(store.sealedSettings),
      diskFacts(),
    ])
    const now = effects.now()
    const runOutMs = Number(settingIn(stored, 'alert_run_out_hours')) * hourMs
    const attention = attentionOf({
      ...{ accounts, proxies, isGlobalClosed, now, runOutMs },
      ...ofDisk,
      outcomes: around?.outcomes() ?? noOutcomes,
      isLogOn: settingIn(stored, 'enable_request_log') === true,
      burns: await burns.of(accounts),
    })
    return {
      badges: {
        accounts: new Set(attention.flatMap(({ account_id }) => account_id ?? [])).size,
        proxies: attention.filter(({ kind }) => kind === 'proxy.down').length,
      },
      counters: {
        accounts: accounts.length,
        in_service: accounts.filter((record) => record.account.enabled && servesNow(record, now)).length,
        in_flight: accounts.reduce((sum, { account }) => sum + deps.inFlight(account.id), 0),
        waiting: deps.poolStats?.()?.waiting ?? 0,
        jobs_running: deps.jobsRunning(),
      },
      attention: [...attention],
      version: deps.version,
    }
  }

  const again = (ms: number): void => {
    cancel()
    if (!stopped) cancel = effects.after(ms, look)
  }
  const look = (): void => {
    isSoon = false
    void inTurn(async () => {
      if (stopped) return
      const status = await read()
      const text = JSON.stringify(status)
      if (text !== told && hub.listeners() > 0) hub.publish('status', 'status', status)
      told = text
      failing = false
      await deps.onAttention(status.attention)
    })
      .catch((error: unknown) => {
        // Once: it looks again in some seconds, and the next fault is the same one.
        if (!failing) deps.log('error', 'watch.failed', { cause: String(error) })
        failing = true
      })
      .finally(() => {
        if (!isSoon) again(hub.listeners() > 0 ? everyMs : everyUnseenMs)
      })
  }
  const changed = (): void => {
    if (isSoon || stopped) return
    isSoon = true
    again(soonMs)
  }
  return {
    read,
    start: () => {
      stopped = false
      changed()
    },
    changed,
    stop: () => {
      stopped = true
      cancel()
    },
  }
}

/** A proxy for all is set, and its address cannot be read. */
async function isClosed(sealed: Store['sealedSettings']): Promise<boolean> {
  const isSet = (await sealed.shown()).http_proxy !== undefined
  return isSet && usableProxyUrl(await sealed.read('http_proxy')) === undefined
}
