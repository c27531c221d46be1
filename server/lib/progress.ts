/** Where progress is told: a terminal whose line may be drawn over, or anything else, which gets plain lines. */
export type ProgressView = {
  readonly write: (text: string) => void
  readonly isTerminal: boolean
  /** Width of the terminal. */
  readonly columns: number
  readonly now: () => number
}

export type Progress = {
  /** So many more are done. */
  readonly step: (count: number) => void
  /** Other work begins, or more of it than was known. */
  readonly about: (what: string) => void
  readonly end: () => void
}

const redrawMs = 100
const lineMs = 10_000
const barCharacters = 24

/** Tells how far long work has come, with the time that is left at the pace so far. `total` 0: nobody knows. */
export function createProgress(
  { write, isTerminal, columns, now }: ProgressView,
  work: { readonly what: string; readonly total: number; readonly unit: string },
): Progress {
  const startedAt = now()
  let { what } = work
  let done = 0
  let toldAt = startedAt
  let isBehind = false

  const text = (): string => {
    const passedMs = now() - startedAt
    // All was counted, and what is done now is not.
    if (isBehind) return duration(passedMs)
    const total = Math.max(work.total, done)
    const count = `${grouped(done)}${work.total > 0 ? ` of ${grouped(total)}` : ''} ${work.unit}`
    const left = work.total > 0 && done > 0 && done < total ? (passedMs / done) * (total - done) : undefined
    const time = left === undefined ? `${duration(passedMs)}` : `${duration(left)} left`
    return work.total > 0
      ? `${Math.floor((done / Math.max(1, total)) * 100)} %  ${count}, ${time}`
      : `${count}, ${time}`
  }
  const draw = (): void => {
    const share = work.total > 0 ? Math.min(1, done / work.total) : 0
    const filled = Math.round(share * barCharacters)
    const bar = `[${'#'.repeat(filled)}${'.'.repeat(barCharacters - filled)}]`
    write(`\r\x1b[K${`${what}  ${bar}  ${text()}`.slice(0, Math.max(20, columns - 1))}`)
  }
  const tell = (): void => {
    toldAt = now()
    if (isTerminal) draw()
    else write(`${what}: ${text()}\n`)
  }
  if (isTerminal) draw()
  return {
    step: (count) => {
      done += count
      if (count > 0) isBehind = false
      if (now() - toldAt >= (isTerminal ? redrawMs : lineMs)) tell()
    },
    about: (next) => {
      what = next
      isBehind = work.total > 0 && done >= work.total
      if (isTerminal || now() - toldAt >= lineMs) tell()
    },
    end: () => {
      isBehind = false
      if (isTerminal) write('\r\x1b[K')
      else write(`${what}: ${text()}\n`)
    },
  }
}

/** For work nobody watches. */
export const silentProgress: Progress = { step: () => {}, about: () => {}, end: () => {} }

const grouped = (count: number): string => count.toLocaleString('en-US')

function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1_000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
