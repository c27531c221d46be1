import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { gatewayError } from '../conversation/error.ts'
import { consolePaths } from '../dialect/console-chat.ts'
import type { AdminDeps } from './deps.ts'
import { fail } from './failure.ts'

const nobody = gatewayError('shutting-down', 'This process serves no chats.')

const id = (description: string) => Type.Optional(Type.String({ maxLength: 100, description }))
const query = Type.Object({
  account_id: id('the one account that may serve'),
  dry_run: id('`1`: only what would become of it; nothing is sent'),
  user_id: id('as this user: with its rights and its priority, and counted against its limits'),
  beta: Type.Optional(Type.String({ description: 'as the Messages clients send it; nothing rests on it' })),
})

/** Chats of the console and of the original's scripts: signed in as the operator, by the key that is the console's own. */
export function testChatRoutes({ testChat }: Pick<AdminDeps, 'testChat'>) {
  const routes = new Elysia()
  for (const path of consolePaths) {
    routes.post(
      path,
      ({ request, query: { account_id: accountId, user_id: userId } }) =>
        testChat?.(path, request, { ...(accountId && { accountId }), ...(userId && { userId }) }) ?? fail(nobody),
      // Read by the chat itself.
      { parse: () => ({}), query },
    )
  }
  return routes
}
