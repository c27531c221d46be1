import { recordCheck } from '../admin/account-reading.ts'
import { createBacklog } from '../jobs/backlog.ts'
import { createTally } from '../jobs/tally.ts'
import { forEachLimited } from '../lib/each.ts'
import type { Effects } from '../lib/effects.ts'
import type { Logger } from '../observe/log.ts'
import type { Account, Outcome } from '../pool/account.ts'
import { isRestricted } from '../pool/health.ts'
import { createPool, type PoolSettings } from '../pool/pool.ts'
import type { AccountRecord } from '../store/store.ts'
import { createAccountingBook } from './accounting-book.ts'
import type { Core } from './core.ts'
import { createModelShelf } from './model-shelf.ts'

export type Roster = Awaited<ReturnType<typeof createRoster>>

/** The accounts in service: the pool and their model lists, kept as the rows say. */
export async function createRoster(
  core: Core,
  settings: PoolSettings,
  effects: Effects,
  log: Logger,
  onState: (id: string) => void = () => {},
) {
  const { accountDeps, tokens } = core
  const { accounts } = core.store
  const { failed } = core.storeFaults
  const quietly = (work: Promise<unknown>): Promise<void> => work.then(() => undefined, failed)
  const tally = createTally(
    async (id, { success, error, lastUsedAt }) => {
      // Counted last: what fails is done again.
      await accounts.updateAccount(id, { lastUsedAt })
      await accounts.count(id, { success, error })
    },
    effects,
    failed,
  )
  const pool = createPool(settings, {
    effects,
    onHealth: (id, health) => {
      shelf.changed()
      log[isRestricted(health, effects.now()) ? 'warn' : 'info']('account.state-changed', {
        accountId: id,
        state: health.state,
        reason: health.reason ?? '',
        until: health.until ?? 0,
      })
      void quietly(accounts.saveHealth(id, health)).then(() => onState(id))
    },
    onOutcome: (id, outcome) => tally.add(id, countedAs(outcome)),
  })

  /** Reads quota and models of one account and takes the answer over; a failure is an answer too. */
  const check = async (id: string): Promise<void> =>
    void (await recordCheck(accountDeps, await accountDeps.checkAccount(id), 'gateway'))
  const serving = (account: Account): boolean => account.enabled && account.health.state !== 'suspended'
  const shelf = createModelShelf({
    ...(accountDeps.memory === undefined ? {} : { memory: accountDeps.memory }),
    now: effects.now,
    sleep: (ms) => effects.sleep(ms),
    serving: () => pool.list().flatMap((account) => (serving(account) ? [account.id] : [])),
    nobodyServes: pool.nobodyServes,
    readMissing: (ids) => forEachLimited(ids, 4, (id) => quietly(check(id))),
  })
  // A new account is checked at once, so that its models are known; an import brings many.
  const unchecked = createBacklog(4, (id) => quietly(check(id)))

  const takeModels = async (id?: string): Promise<void> => {
    for (const [accountId, { models }] of await accounts.loadModels(id)) {
      if (models.length === 0) continue
      shelf.set(accountId, models)
      pool.setModels(
        accountId,
        models.map((model) => model.id),
      )
    }
  }
  const accounting = createAccountingBook((id, hosts) => void quietly(accounts.saveAccountingHosts(id, hosts)))
  const put = ({ account, profile }: AccountRecord): void => {
    pool.put(account)
    accounting.put(account.id, profile.accountingHosts ?? [])
  }
  for (const record of await accounts.list()) put(record)
  await takeModels()

  return {
    pool,
    shelf,
    accounting,
    check,
    /** The row is the truth: pool, models and token keeper take over what it says now. */
    takeOver: async (id: string): Promise<void> => {
      const record = await accounts.get(id)
      if (record === undefined) {
        pool.remove(id)
        accounting.remove(id)
        shelf.remove(id)
        tokens.forget(id)
        return
      }
      const isNew = pool.get(id) === undefined
      put(record)
      if (isNew && record.account.enabled && record.account.health.state === 'unchecked') unchecked.add(id)
      await takeModels(id)
      shelf.changed()
    },
    /** Has those looked at that nobody has looked at yet. */
    checkUnchecked: (): void => {
      for (const { id, enabled, health } of pool.list()) if (enabled && health.state === 'unchecked') unchecked.add(id)
    },
    /** Writes the counters that have gathered. */
    flush: tally.flush,
  }
}

/** What a call's end is to the account's counters: it answers for neither a caller who left nor the sign-in service. */
function countedAs(outcome: Outcome): 'success' | 'error' | 'neither' {
  if (outcome.type === 'success') return 'success'
  return outcome.type === 'cancelled' || outcome.error.kind === 'renewal-failed' ? 'neither' : 'error'
}
