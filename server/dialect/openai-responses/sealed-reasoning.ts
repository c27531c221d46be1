import type { ReasoningPart, RedactedReasoningPart } from '../../conversation/conversation.ts'

/** Ours, first version. What begins otherwise was made by another server and means nothing here. */
const mark = 'csr1.'

/** The provider's own proof of a piece of reasoning, with the text it signs: the text shown may be left out or changed. */
export function sealReasoning(part: ReasoningPart | RedactedReasoningPart): string {
  const content = part.type === 'reasoning' ? { text: part.text, signature: part.signature } : { redacted: part.base64 }
  return mark + Buffer.from(JSON.stringify(content)).toString('base64url')
}

/** What `sealReasoning` was given; `undefined` for anything that is not ours or was changed on the way. */
export function openReasoning(sealed: string): ReasoningPart | RedactedReasoningPart | undefined {
  if (!sealed.startsWith(mark)) return undefined
  try {
    const content: unknown = JSON.parse(Buffer.from(sealed.slice(mark.length), 'base64url').toString('utf8'))
    if (typeof content !== 'object' || content === null) return undefined
    const { text, signature, redacted } = content as Readonly<Record<string, unknown>>
    if (typeof redacted === 'string' && redacted !== '') return { type: 'redacted-reasoning', base64: redacted }
    if (typeof text !== 'string' || typeof signature !== 'string' || signature === '') return undefined
    return { type: 'reasoning', text, signature }
  } catch {
    return undefined
  }
}
