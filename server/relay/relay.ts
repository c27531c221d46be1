import type { KeyCompression } from '../access/key-compression.ts'
import type { Admitted } from '../access/ledger.ts'
import { costOf, type Rate } from '../access/limits.ts'
import type { Terms } from '../access/terms.ts'
import type { StandInReason } from '../catalog/models.ts'
import type { Conversation } from '../conversation/conversation.ts'
import { type ErrorKind, type GatewayError, gatewayError } from '../conversation/error.ts'
import type { Figure, Usage } from '../conversation/event.ts'
import type { ModelInfo } from '../conversation/model.ts'
import type { AddNote } from '../conversation/note.ts'
import type { Locate } from '../conversation/subject.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { cutText } from '../lib/sound-text.ts'
import type { Asked, ChosenBy, Consideration, Lease, SeatRequest } from '../pool/seat-request.ts'
import type { Upstream, UpstreamReply } from '../upstream/upstream.ts'
import type { Breaker, Passed } from './breaker.ts'
import type { Attempt, Purpose, RouteRecord, Summary } from './record.ts'
import { demandsOf, outcomeOf, type ReplyStream, replySource } from './reply-source.ts'
import { finalError, nextMove, type RetryLimits } from './retry.ts'
import { type Session, sessionOf } from './session.ts'

export type RelayRequest = {
  readonly conversation: Conversation
  readonly callerId: string
  /** The only accounts that may serve it; absent: any. */
  readonly accounts?: ReadonlySet<string>
  /** Whether the caller may use a model of these names; absent: any. */
  readonly allows?: (names: readonly string[]) => boolean
  /** The larger, the earlier in line; default 0. */
  readonly priority?: number
  /** The caller's limits: told before anything is sent what it may cost at most. */
  readonly charge?: Pick<Admitted, 'metered' | 'reserve' | 'adjust' | 'begin'>
  /** Epoch ms. */
  readonly arrivedAt: number
  /** Told exactly once, when the request is over. */
  readonly onEnd: (summary: Summary) => void
  /** Told of what is to stand in the request's record; nothing comes after `onEnd`. */
  readonly note?: AddNote
  /** Finds the caller's own member of what the provider is found to refuse. */
  readonly locate?: Locate
  /** The API shows reasoning only to a caller that asked for thinking, in the body or by the model's name. */
  readonly reasoningIfAsked?: boolean
  /** Told once, before anything is sent, which model serves. */
  readonly onModel?: (taken: ModelTaken) => void
  /** How its key wants to be served. */
  readonly terms?: Terms
  /** When its long conversations are made shorter; absent: as the settings say. */
  readonly compression?: KeyCompression
  /** Told what a summary stands for; `running` while it is being written, undefined: none could be had. */
  readonly onCompressed?: (told: Compressed | 'running' | undefined) => void
  /** What keeps it on its account; absent: told from the conversation. */
  readonly session?: Session
  /** A further model turn of one request: what for, and since when (epoch ms) it may wait in line. */
  readonly turn?: { readonly purpose?: Purpose; readonly beganAt: number }
}

/** `used`: what writing the summary took, absent where that is not known; `cached`: it was kept. */
export type Compressed = { readonly messages: number; readonly used?: Usage | 'cached'; readonly unshown: Unshown }
/** What the user and the system said and a summary was not made of. */
export type Unshown = { readonly characters: number; readonly messages: number }

