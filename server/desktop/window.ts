import { existsSync } from 'node:fs'
import path from 'node:path'
import { browserCandidates } from './places.ts'

type Env = Readonly<Record<string, string | undefined>>

/** A window that was opened; `closed` resolves when its program ends, which is when the person closes the window or quits it. */
export type AppWindow = { readonly closed: Promise<void> }

/**
 * The address in a window of its own, by a browser of the Chromium kind with a profile beside the data: so it is a program of its
 * own, apart from the person's browser, and its end can be seen. A second one joins the first: its program ends at once.
 * Undefined when there is no such browser.
 */
export function openWindow(url: string, dataDir: string, env: Env, platform: NodeJS.Platform): AppWindow | undefined {
  for (const browser of browserCandidates(env, platform)) {
    if (!existsSync(browser)) continue
    const profile = path.join(dataDir, 'window')
    const options = [`--app=${url}`, `--user-data-dir=${profile}`, '--no-first-run', '--no-default-browser-check']
    try {
      const child = Bun.spawn([browser, ...options], { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' })
      child.unref()
      return { closed: child.exited.then(() => undefined) }
    } catch {
      // it is there and cannot be run: the next one
    }
  }
  return undefined
}
