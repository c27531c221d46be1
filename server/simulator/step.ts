import type { Age } from './failure.ts'
import type { Shape } from './shape.ts'

/** One step of a reply. Content steps become frames; the closing frames are added at the end unless `closing` is false. */
export type Step =
  /** One delta with exactly this text; with `split`, many small ones. `times` repeats it. */
  | { readonly type: 'text'; readonly text: string; readonly split?: boolean; readonly times?: number }
  | { readonly type: 'reasoning'; readonly text: string; readonly split?: boolean }
  /** Ends reasoning; left out, the signature is the simulator's own over the reasoning so far. */
  | { readonly type: 'signature'; readonly signature?: string }
  /** Left out, the block is one the simulator accepts back. */
  | { readonly type: 'redacted'; readonly base64?: string }
  | ToolStep
  /** Any event, as it is: `metadataEvent`, `codeReferenceEvent`, unknown ones. */
  | { readonly type: 'event'; readonly name: string; readonly payload: Shape }
  /** Ends the reply: nothing follows an exception frame. */
  | { readonly type: 'exception'; readonly name: string; readonly payload: Shape }
  | { readonly type: 'pause'; readonly ms: number }
  /** Raw bytes between the frames. */
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  /** Ends the body here, cleanly as HTTP, without closing frames. */
  | { readonly type: 'end' }
  /** Breaks the connection here. */
  | { readonly type: 'reset' }

export type ToolStep = {
  readonly type: 'tool'
  readonly name: string
  /** Default: a fresh `tooluse_…`. */
  readonly id?: string
  /** Written as JSON; `json` gives the text itself. Neither: a call without input. */
  readonly input?: Shape
  readonly json?: string
  /**
   * `recorded`: announcement, empty fragment, small fragments, stop (Claude). `one-piece`: announcement, the input whole,
   * stop (open-weight models). Or the exact fragments. Default `recorded`.
   */
  readonly fragments?: 'recorded' | 'one-piece' | readonly string[]
  /** Default true. */
  readonly stop?: boolean
}

/** A reply as told beforehand. */
export type Script = {
  readonly steps: readonly Step[]
  /** False: the body ends after the last step, without metadata, context usage and metering. */
  readonly closing?: boolean
  /** For `metadataEvent`; default TOOL_USE after a tool call, else END_TURN. */
  readonly stopReason?: string
  /** Plays another age than the simulator's. */
  readonly age?: Age
}
