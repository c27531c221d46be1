import { createSignal } from 'solid-js'
import { dismissedNotes, saveDismissedNotes } from '../../lib/appearance.ts'

const mostKept = 50

const [dismissed, setDismissed] = createSignal<readonly string[]>(dismissedNotes())

/** Ids of what was dismissed in this browser; a state that comes again has another id. */
export { dismissed }

function keep(ids: readonly string[]): void {
  saveDismissedNotes(ids)
  setDismissed(ids)
}

/** What is over may come again, and is told then. */
export function forgetGone(ids: readonly string[]): void {
  const kept = dismissedNotes()
  const left = kept.filter((id) => ids.includes(id))
  if (left.length < kept.length) saveDismissedNotes(left)
  setDismissed(left)
}

export const showAgain = (): void => keep([])

export const dismissItem = (id: string): void =>
  keep([id, ...dismissedNotes().filter((other) => other !== id)].slice(0, mostKept))
