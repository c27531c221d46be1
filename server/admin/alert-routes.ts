import { Elysia } from 'elysia'
import type { Alerts } from './alerts.ts'
import { fail } from './failure.ts'
import { invalidRequest } from './invalid-request.ts'

const noWebhook = invalidRequest({ reason: 'alerts-lack' }, 'Set alertWebhookUrl and alertWebhookSecret first.', {
  field: 'alertWebhookUrl',
})

/** What was told to the webhook of late, and a try of it. */
export function alertRoutes(alerts: Alerts) {
  return new Elysia({ prefix: '/v2/alerts' })
    .get('/', () => alerts.list())
    .post('/test', async () => (await alerts.test()) ?? fail(noWebhook))
}
