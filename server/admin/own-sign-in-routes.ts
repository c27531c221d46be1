import { Elysia } from 'elysia'
import { sha256Hex } from '../access/digest.ts'
import { type Session, sessionName } from '../access/session.ts'
import { gatewayError } from '../conversation/error.ts'
import { type Actor, actorIn, type Entry, owner } from './actor.ts'
import { jsonBody } from './body.ts'
import {
  ConfirmationGive,
  type ConfirmationView,
  SecondFactorBegin,
  SecondFactorConfirm,
  type SecondFactorConfirmed,
  SecondFactorRemove,
  type SecondFactorView,
  type SignedInList,
} from './contract/operators.ts'
import type { AdminDeps } from './deps.ts'
import { fail, failConflict, failRefused } from './failure.ts'
import type { FreshPassword } from './fresh-password.ts'
import type { Gate } from './gate.ts'
import { invalidRequest } from './invalid-request.ts'
import type { Operator } from './operator.ts'
import { sessionLife } from './persons.ts'
import { isoOrNull } from './time.ts'

type Deps = Pick<AdminDeps, 'store' | 'effects' | 'log'>

const wrongNewCode = 'That code is not right: see that the clock of the authenticator is.'
const nothingBegun = 'No second factor was begun, or it is on already.'

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
        return failConflict(
          invalidRequest({ reason: 'second-factor-on' }, 'A second factor is on already: turn it off first.'),
        )
      },
      { parse: jsonBody, body: SecondFactorBegin },
    )
    .post(
      '/confirm',
      async ({ body, request }) => {
        const actor = actorIn(gate.entryOf(request))
        const confirmed = await factors.confirm(actor.subject, body.code)
        if (!confirmed.ok) {
          return fail(
            confirmed.error === 'wrong'
              ? invalidRequest({ reason: 'second-factor-code' }, wrongNewCode, { field: 'code' })
              : invalidRequest({ reason: 'second-factor-gone' }, nothingBegun, { field: 'code' }),
          )
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

/** The password given again, before what must not happen by a session left open: for this session it holds for five minutes. */
export function confirmationRoutes(gate: Gate, operator: Operator, fresh: FreshPassword) {
  const view = async (request: Request): Promise<ConfirmationView> => ({
    validUntil: isoOrNull(fresh.until(request)),
    secondFactor: (await operator.secondFactors.state(actorIn(gate.entryOf(request)).subject)).on,
  })
  return new Elysia({ prefix: '/v2/confirmation' })
    .get('/', ({ request }) => view(request))
    .post(
      '/',
      async ({ body, request }) => {
        const confirmed = await operator.confirm(body, actorIn(gate.entryOf(request)))
        if (!confirmed.ok) {
          return failRefused(confirmed.error, confirmed.error.code.startsWith('SECOND') ? 'code' : 'password')
        }
        fresh.keep(request)
        return view(request)
      },
      { parse: jsonBody, body: ConfirmationGive },
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
