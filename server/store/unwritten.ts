import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import type { UnwrittenUsage, UsageBatch } from '../access/ledger.ts'
import { plus } from '../access/limits.ts'
import type { Credentials } from '../upstream/amazonq/credentials.ts'
import type { Vault } from '../vault/vault.ts'
import { credentialsContext } from './credentials.ts'
import { StoreFault } from './engine/fault.ts'
import type { RequestRecord } from './request-record.ts'
import type { Store } from './store.ts'

/** What a gateway could not write: its database is away. */
export type Unwritten = { readonly usage: UnwrittenUsage; readonly requests: readonly RequestRecord[] }

/**
 * Keeps in the data folder what waits in memory for the database, so that a process that is killed meanwhile loses the last moment
 * at most. Lines are appended; the last word on counters and on each account's tokens counts.
 */
export type UnwrittenKeeper = {
  /** Adds what is new since the last call. */
  readonly keep: (left: Unwritten) => void
  /** Writes all of it anew, to the disk: the process ends. False: there is nothing to keep. */
  readonly keepLast: (left: Unwritten) => boolean
  /** Renewed tokens the database has not; undefined: it has them now. */
  readonly keepTokens: (accountId: string, credentials: Credentials | undefined) => void
  /** The database has everything that was kept. Tokens stay until it has those too. */
  readonly clear: () => void
  readonly stats: () => { readonly bytes: number }
}

type Line =
  | readonly ['request', RequestRecord]
  | readonly ['usage', UnwrittenUsage]
  /** Sealed; null: no longer needed. */
  | readonly ['tokens', string, string | null]

export const unwrittenFileName = 'unwritten.jsonl'
const fileOf = (dataDir: string): string => path.join(dataDir, unwrittenFileName)
/** Beyond this the file is written anew, with what still waits; that is bounded itself. */
const mostBytes = 64 * 1024 * 1024

