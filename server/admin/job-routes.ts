import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { gatewayError } from '../conversation/error.ts'
import type { JobList } from './contract/jobs.ts'
import type { AdminDeps } from './deps.ts'
import type { EventHub } from './event-hub.ts'
import { eventStream } from './event-stream.ts'
import { fail } from './failure.ts'
import type { JobBoard } from './job-board.ts'

const unknownJob = gatewayError('not-found', 'There is no such job; ended ones are kept for a day.')

const tooMany = gatewayError('pool-busy', 'Too many pages listen already; close some.', { code: 'TOO_MANY_LISTENERS' })

/** The bulk work that runs or has run: how far it is, what came of each item. */
export function jobRoutes(jobs: JobBoard, hub: EventHub, { effects }: Pick<AdminDeps, 'effects'>) {
  return (
    new Elysia({ prefix: '/v2/jobs' })
      .get('/', (): JobList => {
        const list = [...jobs.list()]
        return { jobs: list, count: list.length }
      })
      .get('/:id', ({ params }) => jobs.get(params.id) ?? fail(unknownJob), {
        params: Type.Object({ id: Type.String() }),
      })
      .post('/:id/cancel', ({ params }) => {
        const cancelled = jobs.cancel(params.id)
        return cancelled === undefined ? fail(unknownJob) : { success: cancelled, job: viewOf(jobs, params.id) }
      })
      /** The job as it stands, then every step, until it has ended. */
      .get('/:id/events', ({ params: { id } }) => {
        if (jobs.get(id) === undefined) return fail(unknownJob)
        if (hub.isFull()) return fail(tooMany)
        return eventStream({
          effects,
          open: (take, end) => {
            const listening = hub.listen(
              { topics: new Set(['jobs']) },
              ({ id: eventId, name, data }) => {
                if (!('id' in data) || data.id !== id) return
                take({ id: eventId, event: name, data })
                if ('state' in data && data.state !== 'running') end()
              },
              end,
            )
            const now = jobs.get(id)
            take({ event: 'job', data: { ...now, items: now?.results ?? [], results: undefined } })
            if (now?.state !== 'running') end()
            return listening.end
          },
        })
      })
  )
}

const viewOf = (jobs: JobBoard, id: string) => jobs.list().find((job) => job.id === id)
