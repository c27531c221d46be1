import type { Effects } from '../lib/effects.ts'

/** How the last checks through a proxy went. Times are epoch ms. */
export type ProxyHealth = {
  readonly state: 'unchecked' | 'up' | 'down'
  readonly checkedAt?: number
  /** From the request to the answer's headers, of the last check that succeeded. */
  readonly latencyMs?: number
  /** Failed checks in a row. */
  readonly failures: number
  /** Why the last check failed: a code, never an address. */
  readonly reason?: string
}

export type ProbeResult =
  | { readonly ok: true; readonly latencyMs: number }
  | { readonly ok: false; readonly reason: string }

export const uncheckedProxy: ProxyHealth = { state: 'unchecked', failures: 0 }

/** The health after one more check, at `now` epoch ms. */
export function afterProbe(health: ProxyHealth, result: ProbeResult, now: number): ProxyHealth {
  if (result.ok) return { state: 'up', checkedAt: now, latencyMs: result.latencyMs, failures: 0 }
  const { latencyMs } = health
  return {
    state: 'down',
    checkedAt: now,
    ...(latencyMs === undefined ? {} : { latencyMs }),
    failures: health.failures + 1,
    reason: result.reason,
  }
}

export type ProbeDeps = {
  readonly effects: Pick<Effects, 'now' | 'after'>
  /** Sends a request through the proxy that is looked at. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  /** A host the gateway contacts anyway; any answer of its shows that the way is open. */
  readonly targetUrl: string
  readonly userAgent: string
  /** Default 10 s. */
  readonly timeoutMs?: number
}

const proxyFaults = new Set([407, 502, 503, 504])

/** One look through a proxy, tried a second time before it counts as failed. Never rejects. */
export async function probeProxy(deps: ProbeDeps, signal?: AbortSignal): Promise<ProbeResult> {
  const first = await probeOnce(deps, signal)
  return first.ok || signal?.aborted ? first : probeOnce(deps, signal)
}

async function probeOnce(deps: ProbeDeps, signal?: AbortSignal): Promise<ProbeResult> {
  const { effects, targetUrl, timeoutMs = 10_000 } = deps
  const controller = new AbortController()
  const stop = (): void => controller.abort()
  const cancel = effects.after(timeoutMs, stop)
  signal?.addEventListener('abort', stop, { once: true })
  if (signal?.aborted) stop()
  const startedAt = effects.now()
  try {
    const answer = await deps.fetch(targetUrl, {
      method: 'HEAD',
      headers: { 'user-agent': deps.userAgent },
      redirect: 'manual',
      signal: controller.signal,
    })
    void answer.body?.cancel()
    // Without TLS the proxy itself may be the one that answers.
    if (targetUrl.startsWith('http:') && proxyFaults.has(answer.status)) {
      return { ok: false, reason: `status ${answer.status}` }
    }
    return { ok: true, latencyMs: Math.round(effects.now() - startedAt) }
  } catch (thrown) {
    if (controller.signal.aborted) return { ok: false, reason: signal?.aborted ? 'cancelled' : 'timeout' }
    const code = thrown instanceof Error ? (thrown as { readonly code?: unknown }).code : undefined
    return { ok: false, reason: typeof code === 'string' ? code : 'failed' }
  } finally {
    cancel()
    signal?.removeEventListener('abort', stop)
  }
}
