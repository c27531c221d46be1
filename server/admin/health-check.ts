import type { HealthCheck, HealthView } from './contract/health.ts'

type Level = HealthCheck['level']

export type HealthFacts = Pick<HealthView, 'database' | 'disk' | 'pool'> & {
  readonly keys: number
  readonly now: number
  /** Epoch ms of the newest copy; undefined: there is none. Absent: copies are made elsewhere. */
  readonly backups?: { readonly newestAt: number | undefined }
  /** The page was asked for over TLS, or on the machine itself. */
  readonly encrypted: boolean
  /** A reverse proxy names no visitor. */
  readonly visitorsHidden: boolean
}

const gib = 1024 ** 3
export const lowDiskBytes = gib
const fullDiskBytes = gib / 10
export const staleBackupMs = 7 * 86_400_000

/** What is well and what is not; the words are the reader's. */
export function healthChecks(facts: HealthFacts): readonly HealthCheck[] {
  const check = (
    name: HealthCheck['name'],
    level: Level,
    reason: string,
    params: HealthCheck['params'] = {},
  ): HealthCheck => ({ name, level, reason, params })
  const { database, disk, pool } = facts
  const free = disk.free_bytes
  return [
    check('database', database.writable ? 'pass' : 'fail', database.writable ? 'writable' : 'read-only'),
    ...(free === null
      ? []
      : [
          check(
            'disk',
            free < fullDiskBytes ? 'fail' : free < lowDiskBytes ? 'warn' : 'pass',
            free < lowDiskBytes ? 'low' : 'enough',
            { bytes: free },
          ),
        ]),
    pool.accounts === 0
      ? check('accounts', 'warn', 'none')
      : check('accounts', pool.in_service > 0 ? 'pass' : 'fail', pool.in_service > 0 ? 'serving' : 'none-ready', {
          ready: pool.in_service,
          total: pool.accounts,
        }),
    facts.keys > 0 ? check('keys', 'pass', 'some', { count: facts.keys }) : check('keys', 'warn', 'none'),
    ...backupCheck(facts, check),
    check('encryption', facts.encrypted ? 'pass' : 'warn', facts.encrypted ? 'safe' : 'plain'),
    check('reverse-proxy', facts.visitorsHidden ? 'warn' : 'pass', facts.visitorsHidden ? 'hides-visitors' : 'plain'),
  ]
}

function backupCheck(
  { backups, now }: HealthFacts,
  check: (name: HealthCheck['name'], level: Level, reason: string, params?: HealthCheck['params']) => HealthCheck,
): readonly HealthCheck[] {
  if (backups === undefined) return []
  const { newestAt } = backups
  if (newestAt === undefined) return [check('backup', 'warn', 'none')]
  const days = Math.floor((now - newestAt) / 86_400_000)
  return [check('backup', now - newestAt > staleBackupMs ? 'warn' : 'pass', 'newest', { days })]
}
