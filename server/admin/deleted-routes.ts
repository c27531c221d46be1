import { Elysia } from 'elysia'
import { rangeText, shownRange } from '../access/ip-range.ts'
import type { DeletedKind } from '../store/store.ts'
import type { AccountsService } from './accounts-service.ts'
import { jsonBody } from './body.ts'
import { type DeletedPurged, DeletedPurgeQuery, DeletedQuery } from './contract/deleted.ts'
import { IpUnblockAsk } from './contract/ips.ts'
import type { ModelMappingChanged } from './contract/model-mappings.ts'
import type { ProxyChanged } from './contract/proxies.ts'
import type { DeletedService, RestoreRefusal } from './deleted-service.ts'
import { fail, failConflict } from './failure.ts'
import { readRange } from './ips-service.ts'
import type { KeysService } from './keys-service.ts'
import type { ModelMappingsService } from './model-mappings-service.ts'
import type { ProxiesService } from './proxies-service.ts'
import type { UsersService } from './users-service.ts'

export type RestoredParts = {
  readonly accounts: Pick<AccountsService, 'get'>
  readonly users: Pick<UsersService, 'get'>
  readonly keys: Pick<KeysService, 'get'>
  readonly proxies: Pick<ProxiesService, 'get'>
  readonly mappings: Pick<ModelMappingsService, 'get'>
}

const refused = ({ conflict, error }: RestoreRefusal) => (conflict ? failConflict(error) : fail(error))

/** What was deleted and can come back, and the ways back; each answers with the thing as it is again. */
export function deletedRoutes(deleted: DeletedService, { accounts, users, keys, proxies, mappings }: RestoredParts) {
  /** The refusal; undefined: it is back. */
  const restored = async (kind: DeletedKind, id: string) => {
    const done = await deleted.restore(kind, id)
    return done.ok ? undefined : refused(done.error)
  }
  return new Elysia({ prefix: '/v2' })
    .get('/deleted', ({ query: { kind } }) => deleted.list(kind), { query: DeletedQuery })
    .delete(
      '/deleted',
      async ({ query: { kind } }): Promise<DeletedPurged> => ({ success: true, count: await deleted.purgeAll(kind) }),
      { query: DeletedPurgeQuery },
    )
    .delete('/deleted/:id', async ({ params }) => {
      const purged = await deleted.purge(params.id)
      return purged.ok ? { success: true } : fail(purged.error)
    })
    .post('/accounts/:id/restore', async ({ params: { id } }) => {
      const refusal = await restored('account', id)
      if (refusal !== undefined) return refusal
      const account = await accounts.get(id)
      return account.ok ? account.value : fail(account.error)
    })
    .post('/users/:id/restore', async ({ params: { id } }) => {
      const refusal = await restored('user', id)
      if (refusal !== undefined) return refusal
      const user = await users.get(id)
      return user.ok ? user.value : fail(user.error)
    })
    .post('/keys/:id/restore', async ({ params: { id } }) => {
      const refusal = await restored('key', id)
      if (refusal !== undefined) return refusal
      const key = await keys.get(id)
      return key.ok ? key.value : fail(key.error)
    })
    .post('/proxies/:id/restore', async ({ params: { id } }) => {
      const refusal = await restored('proxy', id)
      if (refusal !== undefined) return refusal
      const proxy = await proxies.get(id)
      if (!proxy.ok) return refused(proxy.error)
      const answer: ProxyChanged = { message: 'The proxy is back.', proxy: proxy.value }
      return answer
    })
    .post('/model-mappings/:id/restore', async ({ params: { id } }) => {
      const refusal = await restored('mapping', id)
      if (refusal !== undefined) return refusal
      const mapping = await mappings.get(id)
      if (!mapping.ok) return refused(mapping.error)
      const answer: ModelMappingChanged = { message: 'The mapping is back.', mapping: mapping.value }
      return answer
    })
    .post(
      '/ips/restore',
      async ({ body: { ip } }) => {
        const range = readRange(ip)
        if (!range.ok) return fail(range.error)
        const refusal = await restored('block', rangeText(range.value))
        return refusal ?? { message: 'The address is blocked again.', ip: shownRange(range.value) }
      },
      { parse: jsonBody, body: IpUnblockAsk },
    )
}
