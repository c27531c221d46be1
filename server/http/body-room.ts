import type { Effects } from '../lib/effects.ts'
import { createSeats, type Seats } from '../lib/seats.ts'
import type { WatchMemory } from '../lib/watch-memory.ts'

/** What one request's body takes up. */
export type HeldRoom = {
  /** Takes room for so many bytes in place of what it has taken before; false: there is none. */
  readonly take: (bytes: number) => boolean
  readonly release: () => void
  readonly holder: string
  /** Few bodies are unpacked at a time: how large they will be is not known before. */
  readonly unpacking: Seats
  readonly turn: () => Promise<void>
}
/** `holder`: whose body it is; nobody gets more than half of the room. */
export type BodyRoom = { readonly open: (holder: string) => HeldRoom }

const mebibyte = 1024 * 1024
/** Bodies of less are not counted: how many there are is bounded otherwise. */
const mediumFrom = mebibyte
const largeFrom = 8 * mebibyte
/** Together, unpacked. What is made of a body while it is read takes some three times as much. */
const mostMedium = 1024 * mebibyte
const mostLarge = 256 * mebibyte

type Pool = {
  readonly take: (bytes: number, holder: string) => boolean
  readonly giveBack: (bytes: number, holder: string) => void
  readonly held: () => number
}

function createPool(most: number): Pool {
  const byHolder = new Map<string, number>()
  let held = 0
  return {
    held: () => held,
    take: (bytes, holder) => {
      const own = byHolder.get(holder) ?? 0
      if (held + bytes > most || (own > 0 && own + bytes > most / 2)) return false
      held += bytes
      byHolder.set(holder, own + bytes)
      return true
    },
    giveBack: (bytes, holder) => {
      held -= bytes
      const left = (byHolder.get(holder) ?? 0) - bytes
      if (left > 0) byHolder.set(holder, left)
      else byHolder.delete(holder)
    },
  }
}

/** Room for the bodies of all requests that are under way; large ones have their own, so that they leave the others theirs. */
export function createBodyRoom(maxBodyBytes: number, { turn }: Pick<Effects, 'turn'>, memory: WatchMemory): BodyRoom {
  const most = { large: Math.max(mostLarge, 2 * maxBodyBytes), medium: mostMedium }
  const large = createPool(most.large)
  const medium = createPool(most.medium)
  const unpacking = createSeats(4, 2)
  memory('large_request_body_bytes', large.held, most.large)
  memory('request_body_bytes', medium.held, most.medium)
  return {
    open: (holder) => {
      let taken: { readonly pool: Pool; readonly bytes: number } | undefined
      const release = (): void => {
        taken?.pool.giveBack(taken.bytes, holder)
        taken = undefined
      }
      const take = (bytes: number): boolean => {
        release()
        if (bytes < mediumFrom) return true
        const pool = bytes < largeFrom ? medium : large
        if (!pool.take(bytes, holder)) return false
        taken = { pool, bytes }
        return true
      }
      return { take, release, holder, unpacking, turn }
    },
  }
}
