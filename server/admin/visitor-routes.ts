import { Elysia } from 'elysia'
import { isWithin, parseRange } from '../access/ip-range.ts'
import { gatewayError } from '../conversation/error.ts'
import type { Visitor } from '../store/store.ts'
import type { LatencyView, OnlineView, UserIpList, VisitorList } from './contract/visitors.ts'
import type { AdminDeps } from './deps.ts'
import { fail } from './failure.ts'

const mostVisitors = 500
/** So many new requests are added up while somebody waits; the rest follows in the background. */
const mostCaughtUp = 2_000

/** Who came from where, who is here now, and how far away the provider is. */
export function visitorRoutes({
  store,
  effects,
  online,
  providerLatency,
  peerOf,
}: Pick<AdminDeps, 'store' | 'effects' | 'online' | 'providerLatency' | 'peerOf'>) {
  const seconds = (): number => Math.floor(effects.now() / 1000)
  return new Elysia({ prefix: '/v2' })
    .get('/ips/visitors', async ({ request }): Promise<VisitorList> => {
      await store.rollups.catchUp(mostCaughtUp)
      const visitors = await store.visitors.list(mostVisitors)
      const names = new Map((await store.users.list()).map(({ id, name }) => [id, name]))
      const configs = new Map((await store.ips.configs()).map((config) => [config.ip, config]))
      const blocks = (await store.ips.blocks()).flatMap(({ range: text, shown, expiresAt }) => {
        const range = parseRange(text)
        const isOver = expiresAt !== undefined && expiresAt <= effects.now()
        return range === undefined || isOver ? [] : [{ range, shown }]
      })
      return {
        own_ip: peerOf(request).address,
        visitor_ips: visitors.map((visitor) => {
          const name = visitor.lastUserId === undefined ? undefined : names.get(visitor.lastUserId)
          const config = configs.get(visitor.ip)
          const block = blocks.find(({ range }) => isWithin(visitor.ip, range))
          return {
            ...visitView(visitor),
            ...(name === undefined ? {} : { user_name: name }),
            ...(config?.notes === undefined ? {} : { notes: config.notes }),
            rate_limit_rpm: config?.requestsPerMinute ?? 0,
            daily_request_limit: config?.requestsPerDay ?? 0,
            blocked: block !== undefined,
            ...(block === undefined ? {} : { blocked_by: block.shown }),
          }
        }),
      }
    })
    .get('/users/:id/ips', async ({ params }) => {
      if ((await store.users.get(params.id)) === undefined)
        return fail(gatewayError('not-found', 'There is no user with this id.'))
      await store.rollups.catchUp(mostCaughtUp)
      const ips = (await store.visitors.ofUser(params.id)).map(visitView)
      return { ips, count: ips.length } satisfies UserIpList
    })
    .get('/stats/online', (): OnlineView => ({ online_count: online.count(), timestamp: seconds() }))
    .get('/health/aws-latency', async (): Promise<LatencyView> => {
      const ms = await providerLatency()
      if (ms === undefined) {
        const message = 'The provider could not be reached in time.'
        return { latency: -1, status: 'error', timestamp: seconds(), message }
      }
      const latency = Math.max(1, Math.round(ms)) // 0 reads as none
      return { latency, status: latency < 200 ? 'good' : latency < 500 ? 'medium' : 'poor', timestamp: seconds() }
    })
}

const visitView = (visitor: Visitor) => ({
  ip: visitor.ip,
  first_visit: new Date(visitor.firstAt).toISOString(),
  last_visit: new Date(visitor.lastAt).toISOString(),
  request_count: visitor.requests,
  success_count: visitor.requests - visitor.failures,
  ...(visitor.lastUserId === undefined ? {} : { user_id: visitor.lastUserId }),
  request_count_day: visitor.requestsDay,
  request_count_hour: visitor.requestsHour,
})
