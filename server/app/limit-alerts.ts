import { wireNames } from '../access/limits.ts'
import type { Reached } from '../access/reached.ts'
import { type LimitAlert, limitMessage } from '../admin/alert-message.ts'
import type { Logger } from '../observe/log.ts'
import type { Store } from '../store/store.ts'

/** Tells log and alerts that a user or a key has come to 80 % or to the end of a limit, by its name. Never waits. */
export function createLimitAlerts(
  { users, keys }: Pick<Store, 'users' | 'keys'>,
  raise: (alert: LimitAlert) => Promise<void>,
  log: Logger,
): (reached: Reached) => void {
  const nameOf = async ({ kind, id }: Reached['subject']): Promise<string> => {
    const found = kind === 'user' ? await users.get(id) : (await keys.list()).find((key) => key.id === id)
    return found?.name ?? id
  }
  return (reached) => {
    const { subject, limit, percent, used, max } = reached
    log.info('limit.reached', { [`${subject.kind}Id`]: subject.id, limit: wireNames[limit], percent, used, max })
    nameOf(subject)
      .then((name) => raise(limitMessage(reached, name)))
      .catch((error: unknown) => log.error('alert.failed', { cause: String(error) }))
  }
}
