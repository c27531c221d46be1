import { Elysia } from 'elysia'
import { hasTokenForm, makeAdminToken } from '../access/admin-token.ts'
import { sha256Hex } from '../access/digest.ts'
import { ownerSubject } from '../access/role.ts'
import { gatewayError } from '../conversation/error.ts'
import type { AdminTokenRecord } from '../store/store.ts'
import { type Actor, actorIn, owner } from './actor.ts'
import { jsonBody } from './body.ts'
import {
  AdminTokenCreate,
  type AdminTokenCreated,
  type AdminTokenList,
  type AdminTokenView,
  OperatorCreate,
  OperatorPatch,
} from './contract/operators.ts'
import type { AdminDeps } from './deps.ts'
import { fail, failConflict } from './failure.ts'
import type { Gate } from './gate.ts'
import { invalidRequest } from './invalid-request.ts'
import type { Operator } from './operator.ts'
import { createOperatorsService, type OperatorRefusal } from './operators-service.ts'
import { isoOrNull } from './time.ts'

type Deps = Pick<AdminDeps, 'store' | 'passwords' | 'effects' | 'log'>

const refused = ({ conflict, error }: OperatorRefusal) => (conflict === true ? failConflict(error) : fail(error))
const dayMs = 86_400_000

/** The people who sign in by name. */
export function operatorRoutes(deps: Deps, operator: Operator) {
  const operators = createOperatorsService({ ...deps, secondFactors: operator.secondFactors })
  return new Elysia({ prefix: '/v2/operators' })
    .get('/', () => operators.list())
    .post(
      '/',
      async ({ body }) => {
        const created = await operators.create(body)
        return created.ok ? created.value : refused(created.error)
      },
      { parse: jsonBody, body: OperatorCreate },
    )
    .get('/:id', async ({ params }) => {
      const found = await operators.get(params.id)
      return found.ok ? found.value : refused(found.error)
    })
    .patch(
      '/:id',
      async ({ params, body }) => {
        const updated = await operators.update(params.id, body)
        return updated.ok ? updated.value : refused(updated.error)
      },
      { parse: jsonBody, body: OperatorPatch },
    )
    .delete('/:id', async ({ params }) => {
      const removed = await operators.remove(params.id)
      return removed.ok ? { success: true } : refused(removed.error)
    })
}

/** Tokens of scripts: everybody's own, and for the owner all. */
export function adminTokenRoutes({ store, effects, log }: Deps, gate: Gate) {
  const isSeenBy = (actor: Actor, token: AdminTokenRecord): boolean =>
    actor.role === 'owner' || token.subject === actor.subject
  const view = async (token: AdminTokenRecord): Promise<AdminTokenView> => ({
    id: token.id,
    name: token.name,
    last4: token.last4,
    scopes: [...token.scopes],
    owner: token.subject === ownerSubject ? owner.name : ((await store.operators.get(token.subject))?.name ?? ''),
    createdAt: new Date(token.createdAt).toISOString(),
    expiresAt: isoOrNull(token.expiresAt),
    lastUsedAt: isoOrNull(token.lastUsedAt),
    lastAddress: token.lastPeer ?? null,
  })
  return new Elysia({ prefix: '/v2/admin-tokens' })
    .get('/', async ({ request }): Promise<AdminTokenList> => {
      const actor = actorIn(gate.entryOf(request))
      const seen = (await store.adminTokens.list()).filter((token) => isSeenBy(actor, token))
      return { tokens: await Promise.all(seen.map(view)) }
    })
    .post(
      '/',
      async ({ body, request }) => {
        const actor = actorIn(gate.entryOf(request))
        const name = body.name.trim()
        if (name === '' || hasTokenForm(name)) {
          return fail(
            invalidRequest({ reason: 'token-name' }, 'name must say what the token is for.', { field: 'name' }),
          )
        }
        const token = makeAdminToken()
        const now = effects.now()
        const record: AdminTokenRecord = {
          id: effects.newId('adt'),
          name,
          hash: sha256Hex(token),
          last4: token.slice(-4),
          scopes: [...new Set(body.scopes)],
          subject: actor.subject,
          createdAt: now,
          ...(body.expiresInDays === undefined ? {} : { expiresAt: now + body.expiresInDays * dayMs }),
        }
        await store.adminTokens.create(record)
        log('info', 'admin-token.created', { tokenId: record.id, name, scopes: record.scopes.join(' ') })
        const answer: AdminTokenCreated = { ...(await view(record)), token }
        return answer
      },
      { parse: jsonBody, body: AdminTokenCreate },
    )
    .delete('/:id', async ({ params, request }) => {
      const actor = actorIn(gate.entryOf(request))
      const token = (await store.adminTokens.list()).find(({ id }) => id === params.id)
      if (token === undefined || !isSeenBy(actor, token) || !(await store.adminTokens.remove(token.id))) {
        return fail(gatewayError('not-found', 'There is no admin token with this id.'))
      }
      log('info', 'admin-token.revoked', { tokenId: token.id })
      return { success: true }
    })
}
