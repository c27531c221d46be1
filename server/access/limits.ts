/** What a key or a user may do; an absent member is no limit. Days and months are those of the `timezone` setting. */
export type Limits = {
  readonly requestsPerMinute?: number
  readonly requestsPerDay?: number
  /** Input and output together, as for months. */
  readonly tokensPerDay?: number
  readonly tokensPerMonth?: number
  readonly microUsdPerMonth?: number
  /** The provider's credits. */
  readonly creditsPerMonth?: number
  /** Calls under way at a time. */
  readonly concurrency?: number
}
export type LimitName = keyof Limits

/** In the order they are shown. */
export const limitNames = [
  'requestsPerMinute',
  'requestsPerDay',
  'tokensPerDay',
  'tokensPerMonth',
  'microUsdPerMonth',
  'creditsPerMonth',
  'concurrency',
] as const satisfies readonly LimitName[]

/** Those that every answer tells of. */
export const toldLimits = [
  'requestsPerMinute',
  'requestsPerDay',
  'tokensPerDay',
  'tokensPerMonth',
] as const satisfies readonly LimitName[]

/** As limits are called where programs read them. */
export const wireNames: Readonly<Record<LimitName, string>> = {
  requestsPerMinute: 'requests_per_minute',
  requestsPerDay: 'requests_per_day',
  tokensPerDay: 'tokens_per_day',
  tokensPerMonth: 'tokens_per_month',
  microUsdPerMonth: 'spend_micro_usd_per_month',
  creditsPerMonth: 'credits_per_month',
  concurrency: 'concurrency',
}

/** One who is limited: a key, or the user it belongs to. What holds for a user holds for all its keys together. */
export type Subject = {
  readonly kind: 'key' | 'user'
  readonly id: string
  readonly limits: Limits
}

/** What was used, or may be used at most. All but credits whole. */
export type Used = {
  readonly requests: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly inputMicroUsd: number
  readonly outputMicroUsd: number
  readonly credits: number
}

export const nothing: Used = {
  requests: 0,
  inputTokens: 0,
  outputTokens: 0,
  inputMicroUsd: 0,
  outputMicroUsd: 0,
  credits: 0,
}

export const plus = (a: Used, b: Used): Used => ({
  requests: a.requests + b.requests,
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  inputMicroUsd: a.inputMicroUsd + b.inputMicroUsd,
  outputMicroUsd: a.outputMicroUsd + b.outputMicroUsd,
  credits: a.credits + b.credits,
})

/** Beyond the whole numbers that are told apart no counter is right, and no backup of it can be read again. */
export const counted = (used: Used): Used => {
  const cut = (value: number): number => Math.min(value, Number.MAX_SAFE_INTEGER)
  return {
    requests: cut(used.requests),
    inputTokens: cut(used.inputTokens),
    outputTokens: cut(used.outputTokens),
    inputMicroUsd: cut(used.inputMicroUsd),
    outputMicroUsd: cut(used.outputMicroUsd),
    credits: used.credits,
  }
}

export const minus = (a: Used, b: Used): Used => ({
  requests: a.requests - b.requests,
  inputTokens: a.inputTokens - b.inputTokens,
  outputTokens: a.outputTokens - b.outputTokens,
  inputMicroUsd: a.inputMicroUsd - b.inputMicroUsd,
  outputMicroUsd: a.outputMicroUsd - b.outputMicroUsd,
  credits: a.credits - b.credits,
})

/** What one token costs. Money is integer micro-dollars for a million tokens, so that no price is lost to rounding. */
export type Rate = {
  readonly inputMicroUsdPerMillion: number
  readonly outputMicroUsdPerMillion: number
  /** The provider's credits for one token. */
  readonly inputCredits: number
  readonly outputCredits: number
}

/** What one call costs at a rate; a part of a micro-dollar counts as a whole one. */
export function costOf(inputTokens: number, outputTokens: number, rate: Rate): Used {
  return {
    requests: 1,
    inputTokens,
    outputTokens,
    inputMicroUsd: Math.ceil((inputTokens * rate.inputMicroUsdPerMillion) / 1_000_000),
    outputMicroUsd: Math.ceil((outputTokens * rate.outputMicroUsdPerMillion) / 1_000_000),
    credits: inputTokens * rate.inputCredits + outputTokens * rate.outputCredits,
  }
}

/** How one limit stands. `used` includes what calls under way may still use. */
export type Standing = {
  readonly subject: Pick<Subject, 'kind' | 'id'>
  readonly limit: LimitName
  readonly max: number
  readonly used: number
  /** Of `used`: reserved for calls under way. */
  readonly reserved: number
  /** Epoch ms at which all of it, or for a minute the first of it, is free again; absent for concurrency. */
  readonly resetsAt?: number
}

/** The same of nobody in particular. */
export type Level = Omit<Standing, 'subject'>

export const remainingOf = ({ max, used }: Level): number => Math.max(0, max - used)
