import type { SearchWish } from './search.ts'

/** What a caller asked for, in the one form that every dialect decodes to and every provider encodes from. */
export type Conversation = {
  /** The model as the caller spelled it; the catalogue resolves it. */
  readonly model: string
  /** System text in order, before any message. Never empty strings. */
  readonly system: readonly string[]
  readonly messages: readonly Message[]
  /** Tools the model may see now (deferred ones only once referenced). */
  readonly tools: readonly Tool[]
  /** Names of tools that the caller declared and the model is not shown: the history may tell it of them, so it may call them. */
  readonly alsoDeclared?: readonly string[]
  /** Of those the strict ones, whose calls are judged like any other strict tool's. */
  readonly alsoStrict?: readonly Tool[]
  readonly toolChoice: ToolChoice
  /** False: at most one tool call in the reply. */
  readonly parallelToolCalls: boolean
  /** Absent: no search. Without effect where the tool choice is `none`. */
  readonly search?: SearchWish
  readonly limits: OutputLimits
  readonly thinking: Thinking
  /** `undefined`: the caller did not say. */
  readonly effort?: Effort
  readonly output: OutputFormat
  readonly stream: boolean
  /** Stable id of the caller's session, when the body carries one; used for affinity only. */
  readonly session?: string
  /** Whom the caller says it works for. One for a whole team is common, so it tells conversations apart but never is one. */
  readonly endUser?: string
  /** Free text for the log, e.g. Claude Code's billing line; never forwarded. */
  readonly clientNote?: string
}

export type OutputLimits = {
  readonly maxOutputTokens?: number
  readonly stop: readonly string[]
  /** The input of this tool, one of ours, is text to the caller, and is cut like it. */
  readonly answerTool?: string
}

/**
 * `system` in the middle of a list is kept where it stood; providers without such a role fold it into the user turn.
 * Tool results live in `user` messages. Roles need not alternate: the provider's encoder repairs that.
 */
export type Message = { readonly role: 'user' | 'assistant' | 'system'; readonly parts: readonly Part[] }

export type Part =
  | TextPart
  | ImagePart
  | DocumentPart
  | RemotePart
  | ReasoningPart
  | RedactedReasoningPart
  | ToolCallPart
  | ToolResultPart

export type TextPart = { readonly type: 'text'; readonly text: string }
export type ImageFormat = 'png' | 'jpeg' | 'gif' | 'webp'
/** `base64` without a data-URL prefix, checked to be base64. `field` names it in errors. */
export type ImagePart = {
  readonly type: 'image'
  readonly format: ImageFormat
  readonly base64: string
  readonly field?: string
}
export type DocumentKind = 'pdf' | 'docx' | 'xlsx' | 'pptx'
/** A document waiting for its text; `documents/` replaces it by a TextPart before the relay sees it. `field` names it in errors. */
export type DocumentPart = {
  readonly type: 'document'
  readonly kind: DocumentKind
  readonly base64: string
  readonly field: string
} & DocumentWishes
/** Something at an http(s) address; `documents/` fetches it where that is allowed, and replaces it by what it is. */
export type RemotePart = {
  readonly type: 'remote'
  readonly holds: 'image' | 'document'
  readonly url: string
  readonly field: string
} & DocumentWishes
export type DocumentWishes = {
  readonly title?: string
  /** The caller asked for citations: the model is to know where each page begins. */
  readonly byPage?: boolean
}
/** Reasoning with a provider's own signature. Parts without a signature are dropped by the dialect's decoder (ruling 17). */
export type ReasoningPart = { readonly type: 'reasoning'; readonly text: string; readonly signature: string }
export type RedactedReasoningPart = { readonly type: 'redacted-reasoning'; readonly base64: string }
export type ToolCallPart = {
  readonly type: 'tool-call'
  readonly id: string
  readonly name: string
  readonly input: Readonly<Record<string, unknown>>
}
/** What may stand in a tool's result. */
export type ResultPart = TextPart | ImagePart | DocumentPart | RemotePart
export type ToolResultPart = {
  readonly type: 'tool-result'
  readonly callId: string
  readonly parts: readonly ResultPart[]
  readonly isError: boolean
}

export type Tool = {
  readonly name: string
  readonly description: string
  /** A name that means this tool too, where no other has it. */
  readonly alias?: string
  /** A JSON Schema object as the caller sent it; providers clean it. */
  readonly schema: Readonly<Record<string, unknown>>
  /** The caller wants no call whose input does not fit the schema; `at` is where that stands in the request. */
  readonly strict?: { readonly at: string }
  /** A tool of ours whose schema the caller gave for something else: where that stands in the request, for errors. */
  readonly at?: string
}

export type ToolChoice = { readonly type: 'auto' | 'none' | 'any' } | { readonly type: 'tool'; readonly name: string }

export type Thinking =
  | { readonly type: 'unspecified' | 'disabled' }
  | { readonly type: 'adaptive' }
  | { readonly type: 'enabled'; readonly budgetTokens?: number }

export type Effort = 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'

export type OutputFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json' }
  | {
      readonly type: 'json-schema'
      readonly name?: string
      readonly schema: Readonly<Record<string, unknown>>
      /** Rather an error than an answer that says why there is none. */
      readonly strict?: true
      /** Where the schema stands in the request, for errors. */
      readonly at?: string
    }