export type RelayDeps = {
  readonly effects: Pick<Effects, 'now' | 'random' | 'sleep' | 'newUuid' | 'turn'>
  readonly limits: RetryLimits
  /** How long a request may wait in line for a free account, in all. */
  readonly maxQueueMs: number
  /** The model by the caller's name, with what its name says about thinking and effort already in the conversation. */
  readonly resolve: (
    conversation: Conversation,
    accounts: ReadonlySet<string> | undefined,
    callerId: string,
    /** A guess that the provider does not know. */
    refused?: string,
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
  /** Whether an account is in service of which it must be known beforehand what a call may cost. */
  readonly guardsCredits: () => boolean
  /** What a token of a model costs. */
  readonly rateOf: (model: ModelInfo) => Rate
}
export type Resolved = {
  readonly conversation: Conversation
  readonly model: ModelInfo
  /** Why it is another than the one named, and by which mapping. */
  readonly standIn?: { readonly because: StandInReason; readonly mapping?: string }
  /** No list names it: what the name means was guessed before the accounts' lists were read. */
  readonly isGuess?: boolean
}
/** `because`: why it is another than the one named. */
export type ModelTaken = { readonly id: string; readonly because?: StandInReason }

/**
 * Runs one conversation to a reply. While the Result is pending nothing has reached the client and every account may still
 * be tried; once it is `ok`, failures are one `error` event, never retried.
 */
export async function relay(
  request: RelayRequest,
  deps: RelayDeps,
  signal: AbortSignal,
): Promise<Result<ReplyStream, GatewayError>> {
  const { effects, countTokens } = deps
  const { onEnd } = request
  const elapsed = timeSince(request.arrivedAt, effects.now)
  const attempts: Attempt[] = []
  let considered: RouteRecord['considered'] = []
  let by: ChosenBy | undefined
  let left: RouteRecord['left']
  let lostCredits = 0
  const route = (): RouteRecord => ({ considered, ...(by && { by }), attempts, ...(left && { left }) })
  const fail = (error: GatewayError, upstreamModel?: string): Result<never, GatewayError> => {
    const { message, cause } = error
    onEnd({
      outcome: error.kind,
      message,
      ...(cause === undefined ? {} : { cause }),
      ...(upstreamModel === undefined ? {} : { upstreamModel }),
      durationMs: elapsed(),
      route: route(),
      ...(lostCredits > 0 && { lostCredits }),
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
  const mayUse = ({ model }: Resolved): boolean => request.allows?.([request.conversation.model, model.id]) !== false
  let taken = resolved.value
  if (!mayUse(taken)) {
    const message = `The model ${request.conversation.model} is not among those this API key may use.`
    return fail(gatewayError('model-not-found', message, { field: 'model' }))
  }
  announce(taken, request)
  const estimate = deps.estimateInput(taken.conversation)
  estimate.catch(() => undefined) // awaited when the reply starts; an early end must not leave it unhandled
  const reserved = await reserve(taken.conversation, taken.model, estimate, request.charge, deps)
  if (!reserved.ok) return fail(reserved.error, taken.model.id)
  taken = { ...taken, conversation: reserved.value }
  const errors: GatewayError[] = []
  const exclude = new Set<string>()
  const avoid = new Set<string>()
  let untriedOnly = false
  /** One that was tried may be tried again; if not, it is worth a wait for one that was not. */
  let mayRepeat = true
  /** A reply that the provider closed properly without any content: it is repeated once, then it is the answer. */
  let empty: { readonly reply: UpstreamReply; readonly lease: Lease; readonly credits: number } | undefined
  const invocationId = effects.newUuid()
  const { accounts: only } = request
  const credits = deps.guardsCredits()
    ? costOf((await estimate).tokens, mostUsual(taken), deps.rateOf(taken.model)).credits
    : undefined
  const asked = (without: ReadonlySet<string>): Asked => ({
    modelId: taken.model.id,
    ...(only === undefined ? {} : { only }),
    ...(credits === undefined ? {} : { credits }),
    exclude: without,
  })
  const hasUntried = (): boolean => deps.hasOther(asked(exclude.union(avoid)))
  const answer = (reply: UpstreamReply, lease: Lease): Result<ReplyStream, never> =>
    ok(
      replySource(reply, lease, {
        demands: demandsOf(taken.conversation),
        model: taken.model,
        // No function made in here: it would keep the conversation for as long as the reply takes.
        ...{ estimate, route: route(), elapsed, countTokens, onEnd, signal, lostCredits, turn: effects.turn },
        hidesReasoning: request.reasoningIfAsked === true && !asksForThinking(taken.conversation),
      }),
    )
  /** Nobody has more to give. */
  const giveUp = (error: GatewayError): Result<ReplyStream, GatewayError> => {
    if (empty === undefined || signal.aborted) return fail(error, taken.model.id)
    lostCredits -= empty.credits // it is the answer after all
    return answer(empty.reply, empty.lease)
  }
  /** The name was a guess and the provider does not know it: what the name means without it, once. */
  const guessAgain = async (): Promise<boolean> => {
    const { model, isGuess } = taken
    if (isGuess !== true || signal.aborted) return false
    const again = await deps.resolve(request.conversation, request.accounts, request.callerId, model.id)
    if (!again.ok || again.value.model.id === model.id || !mayUse(again.value)) return false
    // What was granted to the first guess holds for the second.
    const { limits } = taken.conversation
    taken = { ...again.value, conversation: { ...again.value.conversation, limits }, isGuess: false }
    announce(taken, request)
    exclude.clear()
    avoid.clear()
    errors.length = 0
    untriedOnly = false
    mayRepeat = true
    return true
  }

  for (let attempt = 1; ; attempt++) {
    const { conversation, model } = taken
    if (signal.aborted) return fail(gatewayError('cancelled', 'The caller left.'), model.id)
    const roomOfModel = await enter(deps.models, model.id, 'model-overloaded', deps.limits.maxWaitMs, deps, signal)
    if (!roomOfModel.ok) {
      if (attempts.length === 0) considered = deps.consider(asked(exclude))
      return giveUp(errors.at(-1) ?? roomOfModel.error)
    }
    const seatFor = (without: ReadonlySet<string>, waitUntil: number): Promise<Result<Lease, GatewayError>> => {
      const { callerId, priority = 0 } = request
      const isRetry = attempts.length > 0
      const session = request.session ?? sessionOf(conversation, callerId)
      return deps.acquire({ ...asked(without), callerId, priority, isRetry, avoid, waitUntil, ...session }, signal)
    }
    const deadline = (request.turn?.beganAt ?? request.arrivedAt) + deps.maxQueueMs
    let seat = untriedOnly
      ? await seatFor(exclude.union(avoid), mayRepeat ? effects.now() : deadline)
      : await seatFor(exclude, deadline)
    if (!seat.ok && untriedOnly && seat.error.kind !== 'cancelled') seat = await seatFor(exclude, deadline)
    if (!seat.ok) {
      roomOfModel.value({ how: 'other' })
      const standing = deps.consider(asked(exclude))
      if (attempts.length === 0) considered = standing
      else left = standing
      const error = finalError(errors.at(-1), seat.error)
      if (error.kind === 'model-not-found' && (await guessAgain())) continue
      return giveUp(error)
    }
    const lease = seat.value
    if (attempts.length === 0) ({ considered, by } = lease)
    const startedMs = elapsed()
    const { accountId, conversationId, isCurrent } = lease
    const { note: addNote, locate } = request
    const call = {
      ...{ accountId, conversation, model, conversationId, invocationId, attempt, isCurrent },
      ...(addNote && { note: addNote }),
      ...(locate && { locate }),
    }
    const way = deps.routeOf(accountId)
    // Nobody waits for a closed way while another account has an open one.
    const patienceMs = deps.routes.rests(way) && hasUntried() ? 0 : deps.limits.maxWaitMs
    const road = await enter(deps.routes, way, 'upstream-unreachable', patienceMs, deps, signal)
    if (attempts.length === 0 && road.ok) noteBegin(estimate, deps.rateOf(model), request.charge)
    const sent = road.ok ? await deps.send(call, signal) : road
    const failed = sent.ok ? undefined : sent.error
    tell(roomOfModel.value, failed, modelFaults, accountId)
    if (road.ok) tell(road.value, routeFaultOf(failed), routeFaults, accountId)
    const note = (outcome: Attempt['outcome'], more: Partial<Attempt> = {}): void => {
      const purpose = request.turn?.purpose && { purpose: request.turn.purpose }
      attempts.push({
        ...purpose,
        accountId,
        startedMs,
        waitedMs: lease.waitedMs,
        endedMs: elapsed(),
        outcome,
        ...more,
      })
    }
    if (sent.ok) {
      lease.confirm()
      const { providerRequestId } = sent.value
      note('ok', providerRequestId === undefined ? {} : { providerRequestId })
      return answer(sent.value, lease)
    }
    const { error } = sent
    note(error.kind, error.cause === undefined ? {} : { cause: cutText(error.cause, 300) })
    // A closed way says nothing about the account: it was not called.
    lease.release(road.ok ? outcomeOf(error) : { type: 'cancelled' }, costOfFailure(error, road.ok))
    if (error.ending !== undefined) {
      const reply = emptyReply(error.ending)
      if (empty !== undefined) return answer(reply, lease)
      empty = { reply, lease, credits: error.credits ?? 0 }
      request.note?.({ what: 'reply-repeated', detail: 'the first had no content' })
    }
    lostCredits += error.credits ?? 0
    if (error.kind === 'cancelled') return fail(error, model.id)
    if (error.kind === 'model-not-found') deps.forgetModel(accountId, model.id)
    errors.push(error)
    avoid.add(accountId)
    const story = { errors, elapsedMs: elapsed(), hasUntried: hasUntried(), isOutage: deps.isOutage() }
    const move = nextMove(story, effects.random(), deps.limits)
    if (move.to === 'nobody') return giveUp(error)
    if (move.to === 'another') exclude.add(accountId)
    untriedOnly = move.to === 'untried'
    mayRepeat = nextMove({ ...story, hasUntried: false }, 0, deps.limits).to !== 'nobody'
    if (move.afterMs > 0) await effects.sleep(move.afterMs, signal)
  }
}

const timeSince =
  (begin: number, now: Effects['now']): (() => number) =>
  () =>
    now() - begin

/** Tells which model is taken, and that it is another than was named. */
function announce({ model, standIn }: Resolved, { onModel, note }: RelayRequest): void {
  onModel?.({ id: model.id, ...(standIn && { because: standIn.because }) })
  if (standIn === undefined) return
  const { because, mapping } = standIn
  const detail = `${model.id}, ${mapping === undefined ? because : `${because} by '${mapping}'`}`
  note?.({ what: 'model-replaced', field: 'model', detail })
}

const asksForThinking = ({ thinking }: Conversation): boolean =>
  thinking.type === 'enabled' || thinking.type === 'adaptive'

const emptyReply = (ending: NonNullable<GatewayError['ending']>): UpstreamReply => ({
  events: {
    run: async (sink) => void (await sink([{ type: 'finish', ...ending }])),
    drop: () => undefined,
  },
})

/**
 * Takes what the call may use out of the caller's limits, where they ask for that; the answer may then be no longer than what
 * was granted. Callers without such limits do not wait for the estimate.
 */
async function reserve(
  conversation: Conversation,
  model: ModelInfo,
  estimate: Promise<Figure>,
  charge: RelayRequest['charge'],
  deps: RelayDeps,
): Promise<Result<Conversation, GatewayError>> {
  if (charge?.metered !== true) return ok(conversation)
  const outputTokens = conversation.limits.maxOutputTokens ?? model.maxOutputTokens
  const { tokens } = await estimate
  const granted = await charge.reserve({ inputTokens: tokens, outputTokens, rate: deps.rateOf(model) })
  if (!granted.ok) return granted
  if (granted.value.outputTokens >= outputTokens) return ok(conversation)
  return ok({ ...conversation, limits: { ...conversation.limits, maxOutputTokens: granted.value.outputTokens } })
}

/** Credits of a call that gave nothing to go on with; undefined: what it cost is not known. */
const costOfFailure = ({ kind, credits }: GatewayError, wasCalled: boolean): number | undefined =>
  wasCalled && kind === 'cancelled' ? credits : (credits ?? 0)

/** Few answers are longer: what is kept back of an account's credits for one call must not keep an account from its last hundred. */
const usualOutputTokens = 8_192
const mostUsual = ({ conversation: { limits }, model }: Resolved): number =>
  Math.min(usualOutputTokens, limits.maxOutputTokens ?? model.maxOutputTokens)

/** The call goes out: its input counts, should this process end before the call does. */
function noteBegin(estimate: Promise<Figure>, rate: Rate, charge: RelayRequest['charge']): void {
  if (charge === undefined) return
  void estimate.then(
    ({ tokens }) => {
      const { inputTokens, inputMicroUsd } = costOf(tokens, 0, rate)
      charge.begin({ inputTokens, inputMicroUsd })
    },
    () => undefined, // the reply's own start tells it
  )
}

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
