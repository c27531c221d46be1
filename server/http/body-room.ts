import type { Effects } from '../lib/effects.ts'
import { createSeats, type Seats } from '../lib/seats.ts'
import type { WatchMemory } from '../lib/watch-memory.ts'

/** What one request's body takes up. One call at a time. */
export type HeldRoom = {
  /**
   * Takes room for so many bytes in place of what it has taken before; false: there is none, and it keeps what it had. With a
   * signal it waits some seconds in line, until that aborts.
   */
  readonly take: (bytes: number, signal?: AbortSignal) => Promise<boolean>
  /** The same for a body of which so much has arrived: in steps, at most twice of that and never more than `limit`. */
  readonly takeFor: (arrived: number, limit: number, signal: AbortSignal) => Promise<boolean>
  readonly release: () => void
  readonly holder: string
  /** Few bodies are unpacked at a time: how large they will be is not known before. */
  readonly unpacking: Seats
  readonly effects: Pick<Effects, 'turn' | 'now' | 'after'>
}
/** `holder`: whose body it is; nobody gets more than half of the room while others want some. */
export type BodyRoom = { readonly open: (holder: string) => HeldRoom }

const mebibyte = 1024 * 1024
const mediumFrom = mebibyte
const largeFrom = 8 * mebibyte
/** Together, unpacked. What is made of a body while it is read takes some three times as much. */
const mostSmall = 512 * mebibyte
const mostMedium = 1024 * mebibyte
const mostLarge = 256 * mebibyte
/** Small bodies that anybody may have whatever the others do, so that no agent's request waits for somebody else's. */
const spareSmall = 8 * mebibyte

/** How long a body waits for room, and how many of one holder: the platform keeps some of what they sent. */
const longestWaitMs = 5_000
const mostInLine = 100

/** How much a body has, and in which pool. */
type Part = { readonly pool: Pool; readonly bytes: number }
type Waiting = { readonly bytes: number; readonly holder: string; readonly before: number; readonly enter: () => void }
type Pool = {
  /** Without a signal there is no wait. `before`: what the same body has here, which `bytes` come on top of. */
  readonly take: (bytes: number, before: number, holder: string, signal?: AbortSignal) => boolean | Promise<boolean>
  readonly giveBack: (bytes: number, holder: string) => void
  readonly held: () => number
}

/** `spare`: what each may have, however full it is. */
function createPool(most: number, effects: Pick<Effects, 'after'>, spare = 0): Pool {
  const byHolder = new Map<string, number>()
  /** Those that have most come first: they end soonest, and give all of it back. */
  const line: Waiting[] = []
  let held = 0

  /** Half is for one holder; a quarter more while nobody else has or wants any, so that there is something left for who comes. */
  function fits(bytes: number, holder: string): boolean {
    const own = byHolder.get(holder) ?? 0
    if (own + bytes <= spare) return true
    if (held + bytes > most) return false
    if (own === 0 || own + bytes <= most / 2) return true
    return own === held && own + bytes <= most * 0.75 && line.every((other) => other.holder === holder)
  }
  function hold(bytes: number, holder: string): void {
    held += bytes
    byHolder.set(holder, (byHolder.get(holder) ?? 0) + bytes)
  }
  function leave(waiting: Waiting): void {
    const at = line.indexOf(waiting)
    if (at >= 0) line.splice(at, 1)
  }
  function serve(): void {
    for (const waiting of [...line]) {
      if (!fits(waiting.bytes, waiting.holder)) continue
      leave(waiting)
      hold(waiting.bytes, waiting.holder)
      waiting.enter()
    }
  }
  return {
    held: () => held,
    take: (bytes, before, holder, signal) => {
      if (fits(bytes, holder)) {
        hold(bytes, holder)
        return true
      }
      if (signal === undefined || signal.aborted) return false
      if (line.reduce((count, other) => count + Number(other.holder === holder), 0) >= mostInLine) return false
      return new Promise<boolean>((resolve) => {
        const end = (hasRoom: boolean): void => {
          cancel()
          signal.removeEventListener('abort', giveUp)
          resolve(hasRoom)
        }
        const giveUp = (): void => {
          leave(waiting)
          end(false)
          // Whoever was held to half because of this one is not any more.
          serve()
        }
        const waiting: Waiting = { bytes, holder, before, enter: () => end(true) }
        const cancel = effects.after(longestWaitMs, giveUp)
        signal.addEventListener('abort', giveUp, { once: true })
        const behind = line.findIndex((other) => other.before < before)
        line.splice(behind < 0 ? line.length : behind, 0, waiting)
      })
    },
    giveBack: (bytes, holder) => {
      held -= bytes
      const left = (byHolder.get(holder) ?? 0) - bytes
      if (left > 0) byHolder.set(holder, left)
      else byHolder.delete(holder)
      serve()
    },
  }
}

/** Room for the bodies of all requests that are under way; each size has its own, so that the larger leave the others theirs. */
export function createBodyRoom(
  maxBodyBytes: number,
  effects: Pick<Effects, 'turn' | 'now' | 'after'>,
  memory: WatchMemory,
): BodyRoom {
  const most = { large: Math.max(mostLarge, 2 * maxBodyBytes), medium: mostMedium, small: mostSmall }
  const large = createPool(most.large, effects)
  const medium = createPool(most.medium, effects)
  const small = createPool(most.small, effects, spareSmall)
  const unpacking = createSeats(4, 2)
  memory('large_request_body_bytes', large.held, most.large)
  memory('request_body_bytes', medium.held, most.medium)
  memory('small_request_body_bytes', small.held, most.small)
  const poolOf = (bytes: number): Pool => {
    if (bytes < mediumFrom) return small
    return bytes < largeFrom ? medium : large
  }
  return {
    open: (holder) => {
      let taken: Part | undefined
      const release = (): void => {
        taken?.pool.giveBack(taken.bytes, holder)
        taken = undefined
      }
      const take = async (bytes: number, signal?: AbortSignal): Promise<boolean> => {
        const pool = poolOf(bytes)
        const before = taken?.pool === pool ? (taken?.bytes ?? 0) : 0
        const more = bytes - before
        if (more > 0 && !(await pool.take(more, before, holder, signal))) return false
        if (before === 0) release()
        else if (more < 0) pool.giveBack(-more, holder)
        taken = { pool, bytes }
        return true
      }
      const takeFor = async (arrived: number, limit: number, signal: AbortSignal): Promise<boolean> => {
        if (arrived <= (taken?.bytes ?? 0)) return true
        // Few steps, so that not all stop half-way for want of the next.
        const step = arrived < largeFrom ? arrived : Math.min(limit, 2 ** Math.ceil(Math.log2(arrived)))
        return (await take(step)) || take(arrived, signal)
      }
      return { take, takeFor, release, holder, unpacking, effects }
    },
  }
}
