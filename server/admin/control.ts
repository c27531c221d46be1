import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { isInternalKey } from '../access/console-key.ts'
import { readImport } from '../upstream/amazonq/import.ts'
import type { AccountImports } from './account-import.ts'
import { type AccountsService, accountStates, unreadableAccounts } from './accounts-service.ts'
import { backupControlRoutes } from './backup-routes.ts'
import { jsonBody } from './body.ts'
import type { AdminDeps } from './deps.ts'
import { fail } from './failure.ts'
import { tokensAnswer } from './import-answers.ts'
import { AnyItem, createAccount, preview, textRoute } from './import-routes.ts'
import { keyRoutes } from './key-routes.ts'
import type { KeysService } from './keys-service.ts'
import { modelMappingRoutes } from './model-mapping-routes.ts'
import type { ModelMappingsService } from './model-mappings-service.ts'
import { proxyStates } from './proxies-service.ts'
import { signInRoutes } from './sign-in-routes.ts'
import { resetPassword } from './stored-passwords.ts'
import { successionRoutes } from './succession-routes.ts'
import { userRoutes } from './user-routes.ts'
import type { UsersService } from './users-service.ts'

/**
 * What the other subcommands ask a running server (`/api/control/*`), guarded by the token it wrote at its start: it holds the
 * database and the tokens, and both have one owner. The same functions as the console's routes.
 */
export function controlRoutes(
  deps: AdminDeps,
  {
    accounts,
    imports,
    keys,
    users,
    mappings,
  }: {
    readonly accounts: AccountsService
    readonly imports: AccountImports
    readonly keys: KeysService
    readonly users: UsersService
    readonly mappings: ModelMappingsService
  },
) {
  return new Elysia()
    .use(signInRoutes('/api/control/sign-in', deps, accounts))
    .use(keyRoutes('/api/control/keys', keys))
    .use(userRoutes('/api/control', users, deps.live.jobs))
    .use(modelMappingRoutes('/api/control/model-mappings', mappings))
    .get('/api/control/accounts', async () => ({ accounts: await accountStates(deps, deps.effects.now()) }))
    .post('/api/control/accounts', ({ body }) => createAccount(accounts, body), { parse: jsonBody, body: AnyItem })
    .post(
      '/api/control/accounts/import',
      async ({ body }) => {
        const read = readImport([{ text: body }])
        return read.ok ? tokensAnswer(await imports.check(read.value)) : fail(read.error)
      },
      textRoute,
    )
    .post('/api/control/accounts/import-preview', ({ body }) => preview(deps, [{ text: body }]), textRoute)
    .post('/api/control/accounts/:id/check', async ({ params }) => {
      const checked = await accounts.check(params.id)
      if (!checked.ok) return fail(checked.error)
      const models = (await deps.store.accounts.loadModels(params.id)).get(params.id)?.models ?? []
      return { ...checked.value, models: models.map(({ id }) => id) }
    })
    .delete('/api/control/accounts/:id', async ({ params }) => {
      const removed = await accounts.remove(params.id)
      return removed.ok ? { success: true } : fail(removed.error)
    })
    .post(
      '/api/control/password',
      async ({ body }) => {
        const reset = await resetPassword(deps, body)
        return reset.ok ? { password: reset.value } : fail(reset.error)
      },
      {
        parse: jsonBody,
        body: Type.Object({ password: Type.Optional(Type.String()), user: Type.Optional(Type.String()) }),
      },
    )
    .use(backupControlRoutes(deps))
    .use(successionRoutes(deps))
    .get('/api/control/audit/verify', () => deps.store.audit.verify())
    .get('/api/control/doctor', async () => ({
      version: deps.version,
      port: deps.port(),
      store: await deps.store.describe(),
      keyCount: (await deps.store.keys.list()).filter((key) => !isInternalKey(key)).length,
      firstPassword: await deps.passwords.isFirst(),
      accounts: await accountStates(deps, deps.effects.now()),
      unreadableAccounts: await unreadableAccounts(deps),
      ...(await proxyStates(deps)),
      ...(await deps.doctor?.()),
    }))
}
