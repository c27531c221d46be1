import { Elysia } from 'elysia'
import { pricesAsOf, pricesSource } from '../catalog/prices.ts'
import { jsonBody } from './body.ts'
import { SettingsUpdate } from './contract/settings.ts'
import type { AdminDeps } from './deps.ts'
import { fail } from './failure.ts'
import type { Gate } from './gate.ts'
import type { SettingsService } from './settings-service.ts'

/** `PUT` and `PATCH` are one: both change what is given. */
export function settingsRoutes(
  settings: SettingsService,
  gate: Gate,
  deps: Pick<AdminDeps, 'availableModels' | 'live' | 'peerOf'>,
) {
  const save = async ({ body, request }: { readonly body: SettingsUpdate; readonly request: Request }) => {
    const saved = await settings.update(body, gate.entryOf(request)?.by === 'password', deps.peerOf(request).address)
    if (!saved.ok) return fail(saved.error)
    deps.live.hub.publish('settings', 'settings', { names: Object.keys(body).slice(0, 100) })
    deps.live.watch.changed()
    return saved.value
  }
  const how = { parse: jsonBody, body: SettingsUpdate }
  return new Elysia({ prefix: '/v2' })
    .get('/settings', () => settings.get())
    .get('/settings/fields', () => settings.fields())
    .put('/settings', save, how)
    .patch('/settings', save, how)
    .get('/models', async () => ({
      models: await deps.availableModels(),
      prices: { as_of: pricesAsOf, source: pricesSource },
    }))
}
