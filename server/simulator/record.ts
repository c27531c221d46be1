import type { Operation } from './call.ts'
import type { Protocol } from './failure.ts'

/** One request the simulator got, for a test or a person to look at. */
export type RecordedRequest = {
  readonly at: number
  readonly requestId: string
  /** Undefined: no such operation (answered 404). */
  readonly operation: Operation | undefined
  readonly protocol: Protocol
  readonly method: string
  /** Path and query without the base path. */
  readonly path: string
  readonly region: string
  /** Lower-case names; the bearer is left out. */
  readonly headers: Readonly<Record<string, string>>
  readonly hasBearer: boolean
  /** Parsed JSON with secrets removed; undefined when there was none, it was broken or over 256 KiB. */
  readonly body: unknown
  readonly bodyBytes: number
  readonly accountId: string | undefined
  readonly status: number
  /** Why it was refused, in the simulator's own words. */
  readonly rule: string | undefined
}

export type Recorder = {
  readonly add: (request: RecordedRequest) => void
  readonly list: () => readonly RecordedRequest[]
}

export const maxRecordedBody = 256 * 1024
const maxTotalBytes = 32 * 1024 * 1024

/** The newest `limit` requests, and no more than 32 MiB of bodies. */
export function createRecorder(limit: number): Recorder {
  const kept: RecordedRequest[] = []
  let bytes = 0
  const sizeOf = (request: RecordedRequest): number => (request.body === undefined ? 0 : request.bodyBytes)
  return {
    add: (request) => {
      if (limit <= 0) return
      kept.push(request)
      bytes += sizeOf(request)
      while (kept.length > limit || bytes > maxTotalBytes) {
        const oldest = kept.shift()
        if (oldest === undefined) break
        bytes -= sizeOf(oldest)
      }
    },
    list: () => [...kept],
  }
}

const secretMembers = new Set(['accessToken', 'refreshToken', 'clientSecret', 'code', 'code_verifier', 'deviceCode'])

/** The body of a sign-in call without its secrets. */
export function withoutSecrets(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, secretMembers.has(name) ? '(removed)' : value]),
  )
}

export function headersWithoutBearer(headers: Headers): Readonly<Record<string, string>> {
  return Object.fromEntries([...headers].filter(([name]) => name !== 'authorization'))
}
