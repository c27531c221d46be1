import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { gatewayError } from '../conversation/error.ts'
import type { AccountImports } from './account-import.ts'
import type { AccountsService } from './accounts-service.ts'
import { jsonBody } from './body.ts'
import { AccountCreate, AccountFeed, AccountImport, AccountPatch, TokenImportItem } from './contract/accounts.ts'
import { fail } from './failure.ts'

const Word = Type.Optional(Type.String())
const ListQuery = Type.Object({
  status: Word,
  enabled: Word,
  orderBy: Word,
  orderDesc: Word,
  page: Word,
  pageSize: Word,
})

export function accountRoutes(accounts: AccountsService, imports: AccountImports) {
  return new Elysia({ prefix: '/v2/accounts' })
    .get('/', ({ query }) => accounts.list(query), { query: ListQuery })
    .post(
      '/',
      async ({ body }) => {
        const created = await accounts.create(body)
        return created.ok ? created.value : fail(created.error)
      },
      { parse: jsonBody, body: AccountCreate },
    )
    .post('/feed', ({ body }) => imports.feed(body.accounts), { parse: jsonBody, body: AccountFeed })
    .post('/import', ({ body }) => imports.importAll(body), { parse: jsonBody, body: AccountImport })
    .post(
      '/import-by-token',
      async ({ body }) => {
        if (body.length === 0) return fail(gatewayError('invalid-request', 'The list is empty.'))
        return imports.importTokens(body)
      },
      { parse: jsonBody, body: Type.Array(TokenImportItem, { maxItems: 5000 }) },
    )
    .post('/enable-all', () => accounts.switchAll(true))
    .post('/disable-all', () => accounts.switchAll(false))
    .get('/:id', async ({ params }) => {
      const found = await accounts.get(params.id)
      return found.ok ? found.value : fail(found.error)
    })
    .patch(
      '/:id',
      async ({ params, body }) => {
        const updated = await accounts.update(params.id, body)
        return updated.ok ? updated.value : fail(updated.error)
      },
      { parse: jsonBody, body: AccountPatch },
    )
    .delete('/:id', async ({ params }) => {
      const removed = await accounts.remove(params.id)
      return removed.ok ? { success: true } : fail(removed.error)
    })
    .post('/:id/refresh', async ({ params }) => {
      const checked = await accounts.check(params.id)
      return checked.ok ? checked.value : fail(checked.error)
    })
    .get(
      '/:id/quota',
      async ({ params, query }) => {
        const read = await accounts.quota(params.id, query.refresh === 'true')
        return read.ok ? read.value : fail(read.error)
      },
      { query: Type.Object({ refresh: Word, resourceType: Word }) },
    )
}
