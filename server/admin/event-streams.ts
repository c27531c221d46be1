import type { Effects } from '../lib/effects.ts'
import { refuse, retryAfter } from './failure.ts'

export type ServerEvent = { readonly event: string; readonly data: string; readonly id?: string }

/** Sends from now on by `send` and returns what ends that. `end`: there is nothing more to come. */
export type Subscribe = (send: (event: ServerEvent) => void, end: () => void) => () => void

/** The admin API's event streams: each bounded, all of them ended at a stop. */
export type EventStreams = {
  /** An answer that goes on until the client leaves, nothing more is to come, or its time is over; 503 when too many are open. */
  readonly open: (subscribe: Subscribe) => Response
  readonly close: () => void
  readonly size: () => number
}

export type StreamLimits = {
  readonly streams: number
  /** Events a slow reader may be behind; it is told how many it has missed. */
  readonly waiting: number
  readonly pingMs: number
  /** After this the stream ends and the reader comes again: who may no longer read is found out so. */
  readonly longestMs: number
}
export const mostStreams = 200
const usual: StreamLimits = { streams: mostStreams, waiting: 1_000, pingMs: 15_000, longestMs: 600_000 }
const busyMs = 10_000

export function createEventStreams(
  effects: Pick<Effects, 'after' | 'now'>,
  limits: Partial<StreamLimits> = {},
): EventStreams {
  const bounds = { ...usual, ...limits }
  const open = new Set<() => void>()
  return {
    open: (subscribe) => {
      if (open.size >= bounds.streams) {
        const error = 'Too many pages and scripts listen already; close some.'
        return refuse(503, { error, code: 'TOO_MANY_STREAMS' }, retryAfter(busyMs))
      }
      return new Response(createBody(subscribe, effects, bounds, open), {
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

function createBody(
  subscribe: Subscribe,
  effects: Pick<Effects, 'after' | 'now'>,
  limits: StreamLimits,
  open: Set<() => void>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  // How long a browser waits before it comes again.
  let waiting: string[] = ['retry:3000\n']
  let missed = 0
  let wake = (): void => {}
  let ended = false
  let cancelPing = (): void => {}
  let cancelEnd = (): void => {}
  let unsubscribe = (): void => {}

  const send = (event: ServerEvent): void => {
    if (ended) return
    if (waiting.length >= limits.waiting) missed++
    else waiting.push(frameOf(event))
    wake()
  }
  const ping = (): void => {
    // The number may tell a client how old the connection's last word is. Who does not read needs no sign of life.
    if (waiting.length === 0) send({ event: 'ping', data: String(effects.now()) })
    cancelPing = effects.after(limits.pingMs, ping)
  }
  const end = (): void => {
    if (ended) return
    ended = true
    cancelPing()
    cancelEnd()
    unsubscribe()
    open.delete(end)
    wake()
  }
  return new ReadableStream<Uint8Array>(
    {
      start: () => {
        open.add(end)
        cancelPing = effects.after(limits.pingMs, ping)
        cancelEnd = effects.after(limits.longestMs, end)
        unsubscribe = subscribe(send, end)
        if (ended) unsubscribe() // it was over before it began
      },
      pull: async (controller) => {
        while (waiting.length === 0 && !ended) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
        if (waiting.length === 0) {
          controller.close()
          return
        }
        const text = waiting.join('')
        waiting = []
        const gap = missed === 0 ? '' : frameOf(resync('slow', missed))
        missed = 0
        controller.enqueue(encoder.encode(text + gap))
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  )
}

/** In the original's form, without a space behind the colon. A line end within the data would end the event: each line has its own field. */
function frameOf({ event, data, id }: ServerEvent): string {
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data:${line.startsWith(' ') ? ' ' : ''}${line}\n`)
  return `event:${event}\n${id === undefined ? '' : `id:${id}\n`}${lines.join('')}\n`
}

/** Something was missed: everything is to be read anew. */
const resync = (reason: 'slow' | 'gap' | 'restart', missed?: number): ServerEvent => ({
  event: 'resync',
  data: JSON.stringify({ reason, ...(missed === undefined ? {} : { missed }) }),
})

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
  const kept = recent(0)
  const [, start, number] = /^(\w+)-(\d{1,15})$/.exec(after) ?? []
  const last = Number(number)
  if (start !== instance || number === undefined || last > (kept.at(-1)?.id ?? 0)) {
    return { items: kept, resync: resync('restart') }
  }
  const items = kept.filter(({ id }) => id > last)
  const missed = (items[0]?.id ?? 0) - last - 1
  return missed > 0 ? { items, resync: resync('gap', missed) } : { items }
}

/** Where a client was, by the standard's header, or by the query where a page cannot set one. */
export const lastIdOf = (
  request: Request,
  { last_event_id, lastEventId }: { readonly last_event_id?: string; readonly lastEventId?: string },
): string | undefined => request.headers.get('last-event-id') ?? last_event_id ?? lastEventId
