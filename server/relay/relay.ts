import type { StandInReason } from '../catalog/models.ts'
import type { Conversation } from '../conversation/conversation.ts'
import { type ErrorKind, type GatewayError, gatewayError } from '../conversation/error.ts'
import type { Figure, ReplyEvent, Usage } from '../conversation/event.ts'
import type { ModelInfo } from '../conversation/model.ts'
import type { AddNote } from '../conversation/note.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Outcome } from '../pool/account.ts'
import type { Asked, ChosenBy, Consideration, Lease, SeatRequest } from '../pool/seat-request.ts'
import type { Upstream, UpstreamReply } from '../upstream/upstream.ts'
import { createMeter, type Meter } from '../usage/meter.ts'
import type { Breaker, Passed } from './breaker.ts'
import { createLimiter } from './limit.ts'
import type { Attempt, RouteRecord, Summary } from './record.ts'
import { finalError, nextMove, type RetryLimits } from './retry.ts'
import { sessionOf } from './session.ts'
import { createWishCheck, type WishCheck } from './wishes.ts'

export type RelayRequest = {
  readonly conversation: Conversation
  readonly callerId: string
  /** The only accounts that may serve it; absent: any. */
  readonly accounts?: ReadonlySet<string>
  /** Epoch ms. */
  readonly arrivedAt: number
  /** Told exactly once, when the request is over. */
  readonly onEnd: (summary: Summary) => void
  /** Told of what is to stand in the request's record; nothing comes after `onEnd`. */
  readonly note?: AddNote
  /** Told once, before anything is sent, which model serves. */
  readonly onModel?: (taken: ModelTaken) => void
}

export type RelayDeps = {
  readonly effects: Pick<Effects, 'now' | 'random' | 'sleep' | 'newUuid'>
  readonly limits: RetryLimits
  /** How long a request may wait in line for a free account, in all. */
  readonly maxQueueMs: number
  /** The model by the caller's name, with what its name says about thinking and effort already in the conversation. */
  readonly resolve: (
    conversation: Conversation,
    accounts: ReadonlySet<string> | undefined,
    callerId: string,
  ) => Promise<Result<Resolved, GatewayError>>
  readonly acquire: (request: SeatRequest, signal: AbortSignal) => Promise<Result<Lease, GatewayError>>
  /** How each account stands towards a request that got no seat. */
  readonly consider: (request: Asked) => readonly Consideration[]
  /** Whether an account besides the excluded ones may serve, over a way that is open. */
  readonly hasOther: (request: Asked) => boolean
  /** Whether the provider fails everybody, whichever account asks. */
  readonly isOutage: () => boolean
  readonly forgetModel: (accountId: string, modelId: string) => void
  readonly send: Upstream['send']
  /** By model id: a model without capacity rests, not the account that was told so. */
  readonly models: Breaker
  /** By what `routeOf` names: an address that cannot be reached, or has too much to do, rests, not the accounts behind it. */
  readonly routes: Breaker
  /** The way an account's calls leave: host and outbound proxy. */
  readonly routeOf: (accountId: string) => string
  readonly estimateInput: (conversation: Conversation) => Promise<Figure>
  readonly countTokens: (text: string) => number
}
export type Resolved = {
  readonly conversation: Conversation
  readonly model: ModelInfo
  /** Why it is another than the one named, and by which mapping. */
  readonly standIn?: { readonly because: StandInReason; readonly mapping?: string }
}
/** `because`: why it is another than the one named. */
export type ModelTaken = { readonly id: string; readonly because?: StandInReason }

/** Batches of events; leaving the loop early cancels the provider's call and gives the account back. */
export type ReplyStream = AsyncIterable<readonly ReplyEvent[]>

/**
 * Runs one conversation to a reply. While the Result is pending nothing has reached the client and every account may still
 * be tried; once it is `ok`, failures are one `error` event, never retried.
 */
