/** Everything the program takes from the outside world without asking a peer: clock, chance, waiting, the network. */
export type Effects = {
  /** Epoch milliseconds, UTC. */
  readonly now: () => number
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** `acc_` + 24 characters of [0-9A-Za-z], later ones sorting behind; the prefix is given without the underscore. */
  readonly newId: (prefix: string) => string
  /** Random UUID v4, for wire fields that demand one. */
  readonly newUuid: () => string
  /** Resolves after `ms`, or at once when `signal` aborts. Never rejects: look at `signal.aborted` afterwards. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** Resolves when what waits in the event loop now has had its turn; no clock is asked, so it passes on one that stands still. */
  readonly turn: () => Promise<void>
  /** Runs `task` once after `ms`; the returned function cancels it. */
  readonly after: (ms: number, task: () => void) => () => void
  readonly fetch: FetchLike
}

/** Bun's fetch, narrowed to what we use, so that egress may wrap it. */
export type FetchLike = (url: string, init?: FetchInit) => Promise<Response>
export type FetchInit = RequestInit & {
  readonly timeout?: false
  readonly proxy?: string | false
  /** On whose behalf: an account's id, or `proxy:` and the id of the outbound proxy to take. Read by egress alone. */
  readonly via?: string
  /** Whose certificate is asked for, where the address is a number. */
  readonly tls?: { readonly serverName?: string }
  /** False: the body is given as it came. */
  readonly decompress?: boolean
}

/** The addresses of a host's name; rejects when it has none. */
export type LookUpHost = (name: string) => Promise<readonly string[]>
export const lookUpHost: LookUpHost = async (name) => (await Bun.dns.lookup(name)).map(({ address }) => address)

/** The same effects, whose requests all go out on behalf of `via`. */
export function onBehalf<T extends Pick<Effects, 'fetch'>>(effects: T, via: string | undefined): T {
  if (via === undefined) return effects
  return { ...effects, fetch: (url, init) => effects.fetch(url, { ...init, via }) }
}

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** `length` characters of [0-9A-Za-z] from the system's secure source, without modulo bias. */
export function randomText(length: number): string {
  let text = ''
  while (text.length < length) {
    const bytes = crypto.getRandomValues(new Uint8Array(length * 2))
    for (let at = 0; at < bytes.length && text.length < length; at++) {
      const byte = bytes[at] ?? 255
      if (byte < 248) text += alphabet[byte % 62]
    }
  }
  return text
}

/** Nine characters that sort as the times do: rows made one after another then lie beside each other in their index. */
const timeText = (now: number): string => now.toString(36).padStart(9, '0')

/** Longer waits do not fit a timer; whoever waits so long looks again then. */
const longestTimerMs = 2 ** 31 - 1

export const realEffects: Effects = {
  now: () => Date.now(),
  random: () => Math.random(),
  newId: (prefix) => `${prefix}_${timeText(Date.now())}${randomText(15)}`,
  newUuid: () => crypto.randomUUID(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const done = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, Math.min(ms, longestTimerMs))
      signal?.addEventListener('abort', done, { once: true })
    }),
  turn: () => new Promise((resolve) => setImmediate(resolve)),
  after: (ms, task) => {
    const timer = setTimeout(task, Math.min(ms, longestTimerMs))
    return () => clearTimeout(timer)
  },
  fetch: (url, init) => fetch(url, init as RequestInit),
}
