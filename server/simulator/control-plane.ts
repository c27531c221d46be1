import type { Account } from './account.ts'
import { type Answer, type Call, failed, json } from './call.ts'
import { malformed, tokenInvalid } from './failure.ts'
import { errorFaults } from './fault.ts'
import { modelWire } from './models.ts'
import { usageLimitsWire } from './quota.ts'
import { type Shape, shapeOf, textOf } from './shape.ts'
import { profileViolation } from './validate.ts'

/** Members of the request, wherever they stand: the body of RPC, the query of a GET. */
function membersOf(call: Call): Shape {
  return { ...Object.fromEntries(call.query), ...shapeOf(call.body) }
}

/** Pages hold `maxResults` entries; a token is the place of the next one, as base64. */
function pageOf<T>(
  all: readonly T[],
  members: Shape,
  maxResults: number,
): { readonly items: readonly T[]; readonly nextToken?: string } | undefined {
  const size = members.maxResults === undefined ? maxResults : Number(members.maxResults)
  if (!Number.isInteger(size) || size < 1 || size > maxResults) return undefined
  const from = members.nextToken === undefined ? 0 : placeOf(textOf(members.nextToken) ?? '')
  if (!Number.isInteger(from) || from < 0 || from > all.length) return undefined
  const items = all.slice(from, from + size)
  const next = from + items.length
  return next < all.length ? { items, nextToken: btoa(`at:${next}`) } : { items }
}

function placeOf(token: string): number {
  try {
    return Number(atob(token).match(/^at:(\d+)$/)?.[1] ?? Number.NaN)
  } catch {
    return Number.NaN
  }
}

export function listModels(call: Call, account: Account): Answer {
  const members = membersOf(call)
  if (textOf(members.origin) === undefined) return failed(malformed, 'origin is required')
  const wrong = profileViolation(members.profileArn, call.region)
  if (wrong !== undefined) return failed(wrong.failure, wrong.rule)
  const models = account.modelsIn(call.region)
  const page = pageOf(models, members, 100)
  if (page === undefined) return failed(malformed, 'maxResults or nextToken is wrong')
  const first = models[0]
  return json({
    models: page.items.map(modelWire),
    ...(first === undefined ? {} : { defaultModel: { modelId: first.id } }),
    ...(page.nextToken === undefined ? {} : { nextToken: page.nextToken }),
  })
}

export function listProfiles(call: Call, account: Account): Answer {
  if (account.method === 'builder-id') {
    return failed({
      status: 403,
      type: 'AccessDeniedException',
      message: 'AWS Builder ID is not supported for this operation.',
    })
  }
  const arn = account.profileArn
  const here = arn !== undefined && arn.split(':')[3] === call.region ? [arn] : []
  const page = pageOf(here, membersOf(call), 10)
  if (page === undefined) return failed(malformed, 'maxResults or nextToken is wrong')
  const profiles = page.items.map((item) => ({
    arn: item,
    profileName: 'Simulated profile',
    status: 'ACTIVE',
    profileType: 'KIRO',
  }))
  return json({ profiles, ...(page.nextToken === undefined ? {} : { nextToken: page.nextToken }) })
}

export function usageLimits(call: Call, account: Account, now: number): Answer {
  const members = membersOf(call)
  const wrong = profileViolation(members.profileArn, call.region)
  if (wrong !== undefined) return failed(wrong.failure, wrong.rule)
  if (account.switches().requiresProfile === true && members.profileArn === undefined) {
    return failed(errorFaults['profile-required'], 'profileArn is required')
  }
  const isAsked = String(members.isEmailRequired) === 'true'
  const user = { userId: account.userId, email: isAsked ? account.email : null }
  return json(usageLimitsWire(account.quota(), account.switches().plan, user, now))
}

/** `tools/list` only: the search itself is not played yet. */
/** What a refused bearer is told. */
export const bearerRefused: Answer = failed(tokenInvalid, 'unknown or expired bearer')
