import type { Conversation, Message } from '../conversation/conversation.ts'

export type Session = {
  /** Names the caller's conversation among all callers'. */
  readonly session: string
  /** Its first turn: nothing can be tied to it yet, so another conversation that begins alike is not followed. */
  readonly isNew: boolean
}

/** Enough of a text to tell conversations apart; a system prompt of megabytes costs no more than this. */
const readCharacters = 4_096

/**
 * What keeps a conversation on its account: the session its client names, else a hash of what does not change from turn to
 * turn, the end user, the system text and the first user message.
 */
export function sessionOf({ session, endUser, system, messages }: Conversation, callerId: string): Session {
  if (session !== undefined) return { session: `${callerId} ${session}`, isNew: false }
  const first = messages.find(({ role }) => role === 'user')
  const begin = [callerId, endUser ?? '', ...system, textOf(first)]
    .map((text) => text.slice(0, readCharacters))
    .join('\n')
  return {
    session: `${callerId} ~${Bun.hash(begin).toString(36)}`,
    isNew: !messages.some(({ role }) => role === 'assistant'),
  }
}

const textOf = (message: Message | undefined): string =>
  (message?.parts ?? []).map((part) => (part.type === 'text' ? part.text : part.type)).join('\n')
