import { forEachLimited } from '../lib/each.ts'
import type { Effects } from '../lib/effects.ts'
import type { Account } from '../pool/account.ts'
import type { Pool } from '../pool/pool.ts'
import type { AccountStore } from '../store/store.ts'
import type { TokenKeeper } from '../upstream/amazonq/refresh.ts'
import type { Job } from './scheduler.ts'

export type UpkeepDeps = {
  readonly effects: Pick<Effects, 'now'>
  readonly accounts: Pick<AccountStore, 'list'>
  readonly pool: Pick<Pool, 'list'>
  readonly tokens: Pick<TokenKeeper, 'refreshNow' | 'refreshDue'>
  /** Reads quota and models of one account and takes the answer over; a failure is an answer too. */
  readonly check: (accountId: string) => Promise<unknown>
  readonly refreshWidth: number
  /** How often quotas are read, and how many accounts at a time; asked before each round. */
  readonly poll: () => { readonly everyMs: number; readonly width: number }
}

/** What keeps accounts fresh with nobody asking: tokens renewed ahead of their expiry, quota and models read again. */
export function upkeepJobs(deps: UpkeepDeps): readonly Job[] {
  return [
    {
      name: 'refresh-credentials',
      everyMs: 30_000,
      firstAfterMs: 5_000,
      run: async (signal) => {
        const candidates = (await deps.accounts.list())
          .filter(({ account }) => account.enabled && maySpeak(account))
          .map(({ account, profile: { accessExpiresAt } }) => ({
            accountId: account.id,
            ...(accessExpiresAt === undefined ? {} : { accessExpiresAt }),
          }))
        const due = deps.tokens.refreshDue(deps.effects.now(), candidates)
        await forEachLimited(due, deps.refreshWidth, async (id) => void (await deps.tokens.refreshNow(id)), signal)
      },
    },
    {
      name: 'poll-quota',
      everyMs: () => deps.poll().everyMs,
      firstAfterMs: 15_000,
      run: async (signal) => {
        const due = deps.pool.list().filter((account) => account.enabled && maySpeak(account) && !rests(account, deps))
        await forEachLimited(due, deps.poll().width, async ({ id }) => void (await deps.check(id)), signal)
      },
    },
  ]
}

/** A suspended account is left alone until a person acts; with a dead sign-in nothing can be asked. */
const maySpeak = ({ health: { state } }: Account): boolean =>
  state !== 'suspended' && state !== 'expired' && state !== 'failing'

/** Spent quota is looked at again when its rest is over, not before. */
const rests = ({ health }: Account, { effects }: UpkeepDeps): boolean =>
  (health.state === 'cooling' || health.state === 'exhausted') && (health.until ?? 0) > effects.now()
