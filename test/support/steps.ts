import type { Steps } from '../../server/lib/slices.ts'

/** Does the work in one go; `most`: no step may be larger. */
export function atOnce<T>(steps: Steps<T>, most = Number.POSITIVE_INFINITY): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    if (step.value > most) throw new Error(`a step of ${step.value}`)
  }
}
