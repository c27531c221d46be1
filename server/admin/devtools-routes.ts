import { Elysia } from 'elysia'
import { gatewayError } from '../conversation/error.ts'
import { jsonBody } from './body.ts'
import { ToolConfigSave } from './contract/devtools.ts'
import type { AdminDeps } from './deps.ts'
import { readToolConfig, saveToolConfig, type Tool, toolFiles, undoToolConfig } from './devtools.ts'
import { fail } from './failure.ts'

const elsewhere = gatewayError(
  'permission',
  'Only a browser or script on this machine itself may see or write its files.',
  {
    code: 'LOOPBACK_ONLY',
  },
)

/** Settings of tools on the server's own machine, for whoever sits at it. */
export function devtoolsRoutes({
  peerOf,
  homeDir,
  effects,
  log,
}: Pick<AdminDeps, 'peerOf' | 'homeDir' | 'effects' | 'log'>) {
  const homeFor = (request: Request): string | undefined => {
    const { loopback, forwarded } = peerOf(request)
    return loopback && !forwarded ? homeDir : undefined
  }
  const routesOf = (tool: Tool) =>
    new Elysia()
      .get(`/v2/devtools/${tool}/config`, async ({ request }) => {
        const home = homeFor(request)
        return home === undefined ? fail(elsewhere) : readToolConfig(home, tool)
      })
      .post(
        `/v2/devtools/${tool}/config`,
        async ({ request, body }) => {
          const home = homeFor(request)
          if (home === undefined) return fail(elsewhere)
          const saved = await saveToolConfig(home, tool, body, effects.now())
          if (!saved.ok) return fail(saved.error)
          if (body.preview !== true) log('info', 'devtools.saved', { tool, changed: saved.value.changes.length })
          return saved.value
        },
        { parse: jsonBody, body: ToolConfigSave },
      )
      .post(`/v2/devtools/${tool}/undo`, async ({ request }) => {
        const home = homeFor(request)
        if (home === undefined) return fail(elsewhere)
        const undone = await undoToolConfig(home, tool, effects.now())
        if (!undone.ok) return fail(undone.error)
        log('info', 'devtools.undone', { tool })
        return undone.value
      })
  const routes = new Elysia()
  for (const tool of Object.keys(toolFiles) as Tool[]) routes.use(routesOf(tool))
  return routes
}
