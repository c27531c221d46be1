import type { ToolNames } from './names.ts'

/** What a request says about the form of its answer. */
export type Form = {
  /** Members of the request that every response object repeats. */
  readonly echo: Readonly<Record<string, unknown>>
  readonly names: ToolNames
  /** Reasoning is told in words. */
  readonly showsReasoning: boolean
  /** The provider's proof of its reasoning goes out, so that the caller can send it back. */
  readonly sealsReasoning: boolean
  /** What a search found is told with it. */
  readonly showsSources?: boolean
  /** The answer is one item that holds the summary the model wrote, sealed. */
  readonly compaction?: (summary: string) => string
  /** Told the response as it ended, its reasoning sealed; absent: nothing of it is to be kept. */
  readonly keep?: (response: KeptResponse) => void
}

/** A response object as it goes out; `output` are its items. */
export type KeptResponse = Readonly<Record<string, unknown>> & {
  readonly id: string
  readonly output: readonly OutputItem[]
}
export type OutputItem = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string }
