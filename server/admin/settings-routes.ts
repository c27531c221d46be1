import { Elysia } from 'elysia'
import { jsonBody } from './body.ts'
import { SettingsUpdate } from './contract/settings.ts'
import type { AdminDeps } from './deps.ts'
import { fail } from './failure.ts'
import type { Gate } from './gate.ts'
import type { SettingsService } from './settings-service.ts'

export function settingsRoutes(settings: SettingsService, gate: Gate, deps: Pick<AdminDeps, 'availableModels'>) {
  return new Elysia({ prefix: '/v2' })
    .get('/settings', () => settings.get())
    .put(
      '/settings',
      async ({ body, request }) => {
        const saved = await settings.update(body, gate.entryOf(request)?.by === 'password')
        return saved.ok ? saved.value : fail(saved.error)
      },
      { parse: jsonBody, body: SettingsUpdate },
    )
    .get('/models', async () => ({ models: await deps.availableModels() }))
}
