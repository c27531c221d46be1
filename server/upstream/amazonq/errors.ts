import { type ErrorKind, type GatewayError, gatewayError } from '../../conversation/error.ts'
import { cutText } from '../../lib/sound-text.ts'
import { isObject, type JsonObject, numberOf, textOf } from './wire.ts'

/** What the provider said, from a response or from an exception frame. */
type Failure = {
  /** Absent for exception frames. */
  readonly status?: number
  /** Class name without namespace and without `Exception` or `Error`, lower case. */
  readonly stem: string
  readonly reason: string
  readonly message: string
  readonly retryAfterMs?: number
  /** A web page: some box in between speaks, not the provider. */
  readonly isPage?: boolean
}

/**
 * An HTTP answer that is not a reply, in our words: whose fault it is decides the kind. Reason and wording come before the
 * status, because the same fault was seen under several. Source: provider's protocol notes, errors.
 */
export function classifyHttpError(status: number, headers: Headers, bodyText: string): GatewayError {
  const body = parseBody(bodyText)
  const name = textOf(body.__type) ?? textOf(headers.get('x-amzn-errortype')) ?? textOf(body.code) ?? ''
  const inner = isObject(body.error) ? body.error : {}
  const message = messageOf(body) ?? messageOf(inner) ?? (isPlain(headers, bodyText) ? bodyText.trim() : '')
  const retryAfterMs = retryAfter(body, headers)
  const requestId = requestIdOf(headers)
  return toError(
    {
      status,
      stem: stemOf(name),
      reason: textOf(body.reason) ?? textOf(inner.reason) ?? '',
      message,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      isPage: name === '' && isPage(headers, bodyText),
    },
    [`status ${status}`, name, requestId === undefined ? '' : `request ${requestId}`],
  )
}

/** An exception frame: its name and its JSON payload. */
export function classifyException(name: string, payloadText: string): GatewayError {
  const body = parseBody(payloadText)
  const retryAfterMs = retryAfter(body)
  const named = namedBy(name, body)
  return toError(
    {
      stem: stemOf(named),
      reason: textOf(body.reason) ?? '',
      message: messageOf(body) ?? '',
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
    [`exception ${name}`, named === name ? '' : named],
  )
}

/** Whether an exception frame says that something is too long: before any content the input, within a reply the output. */
export const isLengthException = (name: string, payloadText: string): boolean =>
  stemOf(namedBy(name, parseBody(payloadText))) === lengthStem

const lengthStem = 'contentlengthexceeded'

/** `error` says nothing; the payload may name the class. */
const namedBy = (name: string, body: JsonObject): string => (stemOf(name) === '' ? (textOf(body.__type) ?? '') : name)

/** The provider's id of a call, under any of the names it was seen with. */
export function requestIdOf(headers: Headers): string | undefined {
  for (const name of ['x-amzn-requestid', 'x-amzn-request-id', 'x-amz-request-id', 'x-request-id']) {
    const id = headers.get(name)
    if (id) return id.slice(0, 128)
  }
  return undefined
}

function toError(failure: Failure, causes: readonly string[]): GatewayError {
  const kind = kindOf(failure)
  const shown = showable(failure.message)
  const cause = [...causes, failure.reason, shown].filter((part) => part !== '').join(', ')
  return gatewayError(kind, shown === '' ? defaultMessage(failure) : shown, {
    ...(failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs }),
    cause,
  })
}

function kindOf(failure: Failure): ErrorKind {
  const { reason, message, stem, status, isPage } = failure
  const reasonKind = kindOfReason.get(reason)
  // Comes with the reason of an ordinary rate limit, or with none.
  if ((reasonKind === undefined || reasonKind === 'rate-limited') && isRestriction(failure)) return 'account-restricted'
  // What a filter on the way refuses says nothing about the account.
  if (isPage && (status === 401 || status === 403)) return 'upstream-failed'
  return (
    reasonKind ??
    kindOfWording.find(([wording, , condition]) => wording.test(message) && (condition?.(failure) ?? true))?.[1] ??
    kindOfStem.get(stem) ??
    (status === undefined ? 'upstream-failed' : kindOfStatus(status))
  )
}

