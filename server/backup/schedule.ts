export type BackupSchedule = {
  /** 0: none. */
  readonly everyHours: number
  /** Of the day, for those that are a day or more apart. */
  readonly hour: number
}

const hourMs = 3_600_000

/**
 * Whether a backup is due: the newest is as old as the pause. Those a day or more apart wait for their hour, no longer than a day; an
 * hour less than the pause counts, or each would be a little later than the one before.
 */
export function isBackupDue(
  { everyHours, hour }: BackupSchedule,
  newestAt: number | undefined,
  now: number,
  hourNow: number,
): boolean {
  if (everyHours <= 0) return false
  if (newestAt === undefined) return everyHours < 24 || hourNow === hour
  const age = now - newestAt
  if (everyHours < 24) return age >= everyHours * hourMs
  const isHour = hourNow === hour && age >= (everyHours - 1) * hourMs
  return isHour || age >= (everyHours + 24) * hourMs
}

/** The hour of the day where the operator is. */
export function hourAt(now: number, timeZone: string): number {
  const zone = timeZone === '' ? {} : { timeZone }
  return Number(new Intl.DateTimeFormat('en', { hour: 'numeric', hourCycle: 'h23', ...zone }).format(now))
}
