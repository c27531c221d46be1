import type { KeyView } from '../../../../server/admin/contract/keys.ts'
import type { StandingView } from '../../../../server/admin/contract/used.ts'
import type { UserView } from '../../../../server/admin/contract/users.ts'
import { parseTime } from '../../lib/format.ts'
import { matchesWords } from '../../lib/search.ts'

/** One for each user; the first that fits. */
export const userStates = ['disabled', 'expired', 'reached', 'near', 'active'] as const
export type UserState = (typeof userStates)[number]
export const userFilters = ['all', ...userStates] as const
export type UserFilter = (typeof userFilters)[number]

export const userTabs = ['overview', 'keys', 'addresses', 'requests'] as const
export type UserTab = (typeof userTabs)[number]

/** The keys that belong to nobody in particular: the gateway's owner has them. */
export const ownerId = 'owner'

export const stateTone = {
  disabled: 'neutral',
  expired: 'warning',
  reached: 'danger',
  near: 'warning',
  active: 'success',
} as const satisfies Record<UserState, string>

/** Standings that hold now: what has begun anew since the list was read is at nothing again. */
export const standingNow = (standing: StandingView, now: number): StandingView =>
  (parseTime(standing.resets_at) ?? 0) <= now ? { ...standing, used: 0, state: 'free' } : standing

export const isPast = (at: string | null, now: number): boolean => at !== null && (parseTime(at) ?? 0) <= now

export function userState(user: Pick<UserView, 'enabled' | 'expires_at' | 'standings'>, now: number): UserState {
  if (!user.enabled) return 'disabled'
  if (isPast(user.expires_at, now)) return 'expired'
  const states = user.standings.map((standing) => standingNow(standing, now).state)
  return states.includes('reached') ? 'reached' : states.includes('near') ? 'near' : 'active'
}

export const ratioOf = ({ used, max }: StandingView): number => (max <= 0 ? 0 : used / max)

/** The limit of which the least is left. */
export function tightest(standings: readonly StandingView[], now: number): StandingView | undefined {
  const rank = { reached: 2, near: 1, free: 0 } as const
  return standings
    .map((standing) => standingNow(standing, now))
    .toSorted((a, b) => rank[b.state] - rank[a.state] || ratioOf(b) - ratioOf(a))[0]
}

/** Until when a user who has reached a limit is refused: the last of them to begin anew. */
export function refusedUntil(standings: readonly StandingView[], now: number): number | undefined {
  const ends = standings
    .map((standing) => standingNow(standing, now))
    .filter(({ state }) => state === 'reached')
    .map(({ resets_at }) => parseTime(resets_at) ?? 0)
  return ends.length === 0 ? undefined : Math.max(...ends)
}

export type KeyState = 'disabled' | 'expired' | 'reached' | 'active'

export function keyState(key: Pick<KeyView, 'enabled' | 'expires_at' | 'standings'>, now: number): KeyState {
  const state = userState(key, now)
  return state === 'near' ? 'active' : state
}

/** RFC 3339 of the last use of any of these keys; null: never. */
export const lastUsed = (keys: readonly Pick<KeyView, 'last_used_at'>[]): string | null =>
  keys.reduce<string | null>(
    (latest, { last_used_at: at }) => (at !== null && (parseTime(latest) ?? 0) < (parseTime(at) ?? 0) ? at : latest),
    null,
  )

/** How many users were at work in the last hour. */
export const activeLately = (users: readonly UserView[], now: number): number =>
  users.filter(({ keys }) => now - (parseTime(lastUsed(keys)) ?? 0) < 3_600_000).length

/** By name, e-mail, notes, id, and by the names and ends of the keys. */
export function foundBy(user: UserView, search: string): boolean {
  const ofKeys = user.keys.flatMap(({ name, last4, id }) => [name, last4, id])
  return matchesWords([user.name, user.email ?? '', user.notes ?? '', user.id, ...ofKeys].join(' '), search)
}

export function countStates(users: readonly UserView[], now: number): Readonly<Record<UserFilter, number>> {
  const counts = { all: users.length, disabled: 0, expired: 0, reached: 0, near: 0, active: 0 }
  for (const user of users) counts[userState(user, now)]++
  return counts
}

/** Sorting by it puts trouble first. */
export const severity = (state: UserState): number =>
  ({ reached: 4, expired: 3, near: 2, disabled: 1, active: 0 })[state]
