import type { Effects } from '../lib/effects.ts'

export type ServerEvent = { readonly event: string; readonly data: string; readonly id?: string }

/** Sends from now on by `send` and returns what ends that. */
export type Subscribe = (send: (event: ServerEvent) => void) => () => void

/** The admin API's event streams: each bounded, all of them ended at a stop. */
export type EventStreams = {
  /** An answer that goes on until the client leaves; undefined: too many are open. */
  readonly open: (subscribe: Subscribe) => Response | undefined
  readonly close: () => void
  readonly size: () => number
}

const mostStreams = 100
/** Events a slow reader may be behind; it is told how many it has missed. */
const mostWaiting = 1_000
const pingMs = 15_000

export function createEventStreams(effects: Pick<Effects, 'after' | 'now'>): EventStreams {
  const open = new Set<() => void>()
  return {
    open: (subscribe) => {
      if (open.size >= mostStreams) return undefined
      const { body, end } = createBody(subscribe, effects, () => void open.delete(end))
      open.add(end)
      return new Response(body, {
        headers: {
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store, no-transform',
          'x-accel-buffering': 'no',
        },
      })
    },
    close: () => {
      for (const end of open) end()
    },
    size: () => open.size,
  }
}

function createBody(subscribe: Subscribe, effects: Pick<Effects, 'after' | 'now'>, onEnd: () => void) {
  const encoder = new TextEncoder()
  let waiting: string[] = []
  let missed = 0
  let wake = (): void => {}
  let ended = false
  let cancelPing = (): void => {}
  let unsubscribe = (): void => {}

  const send = (event: ServerEvent): void => {
    if (ended) return
    if (waiting.length >= mostWaiting) missed++
    else waiting.push(frameOf(event))
    wake()
  }
  const ping = (): void => {
    // The number may tell a client how old the connection's last word is.
    send({ event: 'ping', data: String(effects.now()) })
    cancelPing = effects.after(pingMs, ping)
  }
  const end = (): void => {
    if (ended) return
    ended = true
    cancelPing()
    unsubscribe()
    onEnd()
    wake()
  }
  const body = new ReadableStream<Uint8Array>(
    {
      start: () => {
        unsubscribe = subscribe(send)
        cancelPing = effects.after(pingMs, ping)
      },
      pull: async (controller) => {
        if (waiting.length === 0 && !ended) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
        if (ended) {
          controller.close()
          return
        }
        const text = waiting.join('')
        waiting = []
        const gap = missed === 0 ? '' : frameOf({ event: 'resync', data: JSON.stringify({ reason: 'slow', missed }) })
        missed = 0
        controller.enqueue(encoder.encode(text + gap))
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  )
  return { body, end }
}

/** In the original's form, without a space behind the colon. A line end within the data would end the event: each line has its own field. */
function frameOf({ event, data, id }: ServerEvent): string {
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data:${line.startsWith(' ') ? ' ' : ''}${line}\n`)
  return `event:${event}\n${id === undefined ? '' : `id:${id}\n`}${lines.join('')}\n`
}

type Item = { readonly id: number }
type Place = { readonly instance: string; readonly after?: string | undefined }

/**
 * What a client that comes back has missed: items behind its last id, or all that are kept when that is from another start of
 * the server. `resync` says what cannot be given any more.
 */
export function resume<T extends Item>(
  { instance, after }: Place,
  recent: (afterId: number) => readonly T[],
): { readonly items: readonly T[]; readonly resync?: ServerEvent } {
  if (after === undefined) return { items: [] }
  const [, start, number] = /^(\w+)-(\d{1,15})$/.exec(after) ?? []
  if (start !== instance || number === undefined) {
    const resync = { event: 'resync', data: JSON.stringify({ reason: 'restart' }) }
    return { items: recent(0), resync }
  }
  const items = recent(Number(number))
  const missed = (items[0]?.id ?? 0) - Number(number) - 1
  return missed > 0
    ? { items, resync: { event: 'resync', data: JSON.stringify({ reason: 'gap', missed }) } }
    : { items }
}