export async function relay(
  request: RelayRequest,
  deps: RelayDeps,
  signal: AbortSignal,
): Promise<Result<ReplyStream, GatewayError>> {
  const { effects } = deps
  const elapsed = (): number => effects.now() - request.arrivedAt
  const attempts: Attempt[] = []
  let considered: RouteRecord['considered'] = []
  let by: ChosenBy | undefined
  let left: RouteRecord['left']
  const route = (): RouteRecord => ({ considered, ...(by && { by }), attempts, ...(left && { left }) })
  const fail = (error: GatewayError, upstreamModel?: string): Result<never, GatewayError> => {
    const { message, cause } = error
    request.onEnd({
      outcome: error.kind,
      message,
      ...(cause === undefined ? {} : { cause }),
      ...(upstreamModel === undefined ? {} : { upstreamModel }),
      durationMs: elapsed(),
      route: route(),
    })
    return err(error)
  }

  const resolved = await deps.resolve(request.conversation, request.accounts, request.callerId)
  if (!resolved.ok) {
    const { accounts: own } = request
    const asked = { modelId: request.conversation.model, exclude: new Set<string>(), ...(own && { only: own }) }
    if (resolved.error.kind !== 'model-not-found') considered = deps.consider(asked)
    return fail(resolved.error)
  }
  const { conversation, model, standIn } = resolved.value
  request.onModel?.({ id: model.id, ...(standIn && { because: standIn.because }) })
  if (standIn !== undefined) {
    const { because, mapping } = standIn
    const detail = `${model.id}, ${mapping === undefined ? because : `${because} by '${mapping}'`}`
    request.note?.({ what: 'model-replaced', field: 'model', detail })
  }
  const estimate = deps.estimateInput(conversation)
  estimate.catch(() => undefined) // awaited when the reply starts; an early end must not leave it unhandled
  const errors: GatewayError[] = []
  const exclude = new Set<string>()
  const avoid = new Set<string>()
  let untriedOnly = false
  /** One that was tried may be tried again; if not, it is worth a wait for one that was not. */
  let mayRepeat = true
  const invocationId = effects.newUuid()
  const { accounts: only } = request
  const asked = (without: ReadonlySet<string>): Asked => ({
    modelId: model.id,
    ...(only === undefined ? {} : { only }),
    exclude: without,
  })
  const hasUntried = (): boolean => deps.hasOther(asked(exclude.union(avoid)))

  for (let attempt = 1; ; attempt++) {
    if (signal.aborted) return fail(gatewayError('cancelled', 'The caller left.'), model.id)
    const roomOfModel = await enter(deps.models, model.id, 'model-overloaded', deps.limits.maxWaitMs, deps, signal)
    if (!roomOfModel.ok) {
      if (attempts.length === 0) considered = deps.consider(asked(exclude))
      return fail(errors.at(-1) ?? roomOfModel.error, model.id)
    }
    const seatFor = (without: ReadonlySet<string>, waitUntil: number): Promise<Result<Lease, GatewayError>> => {
      const { callerId } = request
      const isRetry = attempts.length > 0
      const session = sessionOf(conversation, callerId)
      return deps.acquire({ ...asked(without), callerId, isRetry, avoid, waitUntil, ...session }, signal)
    }
    const deadline = request.arrivedAt + deps.maxQueueMs
    let seat = untriedOnly
      ? await seatFor(exclude.union(avoid), mayRepeat ? effects.now() : deadline)
      : await seatFor(exclude, deadline)
    if (!seat.ok && untriedOnly && seat.error.kind !== 'cancelled') seat = await seatFor(exclude, deadline)
    if (!seat.ok) {
      roomOfModel.value({ how: 'other' })
      const standing = deps.consider(asked(exclude))
      if (attempts.length === 0) considered = standing
      else left = standing
      return fail(finalError(errors.at(-1), seat.error), model.id)
    }
    const lease = seat.value
    if (attempts.length === 0) ({ considered, by } = lease)
    const startedMs = elapsed()
    const { accountId, conversationId, isCurrent } = lease
    const { note: addNote } = request
    const call = {
      ...{ accountId, conversation, model, conversationId, invocationId, attempt, isCurrent },
      ...(addNote && { note: addNote }),
    }
    const way = deps.routeOf(accountId)
    // Nobody waits for a closed way while another account has an open one.
    const patienceMs = deps.routes.rests(way) && hasUntried() ? 0 : deps.limits.maxWaitMs
    const road = await enter(deps.routes, way, 'upstream-unreachable', patienceMs, deps, signal)
    const sent = road.ok ? await deps.send(call, signal) : road
    const failed = sent.ok ? undefined : sent.error
    tell(roomOfModel.value, failed, modelFaults, accountId)
    if (road.ok) tell(road.value, routeFaultOf(failed), routeFaults, accountId)
    const note = (outcome: Attempt['outcome'], more: Partial<Attempt> = {}): void => {
      attempts.push({ accountId, startedMs, waitedMs: lease.waitedMs, endedMs: elapsed(), outcome, ...more })
    }
    if (sent.ok) {
      lease.confirm()
      const { providerRequestId } = sent.value
      note('ok', providerRequestId === undefined ? {} : { providerRequestId })
      return ok(
        replyEvents(sent.value, lease, { conversation, model, estimate, route, elapsed, request, deps, signal }),
      )
    }
    const { error } = sent
    note(error.kind, error.cause === undefined ? {} : { cause: error.cause.slice(0, 300) })
    // A closed way says nothing about the account: it was not called.
    lease.release(road.ok ? outcomeOf(error) : { type: 'cancelled' })
    if (error.kind === 'cancelled') return fail(error, model.id)
    if (error.kind === 'model-not-found') deps.forgetModel(accountId, model.id)
    errors.push(error)
    avoid.add(accountId)
    const story = { errors, elapsedMs: elapsed(), hasUntried: hasUntried(), isOutage: deps.isOutage() }
    const move = nextMove(story, effects.random(), deps.limits)
    if (move.to === 'nobody') return fail(error, model.id)
    if (move.to === 'another') exclude.add(accountId)
    untriedOnly = move.to === 'untried'
    mayRepeat = nextMove({ ...story, hasUntried: false }, 0, deps.limits).to !== 'nobody'
    if (move.afterMs > 0) await effects.sleep(move.afterMs, signal)
  }
}

