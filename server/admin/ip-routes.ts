import { Elysia } from 'elysia'
import { jsonBody } from './body.ts'
import { IpBlockAsk, IpConfigPatch, IpUnblockAsk } from './contract/ips.ts'
import type { AdminDeps } from './deps.ts'
import { fail } from './failure.ts'
import type { IpsService } from './ips-service.ts'

/** `/v2/ips/*` but for visitors, which are statistics. */
export function ipRoutes(ips: IpsService, deps: Pick<AdminDeps, 'peerOf'>) {
  return new Elysia({ prefix: '/v2/ips' })
    .get('/blocked', () => ips.blocked())
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
