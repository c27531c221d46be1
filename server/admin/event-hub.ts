import { createFeed } from '../lib/feed.ts'
import type { EventTopic } from './contract/events.ts'
import { resume, type ServerEvent } from './event-streams.ts'

type HubEvent = { readonly topic: EventTopic; readonly name: string; readonly data: object }
export type Listen = {
  readonly topics: ReadonlySet<EventTopic>
  /** What came after it is told first; what of that is not known any more, by `resync`. */
  readonly after?: string | undefined
  /** Only these of the topics' events. */
  readonly only?: (data: object) => boolean
}

export type EventHub = {
  readonly publish: (topic: EventTopic, name: string, data: object) => void
  /** Everything from now on; returns what ends that. */
  readonly listen: (ask: Listen, send: (event: ServerEvent) => void) => () => void
  readonly listeners: () => number
}

/** Passes on what changes, to all who listen, and remembers the last of it for those who were away for a moment. */
export function createEventHub(startedAt: number, kept = 1_000): EventHub {
  // Ids of another start mean other events: `k3j2h1-17`.
  const instance = startedAt.toString(36)
  const feed = createFeed<HubEvent>(kept)
  let listening = 0
  return {
    publish: (topic, name, data) => feed.publish({ topic, name, data }),
    listen: ({ topics, after, only = () => true }, send) => {
      const tell = ({ id, value }: ReturnType<typeof feed.recent>[number]): void => {
        if (!topics.has(value.topic) || !only(value.data)) return
        send({ id: `${instance}-${id}`, event: value.name, data: JSON.stringify(value.data) })
      }
      const { items, resync } = resume({ instance, after }, feed.recent)
      if (resync === undefined) for (const item of items) tell(item)
      // Who reads everything anew needs no old events.
      else send(resync)
      const leave = feed.subscribe(tell)
      listening++
      return () => {
        leave()
        listening--
      }
    },
    listeners: () => listening,
  }
}