/** What a call's failure is to its account's seat. */
const outcomeOf = (error: GatewayError): Outcome =>
  error.kind === 'cancelled' ? { type: 'cancelled' } : { type: 'failure', error }

/** Waits at most `patienceMs`; the refusal is of the kind the thing itself would have given. */
async function enter(
  breaker: Breaker,
  key: string,
  kind: 'model-overloaded' | 'upstream-unreachable',
  patienceMs: number,
  { effects }: RelayDeps,
  signal: AbortSignal,
): Promise<Result<Passed, GatewayError>> {
  const entered = await breaker.enter(key, effects.now() + patienceMs, signal)
  if (entered.ok) return entered
  const { reason, retryAfterMs } = entered.error
  if (reason === 'cancelled') return err(gatewayError('cancelled', 'The caller left.'))
  const message = kind === 'model-overloaded' ? 'The model has no capacity now.' : 'The provider cannot be reached now.'
  return err(gatewayError(kind, message, { retryAfterMs }))
}

const modelFaults: readonly ErrorKind[] = ['model-overloaded']
/** Of the host, whichever account asks. */
const routeFaults: readonly ErrorKind[] = ['upstream-unreachable', 'service-throttled']

/** Any other answer of the host, whatever it says, shows that it can be reached. */
const routeFaultOf = (failed: GatewayError | undefined): GatewayError | undefined =>
  failed?.reached === true && !routeFaults.includes(failed.kind) ? undefined : failed

