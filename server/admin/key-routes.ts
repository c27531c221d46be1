import { Elysia } from 'elysia'
import { jsonBody } from './body.ts'
import { KeyCreate, KeyPatch } from './contract/keys.ts'
import { fail } from './failure.ts'
import type { KeysService } from './keys-service.ts'

/** Client keys under a prefix: the console's `/v2/keys`, the command line's own. */
export function keyRoutes<const Prefix extends string>(prefix: Prefix, keys: KeysService) {
  return new Elysia({ prefix })
    .get('/', () => keys.list())
    .post(
      '/',
      async ({ body }) => {
        const created = await keys.create(body)
        return created.ok ? created.value : fail(created.error)
      },
      { parse: jsonBody, body: KeyCreate },
    )
    .patch(
      '/:id',
      async ({ params, body }) => {
        const updated = await keys.update(params.id, body)
        return updated.ok ? updated.value : fail(updated.error)
      },
      { parse: jsonBody, body: KeyPatch },
    )
    .post('/:id/regenerate', async ({ params }) => {
      const made = await keys.regenerate(params.id)
      return made.ok ? made.value : fail(made.error)
    })
    .delete('/:id', async ({ params }) => {
      const removed = await keys.remove(params.id)
      return removed.ok ? { success: true } : fail(removed.error)
    })
}
