import { statfsSync, statSync } from 'node:fs'
import { availableParallelism, release, type } from 'node:os'
import type { MachineState } from '../admin/deps.ts'
import { build } from '../config/build.ts'
import type { Config } from '../config/schema.ts'

/** The process and what it runs on, as it is now. */
export function readMachine(config: Pick<Config, 'dataDir' | 'database' | 'databasePath'>, now: number): MachineState {
  const { rss, heapUsed } = process.memoryUsage()
  const disk = diskOf(config.dataDir)
  return {
    commit: build.commit,
    builtFrom: build.date,
    runtime: `Bun ${Bun.version}`,
    system: `${type()} ${release()} ${process.arch}`,
    cpus: availableParallelism(),
    pid: process.pid,
    startedAt: Math.round(now - process.uptime() * 1_000),
    memoryBytes: rss,
    heapBytes: heapUsed,
    diskFreeBytes: disk?.free ?? null,
    diskTotalBytes: disk?.total ?? null,
    databaseBytes: config.database.type === 'sqlite' ? bytesOf(config.databasePath) : null,
  }
}

function diskOf(folder: string): { readonly free: number; readonly total: number } | undefined {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder)
    return { free: bavail * bsize, total: blocks * bsize }
  } catch {
    return undefined // no such call on this system
  }
}

/** With the log that is not in the file yet. */
const bytesOf = (file: string): number =>
  [file, `${file}-wal`].reduce((sum, one) => sum + (statSync(one, { throwIfNoEntry: false })?.size ?? 0), 0)
