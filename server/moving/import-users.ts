import type { Addition } from '../access/ledger.ts'
import { nothing, plus, type Used } from '../access/limits.ts'
import { ownerKeySetting } from '../admin/keys-service.ts'
import type { KeyRecord } from '../store/store.ts'
import { createRenamed, idOf, type Renamed } from './ids.ts'
import type { ImportContext } from './import-context.ts'
import { cutTo, readDay, readUser, totalOf, type UserIn, wasCut } from './user-row.ts'
import { createCells, textOf } from './values.ts'

export type UsersIn = {
  readonly keyOf: (userId: string) => string | undefined
  /** What their ids have become. */
  readonly renamed: Renamed
}

const usersAtOnce = 100

/** Users with their keys and what they have used. `ownerKey`: the system key, which a user's key goes before. */
export async function importUsers(context: ImportContext, ownerKey: KeyRecord | undefined): Promise<UsersIn> {
  const { store, all, tallyOf, now, newId } = context
  const tally = tallyOf('users')
  const keyIds = new Map<string, string>()
  const added = new Map<string, UserIn>()
  const here = new Set((await store.users.list()).map(({ id }) => id))
  const taken = new Set<string>()
  const hashes = new Map((await store.keys.list()).map(({ hash, id }) => [hash, id]))
  let waiting: { readonly user: UserIn['user']; readonly key: KeyRecord }[] = []
  const keyless: string[] = []
  const renamed = createRenamed()
  const write = async (): Promise<void> => {
    if (waiting.length > 0) await store.users.create(waiting)
    waiting = []
  }
  const rows = [...(await all('users')).entries()].map(([ordinal, row]) => {
    const cells = createCells(row)
    const id = idOf(cells, row, 'usr', ordinal, taken)
    taken.add(id)
    renamed.add(cells, id)
    return { cells, read: readUser(cells, id, newId('key'), now) }
  })
  // Of two with one key the original took the one with the smaller id.
  for (const { cells, read } of rows.toSorted((a, b) => (a.read.user.id < b.read.user.id ? -1 : 1))) {
    const { user, key } = read
    if (here.has(user.id)) {
      tally.leftOut(user.id, 'a user of this id is there already')
      continue
    }
    const holder = key === undefined ? undefined : hashes.get(key.hash)
    if (holder !== undefined && holder === ownerKey?.id) {
      await store.keys.remove(holder)
      await store.settings.write({ [ownerKeySetting]: null })
      const shut = user.enabled ? '' : ': that user is switched off, and nobody is let in with it'
      tallyOf('settings').note(`the system key was a user’s too, and is that user’s alone, as it was${shut}`, user.id)
    } else if (holder !== undefined) cells.repair('its API key was another’s too, who keeps it: make one')
    const own = key !== undefined && (holder === undefined || holder === ownerKey?.id) ? key : undefined
    if (own !== undefined) {
      hashes.set(own.hash, own.id)
      keyIds.set(user.id, own.id)
    }
    // A user is made with a key; one nobody knows is taken away again.
    const made = own ?? { ...unknownKey(user.id, newId('key')), createdAt: user.createdAt }
    if (own === undefined) keyless.push(made.id)
    waiting.push({ user, key: made })
    if (waiting.length >= usersAtOnce) await write()
    added.set(user.id, read)
    tally.imported(user.id, cells.repairs)
  }
  await write()
  for (const id of keyless) await store.keys.remove(id)
  await importUsage(context, added, keyIds, renamed)
  return { keyOf: (userId) => keyIds.get(userId), renamed }
}

const unknownKey = (userId: string, id: string): KeyRecord => ({
  id,
  name: 'none',
  hash: id.padEnd(64, '0').slice(0, 64),
  prefix: '',
  last4: '',
  enabled: false,
  userId,
  createdAt: 0,
})

/** Days, months and totals of the users that were added, and of their keys, so that limits go on where they were. */
async function importUsage(
  { store, all, tallyOf }: ImportContext,
  users: ReadonlyMap<string, UserIn>,
  keyIds: ReadonlyMap<string, string>,
  renamed: Renamed,
): Promise<void> {
  const tally = tallyOf('user_token_usage')
  const periods = new Map<string, Map<string, Used>>()
  const add = (userId: string, period: string, used: Used): void => {
    const own = periods.get(userId) ?? new Map<string, Used>()
    const sum = plus(own.get(period) ?? nothing, used)
    own.set(
      period,
      cutTo(sum, () => tally.note(wasCut, userId)),
    )
    periods.set(userId, own)
  }
  const seen = new Set<string>()
  for (const row of await all('user_token_usage')) {
    const cells = createCells(row)
    const name = row.id === null || row.id === undefined ? '' : textOf(row.id)
    const day = readDay(cells, renamed)
    if (typeof day === 'string') tally.leftOut(name, day)
    else if (!users.has(day.userId))
      tally.leftOut(name, 'its user is gone, or was here already with counters of its own')
    else {
      if (seen.has(`${day.userId} ${day.day}`)) cells.repair('there were several rows of one day: they were added up')
      seen.add(`${day.userId} ${day.day}`)
      add(day.userId, day.day, day.used)
      add(day.userId, day.day.slice(0, 7), day.used)
      add(day.userId, 'days', day.used)
      tally.imported(name, cells.repairs)
    }
  }
  const additions: Addition[] = []
  for (const [userId, { total }] of users) {
    const own = periods.get(userId)
    const all = totalOf(total, own?.get('days') ?? nothing, () => tallyOf('users').note(wasCut, userId))
    own?.delete('days')
    const entries = [
      ...(own ?? []),
      ...(all.requests + all.inputTokens + all.outputTokens > 0 ? [['all', all] as const] : []),
    ]
    const keyId = keyIds.get(userId)
    for (const subject of keyId === undefined ? [userId] : [userId, keyId])
      for (const [period, used] of entries) additions.push({ subject, period, used })
  }
  for (let at = 0; at < additions.length; at += 500) {
    await store.usage.write({ add: additions.slice(at, at + 500), open: [], close: [] })
  }
}
