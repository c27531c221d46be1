import type { UsageReport } from '../../conversation/ending.ts'
import { isObject, type JsonObject, numberOf, textOf } from './wire.ts'

/** What the provider says about the end of a reply and its cost. */
export type Accounting = {
  seen: boolean
  report: UsageReport
  stopReason: string | undefined
  stopDetails: JsonObject | undefined
}

/** Takes over what one event of accounting says; later figures win. */
export function readAccounting(accounting: Accounting, type: string, payload: JsonObject): void {
  accounting.seen = true
  if (type === 'metadataEvent') {
    accounting.stopReason = textOf(payload.stopReason) ?? accounting.stopReason
    accounting.stopDetails = isObject(payload.stopDetails) ? payload.stopDetails : accounting.stopDetails
    if (isObject(payload.tokenUsage)) accounting.report = { ...accounting.report, ...tokenReport(payload.tokenUsage) }
  } else if (type === 'contextUsageEvent') {
    const percent = numberOf(payload.contextUsagePercentage)
    if (percent !== undefined) accounting.report = { ...accounting.report, contextPercent: percent }
  } else {
    const credits = numberOf(payload.usage)
    if (credits !== undefined) accounting.report = { ...accounting.report, credits }
  }
}

/** Input counts what came from the cache and went into it. */
function tokenReport(usage: JsonObject): UsageReport {
  const output = numberOf(usage.outputTokens)
  const total = numberOf(usage.totalTokens)
  const uncached = numberOf(usage.uncachedInputTokens)
  const read = numberOf(usage.cacheReadInputTokens)
  const written = numberOf(usage.cacheWriteInputTokens)
  const percent = numberOf(usage.contextUsagePercentage)
  const counted = uncached === undefined ? undefined : uncached + (read ?? 0) + (written ?? 0)
  const input = counted ?? (total === undefined || output === undefined ? undefined : total - output)
  return {
    ...(input === undefined ? {} : { inputTokens: input }),
    ...(output === undefined ? {} : { outputTokens: output }),
    ...(read === undefined ? {} : { cacheReadTokens: read }),
    ...(written === undefined ? {} : { cacheWriteTokens: written }),
    ...(percent === undefined ? {} : { contextPercent: percent }),
  }
}
