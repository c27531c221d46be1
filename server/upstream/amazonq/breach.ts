import type { ModelInfo } from '../../conversation/model.ts'
import type { Steps } from '../../lib/slices.ts'
import type { Look, SchemaFault } from './schema-faults.ts'
import type { AssistantResponseMessage, HistoryEntry, RequestBody, UserInputMessage } from './wire.ts'

/** Where in a request body something is wrong. `turn` counts the history and, after it, the current message. */
export type Place =
  | { readonly in: 'turns' }
  | { readonly in: 'turn'; readonly turn: number }
  | { readonly in: 'call'; readonly toolUseId: string; readonly part: 'name' | 'input' | 'id' }
  | { readonly in: 'result'; readonly toolUseId: string }
  | { readonly in: 'image'; readonly base64: string }
  | {
      readonly in: 'tool'
      readonly name: string
      readonly part: 'name' | 'description' | 'schema'
      readonly within?: readonly string[]
    }
  | { readonly in: 'thinking' }
  | { readonly in: 'account' }

/** `is`: what was found there, in a few words and figures, never content. */
export type Breach = { readonly place: Place; readonly is: string }

/** Names that a repair has changed on the wire: the new one and the one it stands for. */
export type Repaired = { readonly body: RequestBody; readonly renamed?: ReadonlyMap<string, string> }

/**
 * One demand of the provider. `known`: several sources agree that it refuses what breaks it; `reported`: it once did, or
 * somebody says so, and it lets it pass elsewhere. Only looked at after a refusal, so a wrong report costs one try.
 */
export type Rule = {
  readonly name: string
  readonly sure: 'known' | 'reported'
  /** What the provider demands, for the caller to read: "The provider takes …". */
  readonly demands: string
  readonly find: (request: Checked) => readonly Breach[] | Steps<readonly Breach[]>
  /** The same request with the rule kept, where that changes nothing of what it says; and what was done, in few words. */
  readonly repair?: { readonly does: string; readonly apply: (body: RequestBody) => Repaired | Steps<Repaired> }
}

/** A body as the rules look at it. */
export type Checked = {
  readonly body: RequestBody
  readonly model: ModelInfo
  /** Region of the host that was asked. */
  readonly region?: string
  readonly turns: readonly Turn[]
  /** Of the tools' schemas. */
  readonly schemas: ReadonlyMap<SchemaFault, readonly Breach[]>
  /** What rules that walk through members may yet look at. */
  readonly look: Look
}
export type Turn =
  | { readonly role: 'user'; readonly message: UserInputMessage }
  | { readonly role: 'assistant'; readonly message: AssistantResponseMessage }

export const turnOf = (entry: HistoryEntry): Turn =>
  'userInputMessage' in entry
    ? { role: 'user', message: entry.userInputMessage }
    : { role: 'assistant', message: entry.assistantResponseMessage }

export const turnsIn = (body: RequestBody): readonly Turn[] => entriesOf(body).map(turnOf)

export const toolsOf = ({ conversationState }: RequestBody) =>
  conversationState.currentMessage.userInputMessage.userInputMessageContext?.tools ?? []
export const usesOf = (turn: Turn | undefined) => (turn?.role === 'assistant' ? (turn.message.toolUses ?? []) : [])
export const resultsOf = (turn: Turn | undefined) =>
  turn?.role === 'user' ? (turn.message.userInputMessageContext?.toolResults ?? []) : []
export const imagesOf = (turn: Turn) => (turn.role === 'user' ? (turn.message.images ?? []) : [])

/** The same body with other turns; the last of them has to be a user's. */
export function withTurns(body: RequestBody, entries: readonly HistoryEntry[]): RequestBody {
  const { history: _, ...state } = body.conversationState
  const last = entries.at(-1)
  if (last === undefined || !('userInputMessage' in last)) return body
  const history = entries.slice(0, -1)
  return {
    ...body,
    conversationState: { ...state, ...(history.length === 0 ? {} : { history }), currentMessage: last },
  }
}

export const entriesOf = ({ conversationState: { history = [], currentMessage } }: RequestBody) => [
  ...history,
  currentMessage,
]
