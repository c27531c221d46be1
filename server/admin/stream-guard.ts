import type { Effects } from '../lib/effects.ts'

/** The event streams that are open, each with the sign-in that opened it. */
export type StreamGuard = {
  /** The same answer; an event stream ends when `stillIn` says no. Any other answer is left alone. */
  readonly watch: (response: Response, stillIn: () => Promise<boolean>) => Response
  /** Asks for every open stream at once: a sign-in may just have ended. */
  readonly look: () => Promise<void>
  readonly size: () => number
}

/** What ends by itself, or behind our back, is found out within this. */
const everyMs = 5_000

export function createStreamGuard(effects: Pick<Effects, 'after'>): StreamGuard {
  const open = new Map<() => void, () => Promise<boolean>>()
  let cancelNext: (() => void) | undefined

  const look = async (): Promise<void> => {
    for (const [end, stillIn] of [...open]) {
      // Who cannot be asked about is not in.
      if (!(await stillIn().catch(() => false))) end()
    }
  }
  const lookOften = (): void => {
    cancelNext ??= effects.after(everyMs, () => {
      cancelNext = undefined
      void look().then(() => open.size > 0 && lookOften())
    })
  }
  const forget = (end: () => void): void => {
    open.delete(end)
    if (open.size > 0) return
    cancelNext?.()
    cancelNext = undefined
  }

  return {
    look,
    size: () => open.size,
    watch: (response, stillIn) => {
      const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
      if (!isStream || response.body === null) return response
      const reader = response.body.getReader()
      const end = (): void => {
        forget(end)
        // Whoever waits for the next event learns that there is none.
        void reader.cancel().catch(() => {})
      }
      open.set(end, stillIn)
      lookOften()
      const body = new ReadableStream<Uint8Array>(
        {
          pull: async (controller) => {
            const { done, value } = await reader.read()
            if (!done) return controller.enqueue(value)
            forget(end)
            controller.close()
          },
          cancel: end,
        },
        { highWaterMark: 0 },
      )
      return new Response(body, { status: response.status, headers: response.headers })
    },
  }
}
