import { type GatewayError, gatewayError } from '../../conversation/error.ts'
import type { Effects } from '../../lib/effects.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import type { Access } from './credentials.ts'
import { type AmazonQSettings, controlUrl, userAgent } from './endpoint.ts'
import { callJson, membersOf } from './json-call.ts'

/** Turns a refusal into our words; the same table serves conversations. */
export type ClassifyHttpError = (status: number, headers: Headers, bodyText: string) => GatewayError

export type ControlDeps = {
  readonly settings: AmazonQSettings
  readonly effects: Effects
  readonly classify: ClassifyHttpError
  /** One control call, whole. Default 20 s. */
  readonly timeoutMs?: number
}

/** A control operation in both forms: its name for RPC, its path for REST, where the members go into the query of a GET. */
export type ControlOperation = {
  readonly name: string
  readonly method: 'GET' | 'POST'
  readonly path: string
}

export type ControlMembers = Readonly<Record<string, string | number | boolean | undefined>>
export type ControlFault = { readonly error: GatewayError; readonly status?: number; readonly text: string }

/** One control-plane call as `access`, in the region given; gives the members of the answer. */
export async function callControl(
  deps: ControlDeps,
  access: Access,
  region: string,
  operation: ControlOperation,
  members: ControlMembers,
): Promise<Result<Readonly<Record<string, unknown>>, ControlFault>> {
  const { settings, effects } = deps
  const rpc = settings.protocol === 'rpc'
  const base = controlUrl(settings, region)
  const query = operation.method === 'GET' && !rpc ? queryOf(members) : ''
  const answer = await callJson(effects, {
    method: rpc ? 'POST' : operation.method,
    url: rpc ? `${base}/` : base + operation.path + query,
    headers: {
      authorization: `Bearer ${access.token}`,
      accept: 'application/json',
      'content-type': rpc ? 'application/x-amz-json-1.0' : 'application/json',
      ...(rpc ? { 'x-amz-target': `AmazonCodeWhispererService.${operation.name}` } : {}),
      ...(access.method === 'api-key' ? { tokentype: 'API_KEY' } : {}),
      'user-agent': userAgent(settings, 'codewhispererruntime'),
      'x-amzn-codewhisperer-optout': String(settings.optOut),
      'amz-sdk-invocation-id': effects.newUuid(),
      'amz-sdk-request': 'attempt=1; max=1',
    },
    ...(rpc || operation.method === 'POST' ? { body: members } : {}),
    timeoutMs: deps.timeoutMs ?? 20_000,
  })
  if (answer.type === 'network') {
    const cause = `${operation.name}: ${answer.cause}`
    return err({
      error: gatewayError('upstream-unreachable', 'The provider could not be reached.', { cause }),
      text: '',
    })
  }
  const { status, headers, text, json } = answer
  if (status !== 200) return err({ error: deps.classify(status, headers, text), status, text })
  if (json === undefined) {
    const cause = `${operation.name} answered 200 without JSON`
    return err({
      error: gatewayError('broken-reply', 'The provider gave an unreadable answer.', { cause }),
      status,
      text,
    })
  }
  return ok(membersOf(json))
}

/** All pages of a list, at most `maxPages`; a token that comes again ends it. */
export async function callControlPages(
  deps: ControlDeps,
  access: Access,
  region: string,
  operation: ControlOperation,
  members: ControlMembers,
): Promise<Result<readonly Readonly<Record<string, unknown>>[], ControlFault>> {
  const pages: Readonly<Record<string, unknown>>[] = []
  const seen = new Set<string>()
  let nextToken: string | undefined
  while (pages.length < maxPages) {
    const page = await callControl(deps, access, region, operation, { ...members, nextToken })
    if (!page.ok) return page
    pages.push(page.value)
    const next = page.value.nextToken
    if (typeof next !== 'string' || next === '' || seen.has(next)) break
    seen.add(next)
    nextToken = next
  }
  return ok(pages)
}

const maxPages = 20

function queryOf(members: ControlMembers): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(members)) if (value !== undefined) query.set(name, String(value))
  return query.size === 0 ? '' : `?${query}`
}
