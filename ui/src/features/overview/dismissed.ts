import { dismissedNotes, saveDismissedNotes } from '../../lib/appearance.ts'

const mostKept = 50

/** Ids of what was dismissed in this browser; a state that comes again has another id. */
export const dismissedItems = (): readonly string[] => dismissedNotes()

export function dismissItem(id: string): readonly string[] {
  const kept = [id, ...dismissedNotes().filter((other) => other !== id)].slice(0, mostKept)
  saveDismissedNotes(kept)
  return kept
}
