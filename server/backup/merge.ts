import { isNewer, mergeCredentials } from '../admin/account-match.ts'
import { ownerKeySetting } from '../admin/keys-service.ts'
import { isSealed, settingsTable } from '../admin/settings-table.ts'
import type { Effects } from '../lib/effects.ts'
import type { Progress } from '../lib/progress.ts'
import { secondFactorName } from '../store/second-factors.ts'
import type { Store } from '../store/store.ts'
import { isConflict, type KeptTable, keptTableNames, type PlainRow, type WholeStore } from '../store/whole.ts'
import { areSame, type ChangeCount, foundBy, withoutNumber } from './changes.ts'
import { type AccountPair, type Identities, identify } from './identities.ts'

export type MergeOptions = {
  readonly effects: Pick<Effects, 'now' | 'newId' | 'turn'>
  readonly progress: Progress
  readonly changes: ChangeCount
  /** Told of each table that is done. */
  readonly onTable: (name: KeptTable) => void
  /** Why a row cannot stand where it goes in the end. */
  readonly misfit: (table: KeptTable, row: PlainRow) => string | undefined
}

/** What becomes of one row: what is written, or why nothing is. */
type Verdict =
  | { readonly as: 'added' | 'changed'; readonly row: PlainRow }
  | { readonly as: 'same' | 'kept' }
  | { readonly as: 'invalid'; readonly reason: string }

const same: Verdict = { as: 'same' }
const kept: Verdict = { as: 'kept' }

/**
 * Brings what a backup holds (`given`) into what is here, in batches. What only the backup has is added, what both have is as the backup
 * says, what only is here stays. Never taken over something that is here: who signs in to the console and how, strings of keys,
 * sign-ins that are as new, totals, and the audit log. See `docs/backup.md`.
 */
export async function mergeStores(given: Store, here: Store, options: MergeOptions): Promise<void> {
  const { effects, progress, changes } = options
  // What is not summed up yet would be summed up beside what comes.
  for (const { rollups } of [given, here])
    while (!(await rollups.catchUp())) {
      await effects.turn()
    }
  const ids = await identify(given.whole, here.whole, effects.newId)
  const judge = createJudge(ids, here.whole, effects.now())
  for (const name of keptTableNames) {
    progress.about(`Merging ${name}`)
    let before = 0
    for await (const rows of given.whole.read(name)) {
      const renamed = rows.map((row) => ids.renamed(name, row))
      const found = await here.whole.find(name, renamed, foundBy[name])
      const verdicts: Verdict[] = []
      for (const [index, row] of renamed.entries()) {
        const verdict = row.secret === null ? unreadable : await judge(name, row, found[index])
        const misfit = 'row' in verdict ? options.misfit(name, verdict.row) : undefined
        verdicts.push(misfit === undefined ? verdict : { as: 'invalid', reason: misfit })
      }
      await apply(name, verdicts, before, here.whole, changes)
      before += rows.length
      progress.step(rows.length)
      await effects.turn()
    }
    options.onTable(name)
  }
  await here.whole.setSummed()
}

const unreadable: Verdict = { as: 'invalid', reason: 'it was sealed with another key and cannot be opened' }
const brokenRule =
  'it breaks a rule of its table (a value that is there already, out of its range, or that refers to nothing)'

async function apply(
  name: KeptTable,
  verdicts: readonly Verdict[],
  before: number,
  here: WholeStore,
  changes: ChangeCount,
): Promise<void> {
  for (const as of ['added', 'changed'] as const) {
    const write = as === 'added' ? here.write : here.change
    const rows = verdicts.flatMap((verdict, index) => (verdict.as === as ? [{ row: verdict.row, index }] : []))
    if (rows.length === 0) continue
    try {
      await write(
        name,
        rows.map(({ row }) => row),
      )
      changes.count(name, as, rows.length)
      continue
    } catch (error) {
      if (!isConflict(error)) throw error
    }
    for (const { row, index } of rows) {
      try {
        await write(name, [row])
        changes.count(name, as)
      } catch (error) {
        if (!isConflict(error)) throw error
        changes.invalid(name, `row ${before + index + 1}: ${brokenRule}`)
      }
    }
  }
  for (const [index, verdict] of verdicts.entries()) {
    if (verdict.as === 'invalid') changes.invalid(name, `row ${before + index + 1}: ${verdict.reason}`)
    if (verdict.as === 'same' || verdict.as === 'kept') changes.count(name, verdict.as)
  }
}

