import type { Used } from '../access/limits.ts'
import type { Conversation } from '../conversation/conversation.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { ReplyEvent } from '../conversation/event.ts'
import { addNoNote } from '../conversation/note.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Sink } from '../lib/source.ts'
import type { Purpose, Summary } from '../relay/record.ts'
import type { RelayDeps, RelayRequest } from '../relay/relay.ts'
import type { ReplyStream } from '../relay/reply-source.ts'
import { sessionOf } from '../relay/session.ts'
import { type Book, createBook, type Ending, type OpenTurn } from './book.ts'
import { type CallWatch, watchCalls } from './call-watch.ts'
import { type CalledInVain, withoutCalls } from './callless-reply.ts'
import { joinedReply } from './joined-reply.ts'
import type { Layer, Turns } from './layer.ts'
import { type SizesOf, sizedRelay } from './sized-relay.ts'

export type ContractDeps = {
  readonly relay: RelayDeps
  /** The outermost first. */
  readonly layers: readonly Layer[]
  readonly callWatch?: CallWatch
  readonly sizesOf?: SizesOf
  /** What one turn counts as; undefined: no call was made. */
  readonly usedOf: (summary: Summary) => Used | undefined
}

/**
 * Takes relay's place for the client APIs: the same promise, kept with as many model turns as it takes, and one summary at
 * the end. A request that no layer wants names no tool and goes straight to the relay.
 */
export function converse(
  request: RelayRequest,
  deps: ContractDeps,
  signal: AbortSignal,
): Promise<Result<ReplyStream, GatewayError>> {
  const { layers } = deps
  for (let index = 0; index < layers.length; index++)
    if (layers[index]?.wants(request.conversation, request) === true) return serve(request, deps, signal)
  return withoutCalls(
    request,
    (asked) => sizedRelay(asked, deps.relay, deps.sizesOf, signal),
    (first) => serve(request, deps, signal, first),
  )
}

/** `first`: the turn that is over already, which the layers only judge. */
async function serve(
  request: RelayRequest,
  deps: ContractDeps,
  signal: AbortSignal,
  first?: CalledInVain,
): Promise<Result<ReplyStream, GatewayError>> {
  const { effects } = deps.relay
  const { arrivedAt } = request
  const elapsed = (): number => effects.now() - arrivedAt
  const book = createBook(elapsed, deps.usedOf)
  const runTurn = turnRunner(request, deps, book, signal, first)
  const common = {
    asked: request,
    note: request.note ?? addNoNote,
    signal,
    elapsed,
    usage: () => book.usage(isShown),
    tell: book.tell,
    accountId: book.accountId,
    searched: book.searched,
    searches: book.searches,
    rounds: book.rounds,
  }
  const runFrom = (
    depth: number,
    conversation: Conversation,
    purpose: Purpose | undefined,
  ): ReturnType<Turns['run']> => {
    for (let index = depth; index < deps.layers.length; index++) {
      const layer = deps.layers[index]
      if (layer?.looksOn !== true && layer?.wants(conversation, request) !== true) continue
      // What a layer does for a further turn is for the sake of that one.
      const run: Turns['run'] = (inner, reason = purpose) => runFrom(index + 1, inner, reason)
      return layer.serve(conversation, { ...common, run })
    }
    return runTurn(conversation, purpose)
  }
  const fail = (error: GatewayError): Result<never, GatewayError> => {
    request.onEnd(book.summary(endingOf(error)))
    return err(error)
  }
  let served: Result<ReplyStream, GatewayError>
  try {
    served = await runFrom(0, request.conversation, undefined)
  } catch (thrown) {
    const cause = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
    return fail(gatewayError('internal', 'The gateway failed on this request.', { cause }))
  }
  if (!served.ok) return fail(served.error)
  const tools = request.conversation.tools.filter(({ strict }) => strict === undefined)
  const { callWatch } = deps
  const seen = callWatch && tools.length > 0 ? watchCalls(served.value, tools, callWatch) : served.value
  return ok(
    joinedReply(seen, {
      signal,
      elapsed,
      usage: () => book.usage(isShown),
      ...(first && { begun: { blocks: first.blocks, firstTokenMs: first.summary.firstTokenMs } }),
      onEnd: (end, firstTokenMs) => {
        const began = firstTokenMs === undefined ? {} : { firstTokenMs }
        if (end === undefined)
          request.onEnd(book.summary({ outcome: 'cancelled', message: 'The caller left before the end.', ...began }))
        else if (end.type === 'finish') request.onEnd(book.summary({ outcome: 'ok', ...began }))
        else request.onEnd(book.summary({ ...endingOf(end.error), ...began }))
      },
    }),
  )
}

const endingOf = ({ kind, message, cause, contextTokens }: GatewayError): Ending => ({
  outcome: kind,
  message,
  ...(cause === undefined ? {} : { cause }),
  ...(contextTokens && { contextTokens }),
})

/** A summary is no part of the answer, nor of what the caller lets that take. */
const isShown = (purpose: Purpose | undefined): boolean => purpose !== 'summary'

/** Runs turns through the relay: each with its own attempts and reservation, all on the session of the request. */
function turnRunner(
  request: RelayRequest,
  deps: ContractDeps,
  book: Book,
  signal: AbortSignal,
  past: CalledInVain | undefined,
) {
  const session = sessionOf(request.conversation, request.callerId)
  const { onModel, charge, conversation: _, ...rest } = request
  let begun = false
  return async (
    conversation: Conversation,
    purpose: Purpose | undefined,
  ): Promise<Result<ReplyStream, GatewayError>> => {
    if (book.hasOpen()) throw new Error('a model turn begins while another one is under way')
    if (past !== undefined && !begun) {
      begun = true
      book.past(past.summary)
      return ok(past.reply)
    }
    const used = book.used()
    if (used !== undefined) charge?.adjust(used)
    const turn = book.open(purpose)
    const sent = await sizedRelay(
      {
        ...rest,
        conversation,
        session: begun ? { ...session, isNew: false } : session,
        ...(charge && { charge }),
        ...(onModel && purpose === undefined && { onModel }),
        ...((begun || purpose !== undefined) && {
          turn: { ...(purpose && { purpose }), beganAt: deps.relay.effects.now() },
        }),
        onEnd: (summary) => book.close(turn, summary),
      },
      deps.relay,
      deps.sizesOf,
      signal,
    )
    begun = true
    return sent.ok ? ok(new TurnReply(sent.value, turn)) : sent
  }
}

/** A turn's own stream, which tells what it used when its end passes. */
class TurnReply implements ReplyStream {
  constructor(
    private readonly inner: ReplyStream,
    private readonly turn: OpenTurn,
  ) {}

  drop(): void {
    this.inner.drop()
  }

  run(sink: Sink<readonly ReplyEvent[]>): Promise<void> {
    return this.inner.run((batch) => {
      const last = batch.at(-1)
      if (last?.type === 'finish') this.turn.usage = last.usage
      return sink(batch)
    })
  }
}
