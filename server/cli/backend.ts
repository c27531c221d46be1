import { controlHeader } from '../admin/gate.ts'
import { createAdmin } from '../admin/index.ts'
import { openCore } from '../app/core.ts'
import type { Config } from '../config/schema.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Logger } from '../observe/log.ts'
import { newControlToken, readControl } from '../store/control.ts'
import { acquireLock } from '../store/lock.ts'

/** The control routes (`/api/control`), wherever they are served; a failure is a sentence for the operator. */
export type Backend = {
  /** True: a running server answers; false: the data was opened for this command alone. */
  readonly running: boolean
  readonly ask: <T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => Promise<Result<T, string>>
  readonly close: () => Promise<void>
}

export type BackendDeps = {
  readonly config: Config
  readonly effects: Effects
  readonly log: Logger
  readonly version: string
}

/**
 * Asks the running server over loopback with its token whenever one holds the data folder; otherwise opens the data and asks
 * the same routes in this process. So there is one owner of database and tokens at any time, and one set of functions.
 */
export async function openBackend(deps: BackendDeps): Promise<Result<Backend, string>> {
  const { config } = deps
  const lock = acquireLock(config.dataDir)
  if (lock.ok) lock.value.release()
  else if (lock.error.kind === 'held') return remote(deps)
  else return err(lock.error.message)
  return local(deps)
}

function remote({ config, effects }: BackendDeps): Result<Backend, string> {
  const control = readControl(config.dataDir)
  if (control === undefined) {
    return err(
      'A server holds this data folder but has not said how to reach it; it may be starting or stopping. Try again.',
    )
  }
  const host = control.host.includes(':') ? `[${control.host}]` : control.host
  const base = `http://${host}:${control.port}/api/control`
  return ok({
    running: true,
    close: async () => {},
    ask: async (method, path, body) => {
      try {
        const answer = await effects.fetch(base + path, { ...requestInit(method, control.token, body), proxy: false })
        return resultOf(answer)
      } catch {
        return err(`The running server (pid ${control.pid}) does not answer on port ${control.port}.`)
      }
    },
  })
}

async function local({ config, effects, log, version }: BackendDeps): Promise<Result<Backend, string>> {
  const opened = await openCore(config, effects, log, version)
  if (!opened.ok) return err(opened.error.message)
  const core = opened.value
  const token = newControlToken()
  const admin = createAdmin({
    ...core.accountDeps,
    store: core.store,
    passwords: core.passwords,
    signIns: core.signIns,
    availableModels: () => [],
    keysChanged: () => {},
    applySettings: () => {},
    version,
    port: () => config.server.port,
    setupCode: token,
    controlToken: token,
    peerOf: () => ({ address: '127.0.0.1', loopback: true, forwarded: false, https: false }),
  })
  return ok({
    running: false,
    close: core.close,
    ask: async (method, path, body) =>
      resultOf(
        await admin.handle(new Request(`http://localhost/api/control${path}`, requestInit(method, token, body))),
      ),
  })
}

const requestInit = (method: string, token: string, body: object | undefined): RequestInit => ({
  method,
  headers: { [controlHeader]: token, 'content-type': 'application/json' },
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
})

async function resultOf<T>(answer: Response): Promise<Result<T, string>> {
  const text = await answer.text()
  let value: unknown
  try {
    value = text === '' ? {} : JSON.parse(text)
  } catch {
    return err(`The server answered ${answer.status} with something unreadable.`)
  }
  if (answer.ok) return ok(value as T) // the control routes' own answers
  const { error } = value as { readonly error?: unknown }
  return err(typeof error === 'string' ? error : `The server answered ${answer.status}.`)
}
