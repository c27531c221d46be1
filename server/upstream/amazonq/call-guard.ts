import { type ErrorKind, type GatewayError, gatewayError } from '../../conversation/error.ts'
import type { Effects } from '../../lib/effects.ts'
import { createWatchdog } from './watchdog.ts'

/** What a call waits for; each has its own limit. */
export type WaitingFor = 'connection' | 'first-event' | 'next-event'

/** Holds one call's time limits and its caller's signal: whichever ends first ends the call. */
export type CallGuard = {
  /** For fetch. */
  readonly signal: AbortSignal
  /** From now on something is waited for, at most `ms`. */
  readonly wait: (what: WaitingFor, ms: number) => void
  /** Nothing is waited for: the consumer takes its time. */
  readonly rest: () => void
  /** The promise, or a rejection as soon as the call is over. Holds on to nothing afterwards. */
  readonly race: <T>(promise: Promise<T>) => Promise<T>
  /** Called once when the call ends early, instead of a race for each of many reads. */
  readonly onStop: (task: () => void) => void
  /** Why the call ended early; undefined while it was not us. */
  readonly reason: () => GatewayError | undefined
  /** Gives timer and listener back; a call that is not `complete` is cut off. May be called again. */
  readonly close: (complete: boolean) => void
}

export const cancelled = gatewayError('cancelled', 'The caller left.')

const expiries = {
  connection: ['upstream-unreachable', 'The provider could not be reached in time.'],
  'first-event': ['timeout', 'The provider did not begin its reply in time.'],
  'next-event': ['timeout', 'The provider fell silent within its reply.'],
} as const satisfies Record<WaitingFor, readonly [kind: ErrorKind, message: string]>

export function createCallGuard(effects: Pick<Effects, 'now' | 'after'>, caller: AbortSignal): CallGuard {
  const controller = new AbortController()
  let reason: GatewayError | undefined
  let waitingFor: WaitingFor | undefined
  let patienceMs = 0
  let interrupt: (() => void) | undefined

  const stop = (why: GatewayError): void => {
    reason ??= why
    controller.abort()
    interrupt?.()
  }
  const leave = (): void => stop(cancelled)
  const watchdog = createWatchdog(effects, () => {
    if (waitingFor === undefined) return
    const [kind, message] = expiries[waitingFor]
    stop(gatewayError(kind, message, { cause: `no ${waitingFor} within ${patienceMs} ms` }))
  })
  if (caller.aborted) leave()
  else caller.addEventListener('abort', leave, { once: true })

  return {
    signal: controller.signal,
    wait: (what, ms) => {
      waitingFor = what
      patienceMs = ms
      watchdog.wait(ms)
    },
    rest: () => {
      waitingFor = undefined
      watchdog.rest()
    },
    race: (promise) =>
      new Promise((resolve, reject) => {
        promise.then(resolve, reject)
        if (controller.signal.aborted) reject(reason)
        // A single slot instead of a listener for each read: a long stream would pile them up.
        else interrupt = () => reject(reason)
      }),
    onStop: (task) => {
      if (controller.signal.aborted) task()
      else interrupt = task
    },
    reason: () => reason,
    close: (complete) => {
      watchdog.stop()
      waitingFor = undefined
      interrupt = undefined
      caller.removeEventListener('abort', leave)
      if (!complete) controller.abort()
    },
  }
}
