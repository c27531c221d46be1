import { type Accessor, createSignal, onCleanup } from 'solid-js'
import { serverTime } from './server-clock.ts'

/** The server's time now (epoch ms) as a signal that moves every `everyMs`. */
export function createClock(everyMs: number): Accessor<number> {
  const [now, setNow] = createSignal(serverTime())
  const timer = setInterval(() => setNow(serverTime()), everyMs)
  onCleanup(() => clearInterval(timer))
  return now
}

/** The same as a signal that moves every half minute, and every second while something ends within one. */
export function createDeadlineClock(deadlines: Accessor<readonly number[]>): Accessor<number> {
  const [now, setNow] = createSignal(serverTime())
  let timer: ReturnType<typeof setTimeout> | undefined
  const tick = (): void => {
    const at = serverTime()
    setNow(at)
    const soon = deadlines().some((deadline) => deadline > at && deadline - at <= 61_000)
    timer = setTimeout(tick, soon ? 1000 : 30_000)
  }
  timer = setTimeout(tick, 1000)
  onCleanup(() => clearTimeout(timer))
  return now
}

/** Whole seconds until `until` (epoch ms of the server; undefined is 0), never below 0. */
export function createCountdown(until: Accessor<number | undefined>): Accessor<number> {
  const now = createClock(500)
  return () => Math.max(0, Math.ceil(((until() ?? 0) - now()) / 1000))
}
