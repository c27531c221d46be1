import type { GatewayError } from '../conversation/error.ts'
import { forEachLimited } from '../lib/each.ts'
import type { Result } from '../lib/result.ts'
import type { AccountRecord } from '../store/store.ts'
import { recordCheck } from './account-reading.ts'
import { identityOf, nameOf } from './account-takeover.ts'
import { statusOf } from './account-view.ts'
import type { AccountsService } from './accounts-service.ts'
import type {
  AccountsIncomplete,
  AccountsSwitched,
  AccountView,
  EmailsSynced,
  QuotasRefreshed,
  ResetStats,
} from './contract/accounts.ts'
import type { AccountBatch, BatchDone, JobItem } from './contract/jobs.ts'
import type { AdminDeps } from './deps.ts'
import { itemFailure } from './failure.ts'
import type { Progress } from './job-board.ts'
import { settingIn } from './settings-table.ts'

export type AccountBulk = ReturnType<typeof createAccountBulk>

type Told = Omit<JobItem, 'index'>

const checksAtOnce = 4

/** What is done with many accounts at once. Every function tells how each of them went and stops when it is cancelled. */
export function createAccountBulk(deps: AdminDeps, accounts: AccountsService) {
  const { store } = deps

  const width = async (): Promise<number> => Number(settingIn(await store.settings.all(), 'quota_refresh_concurrency'))

  /** Reads how the account stands at the provider and keeps it. */
  const read = async (id: string): Promise<Result<void, GatewayError>> =>
    recordCheck(deps, await deps.checkAccount(id), 'gateway')

  const lacking = async (): Promise<readonly AccountRecord[]> => {
    const found: AccountRecord[] = []
    for (const record of await store.accounts.list()) if (await isIncomplete(record, deps)) found.push(record)
    return found
  }

  const removeAll = async (due: readonly AccountRecord[], progress: Progress): Promise<number> => {
    progress.expect(due.length)
    let count = 0
    await forEachLimited(
      due,
      1,
      async (record) => {
        const removed = await accounts.remove(record.account.id)
        if (removed.ok) count++
        progress.report(told(record, removed, 'removed'))
      },
      progress.signal,
    )
    return count
  }

  return {
    switchAll: async (enabled: boolean, progress: Progress): Promise<AccountsSwitched> => {
      const due = (await store.accounts.list()).filter(
        ({ account }) => account.enabled !== enabled && !(enabled && account.health.state === 'suspended'),
      )
      progress.expect(due.length)
      let count = 0
      await forEachLimited(
        due,
        1,
        async (record) => {
          const switched = await accounts.update(record.account.id, { enabled })
          if (switched.ok) count++
          progress.report(told(record, switched, enabled ? 'enabled' : 'disabled'))
        },
        progress.signal,
      )
      deps.log('info', enabled ? 'account.all-enabled' : 'account.all-disabled', { count })
      const message = enabled
        ? `Enabled ${count} accounts; suspended ones were left out.`
        : `Disabled ${count} accounts.`
      return { success: true, count, message }
    },

    batch: async ({ action, ids, proxyId = null, weight }: AccountBatch, progress: Progress): Promise<BatchDone> => {
      const wanted = [...new Set(ids)]
      progress.expect(wanted.length)
      const results: JobItem[] = []
      const act = (id: string): Promise<Result<unknown, GatewayError>> => {
        switch (action) {
          case 'enable':
          case 'disable':
            return accounts.update(id, { enabled: action === 'enable' })
          case 'delete':
            return accounts.remove(id)
          case 'check':
            return accounts.check(id)
          case 'set-proxy':
            return accounts.update(id, { proxyId })
          case 'set-weight':
            return accounts.update(id, weight === undefined ? {} : { weight })
        }
      }
      const atOnce = action === 'check' ? checksAtOnce : 1
      await forEachLimited(
        [...wanted.entries()],
        atOnce,
        async ([index, id]) => {
          const record = await store.accounts.get(id)
          const done = await act(id)
          const name = record === undefined ? {} : { name: nameOf(record) }
          const item: JobItem = { index, id, ...name, ...outcome(done, pastOf[action]) }
          results.push(item)
          progress.report(item)
        },
        progress.signal,
      )
      const failed = results.filter(({ ok }) => !ok).length
      deps.log('info', 'account.batch', { action, done: results.length, failed })
      return {
        success: failed === 0 && results.length === wanted.length,
        total: wanted.length,
        done: results.length,
        failed,
        message: `${results.length - failed} of ${wanted.length} accounts: ${pastOf[action]}.`,
        results: results.toSorted((a, b) => a.index - b.index),
      }
    },

    incomplete: async (): Promise<AccountsIncomplete> => {
      const shown: AccountView[] = []
      for (const { account } of await lacking()) {
        const view = await accounts.get(account.id)
        if (view.ok) shown.push(view.value)
      }
      return { accounts: shown, count: shown.length }
    },
    removeIncomplete: async (progress: Progress): Promise<AccountsSwitched> => {
      const count = await removeAll(await lacking(), progress)
      return { success: true, count, message: `Deleted ${count} accounts whose sign-in is incomplete.` }
    },
    removeSuspended: async (progress: Progress): Promise<AccountsSwitched> => {
      const due = (await store.accounts.list()).filter(({ account }) => statusOf(account) === 'suspended')
      const count = await removeAll(due, progress)
      return { success: true, count, message: `Deleted ${count} suspended accounts.` }
    },

    syncEmails: async (progress: Progress): Promise<EmailsSynced> => {
      const all = await store.accounts.list()
      const due = all.filter(({ profile }) => profile.email === undefined)
      progress.expect(due.length)
      const results: EmailsSynced['results'] = []
      await forEachLimited(
        due,
        checksAtOnce,
        async (record) => {
          const { id, label } = record.account
          const checked = await read(id)
          const email = (await store.accounts.get(id))?.profile.email
          // A name somebody has given stays; the original wrote over it.
          if (email !== undefined && label === '') await accounts.update(id, { label: email })
          const error = checked.ok ? 'The provider tells no address for it.' : checked.error.message
          results.push({ id, success: email !== undefined, ...(email === undefined ? { error } : { email }) })
          const item = email === undefined ? { ok: false, outcome: 'failed', error } : { ok: true, outcome: 'synced' }
          progress.report({ id, name: email ?? nameOf(record), ...item })
        },
        progress.signal,
      )
      const synced = results.filter(({ success }) => success).length
      return {
        success: true,
        total: all.length,
        synced,
        skipped: all.length - due.length,
        failed: results.length - synced,
        message: `Read the addresses of ${synced} accounts; ${all.length - due.length} had theirs.`,
        results,
      }
    },

    refreshQuotas: async (progress: Progress): Promise<QuotasRefreshed> => {
      const due = (await store.accounts.list()).filter(({ account }) => account.enabled)
      const stats = { success: 0, suspended: 0, expired: 0, exhausted: 0, error: 0 }
      progress.expect(due.length)
      await forEachLimited(
        due,
        await width(),
        async (record) => {
          const checked = await read(record.account.id)
          const after = await store.accounts.get(record.account.id)
          const status = after === undefined ? 'normal' : statusOf(after.account)
          const kind = status === 'normal' || status === 'disabled' ? (checked.ok ? 'success' : 'error') : status
          stats[kind]++
          progress.report(told(record, checked, kind === 'success' ? 'refreshed' : kind))
        },
        progress.signal,
      )
      return { success: true, message: `Read the quota of ${due.length} accounts.`, stats }
    },

    resetStats: async ({ counters = true, requestLogs = true }: ResetStats) => {
      if (counters) await deps.resetCounters()
      if (requestLogs) await deps.clearRequestLogs()
      deps.log('warn', 'account.stats-reset', { counters, requestLogs })
      const gone = [...(counters ? ['the counters of all accounts'] : []), ...(requestLogs ? ['all request logs'] : [])]
      return { message: gone.length === 0 ? 'Nothing was cleared.' : `Cleared ${gone.join(' and ')}.` }
    },
  }
}

