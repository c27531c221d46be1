import { readFileSync, statSync } from 'node:fs'

/**
 * The process that has a database open, where the system tells (Linux): an SQLite connection in WAL mode holds a lock as long as it
 * lives. The original takes no other precaution against a second program on its file.
 */
export function holderOf(database: string, locks = '/proc/locks'): number | undefined {
  let table: string
  try {
    table = readFileSync(locks, 'utf8')
  } catch {
    return undefined
  }
  const inodes = new Set(
    [database, `${database}-shm`]
      .map((file) => statSync(file, { throwIfNoEntry: false })?.ino)
      .filter((inode) => inode !== undefined),
  )
  for (const line of table.split('\n')) {
    // 1: POSIX  ADVISORY  READ 1234 08:01:5678 1073741826 1073742335
    const [, pid, inode] = /\s(\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s/.exec(line) ?? []
    if (pid !== undefined && Number(pid) !== process.pid && inodes.has(Number(inode))) return Number(pid)
  }
  return undefined
}