const kindOfReason: ReadonlyMap<string, ErrorKind> = new Map([
  ['TEMPORARILY_SUSPENDED', 'account-suspended'],
  ['MONTHLY_REQUEST_COUNT', 'quota-exhausted'],
  ['DAILY_REQUEST_COUNT', 'quota-exhausted'],
  ['OVERAGE_REQUEST_LIMIT_EXCEEDED', 'quota-exhausted'],
  ['USAGE_LIMIT_REACHED', 'quota-exhausted'],
  ['CONVERSATION_LIMIT_EXCEEDED', 'context-too-long'],
  ['CONTENT_LENGTH_EXCEEDS_THRESHOLD', 'context-too-long'],
  ['INVALID_MODEL_ID', 'model-not-found'],
  ['THINKING_SIGNATURE_INVALID', 'thinking-signature'],
  ['INSUFFICIENT_MODEL_CAPACITY', 'model-overloaded'],
  ['MODEL_TEMPORARILY_UNAVAILABLE', 'model-overloaded'],
  ['SERVICE_REQUEST_RATE_EXCEEDED', 'service-throttled'],
  ['USER_REQUEST_RATE_EXCEEDED', 'rate-limited'],
  ['CREDIT_CONSUMPTION_RATE_EXCEEDED', 'rate-limited'],
  ['FEATURE_NOT_SUPPORTED', 'account-refused'],
  ['UNAUTHORIZED_CUSTOMIZATION_RESOURCE_ACCESS', 'account-refused'],
  ['UNAUTHORIZED_WORKSPACE_CONTEXT_FEATURE_ACCESS', 'account-refused'],
  // Keys of the customer's own, which every request of this account needs.
  ['INVALID_KMS_GRANT', 'account-refused'],
  ['CUSTOMER_KMS_KEY_DISABLED', 'account-refused'],
  ['CUSTOMER_KMS_KEY_INVALID_KEY_POLICY', 'account-refused'],
  ['MISMATCHED_KMS_KEY', 'account-refused'],
  ['IMAGE_FORMAT_UNSUPPORTED', 'invalid-request'],
  ['REQUEST_BODY_INVALID', 'invalid-request'],
  ['TOOL_USE_RESULT_MISMATCH', 'invalid-request'],
  ['INVALID_CONVERSATION_ID', 'invalid-request'],
] as const)

type Wording = readonly [wording: RegExp, kind: ErrorKind, condition?: (failure: Failure) => boolean]

// A wording that a caller could bring into a message of his own counts only where the status or class fits.
const isRefusal = ({ status, stem }: Failure): boolean =>
  status === 400 || status === 401 || status === 403 || (status === undefined && stem === 'accessdenied')

const suspicion =
  /suspicious|unusual (?:user )?(?:activity|behaviou?r|usage)|abus(?:e|ive)\b|temporary (?:limit|restriction)|temporarily (?:limited|restricted)|while we (?:investigate|review)/i
/** Held back on suspicion of misuse; a suspension, which may use the same words, is more. */
const isRestriction = ({ message, status, stem }: Failure): boolean =>
  (status === 429 ||
    status === 403 ||
    // Of a 400 the class has to say it: a message about the request may repeat the caller's own words.
    ((status === undefined || status === 400) && /^(?:throttling|toomanyrequests|accessdenied)$/.test(stem))) &&
  suspicion.test(message) &&
  !suspension.test(message)

const suspension = /temporarily (?:is )?suspended|is suspended\b|account (?:has been |is )?suspended/i

const isOfRequest = ({ status }: Failure): boolean => status === 400 || status === 413

const kindOfWording: readonly Wording[] = [
  [suspension, 'account-suspended', isRefusal],
  [/input is too long/i, 'context-too-long'],
  // The body did not even fit into the service's memory.
  [/failed to buffer the request body|length limit exceeded/i, 'context-too-long', isOfRequest],
  [
    /^(?!.*\bimage).*(?:prompt is too long|(?:request|body|entity|payload) (?:is )?too large)/i,
    'context-too-long',
    isOfRequest,
  ],
  [/high (?:traffic|load)/i, 'model-overloaded'],
  [/maximum request reached|reached (?:the|your) (?:monthly |overage )?limit|overage limit/i, 'quota-exhausted'],
  [
    /(?:bearer|security|access) token|token (?:is |has |included )?[^.]*(?:invalid|expired)|expired token/i,
    'token-rejected',
    isRefusal,
  ],
  [/^"?unauthorized"?\.?$/i, 'token-rejected', isRefusal],
  [/profileArn is required|does not support this application|not supported for this operation/i, 'account-refused'],
  [/invalid model/i, 'model-not-found', ({ status }) => status === 400],
  // Said to be the service's own passing fault, although it may come as a 400.
  [/internal validation error/i, 'upstream-failed'],
]

