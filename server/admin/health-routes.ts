import { Elysia } from 'elysia'
import type { HealthService } from './health-service.ts'

/** How the process is, and what to send to whoever helps. */
export function healthRoutes(health: HealthService) {
  return new Elysia({ prefix: '/v2/health' })
    .get('/', ({ request }) => health.view(request))
    .get('/report', async ({ request }) => {
      return new Response(await health.report(request), {
        headers: { 'content-type': 'text/markdown; charset=utf-8', 'cache-control': 'no-store' },
      })
    })
}
