import { cutText } from '../lib/sound-text.ts'

/** What was done to a request or a reply that the caller did not ask for, so that it could go on. Kept with its record. */
export const noteKinds = [
  // an old turn carried as well as it could be
  'arguments-as-text',
  'attachment-left-out',
  'image-shrunk',
  'document-incomplete',
  'address-fetched',
  /** In dry runs alone. */
  'address-not-fetched',
  'call-merged',
  'content-as-text',
  'part-left-out',
  'role-corrected',
  'id-made',
  // tools
  'tool-renamed',
  'schema-corrected',
  'schema-cut',
  // the reply
  'accounting-missing',
  'reply-repeated',
  // the model
  'model-replaced',
  // older turns
  'history-compressed',
  'history-superseded',
  // what the provider refused without a word
  'rule-repaired',
  'rule-broken',
  'refusal-unexplained',
] as const
export type NoteKind = (typeof noteKinds)[number]

export type Note = {
  readonly what: NoteKind
  /** Which demand of the provider's, of a broken one. */
  readonly rule?: string
  /** Path of the request's member, in the caller's own spelling: `messages.1.content.0`. */
  readonly field?: string
  /** A few words more: a reason, a count, a tool's name. Never content, never a secret. */
  readonly detail?: string
}

/** How any room tells what it did. Telling the same again (a second attempt encodes anew) is no second note. */
export type AddNote = (note: Note) => void

/** The first notes of one request; `more` came after them. */
export type Notes = { readonly first: readonly Note[]; readonly more: number }
export const noNotes: Notes = { first: [], more: 0 }

const mostNotes = 50
const longestText = 200

export type NoteBook = { readonly add: AddNote; readonly read: () => Notes }

/** Holds the notes of one request, however many there are to tell. */
export function createNoteBook(): NoteBook {
  const first: Note[] = []
  const known = new Set<string>()
  let more = 0
  return {
    add: ({ what, rule, field, detail }) => {
      const note: Note = {
        what,
        ...(rule === undefined ? {} : { rule: cutText(rule, longestText) }),
        ...(field === undefined ? {} : { field: cutText(field, longestText) }),
        ...(detail === undefined ? {} : { detail: cutText(detail, longestText) }),
      }
      const key = JSON.stringify(note)
      if (known.has(key)) return
      if (first.length === mostNotes) more++
      else {
        known.add(key)
        first.push(note)
      }
    },
    read: () => (first.length === 0 ? noNotes : { first: [...first], more }),
  }
}

/** For callers that keep no record. */
export const addNoNote: AddNote = () => undefined