const kindOfStem: ReadonlyMap<string, ErrorKind> = new Map([
  ['unauthorized', 'token-rejected'],
  ['unrecognizedclient', 'token-rejected'],
  ['expiredtoken', 'token-rejected'],
  ['invalidtoken', 'token-rejected'],
  ['throttling', 'rate-limited'],
  ['toomanyrequests', 'rate-limited'],
  ['servicequotaexceeded', 'quota-exhausted'],
  [lengthStem, 'context-too-long'],
  ['validation', 'invalid-request'],
  ['accessdenied', 'access-denied'],
  ['resourcenotfound', 'account-refused'],
  ['conflict', 'account-refused'],
  ['internalserver', 'upstream-failed'],
  ['serviceunavailable', 'upstream-failed'],
] as const)

function kindOfStatus(status: number): ErrorKind {
  switch (status) {
    case 401:
      return 'token-rejected'
    case 402:
      return 'quota-exhausted'
    case 403:
      return 'access-denied'
    case 408:
    case 504:
      return 'timeout'
    case 413:
      // A shorter conversation would fit, and agents know what to do about a prompt that is too long.
      return 'context-too-long'
    case 429:
      return 'rate-limited'
    default:
      // 404 and 3xx: not the caller's doing; the address is wrong or the service has changed.
      return status >= 400 && status < 500 && status !== 404 ? 'invalid-request' : 'upstream-failed'
  }
}

/** `com.amazon.x#ThrottlingException:http://…` and `throttlingError` are both `throttling`; `error` is empty. */
function stemOf(name: string): string {
  const bare = name.slice(name.lastIndexOf('#') + 1).split(':')[0] ?? ''
  return bare.toLowerCase().replace(/(?:exception|error)$/, '')
}

function messageOf(body: JsonObject): string | undefined {
  return textOf(body.message) ?? textOf(body.Message) ?? textOf(body.errorMessage)
}

/** Short text that is not a web page of some box in between. */
const isPlain = (headers: Headers, body: string): boolean =>
  body.length <= 200 && !body.trimStart().startsWith('{') && !isPage(headers, body)

const isPage = (headers: Headers, body: string): boolean =>
  body.trimStart().startsWith('<') ||
  /html/i.test(headers.get('content-type') ?? '') ||
  (body.includes('<') && !body.trimStart().startsWith('{'))

function parseBody(text: string): JsonObject {
  try {
    const body: unknown = JSON.parse(text)
    return isObject(body) ? body : {}
  } catch {
    return {}
  }
}

/** What an answer's headers say about another try. */
export const retryAfterOf = (headers: Headers): number | undefined => retryAfter({}, headers)

const maxRetryAfterMs = 7 * 24 * 3_600_000

/** From the body in milliseconds, else from the header in seconds or as a date, read against the answer's own date. */
function retryAfter(body: JsonObject, headers?: Headers): number | undefined {
  const declared = numberOf(body.retryAfterMilliseconds)
  const header = headers?.get('retry-after')?.trim()
  const seconds = header !== undefined && /^\d+(?:\.\d+)?$/.test(header) ? Number(header) * 1_000 : undefined
  const until = header ? Date.parse(header) - Date.parse(headers?.get('date') ?? '') : Number.NaN
  const wait = declared ?? seconds ?? (Number.isFinite(until) ? until : undefined)
  // Zero names no time: our own pauses hold.
  return wait === undefined || wait <= 0 ? undefined : Math.min(Math.ceil(wait), maxRetryAfterMs)
}

const maxMessageCharacters = 500

/** The provider's message without whom it is about: user ids, ARNs, addresses, anything that looks like a secret. */
function showable(message: string): string {
  const text = message
    .replace(/(user ?id)\s*[([][^)\]]*[)\]]/gi, '$1')
    .replace(/(user ?id\s*[:=]\s*)\S+/gi, '$1…')
    .replace(/arn:[a-z-]+:\S+/gi, 'arn:…')
    .replace(/[\w.+-]+@[\w-]+\.[\w.]+/g, '…')
    .replace(/\b[A-Za-z0-9_+/=-]{40,}/g, '…')
    .replace(/\s+/g, ' ')
    .trim()
    .toWellFormed()
  return cutText(text, maxMessageCharacters)
}

function defaultMessage({ status }: Failure): string {
  return status === undefined ? 'The provider reported an error.' : `The provider answered with status ${status}.`
}
