import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { readImport } from '../upstream/amazonq/import.ts'
import type { AccountImports } from './account-import.ts'
import type { AccountsService } from './accounts-service.ts'
import { jsonBody } from './body.ts'
import { AccountPatch } from './contract/accounts.ts'
import { ImportTexts } from './contract/imports.ts'
import type { AccountDeps } from './deps.ts'
import { fail } from './failure.ts'
import { fedAnswer, importedAnswer, tokensAnswer } from './import-answers.ts'
import { AnyItem, createAccount, imported, preview, textRoute } from './import-routes.ts'

const Word = Type.Optional(Type.String())
const ListQuery = Type.Object({
  status: Word,
  enabled: Word,
  orderBy: Word,
  orderDesc: Word,
  page: Word,
  pageSize: Word,
})

export function accountRoutes(accounts: AccountsService, imports: AccountImports, deps: AccountDeps) {
  return new Elysia({ prefix: '/v2/accounts' })
    .get('/', ({ query }) => accounts.list(query), { query: ListQuery })
    .post('/', ({ body }) => createAccount(accounts, body), { parse: jsonBody, body: AnyItem })
    .post('/feed', ({ body }) => imported(body, imports.keep, fedAnswer, { asOriginal: true }), textRoute)
    .post('/import', ({ body }) => imported(body, imports.keep, importedAnswer, { asOriginal: true }), textRoute)
    .post('/import-by-token', ({ body }) => imported(body, imports.check, tokensAnswer), textRoute)
    .post('/import-preview', ({ body }) => preview(deps, body.sources), { parse: jsonBody, body: ImportTexts })
    .post(
      '/import-checked',
      async ({ body }) => {
        const read = readImport(body.sources)
        return read.ok ? { results: [...(await imports.check(read.value, body.indexes))] } : fail(read.error)
      },
      { parse: jsonBody, body: ImportTexts },
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
