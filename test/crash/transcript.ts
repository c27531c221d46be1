/**
 * What a killed process wrote of itself, a line each, before it did the next thing:
 * `ask ID`: a refresh is sent; `got ID MARK`: its answer is here, with a new refresh token; `refused ID`; `has ID`: the keeper
 * gave the token out, so it must be on disk; `turn`: the process was free to do something, every `turnMs` at most.
 */
export const turnMs = 2
/** An answer that has come may be on its way to the disk for so many turns, a few milliseconds of the process's own time. */
const turnsToStore = 5

/** Enough of a token to know it by. */
export const markOf = (token: string | undefined): string => (token ?? '').slice(-16)

export type Course = {
  /** The token that must be on disk: given out, or come long enough before the end. */
  readonly stored: string
  /** One that had come a moment before the end. */
  readonly arriving?: string
  /** An answer was under way at the end, or had come a moment before it: only then may the sign-in be lost. */
  readonly isInFlight: boolean
  /** Some answer came with a token: the stored one was good. */
  readonly isProven: boolean
  readonly refused: number
}

/** How each account stood when the process was killed; `stored` are the marks on disk when it began. */
export function coursesOf(text: string, stored: ReadonlyMap<string, string>): ReadonlyMap<string, Course> {
  const courses = new Map<string, Course>(
    [...stored].map(([id, mark]) => [id, { stored: mark, isInFlight: false, isProven: false, refused: 0 }]),
  )
  const turns = new Map<string, number>()
  for (const line of text.split('\n').slice(0, -1)) {
    const [what, id = '', mark = ''] = line.split(' ')
    if (what === 'turn') {
      for (const [waiting, count] of turns) {
        turns.set(waiting, count + 1)
        if (count + 1 > turnsToStore) settle(waiting)
      }
      continue
    }
    const course = courses.get(id)
    if (course === undefined) throw new Error(`the transcript names ${id}`)
    if (what === 'ask') courses.set(id, { ...course, isInFlight: true })
    else if (what === 'refused') courses.set(id, { ...course, isInFlight: false, refused: course.refused + 1 })
    else if (what === 'has') settle(id)
    else if (what === 'got') {
      turns.set(id, 0)
      courses.set(id, { ...course, arriving: mark, isInFlight: true, isProven: true })
    }
  }
  return courses

  function settle(id: string): void {
    const { arriving, ...course } = courses.get(id) ?? {}
    turns.delete(id)
    if (arriving !== undefined) courses.set(id, { ...(course as Course), stored: arriving, isInFlight: false })
  }
}
