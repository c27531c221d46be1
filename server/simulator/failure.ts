/** How a request came in: `POST /` with a target header, or a path per operation. */
export type Protocol = 'rpc' | 'rest'

/** Which recorded habits of the service are played; they differ in framing, error namespace and one reason. */
export type Age = 'q-2026-05' | 'runtime-2026-08'

/** An error answer of the service, before it is written in the form of the protocol. */
export type Failure = {
  readonly status: number
  /** Class name: `ValidationException`. */
  readonly type: string
  readonly message: string
  readonly reason?: string | null
  /** Members beside message and reason: `retryAfterMilliseconds`. */
  readonly more?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
  /** Replaces the JSON body: what a proxy in front of the service would say. */
  readonly plain?: { readonly contentType: string; readonly text: string }
}

export type FailureWire = { readonly protocol: Protocol; readonly age: Age; readonly requestId: string }

const namespace: Readonly<Record<Age, string>> = {
  'q-2026-05': 'com.amazon.aws.codewhisperer',
  'runtime-2026-08': 'com.amazon.kiro.runtimeservice',
}

/** RPC names the class in `__type`, REST in a header; both carry `message` and `reason` (null when there is none). */
export function failureResponse(failure: Failure, wire: FailureWire): Response {
  const headers = { 'x-amzn-requestid': wire.requestId, ...failure.headers }
  if (failure.plain !== undefined) {
    return new Response(failure.plain.text, {
      status: failure.status,
      headers: { ...headers, 'content-type': failure.plain.contentType },
    })
  }
  return new Response(failureBody(failure, wire), {
    status: failure.status,
    headers:
      wire.protocol === 'rpc'
        ? { ...headers, 'content-type': 'application/x-amz-json-1.0' }
        : { ...headers, 'content-type': 'application/json', 'x-amzn-errortype': failure.type },
  })
}

/** The JSON text of a failure; an exception frame carries the REST form. */
export function failureBody(failure: Failure, wire: Pick<FailureWire, 'protocol' | 'age'>): string {
  return JSON.stringify({
    ...(wire.protocol === 'rpc' ? { __type: `${namespace[wire.age]}#${failure.type}` } : {}),
    message: failure.message,
    reason: failure.reason ?? null,
    ...failure.more,
  })
}

/** The service's answer to most things it dislikes in a body. */
export const malformed: Failure = {
  status: 400,
  type: 'ValidationException',
  message: 'Improperly formed request.',
  reason: null,
}

export const tokenInvalid: Failure = {
  status: 403,
  type: 'AccessDeniedException',
  message: 'The bearer token included in the request is invalid.',
  reason: null,
}
