import { openAccountBook } from '../admin/account-match.ts'
import type { AccountRecord } from '../store/store.ts'
import type { Credentials } from '../upstream/amazonq/credentials.ts'
import { type AccountIn, readAccount } from './account-row.ts'
import { createRenamed, idOf, type Renamed } from './ids.ts'
import type { ImportContext } from './import-context.ts'
import type { Row } from './source.ts'
import type { Tally } from './tally.ts'
import { type Cells, createCells, textOf } from './values.ts'

type Read = AccountIn & { readonly cells: Cells }

/** Accounts with their sign-ins, filled up with what the copies of token imports know of them. Gives what their ids have become. */
export async function importAccounts(context: ImportContext): Promise<Renamed> {
  const { store, now, maxInFlight, tallyOf } = context
  const tally = tallyOf('accounts')
  const book = await openAccountBook({ store })
  const here = new Set((await store.accounts.list()).map(({ account }) => account.id))
  const taken = new Set<string>()
  const reads: Read[] = []
  const renamed = createRenamed()
  for (const [ordinal, row] of (await context.all('accounts')).entries()) {
    const cells = createCells(row)
    const id = idOf(cells, row, 'acc', ordinal, taken)
    taken.add(id)
    renamed.add(cells, id)
    reads.push({ ...readAccount(cells, id, now, maxInFlight), cells })
    noteLeftBehind(cells, id, tally)
  }
  const copies = await readCopies(context, new Map(reads.map((read) => [read.record.account.id, read])), renamed)
  for (const read of oncePerSignIn(reads, tally)) {
    const { id } = read.record.account
    if (here.has(id)) {
      tally.leftOut(id, 'an account of this id is there already')
      continue
    }
    if (book.match({ credentials: tellingPart(read) })?.by === 'secret') {
      tally.leftOut(id, 'its sign-in is there already')
      continue
    }
    const record = withCopy(read.record, copies.get(id))
    await store.accounts.create(record, read.credentials)
    book.add({ record, credentials: tellingPart(read) })
    tally.imported(id, read.cells.repairs)
  }
  return renamed
}

/** A token of no known form may be a word that stands in many rows: it tells no two of them to be one. */
function tellingPart({ credentials, isOddToken }: Read): Credentials {
  const { refreshToken: _, ...rest } = credentials
  return isOddToken ? rest : credentials
}

/** What ours has no place for, on purpose. */
function noteLeftBehind(cells: Cells, id: string, tally: Tally): void {
  if (cells.has('machine_id') && cells.raw('machine_id') !== '')
    tally.note('machine_id is not used: this gateway says truthfully what it is', id)
  for (const column of ['password', 'username'])
    if (cells.has(column) && cells.raw(column) !== '')
      tally.note(`${column} of the login is not needed and stays in the original alone`, id)
  const region = cells.text('region')?.trim()
  if (region !== undefined && region !== 'us-east-1') tally.note('region had no effect: us-east-1 was and is used', id)
}

/**
 * Two rows with one refresh token would end it for each other. The one that serves, else the one renewed last, stays and takes
 * the counters of both.
 */
function oncePerSignIn(reads: readonly Read[], tally: Tally): readonly Read[] {
  const groups = Map.groupBy(reads, (read) => tellingPart(read).refreshToken ?? `none ${read.record.account.id}`)
  return [...groups.values()].flatMap((group) => {
    const [first, ...others] = group.toSorted(
      (a, b) =>
        Number(b.serves) - Number(a.serves) ||
        (b.record.profile.lastRefreshAt ?? 0) - (a.record.profile.lastRefreshAt ?? 0),
    )
    if (first === undefined) return []
    for (const other of others)
      tally.leftOut(
        other.record.account.id,
        `it is the same sign-in as ${first.record.account.id}, which has its counts`,
      )
    return [others.length === 0 ? first : { ...first, record: withCounts(first.record, others) }]
  })
}

function withCounts(record: AccountRecord, others: readonly Read[]): AccountRecord {
  const sum = (name: 'successCount' | 'errorCount'): number =>
    others.reduce((total, other) => total + other.record.profile[name], record.profile[name])
  return {
    ...record,
    profile: { ...record.profile, successCount: sum('successCount'), errorCount: sum('errorCount') },
  }
}

type Copy = {
  readonly email?: string
  readonly userId?: string
  readonly plan?: string
  readonly used: number
  readonly limit: number
  readonly at: number
}

/** The copies the original keeps of token imports. They tell nothing of accounts that are gone. */
async function readCopies(
  { all, tallyOf, now }: ImportContext,
  accounts: ReadonlyMap<string, Read>,
  renamed: Renamed,
): Promise<ReadonlyMap<string, Copy>> {
  const tally = tallyOf('imported_accounts')
  const copies = new Map<string, Copy>()
  for (const row of await all('imported_accounts')) {
    const cells = createCells(row)
    const name = nameOf(row)
    const named = cells.text('account_id')?.trim()
    const account = named === undefined ? ownerOf(cells, accounts) : renamed.of(named)
    if (account === undefined || !accounts.has(account)) {
      tally.leftOut(name, 'it is a copy of a sign-in whose account is gone; it stays in the original')
      continue
    }
    const [email, userId, plan] = [
      cells.text('email', 255)?.trim(),
      cells.text('q_user_id', 255)?.trim(),
      cells.text('subscription_title')?.trim() ?? cells.text('subscription_type')?.trim(),
    ]
    copies.set(account, {
      ...(email === undefined ? {} : { email }),
      ...(userId === undefined ? {} : { userId }),
      ...(plan === undefined ? {} : { plan }),
      used: cells.amount('usage_current') ?? 0,
      limit: cells.amount('usage_limit') ?? 0,
      at: Math.min(cells.time('imported_at') ?? now, now),
    })
    tally.imported(name, cells.repairs)
  }
  return copies
}

function ownerOf(cells: Cells, accounts: ReadonlyMap<string, Read>): string | undefined {
  const tokens = [cells.text('new_refresh_token', 65_536), cells.text('original_refresh_token', 65_536)]
  return [...accounts].find(([, { credentials }]) => tokens.includes(credentials.refreshToken ?? '-'))?.[0]
}

/** What the account itself says goes before its copy. */
function withCopy({ account, profile }: AccountRecord, copy: Copy | undefined): AccountRecord {
  if (copy === undefined) return { account, profile }
  const { email, userId, plan, used, limit, at } = copy
  return {
    account: {
      ...account,
      ...(account.quota === undefined && limit > 0 ? { quota: { used, limit, readAt: at } } : {}),
    },
    profile: {
      ...(email === undefined ? {} : { email }),
      ...(userId === undefined ? {} : { userId }),
      ...(plan === undefined ? {} : { plan }),
      ...profile,
    },
  }
}

const nameOf = (row: Row): string => (row.id === null || row.id === undefined ? '' : textOf(row.id))
