import path from 'node:path'
import type { BackupFacts } from '../admin/attention.ts'
import type { BackupAccess } from '../admin/deps.ts'
import type { Live } from '../admin/live.ts'
import { hourAt, isBackupDue } from '../backup/schedule.ts'
import type { BackupDeps } from '../backup/service.ts'
import type { Job } from '../jobs/scheduler.ts'
import { type StoredSettings, settingOf } from './pool-settings.ts'

const defaultFolder = 'backups'
/** After one that failed: the log is not filled with the same fault. */
const pauseAfterFaultMs = 3_600_000

/** When the newest copy was made on purpose; a database that is no file is copied by its own tools. */
export async function newestCopy(
  { dataDir, database }: BackupDeps['config'],
  stored: StoredSettings,
): Promise<BackupFacts | undefined> {
  if (database.type !== 'sqlite') return undefined
  const { listBackups } = await import('../backup/file-backup.ts')
  const times = listBackups(folderOf(dataDir, stored)).map(({ at }) => at)
  return { newestAt: times.length === 0 ? undefined : Math.max(...times) }
}

const folderOf = (dataDir: string, stored: StoredSettings): string =>
  path.resolve(dataDir, String(settingOf(stored, 'backup_folder')) || defaultFolder)

type Given = Omit<BackupDeps, 'policy'> & { readonly stored: () => StoredSettings }

/** Loaded for whoever makes or restores a backup. */
export function createBackupAccess({ stored, ...deps }: Given): BackupAccess {
  const policy: BackupDeps['policy'] = () => ({
    folder: folderOf(deps.config.dataDir, stored()),
    keep: Number(settingOf(stored(), 'backup_keep')),
  })
  let loaded: Promise<BackupAccess> | undefined
  const access = (): Promise<BackupAccess> => {
    loaded ??= import('../backup/service.ts').then(({ createBackups }) => createBackups({ ...deps, policy }))
    return loaded
  }
  return {
    original: async (secrets) => (await access()).original(secrets),
    portable: async (ask) => (await access()).portable(ask),
    toFile: async (...args) => (await access()).toFile(...args),
    files: async () => (await access()).files(),
    find: async (name) => (await access()).find(name),
    remove: async (name) => (await access()).remove(name),
    lastRestore: async () => (await access()).lastRestore(),
    restore: async (...args) => (await access()).restore(...args),
  }
}

/** Backup files with nobody asking, as the settings have it. */
export function backupJob(
  { files, toFile }: BackupAccess,
  stored: () => StoredSettings,
  jobs: Live['jobs'],
  now: () => number,
): Job {
  let failedAt: number | undefined
  return {
    name: 'back-up',
    everyMs: 60_000,
    run: async () => {
      const settings = stored()
      const everyHours = Number(settingOf(settings, 'backup_interval_hours'))
      if (everyHours === 0 || (failedAt !== undefined && now() - failedAt < pauseAfterFaultMs)) return
      const hour = Number(settingOf(settings, 'backup_hour'))
      const newest = (await files()).files.find(({ kind }) => kind === 'copy')
      const newestAt = newest === undefined ? undefined : Date.parse(newest.created_at)
      const hourNow = hourAt(now(), String(settingOf(settings, 'timezone')))
      if (!isBackupDue({ everyHours, hour }, newestAt, now(), hourNow)) return
      const started = jobs.start('backup.scheduled', async (progress) => {
        progress.expect(1)
        const made = await toFile(undefined, undefined, progress.signal)
        failedAt = made.ok ? undefined : now()
        progress.report(
          made.ok
            ? { ok: true, outcome: 'written', name: made.value.file }
            : { ok: false, outcome: 'failed', error: made.error.message },
        )
      })
      if (started.ok) await started.value.answer
    },
  }
}
