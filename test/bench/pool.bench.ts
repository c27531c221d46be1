import { gatewayError } from '../../server/conversation/error.ts'
import { realEffects } from '../../server/lib/effects.ts'
import { err, ok } from '../../server/lib/result.ts'
import { defaultHealthPolicy } from '../../server/pool/health.ts'
import { createPool } from '../../server/pool/pool.ts'
import { strategies } from '../../server/pool/select.ts'
import { createBreaker, modelBreaker, routeBreaker } from '../../server/relay/breaker.ts'
import { relay } from '../../server/relay/relay.ts'
import { defaultRetryLimits } from '../../server/relay/retry.ts'
import { makeConversation } from '../support/conversation.ts'
import { batchesOf, sourceOf } from '../support/source.ts'
import type { Measurement } from './codec.bench.ts'

const accounts = 1_000
const model = { id: 'm', name: 'M', maxInputTokens: 200_000, maxOutputTokens: 64_000, acceptsImages: true }
const signal = new AbortController().signal

function poolOf(strategy: (typeof strategies)[number]) {
  const pool = createPool(
    {
      strategy,
      health: { ...defaultHealthPolicy, maxFailures: 1_000_000 },
      room: { softInFlight: 1_000, softStartsPerMinute: 0, startsPerMinute: 0 },
      quotaReserve: 0.05,
      maxWaiting: 10,
      affinityMax: 10,
      affinityTtlMs: 1_000,
    },
    { effects: realEffects, onHealth: () => {}, onOutcome: () => {} },
  )
  for (let index = 0; index < accounts; index++) {
    pool.put({
      id: `acc_${index}`,
      label: '',
      enabled: true,
      health: { state: 'ready', since: 0, failures: 0 },
      weight: 1,
      maxInFlight: 10,
      quota: { used: index % 90, limit: 100, resetsAt: Date.now() + 86_400_000, readAt: 0 },
      createdAt: index,
    })
    pool.setModels(`acc_${index}`, ['m', 'n'])
  }
  return pool
}

async function chooseMicroseconds(strategy: (typeof strategies)[number]): Promise<number> {
  const pool = poolOf(strategy)
  const request = { callerId: 'k', modelId: 'm', exclude: new Set<string>(), avoid: new Set<string>(), waitUntil: 0 }
  const turn = async (): Promise<void> => {
    const lease = await pool.acquire(request, signal)
    if (lease.ok) lease.value.release({ type: 'success' })
  }
  for (let warm = 0; warm < 500; warm++) await turn()
  const rounds = 3_000
  const startedAt = performance.now()
  for (let round = 0; round < rounds; round++) await turn()
  return ((performance.now() - startedAt) / rounds) * 1_000
}

/** What a failed first account adds, beyond the failed call itself (which here takes no time). */
async function failoverMs(fails: boolean): Promise<number> {
  const pool = poolOf('least_loaded')
  const rounds = 300
  const deps = {
    effects: realEffects,
    limits: defaultRetryLimits,
    maxQueueMs: 1_000,
    resolve: async (conversation: Parameters<typeof relay>[0]['conversation']) => ok({ conversation, model }),
    acquire: pool.acquire,
    consider: pool.consider,
    hasOther: pool.hasOther,
    isOutage: pool.isOutage,
    forgetModel: () => {},
    models: createBreaker(modelBreaker, realEffects),
    routes: createBreaker(routeBreaker, realEffects),
    routeOf: () => 'provider',
    estimateInput: async () => ({ tokens: 1, source: 'estimated' as const }),
    guardsCredits: () => false,
    rateOf: () => ({ inputMicroUsdPerMillion: 0, outputMicroUsdPerMillion: 0, inputCredits: 0, outputCredits: 0 }),
    countTokens: () => 1,
    send: async ({ attempt }: { readonly attempt: number }) =>
      fails && attempt === 1
        ? err(gatewayError('rate-limited', 'said', { retryAfterMs: 1 }))
        : ok({
            events: sourceOf([
              [
                { type: 'text-start', index: 0 },
                { type: 'text-delta', index: 0, text: 'hi' },
                { type: 'text-end', index: 0 },
                { type: 'finish', reason: 'end', report: {} },
              ] as const,
            ]),
          }),
  }
  const startedAt = performance.now()
  for (let round = 0; round < rounds; round++) {
    const conversation = makeConversation()
    const sent = await relay({ conversation, callerId: 'k', arrivedAt: Date.now(), onEnd: () => {} }, deps, signal)
    if (!sent.ok) throw new Error(sent.error.message)
    await batchesOf(sent.value)
  }
  return (performance.now() - startedAt) / rounds
}

export async function run(): Promise<readonly Measurement[]> {
  const out: Measurement[] = []
  for (const strategy of strategies) {
    out.push({
      name: `choose among ${accounts} accounts, ${strategy} (goal: < 50)`,
      value: await chooseMicroseconds(strategy),
      unit: 'µs',
    })
  }
  const plain = await failoverMs(false)
  out.push({ name: 'a failed first account adds (goal: < 20)', value: (await failoverMs(true)) - plain, unit: 'ms' })
  return out
}

if (import.meta.main) for (const { name, value, unit } of await run()) console.log(name, value.toFixed(2), unit)
