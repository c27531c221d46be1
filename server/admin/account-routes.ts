import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { readImport } from '../upstream/amazonq/import.ts'
import type { AccountBulk } from './account-bulk.ts'
import { accountChoices } from './account-choices.ts'
import { exportAccounts } from './account-export.ts'
import type { AccountImports } from './account-import.ts'
import { eventView } from './account-view.ts'
import { type AccountsService, unknownAccount } from './accounts-service.ts'
import { jsonBody, jsonBodyOrList, optionalJsonBody } from './body.ts'
import {
  type AccountEvents,
  AccountPatch,
  accountFilter,
  ExportAsk,
  ExportFormat,
  ResetStats,
} from './contract/accounts.ts'
import { pageQuery } from './contract/common.ts'
import { ImportTexts } from './contract/imports.ts'
import { AccountBatch } from './contract/jobs.ts'
import type { AdminDeps } from './deps.ts'
import { readDirectImport } from './direct-import.ts'
import { fail } from './failure.ts'
import type { FreshPassword } from './fresh-password.ts'
import { fedAnswer, importedAnswer, tokensAnswer } from './import-answers.ts'
import { AnyItem, createAccount, imported, preview, textRoute } from './import-routes.ts'
import { invalidRequest } from './invalid-request.ts'
import { jobAnswer } from './job-answer.ts'
import type { JobBoard } from './job-board.ts'

const Word = Type.Optional(Type.String())
const ListQuery = Type.Object({
  ...accountFilter,
  enabled: Word,
  orderBy: Word,
  orderDesc: Word,
  page: Word,
  pageSize: Word,
  page_size: Word,
  ...pageQuery,
})
const only = { only: true }

export type AccountParts = {
  readonly accounts: AccountsService
  readonly imports: AccountImports
  readonly bulk: AccountBulk
  readonly jobs: JobBoard
  readonly fresh: FreshPassword
}

export function accountRoutes({ accounts, imports, bulk, jobs, fresh }: AccountParts, deps: AdminDeps) {
  const exported = async (request: Request, { password, format = 'gateway', ids }: ExportAsk) => {
    const shown = await fresh(request, password)
    if (!shown.ok) return shown.refusal
    const list = await exportAccounts(deps.store.accounts, { secrets: shown.given, format, ...(ids && { ids }) })
    deps.log(shown.given ? 'warn' : 'info', 'account.exported', {
      count: list.length,
      masked: !shown.given,
      peer: deps.peerOf(request).address,
    })
    return [...list]
  }
  return new Elysia({ prefix: '/v2/accounts' })
    .get(
      '/',
      async ({ query }) => {
        const list = await accounts.list(query)
        return list.ok ? list.value : fail(list.error)
      },
      { query: ListQuery },
    )
    .get('/ids', ({ query }) => accounts.ids(query), { query: Type.Object(accountFilter) })
    .post('/', ({ body }) => createAccount(accounts, body), { parse: jsonBodyOrList, body: AnyItem })
    .post(
      '/feed',
      ({ body, ...context }) =>
        imported(body, jobs, context, 'accounts.feed', imports.keep, fedAnswer, { asOriginal: true }),
      textRoute,
    )
    .post(
      '/import',
      ({ body, ...context }) =>
        imported(body, jobs, context, 'accounts.import', imports.keep, importedAnswer, { asOriginal: true }),
      textRoute,
    )
    .post(
      '/direct-import',
      ({ body, ...context }) => {
        const read = readDirectImport(body)
        if (!read.ok) return fail(read.error)
        return jobAnswer(jobs, context, 'accounts.direct-import', async (progress) =>
          importedAnswer(await imports.keep(read.value, progress)),
        )
      },
      textRoute,
    )
    .post(
      '/import-by-token',
      ({ body, ...context }) => imported(body, jobs, context, 'accounts.import-by-token', imports.check, tokensAnswer),
      textRoute,
    )
    .post('/import-preview', ({ body }) => preview(deps, body.sources), { parse: jsonBody, body: ImportTexts })
    .post(
      '/import-checked',
      ({ body, ...context }) => {
        const read = readImport(body.sources)
        if (!read.ok) return fail(read.error)
        return jobAnswer(jobs, context, 'accounts.import-checked', async (progress) => ({
          results: [...(await imports.check(read.value, progress, body.indexes))],
        }))
      },
      { parse: jsonBody, body: ImportTexts },
    )
    .get('/export', ({ request, query }) => exported(request, query), {
      query: Type.Object({ format: Type.Optional(ExportFormat) }),
    })
    .post('/export', ({ request, body }) => exported(request, body), {
      parse: optionalJsonBody,
      body: ExportAsk,
    })
    .post(
      '/batch',
      ({ body, ...context }) => {
        const missing = body.action === 'set-weight' ? 'weight' : body.action === 'set-proxy' ? 'proxyId' : undefined
        if (missing !== undefined && body[missing] === undefined)
          return fail(invalidRequest({ reason: 'missing' }, `${missing} is missing.`, { field: missing }))
        return jobAnswer(jobs, context, `accounts.batch-${body.action}`, (progress) => bulk.batch(body, progress))
      },
      {
        parse: jsonBody,
        body: AccountBatch,
      },
    )
    .post('/enable-all', (context) =>
      jobAnswer(jobs, context, 'accounts.enable-all', (progress) => bulk.switchAll(true, progress), only),
    )
    .post('/disable-all', (context) =>
      jobAnswer(jobs, context, 'accounts.disable-all', (progress) => bulk.switchAll(false, progress), only),
    )
    .post('/sync-emails', (context) => jobAnswer(jobs, context, 'accounts.sync-emails', bulk.syncEmails, only))
    .post('/refresh-quotas', (context) => jobAnswer(jobs, context, 'accounts.refresh-quotas', bulk.refreshQuotas, only))
    .post('/reset-stats', ({ body }) => bulk.resetStats(body), { parse: optionalJsonBody, body: ResetStats })
    .get('/incomplete', () => bulk.incomplete())
    .delete('/incomplete', (context) =>
      jobAnswer(jobs, context, 'accounts.remove-incomplete', bulk.removeIncomplete, only),
    )
    .delete('/suspended', (context) =>
      jobAnswer(jobs, context, 'accounts.remove-suspended', bulk.removeSuspended, only),
    )
    .get('/:id', async ({ params }) => {
      const found = await accounts.get(params.id)
      return found.ok ? found.value : fail(found.error)
    })
    .get('/:id/choices', async ({ params }) => {
      const told = await accountChoices(deps, params.id)
      return told.ok ? told.value : fail(told.error)
    })
    .get('/:id/events', async ({ params }) => {
      if ((await deps.store.accounts.get(params.id)) === undefined) return fail(unknownAccount.error)
      return { events: (await deps.store.accounts.events(params.id)).map(eventView) } satisfies AccountEvents
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
        const read = await accounts.quota(params.id, ['true', '1'].includes(query.refresh ?? ''))
        return read.ok ? read.value : fail(read.error)
      },
      { query: Type.Object({ refresh: Word, resourceType: Word }) },
    )
}
