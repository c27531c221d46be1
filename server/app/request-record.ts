import type { RequestEnd } from '../http/client-route.ts'
import type { RequestRecord } from '../store/store.ts'

/** A finished request as it is kept: figures, sources and the route; no prompt, reply or secret. `now` is epoch ms. */
export function requestRecord(end: RequestEnd, now: number): RequestRecord {
  const { summary, error } = end
  const usage = summary?.usage
  const failed = error?.kind ?? (summary === undefined || summary.outcome === 'ok' ? undefined : summary.outcome)
  const message = error?.message ?? summary?.message
  const lost = summary?.lostCredits
  const credits = usage?.credits === undefined && lost === undefined ? undefined : (usage?.credits ?? 0) + (lost ?? 0)
  return {
    id: end.requestId,
    at: end.arrivedAt,
    dialect: end.dialect,
    ...(end.keyId === undefined ? {} : { keyId: end.keyId }),
    ...(end.userId === undefined ? {} : { userId: end.userId }),
    ...(summary?.accountId === undefined ? {} : { accountId: summary.accountId }),
    model: end.model.slice(0, 200),
    ...(summary?.upstreamModel === undefined ? {} : { upstreamModel: summary.upstreamModel }),
    ...(end.modelReason === undefined ? {} : { modelReason: end.modelReason }),
    stream: end.stream,
    status: end.status,
    ...(failed === undefined ? {} : { errorKind: failed }),
    ...(failed === undefined || message === undefined ? {} : { errorMessage: message.slice(0, 500) }),
    ...(summary?.firstTokenMs === undefined ? {} : { firstTokenMs: summary.firstTokenMs }),
    durationMs: now - end.arrivedAt,
    inputTokens: usage?.input.tokens ?? 0,
    inputSource: usage?.input.source ?? 'none',
    outputTokens: usage?.output.tokens ?? 0,
    outputSource: usage?.output.source ?? 'none',
    ...(usage?.cacheRead === undefined ? {} : { cacheReadTokens: usage.cacheRead.tokens }),
    ...(credits === undefined ? {} : { credits }),
    ...(end.used && { inputMicroUsd: end.used.inputMicroUsd, outputMicroUsd: end.used.outputMicroUsd }),
    ...(end.session === undefined ? {} : { session: end.session.slice(0, 100) }),
    peer: end.peer.address,
    userAgent: end.userAgent,
    attempts: summary?.route.attempts.length ?? 0,
    ...(end.notes.first.length === 0 ? {} : { notes: JSON.stringify(end.notes) }),
    route: JSON.stringify(summary?.route ?? { considered: [], attempts: [] }),
  }
}
