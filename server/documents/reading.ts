import type { DocumentKind, ImageFormat } from '../conversation/conversation.ts'

/** A piece of a document that its readers know by name: a page, a slide, a sheet. */
export type Section = {
  readonly heading?: string
  readonly text: string
  /** What of this piece is not in its text, for the model to know. */
  readonly gap?: string
}

/** What came of reading a document. `reason` completes the sentence "The document …"; `isBusy`: its turn did not come. */
export type DocumentReading =
  | {
      readonly ok: true
      readonly about: string
      readonly sections: readonly Section[]
      /** What of it is not in the text, in words. */
      readonly lacks?: string
    }
  | { readonly ok: false; readonly reason: string; readonly isBusy?: true }

/** What came of making an image smaller. `reason` completes the sentence "The image …". */
export type ImageReading =
  | { readonly ok: true; readonly format: ImageFormat; readonly base64: string; readonly about: string }
  | { readonly ok: false; readonly reason: string; readonly isBusy?: true }

/** Takes attachments as base64, which it unpacks elsewhere. Seats are shared between callers; those without a name are one. */
export type AttachmentReader = {
  readonly document: (
    base64: string,
    kind: DocumentKind,
    signal: AbortSignal,
    callerId?: string,
  ) => Promise<DocumentReading>
  readonly image: (base64: string, signal: AbortSignal, callerId?: string) => Promise<ImageReading>
}

export const documentLimits = {
  bytes: 32 * 1024 * 1024,
  /** Pages, slides or sheets. */
  sections: 500,
  characters: 2_000_000,
  /** Of all files inside that are read, unpacked. */
  unpackedBytes: 128 * 1024 * 1024,
  timeMs: 20_000,
  /** In line before it is read. */
  waitMs: 30_000,
  /** Of the process that reads. */
  memoryBytes: 1024 * 1024 * 1024,
} as const

/** Collects sections within the limits; `full` says which one was passed. */
export function createSections(): {
  readonly add: (section: Section) => void
  readonly full: () => string | undefined
  readonly list: readonly Section[]
} {
  const list: Section[] = []
  let characters = 0
  return {
    list,
    add: (section) => {
      characters += section.text.length
      list.push(section)
    },
    full: () =>
      characters > documentLimits.characters
        ? `has more than ${documentLimits.characters} characters of text`
        : undefined,
  }
}

export const counted = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`
