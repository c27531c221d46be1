import { createAccountBook, type KnownPerson } from '../admin/account-match.ts'
import { ownerKeySetting } from '../admin/keys-service.ts'
import type { Effects } from '../lib/effects.ts'
import { isPair } from '../store/request-sums.ts'
import { parseColumn } from '../store/row.ts'
import { secondFactorName } from '../store/second-factors.ts'
import type { KeptTable, PlainRow, WholeStore } from '../store/whole.ts'
import type { Credentials } from '../upstream/amazonq/credentials.ts'

/** Things with an id of their own, which may be another here than in a backup. The word begins new ids. */
const words = {
  proxies: 'prx',
  accounts: 'acc',
  users: 'usr',
  apiKeys: 'key',
  modelMappings: 'map',
  operators: 'opr',
  adminTokens: 'adt',
} as const
type Thing = keyof typeof words

/** An account of a backup beside the one here that is the same. */
export type AccountPair = { readonly given: FoundAccount; readonly here: FoundAccount }
type FoundAccount = KnownPerson & { readonly row: PlainRow }

export type Identities = {
  /** A row of a backup with the ids that things have here. */
  readonly renamed: (table: KeptTable, row: PlainRow) => PlainRow
  /** By the id here. */
  readonly accounts: ReadonlyMap<string, AccountPair>
  /** Ids here of console users that only the backup has. */
  readonly newOperators: ReadonlySet<string>
}

type Rows = Pick<WholeStore, 'read'>

/**
 * Finds what a backup and what is here have in common, whatever the ids: accounts as an import recognises them, users by a key of theirs,
 * e-mail or name, keys by their string, proxies by their address, mappings by the name and key they are for, console users by name.
 * Each thing here is at most one of the backup. Of all these there are as many as the server holds in memory anyway.
 */
export async function identify(given: Rows, here: Rows, newId: Effects['newId']): Promise<Identities> {
  const ids: Record<Thing, ReadonlyMap<string, string>> = {
    ...{ proxies: none, accounts: none, users: none, apiKeys: none },
    ...{ modelMappings: none, operators: none, adminTokens: none },
  }
  const of = (thing: Thing, id: unknown): unknown => (typeof id === 'string' ? (ids[thing].get(id) ?? id) : id)
  const settle = (thing: Thing, rows: Sides, pairs: Pairs): void => {
    const taken = new Set(rows.here.map(idOf))
    ids[thing] = new Map(
      rows.given.map((row) => {
        const id = idOf(row)
        const found = pairs.get(id)
        return [id, found === undefined ? (taken.has(id) ? newId(words[thing]) : id) : idOf(found)]
      }),
    )
  }
  const sides = async (table: KeptTable): Promise<Sides> => ({
    given: await all(given, table),
    here: await all(here, table),
  })

  const proxies = await sides('proxies')
  settle('proxies', proxies, paired(proxies, [by('secret'), by('id')]))
  const accounts = await sides('accounts')
  const people = { given: await foundIn(accounts.given, given), here: await foundIn(accounts.here, here) }
  const accountPairs = pairedAccounts(people)
  settle('accounts', accounts, new Map([...accountPairs].map(([id, pair]) => [id, pair.here.row])))
  const keys = await sides('apiKeys')
  const keyPairs = paired(keys, [by('hash'), by('id')])
  settle('apiKeys', keys, keyPairs)
  const users = await sides('users')
  const holders = new Map(keys.given.flatMap((row) => holderOf(row, keyPairs.get(idOf(row)))))
  const userPairs = paired(users, [
    by('id'),
    { of: (row, isHere) => (isHere ? idOf(row) : holders.get(idOf(row))) },
    { of: (row) => folded(row.email), isSole: true },
    { of: (row) => folded(row.name), isSole: true, unless: haveOtherEmails },
  ])
  settle('users', users, userPairs)
  const mappings = await sides('modelMappings')
  const mapped: Mark = {
    of: (row, isHere) => JSON.stringify([row.name, isHere ? row.keyId : of('apiKeys', row.keyId)]),
  }
  settle('modelMappings', mappings, paired(mappings, [mapped, by('id')]))
  const operators = await sides('operators')
  const operatorPairs = paired(operators, [by('folded'), by('id')])
  settle('operators', operators, operatorPairs)
  const tokens = await sides('adminTokens')
  settle('adminTokens', tokens, paired(tokens, [by('hash'), by('id')]))

  const subjectOf = (kind: unknown, subject: unknown): unknown => {
    if (typeof kind !== 'string' || typeof subject !== 'string') return subject
    const kinds = isPair(kind) ? kind.split('+') : [kind]
    const parts = kinds.length === 1 ? [subject] : subject.split('+')
    const ofPart = (part: string, index: number): unknown => {
      const thing = subjectThings[kinds[index] ?? '']
      return thing === undefined ? part : of(thing, part)
    }
    return parts.map(ofPart).join('+')
  }
  const listOf = (text: unknown): unknown => {
    const list: unknown = typeof text === 'string' ? parseColumn(text) : undefined
    return Array.isArray(list) ? JSON.stringify(list.map((id) => of('accounts', id))) : text
  }
  const renamed = (table: KeptTable, row: PlainRow): PlainRow => {
    const changed: Record<string, unknown> = { ...row }
    for (const [member, thing] of Object.entries(refersTo[table] ?? {})) changed[member] = of(thing, row[member])
    if (table === 'users' || table === 'apiKeys') changed.accountIds = listOf(row.accountIds)
    if (table === 'requestRollups' || table === 'splitRollups' || table === 'latencyRollups')
      changed.subject = subjectOf(row.kind, row.subject)
    if (table === 'usageCounters') changed.subject = of('users', of('apiKeys', row.subject))
    if (table === 'settings' && row.name === ownerKeySetting) changed.value = of('apiKeys', row.value)
    if (table === 'sealedSettings') changed.name = factorNames.get(String(row.name)) ?? row.name
    return changed
  }
  const factorNames = new Map(
    [...ids.operators].map(([id, own]) => [secondFactorName(id), secondFactorName(own)] as const),
  )
  return {
    renamed,
    accounts: new Map([...accountPairs.values()].map((pair) => [idOf(pair.here.row), pair])),
    newOperators: new Set([...ids.operators].flatMap(([id, own]) => (operatorPairs.has(id) ? [] : [own]))),
  }
}

