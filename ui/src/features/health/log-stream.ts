import { type Accessor, createSignal, onCleanup, onMount } from 'solid-js'
import { appended, type LogLine, readLine, readMark } from './log-lines.ts'

export type StreamState = 'connecting' | 'live' | 'paused' | 'away'

export type LogStream = {
  readonly lines: Accessor<readonly LogLine[]>
  readonly state: Accessor<StreamState>
  readonly pause: () => void
  /** Goes on where it was paused: what came meanwhile is caught up, or a mark says how much of it is lost. */
  readonly resume: () => void
  readonly clear: () => void
}

/** On first sight. */
const tail = 500
const againMs = 3_000
/** Lines come by the hundred; the page is drawn a few times a second. */
const gatherMs = 150

/** The server's log as it is written. Comes again by itself after a break, and says where lines are missing. */
export function createLogStream(onLost: () => void): LogStream {
  const [lines, setLines] = createSignal<readonly LogLine[]>([])
  const [state, setState] = createSignal<StreamState>('connecting')
  let source: EventSource | undefined
  let lastId = ''
  let keys = 0
  let waiting: LogLine[] = []
  let gather: ReturnType<typeof setTimeout> | undefined
  let again: ReturnType<typeof setTimeout> | undefined

  const add = (line: LogLine | undefined): void => {
    if (line === undefined) return
    waiting.push(line)
    gather ??= setTimeout(() => {
      gather = undefined
      const more = waiting
      waiting = []
      setLines((known) => appended(known, more))
    }, gatherMs)
  }
  const close = (): void => {
    source?.close()
    source = undefined
    clearTimeout(again)
  }
  const open = (): void => {
    close()
    setState('connecting')
    const query = new URLSearchParams({ format: 'json', level: 'debug' })
    if (lastId === '') query.set('tail', String(tail))
    else query.set('last_event_id', lastId)
    const opened = new EventSource(`/v2/server-logs/stream?${query}`)
    source = opened
    opened.addEventListener('open', () => setState('live'))
    opened.addEventListener('error', () => {
      // One way for a break and a refusal: the browser itself would not come again after the latter.
      close()
      setState('away')
      onLost()
      again = setTimeout(open, againMs)
    })
    opened.addEventListener('log', ({ data, lastEventId }: MessageEvent<string>) => {
      if (lastEventId) lastId = lastEventId
      add(readLine(data, ++keys))
    })
    opened.addEventListener('resync', ({ data }: MessageEvent<string>) => add(readMark(data, ++keys, Date.now())))
  }
  onMount(open)
  onCleanup(() => {
    close()
    clearTimeout(gather)
  })
  return {
    lines,
    state,
    pause: () => {
      close()
      setState('paused')
    },
    resume: open,
    clear: () => setLines([]),
  }
}
