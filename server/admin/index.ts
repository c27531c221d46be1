import { type Context, Elysia } from 'elysia'
import type { AdminDeps } from './deps.ts'
import { completeFailure } from './failure.ts'
import { createGate, type Gate } from './gate.ts'
import { createOperator } from './operator.ts'
import { isRead } from './permissions.ts'
import type { AdminRoutes, RouteName } from './routes.ts'
import { createStreamGuard } from './stream-guard.ts'

export type Admin = {
  /** All of `/api/*` and `/v2/*`, to be mounted with `.use()`: the console's API, the original's scripts' and the command line's. */
  readonly admin: Elysia
  /** What keeps an admin credential from a route of this API, for one it was sent to in another API. */
  readonly faultOfBearer: Gate['faultOfBearer']
  readonly routes: () => Promise<readonly RouteName[]>
}

/**
 * The door to the admin API. What is behind it, a hundred routes with their schemas, is loaded for the first who is let
 * in: a server that only serves models never holds it.
 */
export function openAdmin(deps: AdminDeps): Admin {
  const operator = createOperator(deps)
  const gate = createGate(deps, operator)
  const guard = createStreamGuard(deps.effects)
  let opening: Promise<AdminRoutes> | undefined
  const open = (): Promise<AdminRoutes> => {
    opening ??= import('./routes.ts').then(({ createRoutes }) => createRoutes(deps, operator, gate))
    return opening
  }
  const admin = new Elysia({ name: 'admin' })
  const handle = async ({ request, path, server }: Context): Promise<Response> => {
    const refused = await gate.check(request, path)
    if (refused !== undefined) return completeFailure(refused, deps.requestIdOf?.(request))
    // Sign-ins and checks take longer than the server keeps a silent connection.
    if (gate.entryOf(request)?.by !== 'nobody') server?.timeout(request, 0)
    const { answer } = await open()
    const response = await completeFailure(await answer(request, path), deps.requestIdOf?.(request))
    if (isRead(request.method)) return guard.watch(response, () => gate.stillIn(request, path))
    // Whatever was changed may have ended somebody's sign-in: what it opened ends with it.
    void guard.look()
    return response
  }
  for (const path of ['/api/*', '/v2/*']) {
    // GET by name: the router asks a method's own routes first, and the console takes every GET that is nobody's.
    admin.get(path, handle)
    admin.all(path, handle, { parse: 'none' })
  }
  return { admin, faultOfBearer: gate.faultOfBearer, routes: async () => (await open()).names }
}

export const createAdmin = (deps: AdminDeps): Elysia => openAdmin(deps).admin
