import { Elysia } from 'elysia'
import { gatewayError } from '../conversation/error.ts'
import { jsonBody } from './body.ts'
import { ToolConfigSave } from './contract/devtools.ts'
import type { AdminDeps } from './deps.ts'
import { createDevtools } from './devtools.ts'
import { fail } from './failure.ts'
import type { FreshPassword } from './fresh-password.ts'
import type { Gate } from './gate.ts'
import { askedOf, isAtTheMachine } from './origin.ts'
import { type Tool, tools } from './tool-settings.ts'

const elsewhere = gatewayError(
  'permission',
  'Only a browser or script on this machine itself may see or write its files.',
  {
    code: 'LOOPBACK_ONLY',
  },
)
const unconfirmed = gatewayError(
  'permission',
  'Writing into the home folder needs the password once more: send it in X-Confirm-Password.',
  { code: 'PASSWORD_REQUIRED', field: 'password' },
)

type Parts = { readonly gate: Gate; readonly fresh: FreshPassword }

/** Settings of tools on the server's own machine, for whoever sits at it. */
export function devtoolsRoutes(
  {
    peerOf,
    homeDir,
    availableModels,
    effects,
    log,
  }: Pick<AdminDeps, 'peerOf' | 'homeDir' | 'availableModels' | 'effects' | 'log'>,
  { gate, fresh }: Parts,
) {
  const devtools = createDevtools(effects.now, async () => {
    const models = await availableModels()
    return (models.find((model) => model.default) ?? models[0])?.id ?? 'auto'
  })
  // By an address or `localhost`: a name that somebody else's DNS turned to loopback is another site.
  const homeFor = (request: Request): string | undefined =>
    isAtTheMachine(peerOf(request), askedOf(request)) ? homeDir : undefined
  /** A script of the original shows the password with each request; a browser that was left open does not. */
  const refusal = async (request: Request) => {
    if (gate.entryOf(request)?.by === 'password') return undefined
    const shown = await fresh(request)
    if (!shown.ok) return shown.refusal
    return shown.given ? undefined : fail(unconfirmed)
  }
  const routesOf = (tool: Tool) =>
    new Elysia()
      .get(`/v2/devtools/${tool}/config`, async ({ request }) => {
        const home = homeFor(request)
        return home === undefined ? fail(elsewhere) : devtools.read(home, tool)
      })
      .post(
        `/v2/devtools/${tool}/config`,
        async ({ request, body }) => {
          const home = homeFor(request)
          if (home === undefined) return fail(elsewhere)
          const refused = body.preview === true ? undefined : await refusal(request)
          if (refused !== undefined) return refused
          const saved = await devtools.save(home, tool, body)
          if (!saved.ok) return fail(saved.error)
          if (body.preview !== true) log('info', 'devtools.saved', { tool, changed: saved.value.changes.length })
          return saved.value
        },
        { parse: jsonBody, body: ToolConfigSave },
      )
      .post(`/v2/devtools/${tool}/undo`, async ({ request }) => {
        const home = homeFor(request)
        if (home === undefined) return fail(elsewhere)
        const refused = await refusal(request)
        if (refused !== undefined) return refused
        const undone = await devtools.undo(home, tool)
        if (!undone.ok) return fail(undone.error)
        log('info', 'devtools.undone', { tool })
        return undone.value
      })
  const routes = new Elysia()
  for (const tool of Object.keys(tools) as Tool[]) routes.use(routesOf(tool))
  return routes
}
