import { fail } from './failure.ts'
import type { Job, JobBoard, Progress } from './job-board.ts'

/**
 * Runs bulk work as a job and answers with what came of it, as the original's scripts expect; with `Prefer: respond-async`
 * at once with the job. A caller who leaves does not end it. `only`: a second call joins the first. `secret`: the answer holds what
 * no job shows, and is waited for whatever is preferred. `ready`: the work has read the request's body, which the answer would end.
 */
export async function jobAnswer<T>(
  jobs: JobBoard,
  { request, set }: JobContext,
  kind: string,
  work: (progress: Progress) => Promise<T>,
  {
    secret = false,
    ready,
    ...options
  }: { readonly only?: boolean; readonly secret?: boolean; readonly ready?: Promise<void> } = {},
) {
  const started = jobs.start(kind, work, options)
  if (!started.ok) return fail(started.error)
  const job: Job<T> = started.value
  set.headers.location = `/v2/jobs/${job.id}`
  set.headers['x-job-id'] = job.id
  if (secret || !wantsJob(request)) return job.answer
  await ready
  set.headers['preference-applied'] = 'respond-async'
  set.status = 202
  return { job: job.view() }
}

export type JobContext = {
  readonly request: Request
  readonly set: { status?: number | string; readonly headers: Record<string, string | number> }
}

const wantsJob = (request: Request): boolean =>
  (request.headers.get('prefer') ?? '').split(',').some((one) => one.trim().toLowerCase() === 'respond-async')