const none: ReadonlyMap<string, string> = new Map()

/** Members that hold ids. */
const refersTo: Partial<Record<KeptTable, Readonly<Record<string, Thing>>>> = {
  proxies: { id: 'proxies' },
  accounts: { id: 'accounts', proxyId: 'proxies' },
  credentials: { accountId: 'accounts' },
  accountModels: { accountId: 'accounts' },
  quotaReadings: { accountId: 'accounts' },
  accountEvents: { accountId: 'accounts' },
  users: { id: 'users' },
  apiKeys: { id: 'apiKeys', userId: 'users' },
  modelMappings: { id: 'modelMappings', keyId: 'apiKeys' },
  captureRules: { keyId: 'apiKeys' },
  operators: { id: 'operators' },
  adminTokens: { id: 'adminTokens', subject: 'operators' },
  visitors: { userId: 'users' },
  requests: { keyId: 'apiKeys', userId: 'users', accountId: 'accounts' },
  captures: { keyId: 'apiKeys' },
}

/** Of sums. */
const subjectThings: Readonly<Record<string, Thing>> = { key: 'apiKeys', user: 'users', account: 'accounts' }

type Sides<Row = PlainRow> = { readonly given: readonly Row[]; readonly here: readonly Row[] }
/** The rows here by the ids of the same things in the backup. */
type Pairs = ReadonlyMap<string, PlainRow>
type Mark = {
  /** The same text on both sides: the same thing. */
  readonly of: (row: PlainRow, isHere: boolean) => string | undefined
  /** Only where nothing else on its side has it. */
  readonly isSole?: true
  readonly unless?: (given: PlainRow, here: PlainRow) => boolean
}

const by = (member: string): Mark => ({ of: (row) => textOf(row[member]) })