export function createUnwrittenKeeper(dataDir: string, vault: Vault): UnwrittenKeeper {
  const file = fileOf(dataDir)
  const tokens = new Map<string, string>()
  let kept = new WeakSet<RequestRecord>()
  let usage = ''
  let bytes = 0

  const write = (text: string): void => {
    if (bytes === 0) closeSync(openSync(file, 'a', 0o600))
    appendFileSync(file, text)
    bytes += Buffer.byteLength(text)
  }
  /** What `left` adds to what is in the file. */
  const linesOf = ({ usage: counters, requests }: Unwritten): string => {
    const lines: Line[] = requests.filter((row) => !kept.has(row)).map((row) => ['request', row])
    for (const row of requests) kept.add(row)
    const text = textOf([['usage', counters]])
    const isNews = text !== usage && (usage !== '' || sizeOf(counters) > 0)
    if (isNews) usage = text
    return textOf(lines) + (isNews ? text : '')
  }
  const rewrite = (left?: Unwritten): void => {
    kept = new WeakSet()
    usage = ''
    const text =
      textOf([...tokens].map(([id, sealed]): Line => ['tokens', id, sealed])) +
      (left === undefined ? '' : linesOf(left))
    bytes = Buffer.byteLength(text)
    if (text === '') return void rmSync(file, { force: true })
    const handle = openSync(`${file}.new`, 'w', 0o600)
    try {
      writeFileSync(handle, text)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    renameSync(`${file}.new`, file)
  }
  return {
    keep: (left) => {
      const text = linesOf(left)
      if (text !== '') write(text)
      if (bytes > mostBytes) rewrite(left)
    },
    keepLast: (left) => {
      rewrite(left)
      return bytes > 0
    },
    keepTokens: (accountId, credentials) => {
      const sealed =
        credentials &&
        Buffer.from(vault.seal(JSON.stringify(credentials), credentialsContext(accountId))).toString('base64')
      if (sealed !== undefined) tokens.set(accountId, sealed)
      else if (!tokens.delete(accountId)) return
      write(textOf([['tokens', accountId, sealed ?? null]]))
    },
    clear: () => {
      if (bytes > 0) rewrite()
    },
    stats: () => ({ bytes }),
  }
}

const textOf = (lines: readonly Line[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('')
const rowsOf = ({ add, open, close }: UsageBatch): number => add.length + open.length + close.length
const sizeOf = ({ underWay, pending }: UnwrittenUsage): number =>
  rowsOf(pending) + (underWay === undefined ? 0 : rowsOf(underWay))

const rowsAtATime = 200

/**
 * Writes what an earlier process has kept. Call it before the calls that were left open are counted. Killed in the middle it can be
 * done again: rows have ids, and counters the number of the batch they were to be. Gives how many rows there were.
 */
export async function writeKept(
  dataDir: string,
  store: Pick<Store, 'usage' | 'requests' | 'accounts'>,
  vault: Vault,
): Promise<number> {
  if (!existsSync(fileOf(dataDir))) return 0
  const { requests, usage, tokens } = read(fileOf(dataDir))
  for (const [accountId, sealed] of tokens) await saveTokens(store.accounts, vault, accountId, sealed)
  for (let at = 0; at < requests.length; at += rowsAtATime) {
    const rows = requests.slice(at, at + rowsAtATime)
    await append(store, rows).catch(async (error: unknown) => {
      if (!isConflict(error)) throw error
      for (const row of rows) {
        await append(store, [row]).catch((fault: unknown) => {
          if (!isConflict(fault)) throw fault // else it is there already
        })
      }
    })
  }
  if (usage !== undefined) await writeUsage(store, usage)
  rmSync(fileOf(dataDir))
  return requests.length + tokens.size + (usage === undefined ? 0 : sizeOf(usage))
}

const append = ({ requests }: Pick<Store, 'requests'>, rows: readonly RequestRecord[]): Promise<void> =>
  requests.append(rows)
const isConflict = (error: unknown): boolean => error instanceof StoreFault && error.kind === 'conflict'

/** Batches are whole: one behind the batch that was under way holds all that waited then. */
async function writeUsage({ usage }: Pick<Store, 'usage'>, kept: UnwrittenUsage): Promise<void> {
  const { mark, underWay, pending } = kept
  const there = await usage.mark()
  const written = there?.epoch === mark.epoch ? there.number : 0
  if (written > mark.number) return
  const isUnderWayLost = underWay !== undefined && written < mark.number
  const batches = isUnderWayLost ? [underWay, pending] : [pending]
  const whole = {
    add: batches.flatMap(({ add }) => add),
    open: batches.flatMap(({ open }) => open),
    close: batches.flatMap(({ close }) => close),
  }
  await usage.write(merged(whole), { ...mark, number: mark.number + 1 })
}

/** A statement of many rows has each subject and period once. */
function merged(batch: UsageBatch): UsageBatch {
  const rows = new Map<string, UsageBatch['add'][number]>()
  for (const row of batch.add) {
    const key = `${row.subject}\n${row.period}`
    const before = rows.get(key)
    rows.set(key, before === undefined ? row : { ...row, used: plus(before.used, row.used) })
  }
  return { ...batch, add: [...rows.values()] }
}

/** Unless the account has newer ones: it was signed in anew. */
async function saveTokens(
  { credentials }: Store['accounts'],
  vault: Vault,
  accountId: string,
  sealed: string,
): Promise<void> {
  const opened = vault.unseal(Buffer.from(sealed, 'base64'), credentialsContext(accountId))
  if (!opened.ok) return
  const kept = JSON.parse(opened.value) as Credentials // as `keepTokens` sealed it
  const stored = await credentials.load(accountId)
  if (stored === undefined || (stored.accessExpiresAt ?? 0) >= (kept.accessExpiresAt ?? 0)) return
  await credentials.save(accountId, kept)
}

function read(file: string) {
  const requests: RequestRecord[] = []
  const tokens = new Map<string, string>()
  let usage: UnwrittenUsage | undefined
  for (const text of readFileSync(file, 'utf8').split('\n')) {
    const line = parsed(text)
    if (line === undefined) continue
    if (line[0] === 'request') requests.push(line[1])
    else if (line[0] === 'usage') usage = line[1]
    else if (line[2] === null) tokens.delete(line[1])
    else tokens.set(line[1], line[2])
  }
  return { requests, tokens, usage }
}

/** The last line may have been cut. */
function parsed(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line // our own
  } catch {
    return undefined
  }
}
