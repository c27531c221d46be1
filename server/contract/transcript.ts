import type { Message, Part } from '../conversation/conversation.ts'

/** Of one text, characters: its head and its tail say what it was; a summary of a file is not the file. */
export const mostOfText = 8_000
const shareOfHead = 0.75
/** What a text may be longer than its bound: less would hardly be worth the words that say what is left out. */
const slack = 200

/** A message as a summary is written from it. What was said may hold a wish anywhere; whatever else is long is cut already. */
export type Spoken = { readonly role: Message['role']; readonly lines: readonly Line[] }
type Line = { readonly text: string; readonly isSaid: boolean }

/** Said is what the user and the system wrote. */
export const spokenOf = ({ role, parts }: Message): Spoken => ({
  role,
  lines: parts.flatMap((part): readonly Line[] =>
    role !== 'assistant' && part.type === 'text'
      ? [{ text: part.text, isSaid: true }]
      : lineOf(part).map((text) => ({ text, isSaid: false })),
  ),
})

/** What becomes of it where of each text that was said so many characters are shown. */
export const transcriptOf = ({ role, lines }: Spoken, most: number): string =>
  [`[${role}]`, ...lines.map(({ text, isSaid }) => (isSaid ? shortened(text, most) : text))].join('\n')

/** So many characters that were said are then not shown. */
export const unshownOf = ({ lines }: Spoken, most: number): number =>
  lines.reduce((sum, { text, isSaid }) => sum + (isSaid ? leftOut(text, most) : 0), 0)

/** Of all that is in it. */
export const lengthOf = ({ lines }: Spoken): number => lines.reduce((sum, { text }) => sum + text.length, 0)
export const longestSaid = ({ lines }: Spoken): number =>
  lines.reduce((longest, { text, isSaid }) => (isSaid ? Math.max(longest, text.length) : longest), 0)

function lineOf(part: Part): readonly string[] {
  switch (part.type) {
    case 'text':
      return [shortened(part.text)]
    case 'image':
      return ['(an image)']
    case 'document':
    case 'remote':
      return ['(a document)']
    case 'tool-call':
      return [`Calls ${part.name} (${part.id}): ${shortened(JSON.stringify(part.input))}`]
    case 'tool-result':
      return [`${part.isError ? 'Failed result' : 'Result'} (${part.callId}): ${part.parts.flatMap(lineOf).join('\n')}`]
    case 'reasoning':
    case 'redacted-reasoning':
      return []
  }
}

function shortened(text: string, most = mostOfText): string {
  const left = leftOut(text, most)
  if (left === 0) return text
  const head = Math.floor(most * shareOfHead)
  const start = text.slice(0, head).toWellFormed()
  const end = text.slice(head + left).toWellFormed()
  return `${start}\n(… ${left} characters left out …)\n${end}`
}

const leftOut = ({ length }: string, most: number): number => (length <= most + slack ? 0 : length - most)
