import { controlHeader } from '../admin/gate.ts'
import { successionPath } from '../admin/succession-routes.ts'
import { isAlive } from '../app/guests.ts'
import type { Config } from '../config/schema.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { readControl } from '../store/control.ts'
import type { Said } from './answers.ts'
import { answerOf } from './control.ts'
import { type Failure, failed } from './io.ts'

const lookMs = 50

/** Has the running server start its program anew; done once the new process serves. */
export async function restart(
  { dataDir }: Pick<Config, 'dataDir'>,
  effects: Pick<Effects, 'fetch' | 'sleep'>,
): Promise<Result<Said, Failure>> {
  const place = readControl(dataDir)
  if (place === undefined) return err(failed(`No server runs in ${dataDir}.`))
  const host = place.host.includes(':') ? `[${place.host}]` : place.host
  try {
    const answer = await effects.fetch(`http://${host}:${place.port}${successionPath}/restart`, {
      method: 'POST',
      headers: { [controlHeader]: place.token },
      proxy: false,
      timeout: false,
    })
    const done = await answerOf<{ readonly pid: number }>(answer)
    if (!done.ok) return err(failed(done.error))
    // Where the old one ends first it answers before the new one serves.
    let now = readControl(dataDir)
    for (; now === undefined || now.pid === place.pid; now = readControl(dataDir)) {
      if (!isAlive(done.value.pid)) return err(failed('The new process ended before it served; the log says why.'))
      await effects.sleep(lookMs)
    }
    const { pid } = now
    return ok({
      json: { pid, before: place.pid },
      text: `Process ${pid} serves now; ${place.pid} finishes what it has begun.\n`,
    })
  } catch {
    return err(failed(`The server of ${dataDir} (pid ${place.pid}) does not answer on port ${place.port}.`))
  }
}
