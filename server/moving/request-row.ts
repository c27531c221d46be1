import type { ErrorKind } from '../conversation/error.ts'
import type { RequestRecord } from '../store/request-record.ts'
import type { Renamed } from './ids.ts'
import { usedOf, wasCut } from './user-row.ts'
import type { Cells } from './values.ts'

/** Whose keys log rows are of, as far as they tell, and what the ids in them have become. */
export type KnownKeys = {
  readonly ofUser: (userId: string) => string | undefined
  readonly users: Renamed
  readonly accounts: Renamed
  readonly owner?: { readonly id: string; readonly prefix: string }
}

const route = JSON.stringify({ considered: [], attempts: [] })

/** A row of the original's log as ours. `lastAt`: the time of the row before it, for one that has none. */
export function readRequest(cells: Cells, id: string, lastAt: number, keys: KnownKeys): RequestRecord {
  const at = cells.time('timestamp')
  if (at === undefined) cells.repair('it had no readable time: that of the row before it')
  const status = cells.count('status_code')
  const success = cells.flag('is_success') ?? (status !== undefined && status >= 200 && status < 300)
  if (status === undefined) cells.repair('it had no status')
  const shownStatus = status !== undefined && status >= 100 && status < 1000 ? status : success ? 200 : 500
  const [user, account] = [cells.text('user_id')?.trim(), cells.text('account_id')?.trim()]
  const userId = user === undefined ? undefined : keys.users.of(user)
  const accountId = account === undefined ? undefined : keys.accounts.of(account)
  const prefix = cells.text('api_key_prefix', 200)
  const keyId =
    userId === undefined
      ? prefix !== undefined && prefix === keys.owner?.prefix
        ? keys.owner.id
        : undefined
      : keys.ofUser(userId)
  const [model, asked] = [cells.text('model', 200), cells.text('original_model', 200)]
  const [input = 0, output = 0] = [cells.count('input_tokens'), cells.count('output_tokens')]
  const used = usedOf(input, output, 1, () => cells.repair(wasCut))
  const message = cells.text('error_message')
  return {
    id,
    at: at ?? lastAt,
    dialect: dialectOf(cells),
    ...(keyId === undefined ? {} : { keyId }),
    ...(prefix === undefined ? {} : { keyPrefix: prefix.replace(/\.{3}$/, '').slice(0, 20) }),
    ...(userId === undefined ? {} : { userId }),
    ...(accountId === undefined ? {} : { accountId }),
    model: asked ?? model ?? '',
    ...(model === undefined ? {} : { upstreamModel: model }),
    ...(asked === undefined || asked === model ? {} : { modelReason: 'forced' }),
    stream: cells.flag('is_stream') ?? false,
    status: shownStatus,
    ...(success ? {} : { errorKind: kindOf(shownStatus) }),
    ...(message === undefined ? {} : { errorMessage: message }),
    durationMs: Math.min(cells.count('duration_ms') ?? 0, 2 ** 40),
    inputTokens: input,
    inputSource: 'estimated',
    outputTokens: output,
    outputSource: 'estimated',
    inputMicroUsd: used.inputMicroUsd,
    outputMicroUsd: used.outputMicroUsd,
    peer: cells.text('client_ip', 64)?.trim() ?? '',
    userAgent: cells.text('user_agent', 500) ?? '',
    attempts: accountId === undefined ? 0 : 1,
    route,
  }
}

function dialectOf(cells: Cells): string {
  const path = cells.text('path', 500) ?? ''
  const kind = cells.text('endpoint_type')?.trim().toLowerCase()
  if (kind === 'admin') return path.includes('completions') ? 'admin-chat' : 'admin-messages'
  if (kind === 'claude' || kind === 'anthropic') return 'anthropic'
  if (kind === 'openai') return 'openai-chat'
  return path.includes('completions') ? 'openai-chat' : 'anthropic'
}

/** The original keeps no kind, only the status it answered with; 500 are single tries at the provider. */
function kindOf(status: number): ErrorKind {
  switch (status) {
    case 400:
    case 404:
    case 422:
      return 'invalid-request'
    case 401:
      return 'authentication'
    case 403:
      return 'permission'
    case 429:
      return 'limit-reached'
    case 503:
      return 'no-healthy-account'
    case 504:
      return 'timeout'
    default:
      return status >= 500 ? 'upstream-failed' : 'broken-reply'
  }
}
