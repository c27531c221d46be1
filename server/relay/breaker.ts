import { type Backoff, backoffMs } from '../lib/backoff.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'

export type BreakerPolicy = {
  /** Faults in a row that open the circuit. */
  readonly threshold: number
  readonly rest: Backoff
  /** Circuits remembered; the longest unused is forgotten. */
  readonly maxKeys: number
}

/** Told how the call went: `fault` is the thing's own (model full, host unreachable), `other` says nothing about it. */
export type Passed = (how: 'ok' | 'fault' | 'other', retryAfterMs?: number) => void
export type Barred = { readonly reason: 'resting' | 'cancelled'; readonly retryAfterMs: number }

type Circuit = { faults: number; openUntil: number; probe: Promise<void> | undefined }

/** A full model rests at its first word of it; the provider asks for a few spaced tries. */
export const modelBreaker: BreakerPolicy = { threshold: 1, rest: { baseMs: 2_000, maxMs: 60_000 }, maxKeys: 200 }
/** One lost connection says little; several in a row say that the way is closed. */
export const routeBreaker: BreakerPolicy = { threshold: 5, rest: { baseMs: 1_000, maxMs: 30_000 }, maxKeys: 1_000 }

export type Breaker = {
  /** Passes at once while all is well; during a rest waits for its end, or refuses when that lies beyond `until` (epoch ms). */
  readonly enter: (key: string, until: number, signal: AbortSignal) => Promise<Result<Passed, Barred>>
  readonly stats: () => { readonly keys: number; readonly resting: number }
}

/**
 * A circuit breaker per key: what failed too often rests, then one call alone tries whether it is well again while the others
 * wait for its word. Accounts are not to blame for a full model or a dead host, so these rest instead of them.
 */
export function createBreaker(policy: BreakerPolicy, effects: Pick<Effects, 'now' | 'random' | 'sleep'>): Breaker {
  const circuits = new Map<string, Circuit>()

  const circuitOf = (key: string): Circuit => {
    const circuit = circuits.get(key) ?? { faults: 0, openUntil: 0, probe: undefined }
    circuits.delete(key)
    circuits.set(key, circuit)
    if (circuits.size > policy.maxKeys)
      for (const oldest of circuits.keys()) {
        circuits.delete(oldest)
        break
      }
    return circuit
  }

  const settle = (circuit: Circuit, how: 'ok' | 'fault' | 'other', retryAfterMs: number | undefined): void => {
    if (how === 'ok') {
      circuit.faults = 0
      circuit.openUntil = 0
    } else if (how === 'fault') {
      circuit.faults++
      const beyond = circuit.faults - policy.threshold
      if (beyond < 0) return
      const restMs = retryAfterMs ?? backoffMs(policy.rest, beyond + 1, effects.random())
      circuit.openUntil = Math.max(circuit.openUntil, effects.now() + restMs)
    }
  }

  /** At most one probe at a time: whoever comes while it is out waits for its word. */
  const probing = (circuit: Circuit): Passed => {
    const { promise, resolve } = Promise.withResolvers<void>()
    circuit.probe = promise
    return once((how, retryAfterMs) => {
      settle(circuit, how, retryAfterMs)
      circuit.probe = undefined
      resolve()
    })
  }

  return {
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
          return ok(once((how, retryAfterMs) => settle(circuit, how, retryAfterMs)))
        } else if (circuit.probe === undefined) {
          return ok(probing(circuit))
        } else {
          if (now >= until) return err({ reason: 'resting', retryAfterMs: policy.rest.baseMs })
          await Promise.race([circuit.probe, effects.sleep(until - now, signal)])
        }
      }
    },
  }
}

function once(passed: Passed): Passed {
  let told = false
  return (how, retryAfterMs) => {
    if (told) return
    told = true
    passed(how, retryAfterMs)
  }
}