type Judge = (name: KeptTable, row: PlainRow, here: PlainRow | undefined) => Verdict | Promise<Verdict>

function createJudge(ids: Identities, whole: WholeStore, now: number): Judge {
  const admits = createAdmission(ids, whole)
  return async (name, row, here) => {
    if (here === undefined) {
      if (!(await admits(name, row))) return kept
      return { as: 'added', row: name === 'requests' ? without(row, 'seq') : row }
    }
    // With another sign-in, the account begins anew though all else is the same.
    if (name === 'accounts') return accountVerdict(row, here, ids.accounts.get(String(here.id)), now)
    if (areSame(row, here, withoutNumber(name, Object.keys(here)))) return same
    switch (name) {
      case 'credentials':
        return row.secret === here.secret
          ? same
          : credentialsVerdict(here, ids.accounts.get(String(here.accountId)), now)
      case 'proxies':
        return proxyVerdict(row, here, now)
      case 'sessionSpans':
        return spanVerdict(row, here)
      case 'settings':
        return plainSettings.has(String(row.name)) ? { as: 'changed', row } : kept
      case 'sealedSettings':
        if (!sealedSettings.has(String(row.name))) return kept
        return areSame(row, here, ['secret', 'shown']) ? same : { as: 'changed', row: { ...row, updatedAt: now } }
      default: {
        const stays = ours[name]
        return stays === undefined ? kept : takenVerdict(row, here, stays, now)
      }
    }
  }
}

/** Of what has a row on both sides, the members that stay as they are here; a table that is not named stays as a whole. */
const ours: Partial<Record<KeptTable, readonly string[]>> = {
  users: ['createdAt', 'updatedAt'],
  // Whoever has the key's string goes on with it; one that was renewed does not come back.
  apiKeys: ['hash', 'prefix', 'last4', 'previousHash', 'previousUntil', 'createdAt', 'lastUsedAt'],
  modelMappings: ['createdAt', 'updatedAt'],
  captureRules: ['createdAt'],
  ipBlocks: ['createdAt'],
  ipConfigs: ['createdAt', 'updatedAt'],
}

const plainSettings: ReadonlySet<string> = new Set(
  settingsTable.filter((setting) => !isSealed(setting)).map(({ stored }) => stored),
)
const sealedSettings: ReadonlySet<string> = new Set(settingsTable.filter(isSealed).map(({ stored }) => stored))

function takenVerdict(row: PlainRow, here: PlainRow, stays: readonly string[], now: number): Verdict {
  const taken = Object.keys(here).filter((member) => !stays.includes(member))
  if (areSame(row, here, taken)) return row.hash === here.hash ? same : kept
  return { as: 'changed', row: changedRow(here, picked(row, taken), now) }
}

/** What an operator sets; the rest is what the gateway has seen, which it sees anew. */
const accountSettings = [
  ...['label', 'enabled', 'weight', 'maxInFlight', 'proxyId', 'notes'],
  ...['overage', 'overageCredits', 'overageMicroUsd'],
]
const accountSignIn = ['method', 'region', 'accessExpiresAt', 'lastRefreshAt', 'lastRefreshStatus']
const unknownHealth = { healthUntil: null, healthReason: null, healthKind: null, failures: 0, limits: null }

function accountVerdict(row: PlainRow, here: PlainRow, pair: AccountPair | undefined, now: number): Verdict {
  const filled = ['email', 'userId', 'plan'].filter((member) => here[member] === null)
  const taken = picked(row, [...accountSettings, ...filled])
  if (pair === undefined || signInOf(pair) === undefined) {
    if (areSame(taken, here, Object.keys(taken))) return same
    return { as: 'changed', row: changedRow(here, taken, now) }
  }
  const health = { healthState: 'unchecked', healthSince: now, ...unknownHealth }
  return { as: 'changed', row: changedRow(here, { ...taken, ...picked(row, accountSignIn), ...health }, now) }
}

