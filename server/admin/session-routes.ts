import { Elysia } from 'elysia'
import { productName } from '../config/build.ts'
import { gatewayError } from '../conversation/error.ts'
import { headerText } from '../lib/header-text.ts'
import type { AuditTrail } from './audit-trail.ts'
import { jsonBody, openJsonBody } from './body.ts'
import { LoginBody, type LoginResult, PasswordBody, type SessionView } from './contract/session.ts'
import { endedCookie, sessionCookie, sessionIdOf } from './cookie.ts'
import type { AdminDeps } from './deps.ts'
import { fail, retryAfter } from './failure.ts'
import type { Operator } from './operator.ts'
import { askedOf, isHttpsPage } from './origin.ts'
import { resetCommandOf } from './persons.ts'
import type { Refusal } from './refusal.ts'
import { settingIn } from './settings-table.ts'

/** Sign-in, sign-out and the password. */
export function sessionRoutes(deps: AdminDeps, operator: Operator, trail: AuditTrail) {
  const userAgentOf = (request: Request): string => headerText(request.headers.get('user-agent') ?? '')
  /** A demo's password may be changed too, and then the one that was printed opens nothing. */
  const demoPasswordHolds = async (): Promise<boolean> => {
    const password = deps.demo?.password ?? ''
    return deps.passwords.isRemembered(password) || deps.passwords.verify(password)
  }
  const isHttps = (request: Request): boolean => deps.peerOf(request).https || isHttpsPage(request)
  return new Elysia()
    .get('/api/session', async ({ request }): Promise<SessionView> => {
      const known = await operator.bySession(sessionIdOf(request.headers.get('cookie')))
      const signedIn = known !== undefined
      const firstVisit = !signedIn && (await deps.passwords.isFirst())
      return {
        name: productName,
        signedIn,
        mustChangePassword: known?.session.mustChangePassword ?? false,
        setupCodeRequired: !signedIn && (await operator.needsSetupCode(deps.peerOf(request), askedOf(request))),
        firstVisit,
        demo: deps.demo !== undefined,
        ...(deps.demo === undefined ? {} : { demoKey: deps.demo.key }),
        ...(!signedIn && deps.demo !== undefined && (await demoPasswordHolds())
          ? { demoPassword: deps.demo.password }
          : {}),
        namedSignIn: (await deps.store.operators.list()).some(({ enabled }) => enabled),
        ...(signedIn
          ? {
              version: deps.version,
              user: { name: known.actor.name, role: known.actor.role },
              ...lookOf(await deps.store.settings.all()),
            }
          : {}),
        ...(signedIn || deps.demo !== undefined ? {} : { resetCommand: resetCommandOf(deps, request) }),
      }
    })
    .post(
      '/api/login',
      async ({ request, body: { password, user, code: given, setupCode }, set, status }) => {
        const from = deps.peerOf(request)
        const ask = {
          password,
          ...(user === undefined ? {} : { user }),
          ...(given === undefined ? {} : { code: given }),
          ...(setupCode === undefined ? {} : { setupCode }),
          userAgent: userAgentOf(request),
        }
        const signedIn = await operator.signIn(ask, from, askedOf(request))
        if (!signedIn.ok) {
          const { code, message, retryAfterMs } = signedIn.error
          if (code === 'LOCKED') Object.assign(set.headers, retryAfter(retryAfterMs ?? 0))
          const answer: LoginResult = { success: false, message, code }
          if (code === 'LOCKED') return status(429, answer)
          return code === 'SETUP_CODE_LOCKED' ? status(403, answer) : status(401, answer)
        }
        set.headers['set-cookie'] = sessionCookie(signedIn.value.sessionId, isHttps(request))
        const { mustChangePassword, actor } = signedIn.value
        await trail.note(request, actor, 'POST /api/login')
        const answer: LoginResult = { success: true, message: 'Signed in.', mustChangePassword }
        return answer
      },
      { parse: openJsonBody, body: LoginBody },
    )
    .post('/api/logout', async ({ request, set }) => {
      const sessionId = sessionIdOf(request.headers.get('cookie'))
      const known = await operator.bySession(sessionId)
      if (known !== undefined) await trail.note(request, known.actor, 'POST /api/logout')
      if (sessionId !== undefined) await operator.signOut(sessionId)
      set.headers['set-cookie'] = endedCookie(isHttps(request))
      return { success: true }
    })
    .post(
      '/api/password',
      async ({ request, body, set, status }) => {
        const from = deps.peerOf(request)
        const sessionId = sessionIdOf(request.headers.get('cookie')) ?? ''
        const known = await operator.bySession(sessionId)
        if (known === undefined) return fail(gatewayError('authentication', 'Sign in first.'))
        const ask = { ...body, sessionId, userAgent: userAgentOf(request) }
        const changed = await operator.changePassword(ask, known.actor, from)
        if (changed.ok) {
          set.headers['set-cookie'] = sessionCookie(changed.value, isHttps(request))
          return { success: true }
        }
        if ('kind' in changed.error) return fail(changed.error)
        const { message: error, code, retryAfterMs }: Refusal = changed.error
        if (code !== 'LOCKED') return status(403, { error, code, field: 'currentPassword' })
        Object.assign(set.headers, retryAfter(retryAfterMs ?? 0))
        return status(429, { error, code })
      },
      { parse: jsonBody, body: PasswordBody },
    )
}

/** What the settings say about every page. */
function lookOf(stored: Readonly<Record<string, string>>): Pick<SessionView, 'announcement' | 'fullWidth'> {
  const text = String(settingIn(stored, 'announcement_text')).trim()
  return {
    ...(settingIn(stored, 'announcement_enabled') === true && text !== '' ? { announcement: text } : {}),
    ...(settingIn(stored, 'layout_full_width') === true ? { fullWidth: true } : {}),
  }
}
