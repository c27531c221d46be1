import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { jsonBody, ownJsonBody } from './body.ts'
import type { AdminDeps } from './deps.ts'
import { fail, refuse } from './failure.ts'
import type { News } from './succession.ts'

export const successionPath = '/api/control/succession'

export function successionRoutes({ succession }: Pick<AdminDeps, 'succession'>) {
  const absent = () => refused('There is no server here.')
  return new Elysia({ prefix: successionPath })
    .post(
      '/begin',
      async ({ body }) => {
        const begun = await succession?.begin(body.pid)
        return begun === undefined ? absent() : begun.ok ? begun.value : refused(begun.error)
      },
      { parse: jsonBody, body: Type.Object({ pid: Type.Integer() }) },
    )
    .post('/port', () => (succession === undefined ? absent() : { shared: succession.openPort() }))
    .post('/leave', () => {
      succession?.leave()
      return { success: true }
    })
    .post('/restart', async () => {
      const done = await succession?.restart()
      return done === undefined ? absent() : done.ok ? done.value : refused(done.error)
    })
    .post(
      '/news',
      async ({ body }) => {
        // Said by our own program, under a token nobody else can read.
        await succession?.hear(body.news as readonly News[])
        return { success: true }
      },
      { parse: ownJsonBody, body: Type.Object({ news: Type.Array(Type.Unknown()) }) },
    )
    .post(
      '/token',
      async ({ body }) => {
        if (succession === undefined) return absent()
        const renewed = await succession.renew(body.accountId, body.token)
        return renewed.ok ? { success: true } : fail(renewed.error)
      },
      { parse: jsonBody, body: Type.Object({ accountId: Type.String(), token: Type.Optional(Type.String()) }) },
    )
}

const refused = (error: string): Response => refuse(409, { error, code: 'CONFLICT' })
