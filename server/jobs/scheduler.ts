import type { Effects } from '../lib/effects.ts'

export type Job = {
  readonly name: string
  /** From the end of a run to the next; a function is asked anew each time. */
  readonly everyMs: number | (() => number)
  /** Until the first run; default `everyMs`. */
  readonly firstAfterMs?: number
  readonly run: (signal: AbortSignal) => Promise<void>
}

export type Scheduler = {
  /** The pauses have changed: what waits is planned anew, from the end of its last run. */
  readonly replan: () => void
  /** Runs the job within moments, and after the run that is under way when there is one. */
  readonly soon: (name: string) => void
  /** Starts no run any more and waits for those under way, whose signal aborts. */
  readonly stop: () => Promise<void>
}

const soonMs = 1_000

type Planned = {
  readonly cancel: () => void
  /** The end of the last run; absent before the first one. */
  readonly ranAt?: number
}

/** Runs each job again and again, never two runs of one at a time; the pause varies by a tenth so that jobs drift apart. */
export function startScheduler(
  jobs: readonly Job[],
  effects: Pick<Effects, 'now' | 'after' | 'random'>,
  onFailure: (job: string, error: unknown) => void,
): Scheduler {
  const controller = new AbortController()
  const running = new Map<string, Promise<void>>()
  const planned = new Map<string, Planned>()
  const wanted = new Set<string>()

  const plan = (job: Job, afterMs: number, ranAt?: number): void => {
    planned.get(job.name)?.cancel()
    const delay = afterMs * (0.95 + effects.random() * 0.1)
    const cancel = effects.after(delay, () => {
      planned.delete(job.name)
      const run = job
        .run(controller.signal)
        .catch((error: unknown) => onFailure(job.name, error))
        .finally(() => {
          running.delete(job.name)
          if (!controller.signal.aborted) plan(job, wanted.delete(job.name) ? soonMs : pauseOf(job), effects.now())
        })
      running.set(job.name, run)
    })
    planned.set(job.name, { cancel, ...(ranAt === undefined ? {} : { ranAt }) })
  }
  for (const job of jobs) plan(job, job.firstAfterMs ?? pauseOf(job))

  return {
    replan: () => {
      for (const job of jobs) {
        const ranAt = planned.get(job.name)?.ranAt
        if (ranAt === undefined || typeof job.everyMs === 'number') continue
        plan(job, Math.max(soonMs, ranAt + pauseOf(job) - effects.now()), ranAt)
      }
    },
    soon: (name) => {
      const job = jobs.find((one) => one.name === name)
      if (job === undefined || controller.signal.aborted) return
      if (running.has(name)) wanted.add(name)
      else plan(job, soonMs, planned.get(name)?.ranAt)
    },
    stop: async () => {
      controller.abort()
      for (const { cancel } of planned.values()) cancel()
      await Promise.all(running.values())
    },
  }
}

const pauseOf = ({ everyMs }: Job): number => (typeof everyMs === 'number' ? everyMs : everyMs())
