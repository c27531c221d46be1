import type { RequestEnd } from '../http/client-deps.ts'
import { cutText } from '../lib/sound-text.ts'
import type { Logger } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { RequestRecord } from '../store/request-record.ts'
import { requestRecord } from './request-record.ts'

/** Counts and logs a finished request and gives the row to keep. `now` is epoch ms. */
export function observeRequest(end: RequestEnd, now: number, log: Logger, metrics: Metrics): RequestRecord {
  const record = requestRecord(end, now)
  const { summary } = end
  const outcome =
    record.errorKind === undefined ? 'success' : record.errorKind === 'cancelled' ? 'cancelled' : 'failure'
  metrics.requestEnded({
    dialect: record.dialect,
    model: record.upstreamModel ?? 'none',
    outcome,
    ...(record.errorKind === undefined ? {} : { errorKind: record.errorKind }),
    durationMs: record.durationMs,
    ...(record.firstTokenMs === undefined ? {} : { firstTokenMs: record.firstTokenMs }),
  })
  for (const attempt of summary?.route.attempts ?? []) {
    metrics.upstreamAttempted(attempt.outcome === 'ok' ? 'success' : attempt.outcome)
  }
  const turns = summary?.route.turns
  for (const { upstreamModel, usage } of turns ?? []) {
    if (upstreamModel === undefined || usage === undefined) continue
    metrics.tokensUsed(upstreamModel, 'input', usage.input.source, usage.input.tokens)
    metrics.tokensUsed(upstreamModel, 'output', usage.output.source, usage.output.tokens)
  }
  if (turns === undefined && record.upstreamModel !== undefined) {
    metrics.tokensUsed(record.upstreamModel, 'input', record.inputSource, record.inputTokens)
    metrics.tokensUsed(record.upstreamModel, 'output', record.outputSource, record.outputTokens)
  }
  for (const { outcome: searched } of summary?.route.searches ?? []) metrics.searched(searched)
  const noted = new Set(end.notes.first.map(({ what }) => what))
  for (const what of noted) metrics.noted(what)
  for (const { what, rule } of end.notes.first) {
    if (what === 'refusal-unexplained') metrics.ruleBroken('none', 'refused')
    if (rule !== undefined) metrics.ruleBroken(rule, what === 'rule-repaired' ? 'repaired' : 'refused')
  }
  if (summary?.missed !== undefined) metrics.wishMissed(summary.missed)
  const repair = summary?.route.repair
  if (repair !== undefined) metrics.repaired(repair.of, repair.outcome)
  const cause = end.error?.cause ?? summary?.cause
  log[outcome === 'failure' && record.status >= 500 ? 'warn' : 'info']('relay.finished', {
    requestId: record.id,
    keyId: record.keyId,
    accountId: record.accountId,
    dialect: record.dialect,
    model: record.model,
    upstreamModel: record.upstreamModel,
    stream: record.stream,
    status: record.status,
    errorKind: record.errorKind,
    errorMessage: record.errorMessage,
    cause: cause === undefined ? undefined : cutText(cause, 2_000),
    attempts: summary?.route.attempts.length,
    firstTokenMs: record.firstTokenMs,
    durationMs: record.durationMs,
    inputTokens: record.inputTokens,
    outputTokens: record.outputTokens,
    usageSource: `${record.inputSource}/${record.outputSource}`,
    missed: summary?.missed,
    repair: repair?.outcome,
    notes: noted.size === 0 ? undefined : [...noted].join(' '),
    peer: record.peer,
    client: end.clientNote,
  })
  return record
}
