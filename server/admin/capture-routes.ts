import { Elysia } from 'elysia'
import { gatewayError } from '../conversation/error.ts'
import type { CaptureRule } from '../store/store.ts'
import { optionalJsonBody } from './body.ts'
import { type CaptureList, CaptureUpdate, type CaptureView } from './contract/captures.ts'
import type { AdminDeps } from './deps.ts'
import { fail } from './failure.ts'

const hourMs = 3_600_000
const noKey = gatewayError('not-found', 'There is no key with this id.')
const noContent = gatewayError('not-found', 'Prompt and reply of this request were not kept, or not any more.')

/** Which keys' prompts and replies are kept, and what was kept. */
export function captureRoutes({
  store,
  effects,
  capturesChanged,
  log,
}: Pick<AdminDeps, 'store' | 'effects' | 'capturesChanged' | 'log'>) {
  const view = (rule: CaptureRule): CaptureView => ({
    api_key_id: rule.keyId,
    active: rule.until > effects.now(),
    until: new Date(rule.until).toISOString(),
    keep_hours: rule.keepMs / hourMs,
    max_bytes: rule.maxBytes,
  })
  return new Elysia({ prefix: '/v2' })
    .get('/captures', async (): Promise<CaptureList> => ({ captures: (await store.captures.rules()).map(view) }))
    .put(
      '/captures/:keyId',
      async ({ params: { keyId }, body }) => {
        if (!(await store.keys.list()).some(({ id }) => id === keyId)) return fail(noKey)
        const { hours = 1, keep_hours = 24, max_bytes = 65_536 } = body
        const now = effects.now()
        const rule = {
          keyId,
          maxBytes: max_bytes,
          keepMs: keep_hours * hourMs,
          until: now + hours * hourMs,
          createdAt: now,
        }
        await store.captures.saveRule(rule)
        await capturesChanged()
        log('warn', 'capture.started', { keyId, hours })
        return view(rule)
      },
      { parse: optionalJsonBody, body: CaptureUpdate },
    )
    .delete('/captures/:keyId', async ({ params: { keyId } }) => {
      const removed = await store.captures.removeRule(keyId)
      await capturesChanged()
      if (!removed) return fail(gatewayError('not-found', 'Nothing of this key is kept.'))
      log('info', 'capture.stopped', { keyId })
      return { success: true }
    })
    .get('/logs/:id/content', async ({ params }) => (await store.captures.find(params.id)) ?? fail(noContent))
}
