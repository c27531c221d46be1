import type { EventTopic } from './contract/events.ts'

export type HubEvent = {
  /** The start of this server and a running number: `k3j2h1-17`. */
  readonly id: string
  readonly topic: EventTopic
  readonly name: string
  readonly data: object
}

export type EventHub = {
  readonly publish: (topic: EventTopic, name: string, data: object) => void
  /**
   * Everything from now on, and before it what came after `lastId`. `missed`: that is not known any more, so the listener must
   * read everything anew. Ask `isFull` before.
   */
  readonly listen: (
    ask: { readonly topics: ReadonlySet<EventTopic>; readonly lastId?: string },
    take: (event: HubEvent) => void,
    end?: () => void,
  ) => { readonly missed: boolean; readonly end: () => void }
  readonly isFull: () => boolean
  readonly listeners: () => number
  /** Ends every listener: a server that stops must not wait for pages that look on. */
  readonly close: () => void
}

/** Passes on what changes, to all who listen, and remembers the last of it for those who were away for a moment. */
export function createEventHub(startedAt: number, limits = { kept: 1_000, listeners: 200 }): EventHub {
  const start = startedAt.toString(36)
  const ring: HubEvent[] = []
  const listeners = new Map<(event: HubEvent) => void, () => void>()
  let count = 0
  return {
    publish: (topic, name, data) => {
      const event = { id: `${start}-${++count}`, topic, name, data }
      ring.push(event)
      if (ring.length > limits.kept) ring.shift()
      for (const take of listeners.keys()) take(event)
    },
    listen: ({ topics, lastId }, take, end = () => {}) => {
      const wanted = (event: HubEvent): void => {
        if (topics.has(event.topic)) take(event)
      }
      const last = lastId === undefined ? count : numberOf(lastId, start)
      const missed = last === undefined || last > count || last < count - ring.length
      if (!missed) for (const event of ring.slice(ring.length - (count - last))) wanted(event)
      listeners.set(wanted, end)
      return { missed, end: () => void listeners.delete(wanted) }
    },
    isFull: () => listeners.size >= limits.listeners,
    listeners: () => listeners.size,
    close: () => {
      for (const end of [...listeners.values()]) end()
      listeners.clear()
    },
  }
}

function numberOf(id: string, start: string): number | undefined {
  const match = /^([0-9a-z]+)-(\d{1,15})$/.exec(id)
  return match?.[1] === start ? Number(match[2]) : undefined
}
