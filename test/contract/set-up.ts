import type { Admitted } from '../../server/access/ledger.ts'
import { costOf, type Used } from '../../server/access/limits.ts'
import { type ContractDeps, converse } from '../../server/contract/converse.ts'
import type { Layer } from '../../server/contract/layer.ts'
import type { Conversation } from '../../server/conversation/conversation.ts'
import type { FinishReason } from '../../server/conversation/ending.ts'
import type { GatewayError } from '../../server/conversation/error.ts'
import type { ReplyEvent, UpstreamEvent } from '../../server/conversation/event.ts'
import type { Note } from '../../server/conversation/note.ts'
import { ok, type Result } from '../../server/lib/result.ts'
import { defaultHealthPolicy } from '../../server/pool/health.ts'
import { createPool } from '../../server/pool/pool.ts'
import { createBreaker, modelBreaker, routeBreaker } from '../../server/relay/breaker.ts'
import type { Summary } from '../../server/relay/record.ts'
import type { RelayRequest } from '../../server/relay/relay.ts'
import type { ReplyStream } from '../../server/relay/reply-source.ts'
import { defaultRetryLimits } from '../../server/relay/retry.ts'
import type { UpstreamCall, UpstreamReply } from '../../server/upstream/upstream.ts'
import { makeAccount } from '../pool/accounts.ts'
import { makeConversation } from '../support/conversation.ts'
import { createTestEffects } from '../support/effects.ts'
import { batchesOf, sourceOf } from '../support/source.ts'

export const model = { id: 'm', name: 'M', maxInputTokens: 200_000, maxOutputTokens: 64_000, acceptsImages: true }
export const rate = {
  inputMicroUsdPerMillion: 1_000_000,
  outputMicroUsdPerMillion: 2_000_000,
  inputCredits: 0.01,
  outputCredits: 0.02,
}

type Answer = Result<UpstreamReply, GatewayError>

/** A reply of text in pieces, with 0.5 credits. */
export const says = (pieces: string | readonly string[], reason: FinishReason = 'end'): Answer =>
  replies([
    { type: 'text-start', index: 0 },
    ...[pieces].flat().map((text) => ({ type: 'text-delta', index: 0, text }) as const),
    { type: 'text-end', index: 0 },
    { type: 'finish', reason, report: { credits: 0.5 } },
  ])
/** A reply of calls, each input in pieces. */
export const calls = (
  ...list: readonly { readonly name: string; readonly json: string | readonly string[] }[]
): Answer =>
  replies([
    ...list.flatMap(({ name, json }, index): readonly UpstreamEvent[] => [
      { type: 'tool-call-start', index, id: `call_${index}`, name },
      ...[json].flat().map((piece) => ({ type: 'tool-call-delta', index, json: piece }) as const),
      { type: 'tool-call-end', index },
    ]),
    { type: 'finish', reason: 'tool-calls', report: { credits: 0.5 } },
  ])
/** Each event a batch of its own. */
export const replies = (events: readonly UpstreamEvent[]): Answer =>
  ok({ events: sourceOf(events.map((event) => [event])) })

/** The contract over the real relay and pool, on a provider that answers as it is told. Accounts hold one call at a time. */
export function setUp(
  layers: readonly Layer[],
  answer: (call: UpstreamCall, turn: number) => Answer | Promise<Answer>,
) {
  const effects = createTestEffects()
  const pool = createPool(
    {
      strategy: 'sequential',
      health: defaultHealthPolicy,
      room: { softInFlight: 1_000, softStartsPerMinute: 0, startsPerMinute: 0 },
      quotaReserve: 0,
      maxWaiting: 10,
      affinityMax: 10,
      affinityTtlMs: 1_000_000,
    },
    { effects, onHealth: () => {}, onOutcome: () => {} },
  )
  pool.put(makeAccount('a', { maxInFlight: 1 }))
  const sent: UpstreamCall[] = []
  const summaries: Summary[] = []
  const notes: Note[] = []
  const leaving = new AbortController()
  const deps: ContractDeps = {
    relay: {
      effects,
      limits: defaultRetryLimits,
      maxQueueMs: 1_000,
      resolve: async (conversation) => ok({ conversation, model }),
      acquire: pool.acquire,
      consider: pool.consider,
      hasOther: pool.hasOther,
      isOutage: pool.isOutage,
      forgetModel: pool.forgetModel,
      send: async (call) => {
        sent.push(call)
        return answer(call, sent.length)
      },
      estimateInput: async () => ({ tokens: 10, source: 'estimated' }),
      guardsCredits: () => false,
      rateOf: () => rate,
      countTokens: (text) => text.length,
      models: createBreaker(modelBreaker, effects),
      routes: createBreaker(routeBreaker, effects),
      routeOf: () => 'provider',
    },
    layers,
    usedOf: ({ usage }): Used | undefined =>
      usage === undefined
        ? undefined
        : { ...costOf(usage.input.tokens, usage.output.tokens, rate), credits: usage.credits ?? 0 },
  }
  const run = (part: Partial<Conversation> = {}, more: Partial<RelayRequest> = {}) =>
    converse(
      {
        conversation: makeConversation(part),
        callerId: 'k',
        arrivedAt: effects.now(),
        note: (note) => notes.push(note),
        ...more,
        onEnd: (summary) => summaries.push(summary),
      },
      deps,
      leaving.signal,
    )
  return { effects, pool, sent, summaries, notes, leaving, run, deps }
}

export async function read(result: Result<ReplyStream, GatewayError>): Promise<readonly ReplyEvent[]> {
  if (!result.ok) throw new Error(`${result.error.kind}: ${result.error.message}`)
  return (await batchesOf(result.value)).flat()
}

/** The caller's limits as far as the relay asks them, and what it told them. */
export function chargeOf(): Pick<Admitted, 'metered' | 'reserve' | 'adjust' | 'begin'> & {
  readonly told: readonly unknown[]
} {
  const told: unknown[] = []
  return {
    told,
    metered: true,
    reserve: async ({ inputTokens, outputTokens }) => {
      told.push({ reserve: [inputTokens, outputTokens] })
      return ok({ outputTokens })
    },
    adjust: (used) => told.push({ adjust: [used.inputTokens, used.outputTokens] }),
    begin: () => told.push('begin'),
  }
}