function credentialsVerdict(here: PlainRow, pair: AccountPair | undefined, now: number): Verdict {
  const taken = pair && signInOf(pair)
  return taken === undefined ? kept : { as: 'changed', row: changedRow(here, { secret: JSON.stringify(taken) }, now) }
}

/** The sign-in to go on with, where the backup's has more to offer than the one here; undefined: it has not. */
function signInOf({ given, here }: AccountPair): ReturnType<typeof mergeCredentials> | undefined {
  if (given.credentials === undefined) return undefined
  const { healthState, accessExpiresAt } = here.row
  const record = {
    account: { health: { state: healthState as 'expired' } }, // the table's rule
    profile: typeof accessExpiresAt === 'number' ? { accessExpiresAt } : {},
  }
  const isTaken = isNewer({ credentials: given.credentials }, { record, credentials: here.credentials })
  return isTaken ? mergeCredentials(given.credentials, here.credentials) : undefined
}

const proxySettings = ['name', 'secret', 'shown', 'weight', 'enabled']
const unknownReach = { healthState: 'unchecked', checkedAt: null, latencyMs: null, failures: 0, healthReason: null }

function proxyVerdict(row: PlainRow, here: PlainRow, now: number): Verdict {
  if (areSame(row, here, proxySettings)) return same
  const reach = row.secret === here.secret ? {} : unknownReach
  return { as: 'changed', row: changedRow(here, { ...picked(row, proxySettings), ...reach }, now) }
}

/** When a conversation began and when it ended. */
function spanVerdict(row: PlainRow, here: PlainRow): Verdict {
  const firstAt = Math.min(Number(row.firstAt), Number(here.firstAt))
  const lastAt = Math.max(Number(row.lastAt), Number(here.lastAt))
  const whole = { ...here, firstAt, lastAt }
  return areSame(whole, here, Object.keys(whole)) ? same : { as: 'changed', row: whole }
}

function changedRow(here: PlainRow, taken: PlainRow, now: number): PlainRow {
  return { ...here, ...taken, ...(Object.hasOwn(here, 'updatedAt') ? { updatedAt: now } : {}) }
}

const picked = (row: PlainRow, members: readonly string[]): PlainRow =>
  Object.fromEntries(members.map((member) => [member, row[member] ?? null]))

function without(row: PlainRow, member: string): PlainRow {
  const { [member]: _, ...rest } = row
  return rest
}

const isOfNewOperator = (name: string, { newOperators }: Identities): boolean =>
  [...newOperators].some((id) => secondFactorName(id) === name)

const dayMs = 86_400_000

/** Whether what only the backup has is added. Totals of one day, or of one subject, are all of one side: nothing counts twice. */
function createAdmission(ids: Identities, whole: WholeStore) {
  const days = new Map<number, boolean>()
  let subject: { readonly name: unknown; readonly isNew: boolean } | undefined
  const isNewDay = async (start: number): Promise<boolean> => {
    const day = start - (start % dayMs)
    const known = days.get(day)
    if (known !== undefined) return known
    const [sum] = await whole.find('requestRollups', [{ grain: dayMs, kind: 'all', start: day, subject: '' }])
    const isNew = sum === undefined
    days.set(day, isNew)
    return isNew
  }
  const isNewSubject = async (name: unknown): Promise<boolean> => {
    if (subject?.name !== name) {
      const [total] = await whole.find('usageCounters', [{ subject: name, period: 'all' }])
      subject = { name, isNew: total === undefined }
    }
    return subject?.isNew === true
  }
  return async (table: KeptTable, row: PlainRow): Promise<boolean> => {
    switch (table) {
      case 'settings': // the rest is of the server the backup was made on
        return plainSettings.has(String(row.name)) || row.name === ownerKeySetting
      case 'sealedSettings':
        return sealedSettings.has(String(row.name)) || isOfNewOperator(String(row.name), ids)
      case 'auditEntries': // a chain, which goes on here
      case 'rollupMarks':
        return false
      case 'usageCounters':
        return isNewSubject(row.subject)
      case 'requestRollups':
      case 'splitRollups':
      case 'latencyRollups':
        return isNewDay(Number(row.start))
      default:
        return true
    }
  }
}
