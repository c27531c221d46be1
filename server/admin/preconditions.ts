import { sha256Hex } from '../access/digest.ts'
import { createTurns } from '../lib/turns.ts'
import { SettingsUpdate } from './contract/settings.ts'
import { refuse } from './failure.ts'

/** Limits under their names on the wire, as keys and users have them. */
const limits = [
  ...['rate_limit_rpm', 'request_quota', 'daily_quota', 'monthly_quota', 'monthly_spend_micro_usd'],
  ...['monthly_credits', 'concurrency', 'expires_at', 'notes', 'models', 'account_ids', 'name', 'enabled'],
]

/**
 * What of a thing somebody can edit, by its path. Its tag is made of these alone: counters and states change by themselves, and are
 * no reason to ask who edits whether they still mean it.
 */
const editable: readonly (readonly [path: RegExp, members: readonly string[]])[] = [
  [/^\/v2\/accounts\/[^/]+$/, ['label', 'enabled', 'clientId', 'clientSecret', 'overage', 'weight', 'proxy_id']],
  [/^\/v2\/users\/[^/]+$/, ['email', 'priority', ...limits]],
  [/^\/v2\/keys\/[^/]+$/, ['user_id', 'last4', ...limits]],
  [/^\/v2\/proxies\/[^/]+$/, ['url', 'name', 'enabled', 'weight']],
  [/^\/v2\/model-mappings\/[^/]+$/, ['name', 'target', 'key_id']],
  [/^\/v2\/operators\/[^/]+$/, ['name', 'role', 'enabled', 'secondFactor']],
  [/^\/v2\/ips\/config\/[^/]+$/, ['notes', 'rate_limit_rpm', 'daily_request_limit']],
  [/^\/v2\/settings$/, Object.keys(SettingsUpdate.properties)],
]
/** They change with use, or are what the provider says. */
const ofUse = new Set(['used_credits', 'offered', 'provider_cap', 'micro_usd_per_credit'])

export type Preconditions = {
  /** Serves, unless the thing is not what `If-Match` says: then 412, and nothing is done. */
  readonly hold: (request: Request, path: string, serve: () => Promise<Response>) => Promise<Response>
  /** The answer with the tag of what it shows. */
  readonly tag: (request: Request, path: string, response: Response) => Promise<Response>
}

/** `show`: what GET answers at a path; undefined when there is nothing. */
export function createPreconditions(show: (path: string) => Promise<unknown>): Preconditions {
  // Between the look and the write no other that asked for the same may come.
  const inTurn = createTurns()
  return {
    hold: (request, path, serve) => {
      const wanted = request.headers.get('if-match')?.trim()
      const at = whole(path)
      if (wanted === undefined || wanted === '*' || !isEdit(request.method) || membersAt(at) === undefined) {
        return serve()
      }
      return inTurn(async () => {
        const now = tagOf(at, await show(at))
        // What is not there is the route's to say.
        if (now === undefined || wanted.split(',').some((tag) => tag.trim() === now)) return serve()
        const error = 'It was changed meanwhile: read it again, then decide.'
        return refuse(412, { error, code: 'CHANGED_MEANWHILE' }, { etag: now })
      })
    },
    tag: async (request, path, response) => {
      const at = whole(path)
      const tagged = request.method === 'GET' || isEdit(request.method)
      if (!tagged || response.status !== 200 || membersAt(at) === undefined) return response
      const tag = tagOf(
        at,
        await response
          .clone()
          .json()
          .catch(() => undefined),
      )
      if (tag !== undefined) response.headers.set('etag', tag)
      return response
    },
  }
}

const whole = (path: string): string => path.replace(/(?<=.)\/$/, '')
const isEdit = (method: string): boolean => method === 'PUT' || method === 'PATCH' || method === 'DELETE'
const membersAt = (path: string): readonly string[] | undefined => editable.find(([at]) => at.test(path))?.[1]

function tagOf(path: string, answer: unknown): string | undefined {
  const members = membersAt(path)
  if (members === undefined || !isRecord(answer)) return undefined
  // Some routes put the thing into a member of their answer.
  const inside = answer.proxy ?? answer.mapping
  const shown = isRecord(inside) ? inside : answer
  const picked = members.map((name) => [name, shown[name]]).filter(([, value]) => value !== undefined)
  if (picked.length === 0) return undefined
  const text = JSON.stringify(picked, (name, value: unknown) => (ofUse.has(name) ? undefined : value))
  return `"${sha256Hex(text).slice(0, 24)}"`
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
