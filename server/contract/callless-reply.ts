import type { GatewayError } from '../conversation/error.ts'
import type { ReplyEvent } from '../conversation/event.ts'
import { calledName } from '../conversation/search.ts'
import { ok, type Result } from '../lib/result.ts'
import type { Sink } from '../lib/source.ts'
import type { Summary } from '../relay/record.ts'
import type { RelayRequest } from '../relay/relay.ts'
import type { ReplyStream } from '../relay/reply-source.ts'
import { strayed } from './reading.ts'
import { unmetDemand } from './unmet-demand.ts'

/**
 * Serves a request that names no tool. A call all the same, which no provider should give, ends the reply in an error: it is not
 * asked for once more, so that the stream need not hold the conversation.
 */
export async function withoutCalls(
  request: RelayRequest,
  send: (request: RelayRequest) => Promise<Result<ReplyStream, GatewayError>>,
): Promise<Result<ReplyStream, GatewayError>> {
  const refusal = new Refusal(request.onEnd)
  const sent = await send({ ...request, onEnd: (summary) => refusal.tell(summary) })
  return sent.ok ? ok(new CalllessReply(sent.value, refusal)) : sent
}

/** Classes: nothing else of the request is to be held, and each batch passes. */
class Refusal {
  error: GatewayError | undefined

  constructor(private readonly onEnd: (summary: Summary) => void) {}

  tell(summary: Summary): void {
    const { error } = this
    this.onEnd(error ? { ...summary, outcome: error.kind, message: error.message, missed: 'tool-choice' } : summary)
  }
}

class CalllessReply implements ReplyStream {
  constructor(
    private readonly inner: ReplyStream,
    private readonly refusal: Refusal,
  ) {}

  drop(): void {
    this.inner.drop()
  }

  run(sink: Sink<readonly ReplyEvent[]>): Promise<void> {
    return this.inner.run((batch) => {
      if (batch.length === 1 && batch[0]?.type === 'text-delta') return sink(batch)
      const at = batch.findIndex(({ type }) => type === 'tool-call-start')
      const call = batch[at]
      if (call?.type !== 'tool-call-start') return sink(batch)
      const error = unmetDemand('tool-choice', [strayed(calledName(call.name))])
      this.refusal.error = error
      const taken = sink([...batch.slice(0, at), { type: 'error', error }])
      return typeof taken === 'boolean' ? false : taken.then(() => false)
    })
  }
}
