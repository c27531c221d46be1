/** One client request that reached a client API, successful or not; no prompt, reply or secret. */
export type RequestRecord = {
  readonly id: string
  readonly at: number
  readonly dialect: string
  readonly keyId?: string
  /** How the key began, of a row from elsewhere: it may be no key that is known here. */
  readonly keyPrefix?: string
  readonly userId?: string
  readonly accountId?: string
  /** As the caller named it. */
  readonly model: string
  readonly upstreamModel?: string
  /** Why another model served than the one named. */
  readonly modelReason?: string
  readonly stream: boolean
  readonly status: number
  readonly errorKind?: string
  readonly errorMessage?: string
  readonly firstTokenMs?: number
  readonly durationMs: number
  readonly inputTokens: number
  readonly inputSource: string
  readonly outputTokens: number
  readonly outputSource: string
  readonly cacheReadTokens?: number
  readonly credits?: number
  /** Absent: no price is known for the model. */
  readonly inputMicroUsd?: number
  readonly outputMicroUsd?: number
  /** The session the client names, when it names one. */
  readonly session?: string
  readonly peer: string
  readonly userAgent: string
  /** Calls to the provider. */
  readonly attempts: number
  /** `RouteRecord` as JSON (bounded). */
  readonly route: string
  /** `Notes` as JSON (bounded); absent: there are none. */
  readonly notes?: string
}

/** A place in the order of the list: newest first, of the same time the last written first. */
export type RequestPlace = { readonly at: number; readonly seq: number }
