import type { Effects } from '../lib/effects.ts'
import { openLibc } from '../lib/libc.ts'

type Env = Readonly<Record<string, string | undefined>>

/** Tells whoever started this process how it is: systemd by its socket, PM2 and other Node parents by a message. */
export type Notifier = {
  /** It serves. `successor`: this process takes the place of the one that the service manager knows. */
  readonly ready: (successor: boolean) => void
  /** The service manager shall look after this process from now on, though it does not serve yet. */
  readonly claim: () => void
  /** It starts anew within this process and serves again in a moment. */
  readonly reloading: () => void
  readonly stopping: () => void
  /** Says no more: another process speaks for the service now. */
  readonly silence: () => void
}

export type NotifierDeps = {
  readonly env: Env
  readonly pid: number
  readonly effects: Pick<Effects, 'after'>
  /** Microseconds of the system's monotonic clock. */
  readonly monotonic: () => bigint
  /** To a parent that has opened a channel of messages. */
  readonly post?: (message: string) => void
  /** One datagram to a Unix socket; undefined: there is no way to. */
  readonly send: ((path: string, text: string) => boolean) | undefined
  readonly onFault: (message: string) => void
}

/** Opens the way to the socket only where there is one. */
export function senderFor(env: Env): Pick<NotifierDeps, 'send'> & { readonly fault?: string } {
  if (!env.NOTIFY_SOCKET) return { send: undefined }
  const libc = openLibc()
  return libc.ok ? { send: libc.value.sendTo } : { send: undefined, fault: libc.error }
}

/** Source: sd_notify(3), sd_watchdog_enabled(3). */
export function createNotifier({ env, pid, effects, monotonic, post, send, onFault }: NotifierDeps): Notifier {
  const socket = env.NOTIFY_SOCKET
  let isSilent = false
  let isTold = false
  let cancelBeat: (() => void) | undefined
  const say = (...lines: readonly string[]): void => {
    if (socket === undefined || socket === '' || isSilent) return
    if (send?.(socket, lines.join('\n')) === true || isTold) return
    isTold = true
    onFault(`The service manager cannot be told that this server is ${lines.join(', ')}: ${socket} takes no message.`)
  }

  // Meant for one process: the successor of that one has its place, and its own id.
  const isWatched = (successor: boolean): boolean =>
    successor || env.WATCHDOG_PID === undefined || env.WATCHDOG_PID === String(pid)
  const watchMs = Number(env.WATCHDOG_USEC ?? 0) / 1_000
  const beat = (): void => {
    cancelBeat?.()
    cancelBeat = effects.after(watchMs / 3, () => {
      say('WATCHDOG=1')
      beat()
    })
  }

  const quiet = (): void => {
    cancelBeat?.()
    isSilent = true
  }
  return {
    ready: (successor) => {
      say(...(successor ? [`MAINPID=${pid}`] : []), 'READY=1', 'STATUS=Serving.')
      if (watchMs > 0 && isWatched(successor) && cancelBeat === undefined) beat()
      post?.('ready')
    },
    claim: () => say(`MAINPID=${pid}`, 'STATUS=Waiting for the server before this one.'),
    reloading: () => say('RELOADING=1', `MONOTONIC_USEC=${monotonic()}`, 'STATUS=Starting anew.'),
    stopping: () => say('STOPPING=1', 'STATUS=Letting open streams finish.'),
    silence: quiet,
  }
}
