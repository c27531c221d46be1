import type { RequestRow } from '../../../../server/admin/contract/logs.ts'
import type { PlainKey, Translate } from '../../i18n/dictionary.ts'
import { accountCalled } from '../../lib/account-name.ts'
import type { Format } from '../../lib/format.ts'

export type Outcome = 'ok' | 'limited' | 'client' | 'upstream' | 'cancelled'
export type Tone = 'success' | 'warning' | 'danger' | 'violet' | 'neutral'

export const outcomeTone = {
  ok: 'success',
  limited: 'violet',
  client: 'warning',
  upstream: 'danger',
  cancelled: 'neutral',
} as const satisfies Record<Outcome, Tone>

/** Whose fault it was: the caller's, a limit of ours, or what lies behind us. */
const callers: ReadonlySet<string> = new Set([
  'invalid-request',
  'context-too-long',
  'request-too-large',
  'request-timeout',
  'unsupported-encoding',
  'model-not-found',
  'not-found',
  'unsupported-thread',
  'previous-response-not-found',
  'thinking-signature',
  'authentication',
  'permission',
])

export function outcomeOf({ error_kind }: Pick<RequestRow, 'error_kind'>): Outcome {
  if (error_kind === undefined) return 'ok'
  if (error_kind === 'cancelled') return 'cancelled'
  if (error_kind === 'limit-reached') return 'limited'
  return callers.has(error_kind) ? 'client' : 'upstream'
}

/** "200", "429 limited": of a failure the word, for its status alone does not say whose it was. */
export function outcomeText(row: Pick<RequestRow, 'error_kind' | 'status_code'>, t: Translate): string {
  const outcome = outcomeOf(row)
  return outcome === 'ok' ? String(row.status_code) : `${row.status_code} ${t(`logs.outcome.${outcome}`)}`
}

/** Who asked: the user, else the key. */
export const callerOf = ({ user_name, api_key_name, api_key_id }: RequestRow): string | undefined =>
  user_name ?? api_key_name ?? api_key_id

/** "opus > sonnet" where another served than was asked for; undefined: it was refused before one was named. */
export const modelText = ({
  requested_model,
  model,
}: Pick<RequestRow, 'requested_model' | 'model'>): string | undefined =>
  (requested_model === model ? model : `${requested_model} > ${model}`) || undefined

const sources = ['measured', 'derived', 'estimated'] as const
export type Source = (typeof sources)[number]
export const sourceOf = (text: string): Source | undefined => sources.find((one) => one === text)
const marks = { measured: '', derived: '≈', estimated: '~' } as const

/** A number of tokens, marked where nobody counted them. */
export function tokensText(tokens: number, source: string, format: Format): string {
  const known = sourceOf(source)
  return `${known === undefined ? '' : marks[known]}${format.compact(tokens)}`
}

export const sourceKey = (source: string): PlainKey | undefined => {
  const known = sourceOf(source)
  return known && `logs.source.${known}`
}

/** The least certain of the sources of these rows: what a sum of them is worth. */
export function weakest(rows: readonly Pick<RequestRow, 'input_source' | 'output_source'>[]): Source | undefined {
  const seen = new Set(rows.flatMap(({ input_source, output_source }) => [input_source, output_source]))
  return sources.toReversed().find((source) => seen.has(source))
}

/** Less than a cent is no nothing. */
export function costText(usd: number | undefined, format: Format, t: Translate): string {
  if (usd === undefined) return t('logs.none')
  return usd > 0 && usd < 0.01 ? `<${format.usd(0.01)}` : format.usd(usd)
}

/** Parts of the time a request took, ms; together its duration. */
export function timesOf(
  row: Pick<RequestRow, 'duration_ms' | 'first_token_ms'>,
  waitedMs: number,
): { readonly waiting: number; readonly connecting: number; readonly answering: number } {
  const total = Math.max(0, row.duration_ms)
  const waiting = Math.min(total, Math.max(0, waitedMs))
  const first = Math.min(total, Math.max(waiting, row.first_token_ms ?? total))
  return { waiting, connecting: first - waiting, answering: total - first }
}

export const accountOf = ({ account_id, account_label }: RequestRow): string | undefined =>
  account_id && accountCalled(account_label, account_id)