function tell(passed: Passed, error: GatewayError | undefined, faults: readonly ErrorKind[], source: string): void {
  if (error === undefined) passed({ how: 'ok' })
  else if (!faults.includes(error.kind)) passed({ how: 'other' })
  else
    passed({ how: 'fault', source, ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }) })
}

type Context = {
  readonly conversation: Conversation
  readonly model: ModelInfo
  readonly estimate: Promise<Figure>
  readonly route: () => RouteRecord
  readonly elapsed: () => number
  readonly request: RelayRequest
  readonly deps: RelayDeps
  readonly signal: AbortSignal
}

/** The provider's events under the caller's limits, metered; gives the account back and tells the summary at the end. */
async function* replyEvents(
  reply: UpstreamReply,
  lease: Lease,
  context: Context,
): AsyncGenerator<readonly ReplyEvent[]> {
  const { conversation, model, request, deps, elapsed } = context
  const firstTokenMs = elapsed()
  let outcome: Outcome = { type: 'cancelled' }
  let meter: Meter | undefined
  let wishes: WishCheck | undefined
  let end: Extract<ReplyEvent, { type: 'finish' | 'error' }> | undefined
  try {
    const input = await context.estimate
    const limiter = createLimiter({
      stop: conversation.limits.stop,
      parallelToolCalls: conversation.parallelToolCalls,
      countTokens: deps.countTokens,
      ...(conversation.limits.maxOutputTokens === undefined
        ? {}
        : { maxOutputTokens: conversation.limits.maxOutputTokens }),
    })
    meter = createMeter({ input, windowTokens: model.maxInputTokens, countTokens: deps.countTokens })
    let opening: readonly ReplyEvent[] = [meter.start()]
    wishes = createWishCheck(conversation)
    for await (const batch of reply.events) {
      const out: ReplyEvent[] = [...opening]
      opening = []
      for (const event of batch) {
        for (const limited of limiter.push(event)) {
          const metered = meter.push(limited)
          out.push(metered)
          wishes?.push(metered)
          if (metered.type === 'finish' || metered.type === 'error') end = metered
        }
        if (end !== undefined) break
      }
      if (end !== undefined) {
        outcome = end.type === 'finish' ? { type: 'success' } : outcomeOf(end.error)
      }
      if (out.length > 0) yield out
      if (end !== undefined) return
    }
    if (context.signal.aborted) return
    const error = gatewayError('broken-reply', 'The provider ended the reply without a closing event.')
    end = { type: 'error', error }
    outcome = { type: 'failure', error }
    yield [...opening, end]
  } catch (thrown) {
    const error = gatewayError('internal', 'The gateway failed while relaying the reply.', { cause: String(thrown) })
    end = { type: 'error', error }
    outcome = { type: 'failure', error }
    yield [end]
  } finally {
    lease.release(outcome)
    const missed = end?.type === 'finish' ? wishes?.missed() : undefined
    const summary = summaryOf(end, meter?.usage(), lease.accountId, firstTokenMs, context)
    request.onEnd(missed === undefined ? summary : { ...summary, missed })
  }
}

/** A reply that did not finish still used tokens: what was counted until then stands. */
function summaryOf(
  end: Extract<ReplyEvent, { type: 'finish' | 'error' }> | undefined,
  counted: Usage | undefined,
  accountId: string,
  firstTokenMs: number,
  { model, route, elapsed }: Context,
): Summary {
  const common = {
    accountId,
    upstreamModel: model.id,
    firstTokenMs,
    durationMs: elapsed(),
    route: route(),
    ...(counted === undefined ? {} : { usage: counted }),
  }
  if (end === undefined) return { ...common, outcome: 'cancelled', message: 'The caller left before the end.' }
  if (end.type === 'finish') return { ...common, outcome: 'ok', usage: end.usage }
  const { kind, message, cause } = end.error
  return { ...common, outcome: kind, message, ...(cause === undefined ? {} : { cause }) }
}
