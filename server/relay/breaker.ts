import { type Backoff, backoffMs } from '../lib/backoff.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'

export type BreakerPolicy = {
  /** Faults in a row that open the circuit, told by at least so many different sources: one account's own trouble is not it. */
  readonly threshold: number
  readonly sources: number | ((key: string) => number)
  readonly rest: Backoff
  /** Circuits remembered; the longest unused is forgotten. */
  readonly maxKeys: number
}

/** How a call went: `fault` is the thing's own (model full, host unreachable), `other` says nothing about it. */
export type Passage =
  | { readonly how: 'ok' | 'other' }
  | { readonly how: 'fault'; readonly source: string; readonly retryAfterMs?: number }
export type Passed = (passage: Passage) => void
export type Barred = { readonly reason: 'resting' | 'cancelled'; readonly retryAfterMs: number }

type Circuit = {
  faults: number
  sources: Set<string>
  openUntil: number
  probe: { readonly word: Promise<void>; readonly until: number } | undefined
}

/** A probe that says nothing for so long makes way for another. */
const probeMs = 5_000

/** A model is full when two accounts are told so; the provider asks for a few spaced tries. */
export const modelBreaker: BreakerPolicy = {
  threshold: 2,
  sources: 2,
  rest: { baseMs: 2_000, maxMs: 60_000 },
  maxKeys: 200,
}
/** One lost connection says little; several in a row say that the way is closed. */
export const routeBreaker: BreakerPolicy = {
  threshold: 5,
  sources: 2,
  rest: { baseMs: 1_000, maxMs: 30_000 },
  maxKeys: 1_000,
}

/** No answer may close a way for all for longer. */
const longestRestMs = 600_000

export type Breaker = {
  /** Passes at once while all is well; during a rest waits for its end, or refuses when that lies beyond `until` (epoch ms). */
  readonly enter: (key: string, until: number, signal: AbortSignal) => Promise<Result<Passed, Barred>>
  /** Whether it rests now or has only its probe out. */
  readonly rests: (key: string) => boolean
  readonly stats: () => { readonly keys: number; readonly resting: number }
}

/**
 * A circuit breaker per key: what failed too often rests, then one call alone tries whether it is well again while the others
 * wait for its word. Accounts are not to blame for a full model or a dead host, so these rest instead of them.
 */
export function createBreaker(policy: BreakerPolicy, effects: Pick<Effects, 'now' | 'random' | 'sleep'>): Breaker {
  const circuits = new Map<string, Circuit>()

  const circuitOf = (key: string): Circuit => {
    const circuit = circuits.get(key) ?? { faults: 0, sources: new Set(), openUntil: 0, probe: undefined }
    circuits.delete(key)
    circuits.set(key, circuit)
    if (circuits.size > policy.maxKeys)
      for (const oldest of circuits.keys()) {
        circuits.delete(oldest)
        break
      }
    return circuit
  }

  const settle = (key: string, circuit: Circuit, passage: Passage): void => {
    if (passage.how === 'ok') {
      circuit.faults = 0
      circuit.sources.clear()
      circuit.openUntil = 0
    } else if (passage.how === 'fault') {
      // Calls that were under way when it opened tell nothing new: one moment of trouble is one rest.
      if (circuit.openUntil > effects.now()) {
        if (passage.retryAfterMs !== undefined)
          circuit.openUntil = Math.max(circuit.openUntil, effects.now() + Math.min(longestRestMs, passage.retryAfterMs))
        return
      }
      circuit.faults++
      const sources = typeof policy.sources === 'number' ? policy.sources : policy.sources(key)
      if (circuit.sources.size < sources) circuit.sources.add(passage.source)
      const beyond = circuit.faults - policy.threshold
      if (beyond < 0 || circuit.sources.size < sources) return
      const restMs = Math.min(
        longestRestMs,
        passage.retryAfterMs ?? backoffMs(policy.rest, Math.min(beyond + 1, 8), effects.random()),
      )
      circuit.openUntil = Math.max(circuit.openUntil, effects.now() + restMs)
    }
  }

  /** One probe at a time: whoever comes while it is out waits for its word, though not for ever. */
  const probing = (key: string, circuit: Circuit): Passed => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const probe = { word: promise, until: effects.now() + probeMs }
    circuit.probe = probe
    return once((passage) => {
      settle(key, circuit, passage)
      if (circuit.probe === probe) circuit.probe = undefined
      resolve()
    })
  }

  return {
    rests: (key) => (circuits.get(key)?.openUntil ?? 0) > 0,
    stats: () => {
      const now = effects.now()
      return { keys: circuits.size, resting: [...circuits.values()].filter(({ openUntil }) => openUntil > now).length }
    },
    enter: async (key, until, signal) => {
      for (;;) {
        if (signal.aborted) return err({ reason: 'cancelled', retryAfterMs: 0 })
        const circuit = circuitOf(key)
        const now = effects.now()
        if (circuit.openUntil > now) {
          const waitMs = circuit.openUntil - now
          if (circuit.openUntil > until) return err({ reason: 'resting', retryAfterMs: waitMs })
          await effects.sleep(waitMs, signal)
        } else if (circuit.openUntil === 0) {
          return ok(once((passage) => settle(key, circuit, passage)))
        } else if (circuit.probe === undefined || circuit.probe.until <= now) {
          return ok(probing(key, circuit))
        } else {
          if (now >= until) return err({ reason: 'resting', retryAfterMs: policy.rest.baseMs })
          await Promise.race([circuit.probe.word, effects.sleep(Math.min(until, circuit.probe.until) - now, signal)])
        }
      }
    },
  }
}

function once(passed: Passed): Passed {
  let told = false
  return (passage) => {
    if (told) return
    told = true
    passed(passage)
  }
}
