import type { Command } from '../config/command.ts'
import type { Config } from '../config/schema.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { readControl } from '../store/control.ts'
import type { Said } from './answers.ts'
import { type Failure, failed } from './io.ts'

const askMs = 5_000

/** Asks the running server whether it lives, or whether it can serve: for health checks of containers, which have no other program. */
export async function health(
  { options }: Command,
  config: Config,
  effects: Pick<Effects, 'fetch' | 'after'>,
): Promise<Result<Said, Failure>> {
  const path = options.ready === true ? '/readyz' : '/healthz'
  const url = `${addressOf(config)}${path}`
  const controller = new AbortController()
  const cancel = effects.after(askMs, () => controller.abort())
  try {
    const answer = await effects.fetch(url, { proxy: false, redirect: 'manual', signal: controller.signal })
    const json: unknown = await answer.json()
    if (typeof json !== 'object' || json === null || !('status' in json)) {
      return err(failed(`${url} is answered by another program.`))
    }
    return ok({ json, text: `${wordsOf(json)}\n`, ok: answer.ok })
  } catch {
    return err(failed(`Nobody answers at ${url}.`))
  } finally {
    cancel()
  }
}

/** Where the server of this data folder wrote that it listens, else where one of this configuration would. */
function addressOf({ dataDir, server }: Config): string {
  const place = readControl(dataDir) ?? { host: server.host, port: server.port }
  const host = place.host === '0.0.0.0' ? '127.0.0.1' : place.host === '::' ? '::1' : place.host.replace(/^\[|\]$/g, '')
  return `http://${host.includes(':') ? `[${host}]` : host}:${place.port}`
}

const wordsOf = (json: object): string =>
  Object.entries(json)
    .map(([name, value]) => (name === 'status' ? String(value) : `${name}: ${value}`))
    .join(', ')
