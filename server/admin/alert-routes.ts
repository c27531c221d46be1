import { Elysia } from 'elysia'
import { gatewayError } from '../conversation/error.ts'
import type { Alerts } from './alerts.ts'
import { fail } from './failure.ts'

const noWebhook = gatewayError('invalid-request', 'Set alertWebhookUrl and alertWebhookSecret first.', {
  field: 'alertWebhookUrl',
})

/** What was told to the webhook of late, and a try of it. */
export function alertRoutes(alerts: Alerts) {
  return new Elysia({ prefix: '/v2/alerts' })
    .get('/', () => alerts.list())
    .post('/test', async () => (await alerts.test()) ?? fail(noWebhook))
}
