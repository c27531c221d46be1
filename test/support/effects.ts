import type { Effects } from '../../server/lib/effects.ts'

export type TestEffects = Effects & {
  /** Moves the clock and runs what falls due, in order, letting promises settle in between. */
  readonly advance: (ms: number) => Promise<void>
  /** How many timers are waiting. */
  readonly timers: () => number
}

/** A clock that only moves when told, counted ids and seeded chance; the network is the real one unless replaced. */
export function createTestEffects(more: Partial<Effects> = {}, startAt = Date.UTC(2026, 0, 15, 12)): TestEffects {
  let now = startAt
  let ids = 0
  let seed = 42
  let timers: { readonly at: number; readonly task: () => void }[] = []
  const after = (ms: number, task: () => void): (() => void) => {
    const timer = { at: now + ms, task }
    timers.push(timer)
    return () => {
      timers = timers.filter((other) => other !== timer)
    }
  }
  return {
    now: () => now,
    // mulberry32: small, and good enough to be even
    random: () => {
      seed = (seed + 0x6d2b79f5) | 0
      let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
      return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
    },
    newId: (prefix) => `${prefix}_${String(++ids).padStart(24, '0')}`,
    newUuid: () => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`,
    after,
    turn: () => new Promise((resolve) => setImmediate(resolve)),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const cancel = after(ms, resolve)
        signal?.addEventListener('abort', () => {
          cancel()
          resolve()
        })
      }),
    fetch: (url, init) => fetch(url, init as RequestInit),
    ...more,
    timers: () => timers.length,
    advance: async (ms) => {
      const until = now + ms
      for (;;) {
        await runDry()
        const next = timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
        if (next === undefined) break
        timers = timers.filter((timer) => timer !== next)
        now = Math.max(now, next.at)
        next.task()
      }
      now = until
      await runDry()
    },
  }
}

/** What a server of another process takes to answer, several times over. */
const serverMs = Number(process.env.TEST_MYSQL_PORT ?? 0) > 0 ? 150 : 0

/** Lets promise chains run dry without moving any clock. */
export async function settle(): Promise<void> {
  await runDry()
  if (serverMs > 0) await Bun.sleep(serverMs)
}

async function runDry(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
  await new Promise((resolve) => setImmediate(resolve))
}
