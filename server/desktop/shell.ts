import { openSync } from 'node:fs'
import type { Effects } from '../lib/effects.ts'
import { readControl } from '../store/control.ts'
import { acquireLock } from '../store/lock.ts'
import { showDialog } from './dialog.ts'
import { createLogFile } from './log-file.ts'
import { openWindow } from './window.ts'

export type ShellDeps = {
  readonly dataDir: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: NodeJS.Platform
  /** In the person's own browser. */
  readonly openBrowser: (url: string) => void
  readonly effects: Pick<Effects, 'now' | 'sleep' | 'fetch' | 'after'>
}

/** What stands around the server when it is a desktop application. */
export type Shell = {
  /** One log line. */
  readonly write: (line: string) => void
  /** The server did not start: the person is told. */
  readonly failed: (message: string) => Promise<void>
  /** It serves at this address: the window opens. */
  readonly serving: (url: string) => void
  /** Resolves with the reason when the person has quit. */
  readonly quit: Promise<string>
}

/** A window whose program ended that soon was not closed by a person: it joined another that was open already. */
const joinedMs = 3_000

export function createShell(deps: ShellDeps): Shell {
  const { dataDir, env, platform, effects } = deps
  const write = createLogFile(dataDir)
  const quit = Promise.withResolvers<string>()

  /** Without a window that could be watched a box of the system's stands for it; where there is none, signals end the server. */
  async function waitWithoutWindow(url: string): Promise<void> {
    for (;;) {
      const answer = await showDialog('running', `The gateway runs at ${url}.`, env, platform)
      if (answer === 'quit') return quit.resolve('quit')
      if (answer === 'nobody') return
      deps.openBrowser(url)
    }
  }

  async function serving(url: string): Promise<void> {
    const openedAt = effects.now()
    const window = openWindow(url, dataDir, env, platform)
    if (window === undefined) {
      deps.openBrowser(url)
      return waitWithoutWindow(url)
    }
    await window.closed
    if (effects.now() - openedAt < joinedMs) return waitWithoutWindow(url)
    quit.resolve('window closed')
  }

  return {
    write,
    failed: async (message) => {
      write(`${message}\n`)
      await showDialog('failed', message, env, platform)
    },
    serving: (url) => void serving(url),
    quit: quit.promise,
  }
}

/** How long a server that has the data folder may take until it answers. */
const startingMs = 15_000

/** Opens a window of the server that already runs on the data folder; false when there is none. */
export async function openRunning(deps: ShellDeps): Promise<boolean> {
  const { dataDir, env, platform, effects } = deps
  const until = effects.now() + startingMs
  for (;;) {
    const lock = acquireLock(dataDir)
    if (lock.ok) lock.value.release()
    if (lock.ok || lock.error.kind !== 'held') return false
    const url = await addressOf(dataDir, effects)
    if (url !== undefined) {
      if (openWindow(url, dataDir, env, platform) === undefined) deps.openBrowser(url)
      return true
    }
    if (effects.now() > until) return false
    await effects.sleep(200)
  }
}

async function addressOf(dataDir: string, effects: ShellDeps['effects']): Promise<string | undefined> {
  const place = readControl(dataDir)
  if (place === undefined) return undefined
  const url = `http://${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`
  const controller = new AbortController()
  const cancel = effects.after(2_000, () => controller.abort())
  try {
    const answer = await effects.fetch(`${url}/healthz`, { proxy: false, signal: controller.signal })
    return answer.ok ? url : undefined
  } catch {
    return undefined // it starts, or is no more
  } finally {
    cancel()
  }
}

const detachedVariable = 'CLAUDE_SERVER_DETACHED'

/**
 * On a Mac a program started from the Finder counts as open until its process ends, and a second start then only brings a window
 * to the front that is not ours. So the first process leaves the work to a second and ends. True: it was this one.
 */
export function leftToAnother(env: ShellDeps['env'], platform: NodeJS.Platform, argv: readonly string[]): boolean {
  if (platform !== 'darwin' || env[detachedVariable] !== undefined) return false
  const nowhere = openSync('/dev/null', 'r+')
  Bun.spawn([process.execPath, ...argv], {
    env: { ...env, [detachedVariable]: '1' },
    stdio: [nowhere, nowhere, nowhere],
    detached: true,
  }).unref()
  return true
}
