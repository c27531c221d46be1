import { Elysia } from 'elysia'
import { gatewayError } from '../conversation/error.ts'
import type { SignInState } from '../upstream/amazonq/sign-in.ts'
import { text } from './account-draft.ts'
import { accountRoom } from './account-limit.ts'
import type { AccountsService } from './accounts-service.ts'
import { jsonBody } from './body.ts'
import { SignInStart, type SignInStarted, type SignInStatus } from './contract/sign-in.ts'
import type { AdminDeps } from './deps.ts'
import { fail } from './failure.ts'
import { usableProxy } from './proxies-service.ts'

const seconds = (ms: number): number => Math.max(0, Math.ceil(ms / 1000))

/** Device sign-in under a prefix: the console's and the original's `/v2/auth`, the command line's own. */
export function signInRoutes<const Prefix extends string>(prefix: Prefix, deps: AdminDeps, accounts: AccountsService) {
  return new Elysia({ prefix })
    .post(
      '/start',
      async ({ body, request }) => {
        const startUrl = text(body.startUrl)
        const region = text(body.region)
        const label = text(body.label)
        const accountId = text(body.accountId)
        if (accountId !== undefined) {
          const known = await accounts.get(accountId)
          if (!known.ok) return fail({ ...known.error, field: 'accountId' })
        }
        if (accountId === undefined) {
          const room = await accountRoom(deps)
          if (room.left === 0) return fail(room.refusal)
        }
        const proxy = await usableProxy(deps, body.proxyId)
        if (!proxy.ok) return fail(proxy.error)
        const ask = {
          ...(startUrl === undefined ? {} : { startUrl }),
          ...(region === undefined ? {} : { region }),
          ...(label === undefined ? {} : { label }),
          ...(typeof body.enabled === 'boolean' ? { enabled: body.enabled } : {}),
          ...(accountId === undefined ? {} : { accountId }),
          ...(proxy.value === undefined ? {} : { proxyId: proxy.value }),
        }
        const started = await deps.signIns.start(ask, request.signal)
        if (!started.ok) return fail(started.error)
        const { expiresInMs, intervalMs, ...shown } = started.value
        const answer: SignInStarted = { ...shown, expiresIn: seconds(expiresInMs), interval: seconds(intervalMs) }
        return answer
      },
      { parse: jsonBody, body: SignInStart },
    )
    .get('/status/:authId', ({ params }) => {
      const state = deps.signIns.status(params.authId)
      return state === undefined ? fail(unknownSignIn) : signInStatus(state)
    })
    .post('/claim/:authId', async ({ params, request }) => {
      const before = deps.signIns.status(params.authId)
      const state = before && (await deps.signIns.wait(params.authId, request.signal))
      if (state === undefined) return fail(unknownSignIn)
      const { error, code, accountId, status } = signInStatus(state)
      if (status === 'error' && before?.status === 'pending') {
        return fail(gatewayError('upstream-failed', error ?? 'The sign-in failed.'), signInCode(code))
      }
      const account = accountId === null ? undefined : await accounts.get(accountId)
      return { status, accountId, error, ...(account?.ok ? { account: account.value } : {}) }
    })
    .post('/cancel/:authId', ({ params }) => {
      if (deps.signIns.status(params.authId) === undefined) return fail(unknownSignIn)
      return { success: deps.signIns.cancel(params.authId) }
    })
}

const unknownSignIn = gatewayError('not-found', 'There is no such sign-in; it may have ended long ago.')
const signInCode = (code: string | null): string => `SIGN_IN_${(code ?? 'failed').toUpperCase()}`

function signInStatus(state: SignInState): SignInStatus {
  return {
    status: state.status,
    remaining: seconds(state.remainingMs),
    error: state.error ?? null,
    code: state.code ?? null,
    accountId: state.accountId ?? null,
    ...(state.slowedToMs === undefined ? {} : { slowedTo: seconds(state.slowedToMs) }),
  }
}
