import { type GatewayError, gatewayError } from '../../conversation/error.ts'
import type { SearchResult } from '../../conversation/search.ts'
import { type Effects, onBehalf, randomText } from '../../lib/effects.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import { cutText } from '../../lib/sound-text.ts'
import type { WebSearch } from '../search.ts'
import type { ClassifyHttpError } from './control-call.ts'
import type { Access, TokenSource } from './credentials.ts'
import { type AmazonQSettings, dataUrl, userAgent } from './endpoint.ts'
import { callJson, membersOf, numberOf, parseJson, textOf } from './json-call.ts'

export type SearchDeps = {
  readonly settings: AmazonQSettings
  readonly effects: Effects
  readonly tokens: TokenSource
  readonly classify: ClassifyHttpError
}

const timeoutMs = 20_000
const mostResults = 20
const longestSnippet = 4_000

/** The provider's own web search (InvokeMCP). A refused token is replaced once; everything else is the caller's to decide. */
export function createWebSearch({ settings, effects, tokens, classify }: SearchDeps): WebSearch {
  async function invoke(
    accountId: string,
    access: Access,
    query: string,
    signal: AbortSignal,
  ): Promise<Result<readonly SearchResult[], GatewayError>> {
    const answer = await callJson(onBehalf(effects, accountId), requestOf(settings, effects, access, query), signal)
    if (answer.type === 'network') {
      if (signal.aborted) return err(gatewayError('cancelled', 'The caller left.'))
      const cause = `InvokeMCP: ${answer.cause}`
      return err(gatewayError('upstream-unreachable', 'The provider could not be reached.', { cause }))
    }
    const { status, headers, text, json } = answer
    return status === 200 ? withoutWords(resultsOf(json), query) : err(classify(status, headers, text))
  }

  return async (accountId, query, signal) => {
    const first = await tokens.get(accountId)
    if (!first.ok) return first
    const found = await invoke(accountId, first.value, query, signal)
    if (found.ok || found.error.kind !== 'token-rejected') return found
    const newer = await tokens.replace(accountId, first.value.token)
    return newer.ok && newer.value.token !== first.value.token ? invoke(accountId, newer.value, query, signal) : found
  }
}

function requestOf(settings: AmazonQSettings, effects: Effects, access: Access, query: string) {
  const rpc = settings.protocol === 'rpc'
  const base = dataUrl(settings, access.region)
  const agent = userAgent(settings, 'codewhispererstreaming')
  const { profileArn } = access
  return {
    method: 'POST',
    url: rpc ? `${base}/` : `${base}/mcp`,
    headers: {
      authorization: `Bearer ${access.token}`,
      accept: 'application/json',
      'content-type': rpc ? 'application/x-amz-json-1.0' : 'application/json',
      ...(rpc ? { 'x-amz-target': 'AmazonCodeWhispererStreamingService.InvokeMCP' } : {}),
      ...(access.method === 'api-key' ? { tokentype: 'API_KEY' } : {}),
      ...(!rpc && profileArn !== undefined ? { 'x-amzn-kiro-profile-arn': profileArn } : {}),
      'user-agent': agent,
      'x-amz-user-agent': agent,
      'x-amzn-codewhisperer-optout': String(settings.optOut),
      'amz-sdk-invocation-id': effects.newUuid(),
      'amz-sdk-request': 'attempt=1; max=1',
    },
    body: {
      jsonrpc: '2.0',
      id: `web_search_tooluse_${randomText(22)}_${effects.now()}_${randomText(8)}`,
      method: 'tools/call',
      params: { name: 'web_search', arguments: { query } },
      ...(rpc && profileArn !== undefined ? { profileArn } : {}),
    },
    timeoutMs,
  } as const
}

/** The answer of JSON-RPC: an error, or a result whose text is JSON again. Both may come as text within text. */
export function resultsOf(json: unknown): Result<readonly SearchResult[], GatewayError> {
  const answer = membersOf(json)
  const fault = membersOf(answer.error)
  if (Object.keys(fault).length > 0 || typeof answer.error === 'string')
    return failed(`${fault.code ?? ''} ${textOf(fault.message) ?? answer.error}`)
  const result = membersOf(typeof answer.result === 'string' ? parseJson(answer.result) : answer.result)
  const { content } = result
  const text = Array.isArray(content) ? textOf(membersOf(content[0]).text) : undefined
  const found = membersOf(text === undefined ? undefined : parseJson(text))
  if (result.isError === true) return failed(textOf(found.error) ?? 'the tool failed')
  if (typeof found.error === 'string' && found.error !== '') return failed(found.error)
  if (!Array.isArray(found.results)) return failed('a result without a list')
  return ok(found.results.flatMap(resultOf).slice(0, mostResults))
}

function resultOf(value: unknown): readonly SearchResult[] {
  const { title, url, snippet, publishedDate } = membersOf(value)
  const address = textOf(url)?.toWellFormed()
  if (address === undefined || !/^https?:\/\//i.test(address)) return []
  const publishedAt = numberOf(publishedDate)
  const isDate = publishedAt !== undefined && Math.abs(publishedAt) < 8.64e15
  return [
    {
      title: textOf(title)?.toWellFormed() ?? address,
      url: address,
      snippet: cutText((textOf(snippet) ?? '').toWellFormed(), longestSnippet),
      ...(isDate ? { publishedAt } : {}),
    },
  ]
}

/** What was searched for is content, and has no place in logs and records; an error may quote it. */
const withoutWords = (
  found: Result<readonly SearchResult[], GatewayError>,
  query: string,
): Result<readonly SearchResult[], GatewayError> =>
  found.ok || found.error.cause === undefined
    ? found
    : err({ ...found.error, cause: found.error.cause.replaceAll(query, '…') })

function failed(cause: string): Result<never, GatewayError> {
  const kind = /thrott|too many|rate/i.test(cause) ? 'rate-limited' : 'upstream-failed'
  return err(gatewayError(kind, 'The search failed.', { cause: `InvokeMCP: ${cutText(cause.trim(), 300)}` }))
}
