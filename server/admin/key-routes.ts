import { Elysia } from 'elysia'
import { jsonBody, optionalJsonBody } from './body.ts'
import { KeyCreate, type KeyList, KeyPatch, KeyQuery, KeyRegenerate, type KeyView } from './contract/keys.ts'
import { fail } from './failure.ts'
import type { KeysService } from './keys-service.ts'
import { asksForCursor, countsOf, listPage, type Orders, textFilter } from './list-page.ts'

const orders: Orders<KeyView> = {
  created_at: ({ created_at }) => created_at,
  name: ({ name }) => name,
  last_used_at: ({ last_used_at }) => last_used_at ?? '',
}

/** Client keys under a prefix: the console's `/v2/keys`, the command line's own. */
export function keyRoutes<const Prefix extends string>(prefix: Prefix, keys: KeysService) {
  return new Elysia({ prefix })
    .get(
      '/',
      async ({ query }) => {
        const { keys: all } = await keys.list(query.internal === 'true')
        const found = all.filter(textFilter(query.q, ({ id, name, last4 }) => [id, name, last4]))
        // All of them, as ever, unless a page is asked for.
        if (!asksForCursor(query)) return { keys: found, count: found.length } satisfies KeyList
        const page = listPage(found, query, { orders, usual: '-created_at', idOf: ({ id }) => id })
        if (!page.ok) return fail(page.error)
        const { items, total, nextCursor } = page.value
        const counts = countsOf(found, ({ enabled }) => (enabled ? 'enabled' : 'disabled'))
        const list: KeyList = { keys: [...items], count: items.length, total, next_cursor: nextCursor, counts }
        return list
      },
      { query: KeyQuery },
    )
    .get('/:id', async ({ params }) => {
      const found = await keys.get(params.id)
      return found.ok ? found.value : fail(found.error)
    })
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
    .post(
      '/:id/regenerate',
      async ({ params, body: { grace_seconds: grace = 0 } }) => {
        const made = await keys.regenerate(params.id, grace * 1_000)
        return made.ok ? made.value : fail(made.error)
      },
      { parse: optionalJsonBody, body: KeyRegenerate },
    )
    .delete('/:id/previous', async ({ params }) => {
      const ended = await keys.endPrevious(params.id)
      return ended.ok ? ended.value : fail(ended.error)
    })
    .delete('/:id', async ({ params }) => {
      const removed = await keys.remove(params.id)
      return removed.ok ? { success: true } : fail(removed.error)
    })
}
