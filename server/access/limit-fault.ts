import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { Level, LimitName, Standing } from './limits.ts'

/** Why a limit keeps a call out. `needs`: what the call may use of it; `settled`: what is used for good. */
export type Shortage = {
  readonly standing: Standing
  readonly needs: number
  readonly settled: number
}

const whose = { key: 'This API key', user: 'The user of this API key' } as const

/** A refusal that tells how the limits stand which are the reason for it. */
export type Barred = GatewayError & { readonly levels?: readonly Level[] }

/** An address has made all the requests it may make until `resetsAt`. */
export function addressFault(
  message: string,
  { limit, max, resetsAt }: Required<Pick<Level, 'limit' | 'max' | 'resetsAt'>>,
  now: number,
): Barred {
  const error = gatewayError('limit-reached', message, { retryAfterMs: Math.max(1, resetsAt - now) })
  return { ...error, levels: [{ limit, max, used: max, reserved: 0, resetsAt }] }
}
/** When calls under way are what is in the way, room comes as soon as one of them ends. */
const soonMs = 2_000

const words: Readonly<Record<LimitName, (max: number) => string>> = {
  requestsPerMinute: (max) => `${count(max)} ${max === 1 ? 'request' : 'requests'} per minute`,
  requestsPerDay: (max) => `${count(max)} ${max === 1 ? 'request' : 'requests'} per day`,
  tokensPerDay: (max) => `${count(max)} tokens per day`,
  tokensPerMonth: (max) => `${count(max)} tokens per month`,
  microUsdPerMonth: (max) => `${dollars(max)} per month`,
  creditsPerMonth: (max) => `${count(max)} credits per month`,
  concurrency: (max) => `${count(max)} ${max === 1 ? 'call' : 'calls'} at a time`,
}

/** How a limit is told to a person: `1,000 requests per day`. */
export const limitText = (limit: LimitName, max: number): string => words[limit](max)

/** The refusal for a call that a limit keeps out; `now` is epoch ms. */
export function limitFault({ standing, needs, settled }: Shortage, now: number): GatewayError {
  const { subject, limit, max, resetsAt } = standing
  const who = `${whose[subject.kind]} may use ${limitText(limit, max)}`
  if (limit === 'concurrency') {
    return gatewayError('limit-reached', `${who}; try again when one has ended.`, { retryAfterMs: soonMs })
  }
  if (needs > max) {
    const message = `${who}, and this request alone may need ${amount(limit, needs)}: send less, or ask for fewer output tokens.`
    return gatewayError('limit-reached', message)
  }
  if (settled + needs <= max) {
    const message = `${who}; what is left is taken up by calls under way.`
    return gatewayError('limit-reached', message, { retryAfterMs: soonMs })
  }
  const left = Math.max(0, max - settled)
  const state =
    left < (limit.startsWith('requests') ? 1 : Number.MIN_VALUE)
      ? 'all of it is used'
      : `${amount(limit, left)} are left, and this request may need ${amount(limit, needs)}`
  const end = resetsAt === undefined ? '' : `; more from ${new Date(resetsAt).toISOString()} on`
  return gatewayError('limit-reached', `${who}: ${state}${end}.`, {
    ...(resetsAt === undefined ? {} : { retryAfterMs: Math.max(1, resetsAt - now) }),
  })
}

function amount(limit: LimitName, value: number): string {
  if (limit === 'microUsdPerMonth') return dollars(value)
  const unit = limit === 'creditsPerMonth' ? 'credits' : limit.startsWith('tokens') ? 'tokens' : 'requests'
  return `${count(value)} ${unit}`
}

const count = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 2 })
const dollars = (micro: number): string => `$${(micro / 1_000_000).toFixed(micro % 10_000 === 0 ? 2 : 6)}`
