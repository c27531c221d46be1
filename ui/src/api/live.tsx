import { type QueryClient, useQueryClient } from '@tanstack/solid-query'
import {
  type Accessor,
  createContext,
  createEffect,
  on,
  onCleanup,
  onMount,
  type ParentProps,
  useContext,
} from 'solid-js'
import type { EventData } from '../../../server/admin/contract/events.ts'
import type { JobList } from '../../../server/admin/contract/jobs.ts'
import { isAway } from './away.ts'
import { type Liveness, liveness, setLiveness } from './liveness.ts'

type EventName = keyof EventData
type Handler<N extends EventName> = (data: EventData[N]) => void
type Handlers = { readonly [N in EventName]: Set<Handler<N>> }

export type Live = {
  readonly state: Accessor<Liveness>
  /** Calls `handler` with every such event as long as the component is there. */
  readonly on: <N extends EventName>(name: N, handler: Handler<N>) => void
}

const second = 1000
/** A tab left for a moment keeps its stream; one left for longer gives it up, for a browser has only six per server. */
const hiddenMs = 15 * second
/** The server gives a sign of life each 15 s. */
const silentMs = 40 * second
const againMs = 3 * second
const pollingAgainMs = 60 * second
const failuresBeforePolling = 3
/** Accounts of a busy pool change many times in a second. */
const gatherMs = 250
const apartMs = 2 * second

const LiveContext = createContext<Live>()

export function useLive(): Live {
  const live = useContext(LiveContext)
  if (!live) throw new Error('LiveProvider is missing')
  return live
}

/** The one event stream of this tab: tells the queries what changed, and whoever else wants to know. */
export function LiveProvider(props: ParentProps) {
  const client = useQueryClient()
  const handlers: Handlers = {
    status: new Set(),
    job: new Set(),
    account: new Set(),
    settings: new Set(),
    alert: new Set(),
    logs: new Set(),
  }
  const cache = keepFresh(client)
  const stream = openStream({
    event: (name, data) => {
      cache.tell(name, data)
      for (const handler of handlers[name]) (handler as Handler<EventName>)(data)
    },
    missed: () => void client.invalidateQueries(),
    lost: () => void client.invalidateQueries({ queryKey: ['session'] }),
    state: (next) => {
      if (liveness() === next) return
      setLiveness(next)
      // Also starts the asking by themselves.
      if (next === 'polling') void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' })
    },
  })
  onMount(stream.start)
  createEffect(on(isAway, (away, before) => before && !away && stream.again()))
  onCleanup(() => {
    stream.stop()
    cache.stop()
  })
  const live: Live = {
    state: liveness,
    on: (name, handler) => {
      handlers[name].add(handler)
      onCleanup(() => handlers[name].delete(handler))
    },
  }
  return <LiveContext.Provider value={live}>{props.children}</LiveContext.Provider>
}

/** What each event makes of what is known. */
function keepFresh(client: QueryClient) {
  const accounts = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let asked = 0
  const askAccounts = (): void => {
    timer = undefined
    asked = Date.now()
    void client.invalidateQueries({ queryKey: ['accounts'] })
    // Hundreds at a time: asked for again when somebody next chooses among them.
    void client.invalidateQueries({ queryKey: ['every-account'], refetchType: 'none' })
    for (const id of accounts) void client.invalidateQueries({ queryKey: ['account', id] })
    accounts.clear()
  }
  const accountsSoon = (): void => {
    timer ??= setTimeout(askAccounts, Math.max(gatherMs, asked + apartMs - Date.now()))
  }
  const told: { readonly [N in EventName]: Handler<N> } = {
    status: (status) => client.setQueryData(['status'], status),
    job: ({ items: _, ...job }) => {
      client.setQueryData<JobList>(['jobs'], (known) => {
        if (known === undefined) return known
        const others = known.jobs.filter(({ id }) => id !== job.id)
        const jobs = [job, ...others].toSorted((a, b) => b.created_at.localeCompare(a.created_at))
        return { jobs, count: jobs.length }
      })
      if (job.state === 'running') return
      // A list that is under way may be older than this end, and would show the job running for good: another is asked for.
      void client.invalidateQueries({ queryKey: ['jobs'] })
      void client.invalidateQueries({ queryKey: ['job', job.id] })
      if (job.kind.startsWith('accounts.')) accountsSoon()
    },
    account: ({ id }) => {
      accounts.add(id)
      accountsSoon()
    },
    settings: () => {
      for (const name of ['settings', 'session', 'models', 'model-mappings']) {
        void client.invalidateQueries({ queryKey: [name] })
      }
    },
    // For who asks for them: the log's tail, and what is shown of an alert.
    alert: () => undefined,
    logs: () => undefined,
  }
  return {
    tell: <N extends EventName>(name: N, data: EventData[N]): void => told[name](data),
    stop: () => clearTimeout(timer),
  }
}

type Listener = {
  readonly event: <N extends EventName>(name: N, data: EventData[N]) => void
  /** Something was not told: everything is to be asked for. */
  readonly missed: () => void
  /** The stream broke: the session may have ended. */
  readonly lost: () => void
  readonly state: (state: Liveness) => void
}

const names = ['status', 'job', 'account', 'settings', 'alert', 'logs'] as const satisfies readonly EventName[]

/**
 * Opened while the tab is seen, resumed where it was, tried again each minute where it cannot be had, and at once when a server that
 * was away has answered anything.
 */
function openStream(listener: Listener) {
  let source: EventSource | undefined
  let lastId = ''
  let failures = 0
  let silence: ReturnType<typeof setTimeout> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const close = (): void => {
    source?.close()
    source = undefined
    clearTimeout(silence)
    clearTimeout(timer)
    timer = undefined
  }
  const heard = (): void => {
    clearTimeout(silence)
    silence = setTimeout(failed, silentMs)
  }
  const failed = (): void => {
    close()
    failures += 1
    const isPolling = failures >= failuresBeforePolling
    listener.state(isPolling ? 'polling' : 'connecting')
    listener.lost()
    timer = setTimeout(open, isPolling ? pollingAgainMs : againMs * failures)
  }
  const open = (): void => {
    close()
    const from = lastId === '' ? '' : `?lastEventId=${encodeURIComponent(lastId)}`
    const opened = new EventSource(`/v2/events${from}`)
    source = opened
    opened.addEventListener('open', () => {
      failures = 0
      listener.state('live')
      heard()
    })
    // The browser would come again by itself, but not after a refusal; one way for both.
    opened.addEventListener('error', failed)
    opened.addEventListener('ping', heard)
    opened.addEventListener('resync', ({ lastEventId }) => {
      if (lastEventId) lastId = lastEventId
      heard()
      listener.missed()
    })
    for (const name of names) {
      opened.addEventListener(name, ({ data, lastEventId }: MessageEvent<string>) => {
        if (lastEventId) lastId = lastEventId
        heard()
        listener.event(name, JSON.parse(data) as EventData[typeof name])
      })
    }
    heard()
  }
  const again = (): void => {
    if (document.visibilityState === 'hidden') return
    failures = 0
    listener.state('connecting')
    open()
  }
  const look = (): void => {
    clearTimeout(timer)
    timer = undefined
    if (document.visibilityState === 'hidden') {
      timer = setTimeout(() => {
        close()
        listener.state('off')
      }, hiddenMs)
    } else if (source === undefined) {
      again()
    }
  }
  return {
    again,
    start: () => {
      document.addEventListener('visibilitychange', look)
      look()
    },
    stop: () => {
      document.removeEventListener('visibilitychange', look)
      close()
      listener.state('off')
    },
  }
}
