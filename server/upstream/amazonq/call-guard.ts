import { type ErrorKind, type GatewayError, gatewayError } from '../../conversation/error.ts'
import type { Effects } from '../../lib/effects.ts'
import { createWatchdog, type Watchdog } from './watchdog.ts'

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

/** A class: each delta passes it (docs/performance.md). */
class Guard implements CallGuard {
  private readonly controller = new AbortController()
  private why: GatewayError | undefined
  private waitingFor: WaitingFor | undefined
  private patienceMs = 0
  private interrupt: (() => void) | undefined
  private readonly leave = (): void => this.stop(cancelled)
  private readonly watchdog: Watchdog

  constructor(
    effects: Pick<Effects, 'now' | 'after'>,
    private readonly caller: AbortSignal,
  ) {
    this.watchdog = createWatchdog(effects, () => this.expire())
    if (caller.aborted) this.leave()
    else caller.addEventListener('abort', this.leave, { once: true })
  }

  get signal(): AbortSignal {
    return this.controller.signal
  }

  wait(what: WaitingFor, ms: number): void {
    this.waitingFor = what
    this.patienceMs = ms
    this.watchdog.wait(ms)
  }

  rest(): void {
    this.waitingFor = undefined
    this.watchdog.rest()
  }

  race<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(resolve, reject)
      if (this.controller.signal.aborted) reject(this.why)
      // A single slot instead of a listener for each read: a long stream would pile them up.
      else this.interrupt = () => reject(this.why)
    })
  }

  onStop(task: () => void): void {
    if (this.controller.signal.aborted) task()
    else this.interrupt = task
  }

  reason(): GatewayError | undefined {
    return this.why
  }

  close(complete: boolean): void {
    this.watchdog.stop()
    this.waitingFor = undefined
    this.interrupt = undefined
    this.caller.removeEventListener('abort', this.leave)
    if (!complete) this.controller.abort()
  }

  private stop(why: GatewayError): void {
    this.why ??= why
    this.controller.abort()
    this.interrupt?.()
  }

  private expire(): void {
    if (this.waitingFor === undefined) return
    const [kind, message] = expiries[this.waitingFor]
    this.stop(gatewayError(kind, message, { cause: `no ${this.waitingFor} within ${this.patienceMs} ms` }))
  }
}

export const createCallGuard = (effects: Pick<Effects, 'now' | 'after'>, caller: AbortSignal): CallGuard =>
  new Guard(effects, caller)
