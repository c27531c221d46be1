import type { Resolved } from '../config/resolve.ts'
import { createShell, leftToAnother, openRunning, type ShellDeps } from '../desktop/shell.ts'
import { realEffects } from '../lib/effects.ts'
import { openBrowser } from './browser.ts'
import { serve } from './serve.ts'

/**
 * The server with a window of its own, until the person quits. Unless told otherwise it listens on this machine only, for nobody
 * sees its first lines. A second start opens a window of the server that runs.
 */
export async function runDesktop(resolved: Resolved, argv: readonly string[]): Promise<number> {
  const { env, platform } = process
  const { config, origins } = resolved
  if (leftToAnother(env, platform, argv)) return 0
  const deps: ShellDeps = {
    ...{ dataDir: config.dataDir, env, platform, effects: realEffects },
    openBrowser: (url) => void openBrowser(url, platform),
  }
  if (!config.demo && (await openRunning(deps))) return 0
  const host = origins['server.host']?.from === 'default' ? '127.0.0.1' : config.server.host
  const own = { ...config, noBrowser: true, server: { ...config.server, host } }
  return serve({ ...resolved, config: own }, createShell(deps))
}
