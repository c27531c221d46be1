import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { jsonBody } from './body.ts'
import { pagedQuery } from './contract/common.ts'
import { IpBlockAsk, type IpBlocks, type IpBlockView, IpConfigPatch, IpUnblockAsk } from './contract/ips.ts'
import type { AdminDeps } from './deps.ts'
import { fail } from './failure.ts'
import type { IpsService } from './ips-service.ts'
import { asksForCursor, countsOf, listPage, type Orders, textFilter } from './list-page.ts'

const orders: Orders<IpBlockView> = {
  created_at: ({ created_at }) => created_at,
  ip: ({ ip }) => ip,
  expires_at: ({ expires_at: end }) => end ?? '',
}

/** `/v2/ips/*` but for visitors, which are statistics. */
export function ipRoutes(ips: IpsService, deps: Pick<AdminDeps, 'peerOf'>) {
  return new Elysia({ prefix: '/v2/ips' })
    .get(
      '/blocked',
      async ({ query }) => {
        const { blocked_ips: all } = await ips.blocked()
        const found = all.filter(textFilter(query.q, ({ ip, reason }) => [ip, reason]))
        if (!asksForCursor(query)) return { blocked_ips: found }
        const page = listPage(found, query, { orders, usual: '-created_at', idOf: ({ ip }) => ip })
        if (!page.ok) return fail(page.error)
        const { items, total, nextCursor } = page.value
        const counts = countsOf(found, ({ expires_at: end }) => (end === undefined ? 'for_good' : 'for_a_time'))
        return { blocked_ips: [...items], total, next_cursor: nextCursor, counts } satisfies IpBlocks
      },
      { query: Type.Object(pagedQuery) },
    )
    .post(
      '/block',
      async ({ body, request }) => {
        const blocked = await ips.block(body, deps.peerOf(request).address)
        return blocked.ok ? blocked.value : fail(blocked.error)
      },
      { parse: jsonBody, body: IpBlockAsk },
    )
    .post(
      '/unblock',
      async ({ body }) => {
        const unblocked = await ips.unblock(body.ip)
        return unblocked.ok ? unblocked.value : fail(unblocked.error)
      },
      { parse: jsonBody, body: IpUnblockAsk },
    )
    .get('/config/:ip', async ({ params }) => {
      const config = await ips.config(params.ip)
      return config.ok ? config.value : fail(config.error)
    })
    .put(
      '/config/:ip',
      async ({ params, body }) => {
        const saved = await ips.saveConfig(params.ip, body)
        return saved.ok ? saved.value : fail(saved.error)
      },
      { parse: jsonBody, body: IpConfigPatch },
    )
    .delete('/config/:ip', async ({ params }) => {
      const removed = await ips.removeConfig(params.ip)
      return removed.ok ? removed.value : fail(removed.error)
    })
}
