import { createEventStreams } from '../admin/event-streams.ts'
import { controlHeader } from '../admin/gate.ts'
import { createAdmin } from '../admin/index.ts'
import { createLive } from '../admin/live.ts'
import { settingIn } from '../admin/settings-table.ts'
import { type Core, openCore } from '../app/core.ts'
import type { Config } from '../config/schema.ts'
import { createCalendar } from '../lib/calendar.ts'
import type { Effects, FetchInit } from '../lib/effects.ts'
import { createFeed } from '../lib/feed.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Logger } from '../observe/log.ts'
import { newControlToken, type Control as Place, readControl } from '../store/control.ts'
import { type Ask, answerOf, type Control, createControl } from './control.ts'
import type { ServiceWorld } from './service-world.ts'

export type Backend = Control & {
  /** The server that answers; absent when the data was opened for this command alone. */
  readonly server?: { readonly pid: number; readonly port: number }
  readonly close: () => Promise<void>
}

export type CommandDeps = {
  readonly effects: Effects
  readonly log: Logger
  readonly version: string
  /** How long to wait for a data folder that another process holds; default 5 s. */
  readonly heldWaitMs?: number
  /** The machine that `service` acts on; default: this one. */
  readonly serviceWorld?: ServiceWorld
}

const greetMs = 5_000

/**
 * Asks the running server over loopback with its token whenever one answers; otherwise opens the data and asks the same
 * routes in this process. So database and tokens have one owner at any time, and there is one set of functions. A folder
 * that is held by a server still starting or stopping, or by another command, is waited for. Nothing is made that is not
 * there: a command in the wrong folder must not answer from an empty one.
 */
export async function openBackend(
  config: Config,
  { effects, log, version, heldWaitMs = 5_000 }: CommandDeps,
  interrupted: AbortSignal,
): Promise<Result<Backend, string>> {
  const until = effects.now() + heldWaitMs
  for (;;) {
    const place = readControl(config.dataDir)
    const met = place === undefined ? undefined : await meet(place, effects)
    if (met?.ok) return met
    const opened = await openCore(config, effects, log, version, { mustExist: true })
    if (opened.ok) return ok(await local(opened.value, version))
    if (opened.error.held !== true) return err(opened.error.message)
    if (effects.now() >= until || interrupted.aborted) {
      return err(
        place === undefined || met === undefined
          ? `${opened.error.message} It may be another command that waits for a sign-in: try again when it is done.`
          : `${opened.error.message} It cannot be asked (pid ${place.pid}): ${met.error}`,
      )
    }
    await effects.sleep(100, interrupted)
  }
}

/** The server that wrote its place down, when it is still there: the file alone proves nothing. */
async function meet(place: Place, effects: Effects): Promise<Result<Backend, string>> {
  const host = place.host.includes(':') ? `[${place.host}]` : place.host
  const base = `http://${host}:${place.port}/api/control`
  const send = async (method: string, path: string, body?: object, signal?: AbortSignal): Promise<Response> =>
    effects.fetch(base + path, {
      ...requestInit(method, place.token, body),
      proxy: false,
      timeout: false,
      ...(signal === undefined ? {} : { signal }),
    })
  const controller = new AbortController()
  const cancel = effects.after(greetMs, () => controller.abort())
  try {
    const greeting = await answerOf(await send('GET', '/keys', undefined, controller.signal))
    if (!greeting.ok) return greeting
  } catch {
    return err(`it does not answer on port ${place.port}.`)
  } finally {
    cancel()
  }
  const ask: Ask = async (method, path, body) => {
    try {
      return await answerOf(await send(method, path, body))
    } catch {
      return err(`The running server (pid ${place.pid}) does not answer any more on port ${place.port}.`)
    }
  }
  const { pid, port } = place
  return ok({ ...createControl(ask), server: { pid, port }, close: async () => {} })
}

async function local(core: Core, version: string): Promise<Backend> {
  const timeZone = String(settingIn(await core.store.settings.all(), 'timezone'))
  const token = newControlToken()
  const { accountDeps, effects, store } = core
  const admin = createAdmin({
    ...accountDeps,
    store,
    effects,
    // Not begun: nobody listens, and the work of one command is no job.
    live: createLive({ ...accountDeps, store, effects, version }),
    resetCounters: async () => {},
    clearRequestLogs: async () => {},
    passwords: core.passwords,
    signIns: core.signIns,
    availableModels: () => [],
    offered: async () => [...(await core.store.accounts.loadModels()).values()].flatMap(({ models }) => models),
    mappingsChanged: async () => {},
    keysChanged: () => {},
    usage: { calendar: createCalendar(() => timeZone), flush: async () => {} },
    ipsChanged: async () => {},
    applySettings: () => {},
    capturesChanged: async () => {},
    streams: createEventStreams(core.effects),
    serverLog: core.log,
    finished: createFeed(1),
    online: { count: () => 0 },
    providerLatency: async () => undefined,
    version,
    dataDir: core.config.dataDir,
    port: () => core.config.server.port,
    setupCode: token,
    controlToken: token,
    peerOf: () => ({ address: '127.0.0.1', loopback: true, forwarded: false, https: false }),
  })
  const ask: Ask = async (method, path, body) =>
    answerOf(await admin.handle(new Request(`http://localhost/api/control${path}`, requestInit(method, token, body))))
  return { ...createControl(ask), close: core.close }
}

const requestInit = (method: string, token: string, body: object | undefined): FetchInit => ({
  method,
  headers: { [controlHeader]: token, 'content-type': 'application/json' },
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
})
