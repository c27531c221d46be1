import type { GatewayError } from '../conversation/error.ts'
import { err, type Result } from '../lib/result.ts'
import type { Summary } from '../relay/record.ts'
import { type RelayDeps, type RelayRequest, relay } from '../relay/relay.ts'
import type { ReplyStream } from '../relay/reply-source.ts'

/** The size of a request that did not fit and the window of its model, tokens; undefined: not known. */
export type SizesOf = (request: RelayRequest) => Promise<GatewayError['contextTokens']>

/** As `relay`; what does not fit says by how much, in its error and in the record. Sizes are asked for only then. */
export async function sizedRelay(
  request: RelayRequest,
  deps: RelayDeps,
  sizesOf: SizesOf | undefined,
  signal: AbortSignal,
): Promise<Result<ReplyStream, GatewayError>> {
  if (sizesOf === undefined) return relay(request, deps, signal)
  let isOpen = true
  let held: Summary | undefined
  const onEnd = (summary: Summary): void => {
    if (isOpen && summary.outcome === 'context-too-long') held = summary
    else request.onEnd(summary)
  }
  const sent = await relay({ ...request, onEnd }, deps, signal)
  isOpen = false
  if (held === undefined) return sent
  const contextTokens = await sizesOf(request).catch(() => undefined)
  const sizes = contextTokens === undefined ? {} : { contextTokens }
  request.onEnd({ ...held, ...sizes })
  return sent.ok ? sent : err({ ...sent.error, ...sizes })
}
