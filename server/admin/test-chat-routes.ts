import { Elysia } from 'elysia'
import { gatewayError } from '../conversation/error.ts'
import type { AdminDeps } from './deps.ts'
import { fail } from './failure.ts'

const nobody = gatewayError('shutting-down', 'This process serves no chats.')

/** Chats of the console and of the original's scripts: signed in as the operator, without a key. */
export function testChatRoutes({ testChat }: Pick<AdminDeps, 'testChat'>) {
  return new Elysia({ prefix: '/v2/test' })
    .post('/messages', ({ request }) => testChat?.('messages', request) ?? fail(nobody), { parse: 'none' })
    .post('/chat/completions', ({ request }) => testChat?.('chat', request) ?? fail(nobody), { parse: 'none' })
}
