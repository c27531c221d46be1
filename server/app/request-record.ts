import type { RequestEnd } from '../http/client-deps.ts'
import { cutText } from '../lib/sound-text.ts'
import type { RequestRecord } from '../store/request-record.ts'

/** A finished request as it is kept: figures, sources and the route; no prompt, reply or secret. `now` is epoch ms. */
export function requestRecord(end: RequestEnd, now: number): RequestRecord {
  const { summary, error } = end
  const usage = summary?.usage
  const failed = error?.kind ?? (summary === undefined || summary.outcome === 'ok' ? undefined : summary.outcome)
  const sizes = error?.contextTokens ?? summary?.contextTokens
  const said = error?.message ?? summary?.message
  const message =
    sizes === undefined ? said : `${said} (${sizes.input} tokens by our own estimate, window ${sizes.maximum})`
  const lost = summary?.lostCredits
  const credits = usage?.credits === undefined && lost === undefined ? undefined : (usage?.credits ?? 0) + (lost ?? 0)
  const record: Writable<RequestRecord> = {
    id: end.requestId,
    at: end.arrivedAt,
    dialect: end.dialect,
    model: cutText(end.model, 200),
    stream: end.stream,
    status: end.status,
    durationMs: now - end.arrivedAt,
    inputTokens: usage?.input.tokens ?? 0,
    inputSource: usage?.input.source ?? 'none',
    outputTokens: usage?.output.tokens ?? 0,
    outputSource: usage?.output.source ?? 'none',
    peer: end.peer.address,
    userAgent: end.userAgent,
    attempts: summary?.route.attempts.length ?? 0,
    route: JSON.stringify(summary?.route ?? { considered: [], attempts: [] }),
  }
  // Every request makes one: a spread for each of these costs as much as all the rest.
  if (end.keyId !== undefined) record.keyId = end.keyId
  if (end.userId !== undefined) record.userId = end.userId
  if (summary?.accountId !== undefined) record.accountId = summary.accountId
  if (summary?.upstreamModel !== undefined) record.upstreamModel = summary.upstreamModel
  if (end.modelReason !== undefined) record.modelReason = end.modelReason
  if (failed !== undefined) record.errorKind = failed
  if (failed !== undefined && message !== undefined) record.errorMessage = cutText(message, 500)
  if (summary?.firstTokenMs !== undefined) record.firstTokenMs = summary.firstTokenMs
  if (usage?.cacheRead !== undefined) record.cacheReadTokens = usage.cacheRead.tokens
  if (credits !== undefined) record.credits = credits
  if (end.used !== undefined) {
    record.inputMicroUsd = end.used.inputMicroUsd
    record.outputMicroUsd = end.used.outputMicroUsd
  }
  if (end.session !== undefined) record.session = cutText(end.session, 100)
  if (end.notes.first.length > 0) record.notes = JSON.stringify(end.notes)
  return record
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }
