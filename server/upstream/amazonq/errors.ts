import { type ErrorKind, type GatewayError, gatewayError } from '../../conversation/error.ts'
import { isObject, type JsonObject, numberOf, textOf } from './wire.ts'

/** What the service said, wherever it said it: an HTTP answer or an exception frame. */
type Said = {
  readonly status?: number
  /** Class name without namespace: `ThrottlingException`. */
  readonly type: string
  readonly message: string
  readonly reason?: string
  readonly retryAfterMs?: number
}

/** `reason` decides before anything else (provider's protocol notes, table of faults). */
const byReason: Readonly<Record<string, ErrorKind>> = {
  TEMPORARILY_SUSPENDED: 'account-suspended',
  FEATURE_NOT_SUPPORTED: 'account-refused',
  UNAUTHORIZED_CUSTOMIZATION_RESOURCE_ACCESS: 'account-refused',
  UNAUTHORIZED_WORKSPACE_CONTEXT_FEATURE_ACCESS: 'account-refused',
  MONTHLY_REQUEST_COUNT: 'quota-exhausted',
  DAILY_REQUEST_COUNT: 'quota-exhausted',
  OVERAGE_REQUEST_LIMIT_EXCEEDED: 'quota-exhausted',
  USAGE_LIMIT_REACHED: 'quota-exhausted',
  CONVERSATION_LIMIT_EXCEEDED: 'context-too-long',
  CONTENT_LENGTH_EXCEEDS_THRESHOLD: 'context-too-long',
  USER_REQUEST_RATE_EXCEEDED: 'rate-limited',
  CREDIT_CONSUMPTION_RATE_EXCEEDED: 'rate-limited',
  SERVICE_REQUEST_RATE_EXCEEDED: 'service-throttled',
  INSUFFICIENT_MODEL_CAPACITY: 'model-overloaded',
  MODEL_TEMPORARILY_UNAVAILABLE: 'model-overloaded',
  INVALID_MODEL_ID: 'model-not-found',
  THINKING_SIGNATURE_INVALID: 'thinking-signature',
}

/** The wording comes next: statuses and reasons have changed over time, the sentences less. */
const byWording: readonly (readonly [RegExp, ErrorKind])[] = [
  [/input is too long/i, 'context-too-long'],
  [/user id.{0,80}suspended|temporarily (is )?suspended|locked your account/i, 'account-suspended'],
  [/high (traffic|load)/i, 'model-overloaded'],
  [/credit limit exceeded/i, 'rate-limited'],
  [/reached (the|your)( \w+)? limit|maximum request reached/i, 'quota-exhausted'],
  [/invalid model id/i, 'model-not-found'],
  [/profilearn is required|does not support this application/i, 'account-refused'],
]
const namesToken = /bearer token|security token|token.{0,40}(invalid|expired|rejected)|(invalid|expired).{0,20}token/i

const byStem: readonly (readonly [RegExp, ErrorKind])[] = [
  [/^(unauthorized|unrecognizedclient|expiredtoken|invalidtoken)/i, 'token-rejected'],
  [/^accessdenied/i, 'account-refused'],
  [/^throttling/i, 'rate-limited'],
  [/^servicequotaexceeded/i, 'quota-exhausted'],
  [/^contentlengthexceeded/i, 'context-too-long'],
  [/^(validation|conflict)/i, 'invalid-request'],
  [/^(internalserver|serviceunavailable|error$)/i, 'upstream-failed'],
]

/** An answer that is not a 2xx, in our words. `headers` may name the class and a time to wait. */
export function classifyHttpError(status: number, headers: Headers, bodyText: string): GatewayError {
  const body = parseBody(bodyText)
  const said: Said = {
    status,
    ...bodyOf(body, headers.get('x-amzn-errortype') ?? undefined),
    ...waitOf(body, headers.get('retry-after')),
  }
  const plain = body === undefined ? bodyText.trim().slice(0, 200) : ''
  const text = said.message !== '' ? said.message : /^[^<{]/.test(plain) ? plain : `The provider answered ${status}.`
  return errorOf({ ...said, message: text }, headers.get('x-amzn-requestid') ?? undefined)
}

/** An exception or error frame inside a stream; the kind is the class's, whether or not content came before. */
export function classifyException(name: string, payloadText: string): GatewayError {
  const body = parseBody(payloadText)
  const { type, ...said } = bodyOf(body, undefined)
  const stem = name.replace(/^.*[#.]/, '').replace(/Error$/i, 'Exception')
  return errorOf({ ...said, type: type === '' ? stem : type, ...waitOf(body, null) }, undefined)
}

function errorOf(said: Said, requestId: string | undefined): GatewayError {
  const { status, type, message, reason, retryAfterMs } = said
  const cause = [status, type, reason, requestId].filter((part) => part !== undefined && part !== '').join(' ')
  return gatewayError(kindOf(said), masked(message === '' ? 'The provider reported an error.' : message), {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(cause === '' ? {} : { cause }),
  })
}

function kindOf({ status, type, message, reason }: Said): ErrorKind {
  const reasoned = reason === undefined ? undefined : byReason[reason]
  if (reasoned !== undefined) return reasoned
  if (status !== 429 && namesToken.test(message)) return 'token-rejected'
  for (const [wording, kind] of byWording) if (wording.test(message)) return kind
  if (status === 401) return 'token-rejected'
  if (status === 402) return 'quota-exhausted'
  if (status === 413) return 'request-too-large'
  if (status === 429) return 'rate-limited'
  for (const [stem, kind] of byStem) if (stem.test(type)) return kind
  if (status === 403) return 'account-refused'
  if (status === undefined || status >= 500 || status === 408 || status === 404) return 'upstream-failed'
  return 'invalid-request'
}

function parseBody(text: string): JsonObject | undefined {
  try {
    const body: unknown = JSON.parse(text)
    return isObject(body) ? body : undefined
  } catch {
    return undefined
  }
}

/** Members sit at the top or one level down; the class name may carry a namespace before `#` and more after `:`. */
function bodyOf(
  body: JsonObject | undefined,
  headerType: string | undefined,
): Pick<Said, 'type' | 'message' | 'reason'> {
  const nested = isObject(body?.error) ? body.error : {}
  const pick = (...names: readonly string[]): string | undefined =>
    names.map((name) => textOf(body?.[name]) ?? textOf(nested[name])).find((text) => text !== undefined)
  const reason = pick('reason')
  const type = (pick('__type') ?? headerType ?? '').replace(/^.*#/, '').replace(/:.*$/, '')
  return {
    type,
    message: pick('message', 'Message', 'errorMessage') ?? '',
    ...(reason === undefined ? {} : { reason }),
  }
}

const longestWaitMs = 45 * 86_400_000

function waitOf(body: JsonObject | undefined, header: string | null): { readonly retryAfterMs?: number } {
  const given = numberOf(body?.retryAfterMilliseconds)
  const seconds = header === null ? Number.NaN : Number(header)
  const waitMs = given ?? (Number.isFinite(seconds) ? seconds * 1_000 : undefined)
  return waitMs === undefined || waitMs < 0 ? {} : { retryAfterMs: Math.min(longestWaitMs, Math.ceil(waitMs)) }
}

/** The service repeats the user's id in some sentences. */
const masked = (message: string): string =>
  message
    .replace(/(User ID) \([^)]*\)/gi, '$1')
    .replace(/\b[\w.+-]+@[\w-]+\.[\w.]+\b/g, '…')
    .slice(0, 1_000)
