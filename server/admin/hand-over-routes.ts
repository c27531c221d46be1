import { Elysia } from 'elysia'
import { createLockout } from '../access/lockout.ts'
import type { GatewayError } from '../conversation/error.ts'
import type { Result } from '../lib/result.ts'
import type { AuditTrail } from './audit-trail.ts'
import { openJsonBody, optionalJsonBody } from './body.ts'
import { HandOverAsk, HandOverCreate, type HandOverOpened } from './contract/hand-overs.ts'
import type { AdminDeps } from './deps.ts'
import { fail, refuse, retryAfter } from './failure.ts'
import { createHandOversService } from './hand-overs-service.ts'
import { locked } from './refusal.ts'

/** Links for keys: making them is an admin's; opening one is for whoever holds it, and gives no other right. */
export function handOverRoutes(
  deps: Pick<AdminDeps, 'store' | 'effects' | 'keysChanged' | 'log' | 'peerOf' | 'memory'>,
  trail: AuditTrail,
) {
  const links = createHandOversService(deps)
  const lockout = createLockout(deps.effects.now, undefined, undefined, deps.memory)

  /** Who guesses is slowed down; a link that was good once is no guess. */
  const tried = async <T>(request: Request, ask: () => Promise<Result<T, GatewayError>>) => {
    const peer = deps.peerOf(request)
    const wait = lockout.enter(peer)
    if (wait > 0) {
      const { code, message: error } = locked(wait)
      return { refusal: refuse(429, { error, code }, retryAfter(wait)) }
    }
    const answer = await ask()
    if (answer.ok || answer.error.code !== 'HAND_OVER_UNKNOWN') lockout.succeeded(peer)
    return answer.ok ? { value: answer.value } : { refusal: fail(answer.error) }
  }

  return new Elysia()
    .post(
      '/v2/keys/:id/hand-over',
      async ({ params, body }) => {
        const made = await links.create(params.id, body)
        return made.ok ? made.value : fail(made.error)
      },
      { parse: optionalJsonBody, body: HandOverCreate },
    )
    .delete('/v2/keys/:id/hand-over', async ({ params }) => {
      const revoked = await links.revoke(params.id)
      return revoked.ok ? { success: true } : fail(revoked.error)
    })
    .post(
      '/api/hand-over',
      async ({ request, body }) => {
        const looked = await tried(request, () => links.look(body.token))
        return looked.value ?? looked.refusal
      },
      { parse: openJsonBody, body: HandOverAsk },
    )
    .post(
      '/api/hand-over/open',
      async ({ request, body }) => {
        const opened = await tried(request, () => links.open(body.token))
        if (opened.value === undefined) return opened.refusal
        const { key, record } = opened.value
        const bearer = { kind: 'link', id: record.id, name: `link for ${record.name}` } as const
        await trail.note(request, bearer, 'POST /api/hand-over/open', record.id)
        const answer: HandOverOpened = { key, key_name: record.name }
        return answer
      },
      { parse: openJsonBody, body: HandOverAsk },
    )
}
