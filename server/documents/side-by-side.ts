import type { RemotePart } from '../conversation/conversation.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { realEffects } from '../lib/effects.ts'
import { err, type Result } from '../lib/result.ts'
import { documentLimits } from './reading.ts'
import { type FetchAsk, type FetchAttachment, type Fetched, remoteLimits } from './remote.ts'

type Outcome = Result<Fetched, GatewayError>
export type Addresses = {
  readonly at: (part: RemotePart) => Promise<Outcome>
  /** What is still on its way is given up. */
  readonly stop: () => void
}

/** Of one request, all its addresses together. */
const mostFetched = { addresses: 20, bytes: 64 * 1024 * 1024 } as const

const failed = ({ field }: RemotePart, thrown: unknown): Outcome => {
  const cause = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  return err(gatewayError('internal', `${field}: the gateway failed on this address.`, { field, cause }))
}

/** All addresses of a request, fetched beside each other within one time limit; one that comes again, after its first. */
export function fetchSideBySide(
  parts: readonly RemotePart[],
  fetchAttachment: FetchAttachment,
  signal: AbortSignal,
  ask: FetchAsk,
): Addresses {
  const ending = new AbortController()
  const stop = (): void => ending.abort()
  const cancelTimer = parts.length === 0 ? stop : realEffects.after(remoteLimits.timeMs, stop)
  const either = AbortSignal.any([signal, ending.signal])
  let room: number = mostFetched.bytes

  async function fetchOne(part: RemotePart): Promise<Outcome> {
    const fetched = await fetchAttachment(part, Math.min(documentLimits.bytes, room), either, ask)
    if (!fetched.ok) return fetched
    const { field } = part
    if (fetched.value.bytes > room) {
      const message = `${field}: at most ${mostFetched.bytes} bytes are fetched for one request.`
      return err(gatewayError('invalid-request', message, { field }))
    }
    room -= fetched.value.bytes
    return fetched
  }

  const byUrl = new Map<string, Promise<Outcome>>()
  const byPart = new Map<RemotePart, Promise<Outcome>>()
  for (const [index, part] of parts.entries()) {
    if (index >= mostFetched.addresses) break
    const before = byUrl.get(part.url)
    // Its turn to be looked at may never come, and then nobody would hear of a failure.
    const fetching = (before === undefined ? fetchOne(part) : before.then(() => fetchOne(part))).catch((thrown) =>
      failed(part, thrown),
    )
    byUrl.set(part.url, fetching)
    byPart.set(part, fetching)
  }
  return {
    at: async (part) => {
      const { field } = part
      const message = `${field}: at most ${mostFetched.addresses} addresses are fetched for one request.`
      return byPart.get(part) ?? err(gatewayError('invalid-request', message, { field }))
    },
    stop: () => {
      cancelTimer()
      stop()
    },
  }
}
