import { Elysia } from 'elysia'
import { hasTokenForm, makeAdminToken } from '../access/admin-token.ts'
import { sha256Hex } from '../access/digest.ts'
import { ownerSubject } from '../access/role.ts'
import { type Session, sessionName } from '../access/session.ts'
import { gatewayError } from '../conversation/error.ts'
import type { AdminTokenRecord } from '../store/store.ts'
import { type Actor, type Entry, owner } from './actor.ts'
import { jsonBody } from './body.ts'
import {
  AdminTokenCreate,
  type AdminTokenCreated,
  type AdminTokenList,
  type AdminTokenView,
  OperatorCreate,
  OperatorPatch,
  SecondFactorBegin,
  SecondFactorConfirm,
  type SecondFactorConfirmed,
  SecondFactorRemove,
  type SecondFactorView,
  type SignedInList,
} from './contract/operators.ts'
import type { AdminDeps } from './deps.ts'
import { fail, failConflict, failRefused } from './failure.ts'
import type { Gate } from './gate.ts'
import type { Operator } from './operator.ts'
import { createOperatorsService, type OperatorRefusal } from './operators-service.ts'
import { sessionLife } from './persons.ts'

type Deps = Pick<AdminDeps, 'store' | 'passwords' | 'effects' | 'log'>

const refused = ({ conflict, error }: OperatorRefusal) => (conflict === true ? failConflict(error) : fail(error))
const isoOrNull = (at: number | undefined): string | null => (at === undefined ? null : new Date(at).toISOString())
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
          return fail(gatewayError('invalid-request', 'name must say what the token is for.', { field: 'name' }))
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

/** One's own second factor. Beginning and ending ask for the password again: a session left open must not do either. */
export function secondFactorRoutes({ log }: Deps, gate: Gate, operator: Operator) {
  const factors = operator.secondFactors
  return new Elysia({ prefix: '/v2/second-factor' })
    .get('/', async ({ request }): Promise<SecondFactorView> => {
      const { on, since, recoveryCodes } = await factors.state(actorIn(gate.entryOf(request)).subject)
      return { on, since: isoOrNull(since), recoveryCodesLeft: recoveryCodes }
    })
    .post(
      '/',
      async ({ body, request }) => {
        const actor = actorIn(gate.entryOf(request))
        const confirmed = await operator.confirm({ password: body.password, code: '' }, actor)
        if (!confirmed.ok && confirmed.error.code !== 'SECOND_FACTOR_REQUIRED') {
          return failRefused(confirmed.error, 'password')
        }
        const begun = await factors.begin(actor.subject, actor.name)
        if (begun.ok) return begun.value
        return failConflict(gatewayError('invalid-request', 'A second factor is on already: turn it off first.'))
      },
      { parse: jsonBody, body: SecondFactorBegin },
    )
    .post(
      '/confirm',
      async ({ body, request }) => {
        const actor = actorIn(gate.entryOf(request))
        const confirmed = await factors.confirm(actor.subject, body.code)
        if (!confirmed.ok) {
          const message =
            confirmed.error === 'wrong'
              ? 'That code is not right: see that the clock of the authenticator is.'
              : 'No second factor was begun, or it is on already.'
          return fail(gatewayError('invalid-request', message, { field: 'code' }))
        }
        log('info', 'second-factor.on', { user: actor.name })
        const answer: SecondFactorConfirmed = { recoveryCodes: [...confirmed.value] }
        return answer
      },
      { parse: jsonBody, body: SecondFactorConfirm },
    )
    .post(
      '/remove',
      async ({ body, request }) => {
        const actor = actorIn(gate.entryOf(request))
        const confirmed = await operator.confirm(body, actor)
        if (!confirmed.ok) {
          return failRefused(confirmed.error, confirmed.error.code.startsWith('SECOND') ? 'code' : 'password')
        }
        await factors.remove(actor.subject)
        log('info', 'second-factor.off', { user: actor.name })
        return { success: true }
      },
      { parse: jsonBody, body: SecondFactorRemove },
    )
}

/** Console sign-ins that are alive: everybody's own, and for the owner all. */
export function signedInRoutes({ store }: Deps, gate: Gate, operator: Operator) {
  const { sessions } = operator
  const seenBy = async ({ role, subject }: Actor): Promise<readonly Session[]> =>
    (await sessions.list()).filter((session) => role === 'owner' || session.subject === subject)
  const currentHash = (entry: Entry | undefined): string | undefined =>
    entry?.by === 'session' ? sha256Hex(entry.sessionId) : undefined
  return new Elysia({ prefix: '/v2/sessions' })
    .get('/', async ({ request }): Promise<SignedInList> => {
      const entry = gate.entryOf(request)
      const { longestMs, idleMs } = await sessionLife(store.settings)
      const names = new Map((await store.operators.list()).map(({ id, name }) => [id, name]))
      return {
        sessions: (await seenBy(actorIn(entry))).map((session) => ({
          id: sessionName(session),
          user: names.get(session.subject) ?? owner.name,
          address: session.peer,
          userAgent: session.userAgent,
          signedInAt: new Date(session.createdAt).toISOString(),
          lastSeenAt: new Date(session.lastSeenAt).toISOString(),
          expiresAt: new Date(Math.min(session.createdAt + longestMs, session.lastSeenAt + idleMs)).toISOString(),
          current: session.hash === currentHash(entry),
        })),
      }
    })
    .post('/end-others', async ({ request }) => {
      const entry = gate.entryOf(request)
      const exceptId = entry?.by === 'session' ? entry.sessionId : undefined
      await sessions.closeAll(actorIn(entry).subject, exceptId)
      return { success: true }
    })
    .delete('/:id', async ({ params, request }) => {
      const wanted = (await seenBy(actorIn(gate.entryOf(request)))).find(
        (session) => sessionName(session) === params.id,
      )
      if (wanted === undefined) return fail(gatewayError('not-found', 'There is no such sign-in; it may have ended.'))
      await store.sessions.remove(wanted.hash)
      return { success: true }
    })
}

/** The gate has let nobody else come here. */
function actorIn(entry: Entry | undefined): Actor {
  if (entry === undefined || entry.by === 'nobody') throw new Error('a route was reached around the gate')
  return entry.actor
}
