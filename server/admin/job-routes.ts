import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { gatewayError } from '../conversation/error.ts'
import type { JobList } from './contract/jobs.ts'
import type { AdminDeps } from './deps.ts'
import type { EventHub } from './event-hub.ts'
import { fail } from './failure.ts'
import type { JobBoard } from './job-board.ts'

const unknownJob = gatewayError('not-found', 'There is no such job; ended ones are kept for a day.')

/** The bulk work that runs or has run: how far it is, what came of each item. */
export function jobRoutes(jobs: JobBoard, hub: EventHub, { streams }: Pick<AdminDeps, 'streams'>) {
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
      /** The job as it stands, then every step, until it has ended. Who comes again gets the whole of it first: nothing is missed. */
      .get('/:id/events', ({ params: { id } }) => {
        if (jobs.get(id) === undefined) return fail(unknownJob)
        return streams.open((send, end) => {
          const leave = hub.listen(
            { topics: new Set(['jobs']), only: (data) => 'id' in data && data.id === id },
            (event) => {
              send(event)
              if (jobs.get(id)?.state !== 'running') end()
            },
          )
          const now = jobs.get(id)
          send({ event: 'job', data: JSON.stringify({ ...now, items: now?.results ?? [], results: undefined }) })
          if (now?.state !== 'running') end()
          return leave
        })
      })
  )
}

const viewOf = (jobs: JobBoard, id: string) => jobs.list().find((job) => job.id === id)
