import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { jsonBody, textBody } from './body.ts'
import { UserCreate, UserPatch } from './contract/users.ts'
import { fail } from './failure.ts'
import type { UsersService } from './users-service.ts'

const query = Type.Object({
  enabled: Type.Optional(Type.String()),
  days: Type.Optional(Type.String()),
  count: Type.Optional(Type.String()),
})

/** `users` and `stats/users` under a prefix: `/v2`, as the original's scripts call them, and the command line's own. */
export function userRoutes<const Prefix extends string>(prefix: Prefix, users: UsersService) {
  return new Elysia({ prefix })
    .get('/stats/users', () => users.totals())
    .get('/users', ({ query: { enabled } }) => users.list(enabled), { query })
    .post(
      '/users',
      async ({ body }) => {
        const created = await users.create(body)
        return created.ok ? created.value : fail(created.error)
      },
      { parse: jsonBody, body: UserCreate },
    )
    .post(
      '/users/batch-vip',
      async ({ query: { count } }) => {
        const created = await users.createBatch(count)
        return created.ok ? created.value : fail(created.error)
      },
      { parse: 'none', query },
    )
    .get('/users/:id', async ({ params }) => {
      const user = await users.get(params.id)
      return user.ok ? user.value : fail(user.error)
    })
    .patch(
      '/users/:id',
      async ({ params, body }) => {
        const updated = await users.update(params.id, body)
        return updated.ok ? updated.value : fail(updated.error)
      },
      { parse: jsonBody, body: UserPatch },
    )
    .delete('/users/:id', async ({ params }) => {
      const removed = await users.remove(params.id)
      return removed.ok ? removed.value : fail(removed.error)
    })
    .post(
      '/users/:id/regenerate-key',
      async ({ params, body }) => {
        const made = await users.regenerateKey(params.id, body)
        return made.ok ? made.value : fail(made.error)
      },
      { parse: optionalBody, body: Type.Object({ key_id: Type.Optional(Type.String({ maxLength: 100 })) }) },
    )
    .get(
      '/users/:id/stats',
      async ({ params, query: { days } }) => {
        const stats = await users.stats(params.id, days)
        return stats.ok ? stats.value : fail(stats.error)
      },
      { query },
    )
}

/** A body that scripts leave out. */
async function optionalBody(context: { readonly request: Request }): Promise<object> {
  const text = (await textBody(context)).trim()
  if (text === '') return {}
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) throw new SyntaxError('not an object')
  return value
}
