import { Elysia } from 'elysia'
import type { GatewayError } from '../conversation/error.ts'
import { ok, type Result } from '../lib/result.ts'
import { dayMs, hourMs } from '../store/periods.ts'
import { type GroupAsk, type GroupKind, groupKinds, isOfTime } from '../store/request-groups.ts'
import type { Statistics } from '../store/statistics-collector.ts'
import type { Store } from '../store/store.ts'
import { type RequestStats, StatsQuery } from './contract/logs.ts'
import type { AdminDeps } from './deps.ts'
import { fail } from './failure.ts'
import { invalidRequest } from './invalid-request.ts'
import { invalid } from './limits-form.ts'
import { mostDeleted } from './live-names.ts'
import { readFilter } from './log-query.ts'
import { type NameOf, statsView, totalsView } from './stats-view.ts'
import { isTimeZone } from './time.ts'

/** So many new requests are added up while somebody waits; the rest follows in the background. */
const mostCaughtUp = 2_000
/** Beyond this a series in hours is longer than anybody reads. */
const mostHours = 93 * 24

export function statsRoutes({ store, effects }: Pick<AdminDeps, 'store' | 'effects'>) {
  return new Elysia({ prefix: '/v2/logs' }).get(
    '/stats',
    async ({ query }) => {
      const timeZone = query.zone || ((await store.settings.all()).timezone ?? '')
      if (query.zone && !isTimeZone(query.zone))
        return refused('time-zone', 'zone', 'is no time zone that is known here')
      const asked = readFilter(query, timeZone)
      if (!asked.ok) return fail(asked.error)
      const { filter, requestId } = asked.value
      if (requestId !== undefined)
        return refused('wrong', 'request_id', 'names a single request; statistics are of many')
      const to = filter.to ?? effects.now()
      const from = filter.from ?? to - dayMs
      if (from > to) return refused('order', 'start_time', 'lies after the end')
      const group = readGroup(query)
      if (!group.ok) return fail(group.error)
      const { by } = group.value ?? {}
      const ofTime = by === 'hour' || by === 'day' ? by : undefined
      if (ofTime !== undefined && query.bucket && query.bucket !== ofTime)
        return refused('wrong', 'bucket', `must be ${ofTime}, as the groups are`)
      const bucket = ofTime ?? (query.bucket || (to - from > 3 * dayMs ? 'day' : 'hour'))
      if (bucket !== 'hour' && bucket !== 'day') return refused('wrong', 'bucket', 'must be hour or day')
      if (bucket === 'hour' && to - from > mostHours * hourMs)
        return refused('span', ofTime === undefined ? 'bucket' : 'group', 'must be day for so long a time')
      await store.rollups.catchUp(mostCaughtUp)
      // Local days are put together from hours; where hours are not kept any more, days are UTC's.
      const inHours = bucket === 'hour' || to - from <= mostHours * hourMs
      const told = await store.rollups.read(filter, { from, to, series: inHours ? hourMs : dayMs }, group.value)
      const series = bucket === 'hour' ? hourMs : dayMs
      const period = { from, to, series, timeZone, ...(by === undefined ? {} : { group: by }) } as const
      const view = statsView(told, period, await namesOf(store, told, by))
      if (query.compare !== 'true') return view satisfies RequestStats
      const before = { from: from - (to - from), to: from - 1 }
      const earlier = await store.rollups.read(
        { ...filter, ...before },
        { ...before, series: inHours ? hourMs : dayMs },
      )
      return { ...view, before: totalsView(earlier.total) } satisfies RequestStats
    },
    { query: StatsQuery },
  )
}

const refused = (reason: 'time-zone' | 'wrong' | 'order' | 'span', field: string, text: string) =>
  fail(invalidRequest({ reason }, `${field} ${text}.`, { field }))

const mostGroups = 500
const usualGroups = 100

function readGroup({ group, group_limit: limit }: StatsQuery): Result<GroupAsk | undefined, GatewayError> {
  const by = groupKinds.find((kind) => kind === group)
  if (by === undefined)
    return group === undefined || group === ''
      ? ok(undefined)
      : invalid(
          { reason: 'choice', choices: groupKinds.join(', ') },
          `group must be one of ${groupKinds.join(', ')}.`,
          'group',
        )
  const most = limit === undefined || limit === '' ? usualGroups : Number(limit)
  if (!Number.isInteger(most) || most < 1 || most > mostGroups)
    return invalid(
      { reason: 'range', least: 1, most: mostGroups },
      `group_limit must be a whole number from 1 to ${mostGroups}.`,
      'group_limit',
    )
  return ok({ by, most: isOfTime(by) ? Number.POSITIVE_INFINITY : most })
}

/** Of those on the lists, as they are called now. */
async function namesOf(
  { keys, users, accounts, deleted }: Store,
  { tops, groups }: Statistics,
  by: GroupKind | undefined,
): Promise<NameOf> {
  const idsOf = (kind: 'key' | 'user' | 'account'): ReadonlySet<string> =>
    new Set([...tops[kind].map(({ subject }) => subject), ...(by === kind ? (groups?.list.keys() ?? []) : [])])
  const wanted = idsOf('key')
  const [keyList, userList, accountList] = await Promise.all([
    wanted.size === 0 ? [] : keys.list(),
    Promise.all([...idsOf('user')].map((id) => users.get(id))),
    Promise.all([...idsOf('account')].map((id) => accounts.get(id))),
  ])
  const names = new Map<string, string>([
    ...keyList.filter(({ id }) => wanted.has(id)).map(({ id, name }) => [id, name] as const),
    ...userList.flatMap((user) => (user === undefined ? [] : [[user.id, user.name] as const])),
    ...accountList.flatMap((record) =>
      record === undefined ? [] : [[record.account.id, record.account.label] as const],
    ),
  ])
  const all = [...wanted, ...idsOf('user'), ...idsOf('account')]
  const gone = all.every((id) => names.has(id)) ? [] : (await deleted.list(undefined, mostDeleted)).items
  const former = new Map(gone.map(({ id, name }) => [id, name]))
  return (_, id) => names.get(id) ?? former.get(id)
}
