/** What is added up of requests. Durations in ms. */
export type Sums = {
  readonly requests: number
  readonly failures: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cacheReadTokens: number
  readonly credits: number
  readonly inputMicroUsd: number
  readonly outputMicroUsd: number
  readonly durationMs: number
}

export const sumNames = [
  'requests',
  'failures',
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'credits',
  'inputMicroUsd',
  'outputMicroUsd',
  'durationMs',
] as const satisfies readonly (keyof Sums)[]

/** A request, as far as sums are concerned. */
export type Summand = {
  readonly seq: number
  readonly at: number
  readonly keyId: string | null
  readonly userId: string | null
  readonly accountId: string | null
  readonly peer: string
  readonly upstreamModel: string | null
  readonly dialect: string
  readonly stream: boolean
  readonly status: number
  readonly errorKind: string | null
  readonly durationMs: number
  readonly firstTokenMs: number | null
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cacheReadTokens: number | null
  readonly credits: number | null
  readonly inputMicroUsd: number | null
  readonly outputMicroUsd: number | null
  readonly session: string | null
}

export const noSums: Sums = {
  requests: 0,
  failures: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  credits: 0,
  inputMicroUsd: 0,
  outputMicroUsd: 0,
  durationMs: 0,
}

export const sumsOf = (row: Summand): Sums => ({
  requests: 1,
  failures: row.errorKind === null ? 0 : 1,
  inputTokens: row.inputTokens,
  outputTokens: row.outputTokens,
  cacheReadTokens: row.cacheReadTokens ?? 0,
  credits: row.credits ?? 0,
  inputMicroUsd: row.inputMicroUsd ?? 0,
  outputMicroUsd: row.outputMicroUsd ?? 0,
  durationMs: row.durationMs,
})

export function plus(a: Sums, b: Sums): Sums {
  return {
    requests: a.requests + b.requests,
    failures: a.failures + b.failures,
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    credits: a.credits + b.credits,
    inputMicroUsd: a.inputMicroUsd + b.inputMicroUsd,
    outputMicroUsd: a.outputMicroUsd + b.outputMicroUsd,
    durationMs: a.durationMs + b.durationMs,
  }
}

export const subjectKinds = ['key', 'user', 'account', 'model', 'ip'] as const
export type SubjectKind = (typeof subjectKinds)[number]
/** The outcome of a request without an error. */
export const succeeded = 'ok'

/** Two that are often asked for together. */
export const pairKinds = ['key+user', 'key+account', 'user+account'] as const
export type PairKind = (typeof pairKinds)[number]
export type RollupKind = 'all' | 'outcome' | SubjectKind | PairKind

export const isPair = (kind: string): kind is PairKind => kind.includes('+')
export const pairOf = (one: string, other: string): string => `${one}+${other}`
const pairIn = (one: string | null, other: string | null): string | null =>
  one === null || other === null ? null : pairOf(one, other)

export function subjectOf(row: Summand, kind: RollupKind): string | null {
  switch (kind) {
    case 'key+user':
      return pairIn(row.keyId, row.userId)
    case 'key+account':
      return pairIn(row.keyId, row.accountId)
    case 'user+account':
      return pairIn(row.userId, row.accountId)
    case 'all':
      return ''
    case 'outcome':
      return row.errorKind ?? succeeded
    case 'key':
      return row.keyId
    case 'user':
      return row.userId
    case 'account':
      return row.accountId
    case 'model':
      return row.upstreamModel
    case 'ip':
      return row.peer
  }
}

/** Eight buckets to each doubling: a percentile read from them is within 5 %. */
const bucketsPerDoubling = 8

export const bucketOf = (ms: number): number => (ms < 1 ? 0 : 1 + Math.floor(Math.log2(ms) * bucketsPerDoubling))
const middleOf = (bucket: number): number => (bucket === 0 ? 0 : 2 ** ((bucket - 0.5) / bucketsPerDoubling))

export type Percentiles = {
  readonly requests: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

/** Undefined for no requests at all. */
export function percentilesOf(buckets: ReadonlyMap<number, number>): Percentiles | undefined {
  const sorted = [...buckets].sort(([a], [b]) => a - b)
  const requests = sorted.reduce((sum, [, count]) => sum + count, 0)
  if (requests === 0) return undefined
  const at = (share: number): number => {
    let left = share * requests
    for (const [bucket, count] of sorted) {
      left -= count
      if (left <= 0) return Math.round(middleOf(bucket))
    }
    return Math.round(middleOf(sorted.at(-1)?.[0] ?? 0))
  }
  return { requests, p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}
