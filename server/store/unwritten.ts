import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'
import type { UsageBatch } from '../access/ledger.ts'
import { StoreFault } from './engine/fault.ts'
import type { RequestRecord, Store } from './store.ts'

/** What a gateway could not write before it stopped: its database was away. */
export type Unwritten = { readonly usage: UsageBatch; readonly requests: readonly RequestRecord[] }

export const unwrittenFileName = 'unwritten.json'

/** Keeps it in the data folder until the next start; does nothing when there is nothing. */
export function keepUnwritten(dataDir: string, left: Unwritten): boolean {
  const { add, open, close } = left.usage
  if (add.length + open.length + close.length + left.requests.length === 0) return false
  const file = path.join(dataDir, unwrittenFileName)
  const handle = openSync(`${file}.new`, 'w', 0o600)
  try {
    writeSync(handle, JSON.stringify(left))
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(`${file}.new`, file)
  return true
}

/** Writes what an earlier stop has kept. Call it before the calls that were left open are counted. Gives how many rows there were. */
export async function writeKept(dataDir: string, store: Pick<Store, 'usage' | 'requests'>): Promise<number> {
  const file = path.join(dataDir, unwrittenFileName)
  const left = read(file)
  if (left === undefined) return 0
  await store.usage.write(left.usage)
  for (const row of left.requests) {
    await store.requests.append([row]).catch((error: unknown) => {
      if (!(error instanceof StoreFault) || error.kind !== 'conflict') throw error // else it is there already
    })
  }
  rmSync(file)
  return left.usage.add.length + left.requests.length
}

function read(file: string): Unwritten | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Unwritten // as `keepUnwritten` wrote it, whole
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
