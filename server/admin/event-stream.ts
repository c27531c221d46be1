import type { Effects } from '../lib/effects.ts'

export type StreamFrame = { readonly id?: string; readonly event: string; readonly data: object }

export type StreamParts = {
  readonly effects: Pick<Effects, 'after'>
  /** Calls `take` for what is to be sent, first for what there is already; gives what ends it. */
  readonly open: (take: (frame: StreamFrame) => void, end: () => void) => () => void
  /** Frames that may wait for a slow reader; past that it is told to read everything anew. */
  readonly room?: number
  readonly pingMs?: number
  /** After this the stream ends and the reader comes again: who may no longer read is found out so. */
  readonly longestMs?: number
}

const encoder = new TextEncoder()

/** Server-sent events for the console: pulled by the reader, bounded, with a sign of life while nothing happens. */
export function eventStream({
  effects,
  open,
  room = 500,
  pingMs = 15_000,
  longestMs = 600_000,
}: StreamParts): Response {
  let waiting: string[] = ['retry: 3000\n\n']
  let ended = false
  let wake = (): void => {}
  const put = (text: string): void => {
    if (waiting.length < room) waiting.push(text)
    else waiting = [frameText({ event: 'resync', data: {} })]
    wake()
  }
  const end = (): void => {
    if (ended) return
    ended = true
    cancelPing()
    cancelEnd()
    close()
    wake()
  }
  const ping = (): void => {
    if (waiting.length === 0) put('event: ping\ndata: {}\n\n')
    cancelPing = effects.after(pingMs, ping)
  }
  let cancelPing = effects.after(pingMs, ping)
  const cancelEnd = effects.after(longestMs, end)
  let close = (): void => {}
  close = open((frame) => put(frameText(frame)), end)
  if (ended) close() // it was over before it began

  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        while (waiting.length === 0 && !ended) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
        if (waiting.length > 0) {
          controller.enqueue(encoder.encode(waiting.join('')))
          waiting = []
        } else controller.close()
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  )
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    },
  })
}

const frameText = ({ id, event, data }: StreamFrame): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
