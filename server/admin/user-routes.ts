import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { jsonBody, nullableJsonBody, optionalJsonBody } from './body.ts'
import { pagedQuery } from './contract/common.ts'
import type { BatchDone } from './contract/jobs.ts'
import {
  Regenerate,
  UserBatch,
  UserCreate,
  type UserPage,
  UserPatch,
  UsersCreate,
  type UserView,
  VipBatch,
} from './contract/users.ts'
import { fail } from './failure.ts'
import { invalidRequest } from './invalid-request.ts'
import { jobAnswer } from './job-answer.ts'
import type { JobBoard, Progress } from './job-board.ts'
import { asksForCursor, countsOf, listPage, type Orders, textFilter } from './list-page.ts'
import type { UsersService } from './users-service.ts'

const Word = Type.Optional(Type.String())

/** `users` and `stats/users` under a prefix: `/v2`, as the original's scripts call them, and the command line's own. */
export function userRoutes<const Prefix extends string>(prefix: Prefix, users: UsersService, jobs: JobBoard) {
  return new Elysia({ prefix })
    .get('/stats/users', () => users.totals())
    .get(
      '/users',
      async ({ query: { enabled, q, ...ask } }) => {
        const all = await users.list(enabled)
        const found = all.filter(textFilter(q, ({ id, name, email = '', notes = '' }) => [id, name, email, notes]))
        // The original's bare list, unless a page is asked for.
        if (!asksForCursor(ask)) return [...found]
        const page = listPage(found, ask, { orders, usual: '-created_at', idOf: ({ id }) => id })
        if (!page.ok) return fail(page.error)
        const { items, total, nextCursor } = page.value
        const counts = countsOf(found, (user) => (user.enabled ? 'enabled' : 'disabled'))
        const list: UserPage = { users: [...items], total, next_cursor: nextCursor, counts }
        return list
      },
      { query: Type.Object({ enabled: Word, ...pagedQuery }) },
    )
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
      ({ query, body, request, set }) => {
        const asked = query.count === undefined ? undefined : Number(query.count)
        if (body.count !== undefined && asked !== undefined && body.count !== asked)
          return fail(
            invalidRequest({ reason: 'twice' }, 'count is another in the query: say it once.', { field: 'count' }),
          )
        const count = body.count ?? asked ?? Number.NaN
        return jobAnswer(jobs, { request, set }, 'users.batch', (progress) => users.createBatch(count, progress), {
          secret: true,
        })
      },
      { parse: nullableJsonBody, body: VipBatch, query: Type.Object({ count: Word }) },
    )
    .post(
      '/users/create-many',
      async ({ body }) => {
        const created = await users.createMany(body)
        return created.ok ? created.value : fail(created.error)
      },
      { parse: jsonBody, body: UsersCreate },
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
      { parse: optionalJsonBody, body: Regenerate },
    )
    .get(
      '/users/:id/stats',
      async ({ params, query: { days } }) => {
        const stats = await users.stats(params.id, days)
        return stats.ok ? stats.value : fail(stats.error)
      },
      { query: Type.Object({ days: Word }) },
    )
}

/** What is done with many users at once, as a job. */
export function userBulkRoutes(jobs: JobBoard, change: (ask: UserBatch, progress: Progress) => Promise<BatchDone>) {
  return new Elysia({ prefix: '/v2/users' }).post(
    '/batch',
    ({ body, ...context }) => jobAnswer(jobs, context, 'users.change', (progress) => change(body, progress)),
    { parse: jsonBody, body: UserBatch },
  )
}

const orders: Orders<UserView> = {
  created_at: ({ created_at }) => created_at,
  name: ({ name }) => name,
  total_tokens_used: (user) => user.total_tokens_used,
  total_requests: (user) => user.total_requests,
  total_cost_usd: (user) => user.total_cost_usd,
  daily_requests: (user) => user.daily_requests,
  monthly_tokens: (user) => user.monthly_tokens,
}
