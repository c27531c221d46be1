import { dismissedNotes, saveDismissedNotes } from '../../lib/appearance.ts'

const mostKept = 50

/** Ids of what was dismissed in this browser; a state that comes again has another id. */
export const dismissedItems = (): readonly string[] => dismissedNotes()

/** What is over may come again, and is told then. */
export function forgetGone(ids: readonly string[]): readonly string[] {
  const kept = dismissedNotes()
  const left = kept.filter((id) => ids.includes(id))
  if (left.length < kept.length) saveDismissedNotes(left)
  return left
}

export function showAgain(): readonly string[] {
  saveDismissedNotes([])
  return []
}

export function dismissItem(id: string): readonly string[] {
  const kept = [id, ...dismissedNotes().filter((other) => other !== id)].slice(0, mostKept)
  saveDismissedNotes(kept)
  return kept
}