const pastOf = {
  enable: 'enabled',
  disable: 'disabled',
  delete: 'removed',
  check: 'checked',
  'set-proxy': 'routed',
  'set-weight': 'weighted',
} as const

const outcome = (done: Result<unknown, GatewayError>, word: string): ReturnType<typeof itemFailure> =>
  done.ok ? { ok: true, outcome: word } : itemFailure(done.error)

const told = (record: AccountRecord, done: Result<unknown, GatewayError>, word: string): Told => {
  const { name } = identityOf(record)
  return { id: record.account.id, ...(name === undefined ? {} : { name }), ...outcome(done, word) }
}

/**
 * Lacks what its kind of sign-in cannot do without: a client, for the others their one secret. One whose secrets cannot be opened is not meant: with the right master
 * key it is whole, and deleting it would lose it.
 */
async function isIncomplete({ account }: AccountRecord, { store }: Pick<AdminDeps, 'store'>): Promise<boolean> {
  const credentials = await store.accounts.credentials.load(account.id)
  if (credentials === undefined) return false
  switch (credentials.method) {
    case 'api-key':
      return credentials.apiKey === undefined
    case 'social':
      return credentials.refreshToken === undefined
    case 'builder-id':
    case 'identity-center':
      return credentials.clientId === undefined || credentials.clientSecret === undefined
  }
}
