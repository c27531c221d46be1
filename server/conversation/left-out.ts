import { cutText } from '../lib/sound-text.ts'
import type { TextPart } from './conversation.ts'
import type { GatewayError } from './error.ts'

/** Why something was refused, without the path in front. */
export function reasonOf({ message, field }: GatewayError): string {
  const lead = `${field}: `
  const reason = field !== undefined && message.startsWith(lead) ? message.slice(lead.length) : message
  return reason.replace(/\.$/, '')
}

/** What the model reads in place of something that could not be carried. `name`: a title or address, as the caller gave it. */
export function leftOut(what: string, reason: string, name?: string): TextPart {
  const named = name === undefined || name === '' ? what : `${what} "${cutText(name, 300)}"`
  return { type: 'text', text: `[${named} left out: ${reason}]` }
}
