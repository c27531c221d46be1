import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { JobDetail, JobItem, JobState, JobView } from './contract/jobs.ts'

/** What a job tells while it runs. Once `signal` aborts it begins no further item. */
export type Progress = {
  readonly signal: AbortSignal
  readonly expect: (total: number) => void
  readonly report: (item: Omit<JobItem, 'index'> & { readonly index?: number }) => void
}

export type Job<T> = { readonly id: string; readonly view: () => JobView; readonly answer: Promise<T> }

export type JobBoard = {
  /** Starts work that goes on whether anybody waits for it or not. A second of the same `only` joins the first. */
  readonly start: <T>(
    kind: string,
    work: (progress: Progress) => Promise<T>,
    options?: { readonly only?: boolean },
  ) => Result<Job<T>, GatewayError>
  readonly list: () => readonly JobView[]
  readonly get: (id: string) => JobDetail | undefined
  /** False when it had ended before; undefined when there is no such job. */
  readonly cancel: (id: string) => boolean | undefined
  readonly stats: () => { readonly running: number; readonly kept: number; readonly results: number }
}

export type JobLimits = {
  readonly running: number
  /** Ended jobs that can still be looked at. */
  readonly kept: number
  readonly keptMs: number
  readonly resultsOfOne: number
  readonly resultsOfAll: number
}
export const jobLimits: JobLimits = {
  running: 16,
  kept: 100,
  keptMs: 86_400_000,
  resultsOfOne: 5_000,
  resultsOfAll: 50_000,
}

type Entry = {
  readonly id: string
  readonly kind: string
  readonly createdAt: number
  readonly abort: AbortController
  readonly results: JobItem[]
  answer: Promise<unknown>
  state: JobState
  total: number | null
  done: number
  failed: number
  leftOut: number
  endedAt: number | null
  error: string | null
}

/** For work that nobody watches. */
export const unwatched: Progress = { signal: new AbortController().signal, expect: () => {}, report: () => {} }

/** The bulk work of the admin API: what runs, how far it is, what came of each item. Bounded in number and in memory. */
export function createJobBoard(
  deps: {
    readonly effects: Pick<Effects, 'now' | 'newId'>
    /** Told of every step; must not throw. */
    readonly changed: (job: JobView, item?: JobItem) => void
    readonly failed: (kind: string, error: unknown) => void
  },
  limits: JobLimits = jobLimits,
): JobBoard {
  const { effects } = deps
  /** Oldest first. */
  const jobs = new Map<string, Entry>()
  const running = (): Entry[] => [...jobs.values()].filter(({ state }) => state === 'running')
  const results = (): number => [...jobs.values()].reduce((sum, job) => sum + job.results.length, 0)

  const forget = (): void => {
    const oldest = effects.now() - limits.keptMs
    for (const job of jobs.values()) {
      if (job.state === 'running') continue
      const isOver = jobs.size > limits.kept || results() > limits.resultsOfAll || (job.endedAt ?? 0) < oldest
      if (isOver) jobs.delete(job.id)
    }
  }

  const progressOf = (job: Entry): Progress => ({
    signal: job.abort.signal,
    expect: (total) => {
      job.total = total
      deps.changed(viewOf(job))
    },
    report: (told) => {
      const item = { ...told, index: told.index ?? job.done }
      job.done++
      if (!item.ok) job.failed++
      if (job.results.length < limits.resultsOfOne) job.results.push(item)
      else job.leftOut++
      deps.changed(viewOf(job), item)
    },
  })

  const end = (job: Entry, state: JobState, error?: string): void => {
    job.state = state
    job.error = error ?? null
    job.endedAt = effects.now()
    // Who waits for the answer holds it; there may be secrets in it.
    job.answer = Promise.resolve()
    deps.changed(viewOf(job))
    forget()
  }

  return {
    start: <T>(kind: string, work: (progress: Progress) => Promise<T>, { only = false } = {}) => {
      const same = only ? running().find((job) => job.kind === kind) : undefined
      // Jobs of one kind give one kind of answer.
      if (same !== undefined) return ok(handleOf<T>(same))
      if (running().length >= limits.running) {
        const message = `${limits.running} jobs are running already: wait for one to end, or cancel one.`
        return err(gatewayError('limit-reached', message, { retryAfterMs: 5_000, code: 'TOO_MANY_JOBS' }))
      }
      const job: Entry = {
        ...{ id: effects.newId('job'), kind, createdAt: effects.now(), abort: new AbortController(), results: [] },
        ...{ state: 'running', total: null, done: 0, failed: 0, leftOut: 0, endedAt: null, error: null },
        answer: Promise.resolve(),
      }
      jobs.set(job.id, job)
      deps.changed(viewOf(job))
      job.answer = work(progressOf(job)).then(
        (answer) => {
          end(job, job.abort.signal.aborted ? 'cancelled' : 'done')
          return answer
        },
        (error: unknown) => {
          deps.failed(kind, error)
          end(job, 'failed', 'It broke off; the log of the server says why.')
          throw error
        },
      )
      // Whoever waits sees it fail; that nobody does is no fault.
      job.answer.catch(() => {})
      forget()
      return ok(handleOf<T>(job))
    },
    list: () => {
      forget()
      return [...jobs.values()].toReversed().map(viewOf)
    },
    get: (id) => {
      const job = jobs.get(id)
      return job && { ...viewOf(job), results: [...job.results], results_left_out: job.leftOut }
    },
    cancel: (id) => {
      const job = jobs.get(id)
      if (job === undefined) return undefined
      if (job.state !== 'running' || job.abort.signal.aborted) return false
      job.abort.abort()
      return true
    },
    stats: () => ({ running: running().length, kept: jobs.size, results: results() }),
  }
}

const handleOf = <T>(job: Entry): Job<T> => ({
  id: job.id,
  view: () => viewOf(job),
  answer: job.answer as Promise<T>,
})

function viewOf({ id, kind, state, total, done, failed, createdAt, endedAt, error }: Entry): JobView {
  return {
    ...{ id, kind, state, total, done, failed, error, code: error === null ? null : 'INTERNAL' },
    created_at: new Date(createdAt).toISOString(),
    ended_at: endedAt === null ? null : new Date(endedAt).toISOString(),
  }
}