/** The surest mark first. */
function paired({ given, here }: Sides, marks: readonly Mark[]): Pairs {
  const pairs = new Map<string, PlainRow>()
  const free = new Set(here)
  for (const { of, isSole = false, unless } of marks) {
    const known = groupedBy([...free], (row) => of(row, true))
    const open = given.filter((row) => !pairs.has(idOf(row)))
    const wanted = groupedBy(open, (row) => of(row, false))
    for (const row of open) {
      const mark = of(row, false) ?? ''
      const found = known.get(mark)?.find((one) => free.has(one))
      if (found === undefined || unless?.(row, found) === true) continue
      if (isSole && [known, wanted].some((side) => side.get(mark)?.length !== 1)) continue
      pairs.set(idOf(row), found)
      free.delete(found)
    }
  }
  return pairs
}

/** The same id is the same account unless it is known to be another person's; else who signed in says it. */
function pairedAccounts({ given, here }: Sides<FoundAccount>): ReadonlyMap<string, AccountPair> {
  const pairs = new Map<string, AccountPair>()
  const byId = new Map(here.map((account) => [idOf(account.row), account]))
  const free = new Set(here)
  const pair = (account: FoundAccount, found: FoundAccount): void => {
    pairs.set(idOf(account.row), { given: account, here: found })
    free.delete(found)
  }
  for (const account of given) {
    const found = byId.get(idOf(account.row))
    if (found !== undefined && !areDifferent(account, found)) pair(account, found)
  }
  const book = createAccountBook<FoundAccount>()
  for (const account of free) book.add(account)
  for (const account of given) {
    if (pairs.has(idOf(account.row))) continue
    const { email, userId } = account.record.profile
    const match = book.match({
      credentials: account.credentials ?? nothing,
      ...(email === undefined ? {} : { email }),
      ...(userId === undefined ? {} : { userId }),
    })
    const found = match && byId.get(idOf(match.row))
    if (found !== undefined && free.has(found)) pair(account, found)
  }
  return pairs
}

const nothing: Credentials = { method: 'builder-id', identityRegion: '' }

function areDifferent(one: FoundAccount, other: FoundAccount): boolean {
  const [a, b] = [one.record.profile, other.record.profile]
  return a.userId !== undefined && b.userId !== undefined && a.userId !== b.userId
}

async function foundIn(rows: readonly PlainRow[], from: Rows): Promise<readonly FoundAccount[]> {
  const secrets = new Map((await all(from, 'credentials')).map((row) => [row.accountId, row.secret]))
  return rows.map((row) => {
    const [userId, email] = [textOf(row.userId), textOf(row.email)]
    const profile = {
      method: row.method as Credentials['method'], // the table's rule
      ...(userId === undefined ? {} : { userId }),
      ...(email === undefined ? {} : { email }),
    }
    return { row, record: { profile }, credentials: credentialsOf(secrets.get(row.id)) }
  })
}

/** Undefined: there are none that can be opened. */
const credentialsOf = (secret: unknown): Credentials | undefined =>
  typeof secret === 'string' ? parseColumn<Credentials>(secret) : undefined

function holderOf(key: PlainRow, here: PlainRow | undefined): readonly (readonly [string, string])[] {
  const [own, theirs] = [textOf(key.userId), textOf(here?.userId)]
  return own === undefined || theirs === undefined || key.hash !== here?.hash ? [] : [[own, theirs]]
}

const haveOtherEmails = (given: PlainRow, here: PlainRow): boolean => {
  const [one, other] = [folded(given.email), folded(here.email)]
  return one !== undefined && other !== undefined && one !== other
}

const idOf = (row: PlainRow): string => String(row.id)
const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
const folded = (value: unknown): string | undefined => textOf(value)?.trim().toLowerCase()

function groupedBy(
  rows: readonly PlainRow[],
  of: (row: PlainRow) => string | undefined,
): ReadonlyMap<string, readonly PlainRow[]> {
  const groups = new Map<string, PlainRow[]>()
  for (const row of rows) {
    const mark = of(row)
    if (mark === undefined) continue
    const group = groups.get(mark)
    if (group === undefined) groups.set(mark, [row])
    else group.push(row)
  }
  return groups
}

async function all(from: Rows, table: KeptTable): Promise<readonly PlainRow[]> {
  const rows: PlainRow[] = []
  for await (const some of from.read(table)) rows.push(...some)
  return rows
}
