import type { GatewayError } from '../conversation/error.ts'
import { forEachLimited } from '../lib/each.ts'
import type { Store } from '../store/store.ts'
import type { AdminLog } from './admin-log.ts'
import type { BatchDone, JobItem } from './contract/jobs.ts'
import type { UserBatch } from './contract/users.ts'
import type { DeletedService } from './deleted-service.ts'
import { itemFailure } from './failure.ts'
import type { Progress } from './job-board.ts'
import type { UsersService } from './users-service.ts'

type Deps = {
  readonly store: Pick<Store, 'users'>
  readonly users: Pick<UsersService, 'update' | 'remove'>
  readonly deleted: Pick<DeletedService, 'restore'>
  readonly log: AdminLog
}
type Outcome = { readonly ok: true; readonly word: string } | { readonly ok: false; readonly error: GatewayError }

const pastOf = { enable: 'enabled', disable: 'disabled', delete: 'removed', restore: 'restored' } as const

/** One thing done with many users. Tells how each of them went, and stops when it is cancelled. */
export async function changeUsers(
  { action, ids }: UserBatch,
  { store, users, deleted, log }: Deps,
  progress: Progress,
): Promise<BatchDone> {
  const wanted = [...new Set(ids)]
  progress.expect(wanted.length)
  const results: JobItem[] = []

  const act = async (id: string, isEnabled: boolean | undefined): Promise<Outcome> => {
    const word = pastOf[action]
    if (action === 'delete') {
      const removed = await users.remove(id)
      return removed.ok ? { ok: true, word } : removed
    }
    if (action === 'restore') {
      const restored = await deleted.restore('user', id)
      return restored.ok ? { ok: true, word } : { ok: false, error: restored.error.error }
    }
    const enabled = action === 'enable'
    if (isEnabled === enabled) return { ok: true, word: 'unchanged' }
    const updated = await users.update(id, { enabled })
    return updated.ok ? { ok: true, word } : updated
  }

  await forEachLimited(
    [...wanted.entries()],
    1,
    async ([index, id]) => {
      const before = await store.users.get(id)
      const done = await act(id, before?.enabled)
      const name = (before ?? (await store.users.get(id)))?.name
      const item: JobItem = {
        index,
        id,
        ...(name === undefined ? {} : { name }),
        ...(done.ok ? { ok: true, outcome: done.word } : itemFailure(done.error)),
      }
      results.push(item)
      progress.report(item)
    },
    progress.signal,
  )
  const failed = results.filter(({ ok }) => !ok).length
  log('info', 'user.batch', { action, done: results.length, failed })
  return {
    success: failed === 0 && results.length === wanted.length,
    total: wanted.length,
    done: results.length,
    failed,
    message: `${results.length - failed} of ${wanted.length} users: ${pastOf[action]}.`,
    results: results.toSorted((a, b) => a.index - b.index),
  }
}
