import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { cutText } from '../lib/sound-text.ts'
import { type EventTopic, eventTopics } from './contract/events.ts'
import type { AdminDeps } from './deps.ts'
import type { EventHub } from './event-hub.ts'
import { lastIdOf } from './event-streams.ts'
import { fail } from './failure.ts'
import { invalidRequest } from './invalid-request.ts'
import { tellOfRequests } from './log-tail.ts'
import type { Watch } from './watch.ts'

const Word = Type.Optional(Type.String())

/** What changes while somebody looks: one stream for the whole console, and the same figures to be asked for. */
export function eventRoutes(hub: EventHub, watch: Watch, deps: Pick<AdminDeps, 'streams' | 'finished' | 'effects'>) {
  return new Elysia({ prefix: '/v2' })
    .get('/status', () => watch.read())
    .get(
      '/events',
      async ({ query, request }) => {
        const asked = (query.topics ?? '').split(',').flatMap((topic) => topic.trim() || [])
        const strange = asked.find((topic) => !eventTopics.some((known) => known === topic))
        if (strange !== undefined) {
          const message = `topics: there is no topic ${cutText(strange, 50)}. There are ${eventTopics.join(', ')}.`
          return fail(
            invalidRequest({ reason: 'choice', choices: eventTopics.join(', ') }, message, { field: 'topics' }),
          )
        }
        const topics = new Set((asked.length === 0 ? eventTopics : asked) as readonly EventTopic[])
        const status = topics.has('status') ? await watch.read() : undefined
        return deps.streams.open((send) => {
          const leave = hub.listen({ topics, after: lastIdOf(request, query) }, send)
          // Last, for what was caught up on may hold an older one.
          if (status !== undefined) send({ event: 'status', data: JSON.stringify(status) })
          if (!topics.has('logs')) return leave
          const leaveLogs = tellOfRequests(deps, send)
          return () => {
            leave()
            leaveLogs()
          }
        })
      },
      { query: Type.Object({ topics: Word, lastEventId: Word, last_event_id: Word }) },
    )
}
