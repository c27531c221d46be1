import { type ErrorKind, type GatewayError, gatewayError } from '../conversation/error.ts'
import type { Health } from './account.ts'
import { availableAt } from './health.ts'
import { shortOf } from './purse.ts'
import type { Asked } from './seat-request.ts'
import { standing } from './shakes.ts'
import type { Held } from './verdict.ts'

type Rest = { readonly at: number; readonly reason: string }
type Rests = Readonly<Record<'limited' | 'denied' | 'suspected' | 'refused' | 'spent', readonly Rest[]>>

/**
 * Why none of `candidates` could ever serve the model as things stand, and when it may be worth another try. With `only` they
 * are those of the caller's key, not all there are.
 */
export function noSeat(
  candidates: readonly Held[],
  { modelId, only, credits = 0 }: Pick<Asked, 'modelId' | 'only' | 'credits'>,
  now: number,
): GatewayError {
  const restricted = only !== undefined
  if (candidates.length === 0) {
    return gatewayError(
      'no-account',
      restricted
        ? 'None of the accounts this API key may use is there any more; see the page Users & keys.'
        : 'No account has been added yet. Add one in the console or with `account add`.',
    )
  }
  const all = restricted ? 'all accounts this API key may use' : 'all accounts'
  const able = candidates.filter(
    ({ account, offer, shakes }) =>
      account.enabled &&
      (offer === undefined || offer.models.has(modelId)) &&
      (shakes === undefined || standing(shakes, modelId, now) !== 'refused'),
  )
  const rests = restsOf(able, now)
  const told = wordsFor(rests, all)
  const [limited] = rests.limited
  const [denied] = rests.denied
  const [spent] = rests.spent
  const [suspected] = rests.suspected
  const [refused] = rests.refused
  if (limited !== undefined && limited.at <= (denied?.at ?? limited.at)) {
    const first = Math.min(limited.at, spent?.at ?? limited.at)
    const message = told(`${capital(all)} are resting after rate limits`)
    return gatewayError('pool-cooling', message, { retryAfterMs: first - now })
  }
  if (denied !== undefined) {
    const message = told(`The provider refuses ${all} for now`, denied.reason)
    return gatewayError('access-denied', message, { retryAfterMs: denied.at - now })
  }
  const broke = able.filter(({ purse }) => purse !== undefined && shortOf(purse, credits) === 'spent')
  if (broke.length > 0 && broke.length === able.length) {
    const resets = broke.flatMap(({ account: { quota } }) => (quota?.resetsAt === undefined ? [] : [quota.resetsAt]))
    const message = `What ${all} may spend is used up; overage is not allowed, or its cap is reached.`
    return gatewayError('pool-exhausted', message, {
      ...(resets.length === 0 ? {} : { retryAfterMs: Math.max(1, Math.min(...resets) - now) }),
    })
  }
  if (suspected !== undefined && suspected.at < (spent?.at ?? Number.POSITIVE_INFINITY)) {
    const message = told(`The provider has restricted ${all} for a while`, suspected.reason)
    return gatewayError('account-restricted', message, { retryAfterMs: suspected.at - now })
  }
  if (spent !== undefined && refused !== undefined) {
    // Whoever was refused is asked again after the rest: it is no quota that all wait for.
    const message = told(`The provider refuses ${all}`, refused.reason)
    return gatewayError('pool-cooling', message, { retryAfterMs: Math.min(spent.at, refused.at) - now })
  }
  if (spent !== undefined) {
    return gatewayError('pool-exhausted', told(`The quota of ${all} is used up`), { retryAfterMs: spent.at - now })
  }
  if (refused !== undefined) {
    return gatewayError('account-refused', told(`The provider refuses ${all}`, refused.reason))
  }
  if (able.some(({ account }) => availableAt(account, now) !== undefined)) {
    return gatewayError('upstream-failed', 'Every account was tried and none could answer.')
  }
  const anyWell = candidates.some(({ account }) => availableAt(account, now) !== undefined)
  if (able.length === 0 && anyWell) {
    const message = `No account${restricted ? ' this API key may use' : ''} offers this model.`
    return gatewayError('model-not-found', message, { field: 'model' })
  }
  return gatewayError(
    'no-healthy-account',
    `${restricted ? capital(all) : 'Every account'} ${restricted ? 'need' : 'needs'} attention (disabled, suspended, signed out or failing); see the Accounts page.`,
  )
}

/** Those that rest, by the cause; who is back first stands first. */
function restsOf(able: readonly Held[], now: number): Rests {
  const resting = (state: Health['state'], kinds?: readonly ErrorKind[]): readonly Rest[] => {
    const rests = able.flatMap(({ account }) => {
      const { health } = account
      const at = availableAt(account, now)
      const fits = health.state === state && (kinds === undefined || kinds.includes(health.kind ?? 'rate-limited'))
      return fits && at !== undefined && at > now ? [{ at, reason: health.reason ?? '' }] : []
    })
    return rests.toSorted((one, other) => one.at - other.at)
  }
  return {
    limited: resting('cooling', ['rate-limited']),
    denied: resting('cooling', ['access-denied', 'token-rejected']),
    suspected: resting('cooling', ['account-restricted']),
    refused: resting('cooling', ['account-refused']),
    spent: resting('exhausted'),
  }
}

/** What is said of all of them holds only where they rest for one cause; of several each is counted. */
function wordsFor({ limited, denied, suspected, refused, spent }: Rests, all: string) {
  const causes = (
    [
      [limited.length, 'after rate limits'],
      [denied.length + refused.length, 'after refusals'],
      [suspected.length, 'restricted by the provider for a while'],
      [spent.length, 'with its quota used up'],
    ] as const
  ).flatMap(([count, cause]) => (count === 0 ? [] : [`${count} ${cause}`]))
  return (sentence: string, last?: string): string => {
    const whole = causes.length === 1 ? sentence : `${capital(all)} are resting: ${causes.join(', ')}`
    return last === undefined ? `${whole}.` : `${whole}; last: ${last}`
  }
}

/**
 * Epoch ms at which the first of `candidates` that rest now may serve the request by itself; infinity when there is none. Those
 * the request has tried for the last time do not count.
 */
export function restEnd(candidates: readonly Held[], { modelId, exclude }: Asked, now: number): number {
  let end = Number.POSITIVE_INFINITY
  for (const { account, offer, shakes } of candidates) {
    if (exclude.has(account.id) || (offer !== undefined && !offer.models.has(modelId))) continue
    if (shakes !== undefined && standing(shakes, modelId, now) === 'refused') continue
    const at = availableAt(account, now)
    if (at !== undefined && at > now && at < end) end = at
  }
  return end
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)
