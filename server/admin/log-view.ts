import { isInternalKey } from '../access/console-key.ts'
import type { KeptRequest } from '../store/store.ts'
import type { NotesView, RequestRow, RequestView, RouteView } from './contract/logs.ts'
import { endpointOf } from './log-query.ts'

const paths: Readonly<Record<string, string>> = {
  anthropic: '/v1/messages',
  'openai-chat': '/v1/chat/completions',
  'openai-responses': '/v1/responses',
  'admin-messages': '/v2/test/messages',
  'admin-chat': '/v2/test/chat/completions',
  'admin-anthropic': '/v2/test/v1/messages',
  'admin-openai-chat': '/v2/test/v1/chat/completions',
  'admin-openai-responses': '/v2/test/v1/responses',
}

/** `ownerKeyId`: the key of the settings, the original's one system key. */
export const requestView = (row: KeptRequest, ownerKeyId?: string): RequestView => ({
  ...requestRow(row, ownerKeyId),
  method: 'POST',
  path: paths[row.dialect] ?? '',
  user_agent: row.userAgent,
  route: routeView(row.route),
  ...(row.notes === undefined ? {} : notesView(row.notes)),
})

/** As a list shows it. */
export function requestRow(row: KeptRequest, ownerKeyId?: string): RequestRow {
  const stoodIn = row.modelReason !== undefined && row.upstreamModel !== undefined
  return {
    id: row.id,
    timestamp: new Date(row.at).toISOString(),
    endpoint_type: endpointOf(row.dialect),
    dialect: row.dialect,
    ...given({
      api_key_id: row.keyId,
      api_key_name: row.keyName,
      api_key_prefix: row.keyPrefix === undefined || row.keyPrefix === '' ? undefined : `${row.keyPrefix}...`,
    }),
    ...callerView(row, ownerKeyId),
    ...given({ account_id: row.accountId, account_label: row.accountLabel }),
    model: stoodIn ? (row.upstreamModel ?? '') : row.model,
    ...(stoodIn ? { original_model: row.model } : {}),
    requested_model: row.model,
    ...given({ upstream_model: row.upstreamModel, model_reason: row.modelReason }),
    is_stream: row.stream,
    is_success: row.errorKind === undefined,
    status_code: row.status,
    ...given({ error_kind: row.errorKind, error_message: row.errorMessage, first_token_ms: row.firstTokenMs }),
    duration_ms: row.durationMs,
    input_tokens: row.inputTokens,
    input_source: row.inputSource,
    output_tokens: row.outputTokens,
    output_source: row.outputSource,
    ...given({ cache_read_tokens: row.cacheReadTokens, credits: row.credits }),
    ...costView(row),
    client_ip: row.peer,
    ...given({ session_id: row.session }),
    attempts: row.attempts,
    content_captured: row.captured,
  }
}

function callerView({ userId, userName, userPriority, keyId, keyName }: KeptRequest, ownerKeyId: string | undefined) {
  if (userId !== undefined) {
    const userType = userPriority === undefined ? undefined : userPriority > 0 ? 'vip' : 'normal'
    return given({ user_id: userId, user_name: userName, user_type: userType })
  }
  if (keyId === undefined) return {}
  const isAdmin = keyId === ownerKeyId || isInternalKey({ id: keyId })
  return { ...given({ user_name: keyName }), user_type: isAdmin ? 'admin' : 'normal' }
}

function costView({ inputMicroUsd, outputMicroUsd }: KeptRequest) {
  if (inputMicroUsd === undefined || outputMicroUsd === undefined) return {}
  return {
    cost_usd: usd(inputMicroUsd + outputMicroUsd),
    input_cost_usd: usd(inputMicroUsd),
    output_cost_usd: usd(outputMicroUsd),
  }
}

export const usd = (microUsd: number): number => microUsd / 1_000_000

type Given<T> = { readonly [Key in keyof T]?: Exclude<T[Key], undefined> }

function given<T extends object>(members: T): Given<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Given<T> // filtered so
}

/** Our own JSON; a damaged one shows nothing rather than taking the list with it. */
export function routeView(route: string): RouteView {
  try {
    const {
      considered = [],
      attempts = [],
      by,
      left,
      repair,
      turns,
      searches,
    } = JSON.parse(route) as Partial<RouteView>
    return {
      considered,
      ...(by && { by }),
      attempts,
      ...(left && { left }),
      ...(repair && { repair }),
      ...(turns && { turns }),
      ...(searches && { searches }),
    }
  } catch {
    return { considered: [], attempts: [] }
  }
}

function notesView(notes: string): { readonly notes?: NotesView } {
  try {
    const { first, more } = JSON.parse(notes) as NotesView
    return Array.isArray(first) ? { notes: { first, more } } : {}
  } catch {
    return {}
  }
}
