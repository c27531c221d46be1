import type { Effects } from '../lib/effects.ts'
import type { Piece } from './frames.ts'

/** How frames are laid into HTTP writes: each its own, all in one, or cut every so many bytes wherever that falls. */
export type WriteMode = 'frame' | 'whole' | { readonly bytes: number }

export type StreamWatch = {
  readonly onOpen: () => void
  /** `aborted`: the client left before the last byte was taken. */
  readonly onClose: (aborted: boolean) => void
}

/**
 * Writes pieces as a response body, pulled by the client: a slow reader slows the generator. Pauses end early when the
 * client leaves. A `reset` breaks the connection, before the headers too if it comes first.
 */
export async function* streamBody(
  pieces: Iterable<Piece>,
  mode: WriteMode,
  watch: StreamWatch,
  effects: Pick<Effects, 'sleep'>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let finished = false
  watch.onOpen()
  try {
    let waiting: Uint8Array[] = []
    for (const piece of pieces) {
      if (signal.aborted) return
      if (piece.type === 'bytes') {
        if (mode === 'frame') {
          yield piece.bytes
          continue
        }
        waiting.push(piece.bytes)
        if (mode === 'whole') continue
        const joined = Buffer.concat(waiting)
        const even = joined.length - (joined.length % mode.bytes)
        for (let at = 0; at < even; at += mode.bytes) yield joined.subarray(at, at + mode.bytes)
        waiting = [joined.subarray(even)]
        continue
      }
      // What was said before a pause or a break is on the wire by then.
      if (waiting.length > 0) yield Buffer.concat(waiting)
      waiting = []
      if (piece.type === 'reset') {
        finished = true
        // Bun breaks the connection when a body throws, and prints what was thrown unless it is undefined.
        throw undefined
      }
      await effects.sleep(piece.ms, signal)
    }
    if (signal.aborted) return
    if (waiting.length > 0) yield Buffer.concat(waiting)
    finished = true
  } finally {
    watch.onClose(!finished)
  }
}
