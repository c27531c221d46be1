/**
 * The provider's JSON of one conversation, as far as we write and read it. Source: provider's protocol notes, request body
 * and events. Members that are absent are left out: the service refuses `null`.
 */
export type RequestBody = {
  readonly conversationState: {
    readonly conversationId: string
    readonly history?: readonly HistoryEntry[]
    readonly currentMessage: UserEntry
    readonly chatTriggerType: 'MANUAL'
    readonly agentTaskType: 'vibe'
  }
  readonly profileArn?: string
  readonly additionalModelRequestFields?: JsonObject
}

export type HistoryEntry = UserEntry | AssistantEntry
export type UserEntry = { readonly userInputMessage: UserInputMessage }
export type AssistantEntry = { readonly assistantResponseMessage: AssistantResponseMessage }

export type UserInputMessage = {
  /** Empty only beside tool results. */
  readonly content: string
  readonly userInputMessageContext?: {
    readonly toolResults?: readonly ToolResult[]
    /** Current message only. */
    readonly tools?: readonly ToolEntry[]
  }
  readonly origin: string
  /** Current message only. */
  readonly modelId?: string
  readonly images?: readonly Image[]
}

export type AssistantResponseMessage = {
  /** Empty only beside tool uses. */
  readonly content: string
  readonly toolUses?: readonly ToolUse[]
  readonly reasoningContent?: ReasoningContent
}

export type ToolUse = { readonly toolUseId: string; readonly name: string; readonly input: JsonObject }
export type ToolResult = {
  readonly toolUseId: string
  readonly content: readonly { readonly text: string }[]
  readonly status: 'success' | 'error'
}
export type ToolEntry = {
  readonly toolSpecification: {
    readonly name: string
    readonly description: string
    readonly inputSchema: { readonly json: JsonObject }
  }
}
export type Image = {
  readonly format: 'png' | 'jpeg' | 'gif' | 'webp'
  /** base64 */
  readonly source: { readonly bytes: string }
}
export type ReasoningContent =
  | { readonly reasoningText: { readonly text: string; readonly signature: string } }
  /** base64 */
  | { readonly redactedContent: string }

export type JsonObject = Readonly<Record<string, unknown>>

/** Limits of the service on the request side. */
export const wireLimits = {
  toolNameCharacters: 64,
  toolUseIdCharacters: 64,
  /** Old model: 10 240 characters; one official client cuts at 10 004 bytes. */
  descriptionBytes: 10_000,
  imagesPerMessage: 10,
  resultCharacters: 800_000,
  /** The service reads 64 levels of a body; what stands around a schema or an input takes up to 10 of them. */
  documentLevels: 48,
  // What the service's older model says. Today it lets more pass, as far as is known, so nothing is held to these unless it refuses.
  oldCallsPerMessage: 10,
  oldHistoryLength: 250,
  oldUserCharacters: 600_000,
  oldAssistantCharacters: 100_000,
  oldImageBytes: 2_800_000,
  /** Of one image, as an official client allows itself. */
  imageBytes: 10 * 1024 * 1024,
  /** Seen by one client; others were answered above it. */
  reportedBodyBytes: 615_000,
} as const

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value when it is a string with something in it. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
