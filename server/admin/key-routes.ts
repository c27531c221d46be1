import { Elysia } from 'elysia'
import { jsonBody } from './body.ts'
import { KeyCreate } from './contract/keys.ts'
import { fail } from './failure.ts'
import type { KeysService } from './keys-service.ts'

/** Client keys under a prefix: the console's `/v2/keys`, the command line's own. */
export function keyRoutes<const Prefix extends string>(prefix: Prefix, keys: KeysService) {
  return new Elysia({ prefix })
    .get('/', () => keys.list())
    .post(
      '/',
      async ({ body }) => {
        const created = await keys.create(body.name)
        return created.ok ? created.value : fail(created.error)
      },
      { parse: jsonBody, body: KeyCreate },
    )
    .delete('/:id', async ({ params }) => {
      const removed = await keys.remove(params.id)
      return removed.ok ? { success: true } : fail(removed.error)
    })
}
