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
  /** Starts no run any more and waits for those under way, whose signal aborts. */
  readonly stop: () => Promise<void>
}

/** Runs each job again and again, never two runs of one at a time; the pause varies by a tenth so that jobs drift apart. */
export function startScheduler(
  jobs: readonly Job[],
  effects: Pick<Effects, 'after' | 'random'>,
  onFailure: (job: string, error: unknown) => void,
): Scheduler {
  const controller = new AbortController()
  const running = new Set<Promise<void>>()
  const cancels = new Map<string, () => void>()

  const plan = (job: Job, afterMs: number): void => {
    const delay = afterMs * (0.95 + effects.random() * 0.1)
    cancels.set(
      job.name,
      effects.after(delay, () => {
        const run = job
          .run(controller.signal)
          .catch((error: unknown) => onFailure(job.name, error))
          .finally(() => {
            running.delete(run)
            if (!controller.signal.aborted) plan(job, pauseOf(job))
          })
        running.add(run)
      }),
    )
  }
  for (const job of jobs) plan(job, job.firstAfterMs ?? pauseOf(job))

  return {
    stop: async () => {
      controller.abort()
      for (const cancel of cancels.values()) cancel()
      await Promise.all(running)
    },
  }
}

const pauseOf = ({ everyMs }: Job): number => (typeof everyMs === 'number' ? everyMs : everyMs())
