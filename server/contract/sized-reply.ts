import type { GatewayError } from '../conversation/error.ts'
import type { ReplyEvent } from '../conversation/event.ts'
import type { ReplyStream } from '../relay/reply-source.ts'

/** The same reply; where a later turn of it did not fit, the error says by how much. `sizes` is asked only then. */
export const sizedReply = (inner: ReplyStream, sizes: () => Promise<GatewayError['contextTokens']>): ReplyStream => ({
  drop: () => inner.drop(),
  run: (sink) =>
    inner.run((batch) => {
      const last = batch.at(-1)
      if (last?.type !== 'error' || last.error.kind !== 'context-too-long' || last.error.contextTokens !== undefined)
        return sink(batch)
      return withSizes(batch, last, sizes).then(sink)
    }),
})

async function withSizes(
  batch: readonly ReplyEvent[],
  last: Extract<ReplyEvent, { type: 'error' }>,
  sizes: () => Promise<GatewayError['contextTokens']>,
): Promise<readonly ReplyEvent[]> {
  const contextTokens = await sizes().catch(() => undefined)
  if (contextTokens === undefined) return batch
  return [...batch.slice(0, -1), { ...last, error: { ...last.error, contextTokens } }]
}
