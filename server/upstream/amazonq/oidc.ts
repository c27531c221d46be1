import type { Effects } from '../../lib/effects.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import { cutText } from '../../lib/sound-text.ts'
import { type AmazonQSettings, isRegion, oidcUrl, userAgent } from './endpoint.ts'
import { retryAfterOf } from './errors.ts'
import { callJson, type JsonAnswer, membersOf, numberOf, textOf } from './json-call.ts'
import { timeOf } from './wire-time.ts'

/**
 * `network`: no answer to rely on (unreachable, timed out, 429, 5xx, not this service's JSON); trying later is right.
 * `other`: a definite refusal with a code not listed.
 */
export type OidcErrorCode =
  | 'authorization_pending'
  | 'slow_down'
  | 'expired_token'
  | 'access_denied'
  | 'invalid_grant'
  | 'invalid_client'
  | 'other'
  | 'network'

/** `detail` is for the log: status, code and the service's description without anything we sent. */
export type OidcError = { readonly code: OidcErrorCode; readonly detail: string; readonly retryAfterMs?: number }

export type OidcClient = { readonly clientId: string; readonly clientSecret: string; readonly clientExpiresAt?: number }

export type DeviceAuthorization = {
  readonly deviceCode: string
  readonly userCode: string
  readonly verificationUri: string
  readonly verificationUriComplete: string
  readonly expiresInMs: number
  readonly intervalMs: number
}

/** A fresh token set. `refreshToken` is absent when the old one stays valid. */
export type Tokens = {
  readonly accessToken: string
  readonly refreshToken?: string
  readonly expiresInMs: number
  readonly profileArn?: string
}

export type OidcDeps = { readonly settings: AmazonQSettings; readonly effects: Effects }

export const builderIdStartUrl = 'https://view.awsapps.com/start'

// Chat, the model list and the usage limits need these three; :transformations and :taskassist open features we never call.
const scopes = ['codewhisperer:completions', 'codewhisperer:analysis', 'codewhisperer:conversations']
// Generous: a refresh given up while the provider still rotates is a lost sign-in.
const timeoutMs = 30_000
/** When the service names no lifetime: half of the usual hour. */
export const assumedLifetimeMs = 1_800_000

/** Registers us as a public client in `region`; the registration lives about 90 days. */
export async function register(
  deps: OidcDeps,
  region: string,
  signal?: AbortSignal,
): Promise<Result<OidcClient, OidcError>> {
  const answer = await post(
    deps,
    region,
    '/client/register',
    { clientName: 'claude-server', clientType: 'public', scopes },
    signal,
  )
  if (!answer.ok) return answer
  const { clientId, clientSecret, clientSecretExpiresAt } = answer.value
  const expiresAt = timeOf(clientSecretExpiresAt)
  if (textOf(clientId) === undefined || textOf(clientSecret) === undefined) return unusable('client/register')
  return ok({
    clientId: String(clientId),
    clientSecret: String(clientSecret),
    ...(expiresAt === undefined ? {} : { clientExpiresAt: expiresAt }),
  })
}

/** Asks for a code that a person confirms in the browser. */
export async function deviceAuthorization(
  deps: OidcDeps,
  region: string,
  client: OidcClient,
  startUrl: string,
  signal?: AbortSignal,
): Promise<Result<DeviceAuthorization, OidcError>> {
  const { clientId, clientSecret } = client
  const answer = await post(deps, region, '/device_authorization', { clientId, clientSecret, startUrl }, signal)
  if (!answer.ok) return answer
  const deviceCode = textOf(answer.value.deviceCode)
  const userCode = textOf(answer.value.userCode)
  const complete = textOf(answer.value.verificationUriComplete)
  const plain = textOf(answer.value.verificationUri) ?? complete
  if (deviceCode === undefined || userCode === undefined || plain === undefined) return unusable('device_authorization')
  return ok({
    deviceCode,
    userCode,
    verificationUri: plain,
    verificationUriComplete: complete ?? plain,
    expiresInMs: secondsToMs(answer.value.expiresIn, 600),
    intervalMs: secondsToMs(answer.value.interval, 5),
  })
}

/** One poll of the device flow. */
export function tokenByDeviceCode(
  deps: OidcDeps,
  region: string,
  client: OidcClient,
  deviceCode: string,
  signal?: AbortSignal,
): Promise<Result<Tokens, OidcError>> {
  const { clientId, clientSecret } = client
  const grantType = 'urn:ietf:params:oauth:grant-type:device_code'
  return token(deps, region, { clientId, clientSecret, grantType, deviceCode }, signal)
}

/** Trades the refresh token for a new access token; takes no caller's signal on purpose: a half-done rotation is a lost sign-in. */
export function tokenByRefreshToken(
  deps: OidcDeps,
  region: string,
  client: OidcClient,
  refreshToken: string,
): Promise<Result<Tokens, OidcError>> {
  const { clientId, clientSecret } = client
  return token(deps, region, { clientId, clientSecret, grantType: 'refresh_token', refreshToken })
}

async function token(
  deps: OidcDeps,
  region: string,
  body: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<Result<Tokens, OidcError>> {
  const answer = await post(deps, region, '/token', body, signal)
  return answer.ok ? (tokensOf(answer.value) ?? unusable('token')) : answer
}

/** The token set both sign-in services answer with; undefined when it has no access token. */
export function tokensOf(body: Readonly<Record<string, unknown>>): Result<Tokens, never> | undefined {
  const accessToken = textOf(body.accessToken)
  if (accessToken === undefined) return undefined
  const refreshToken = textOf(body.refreshToken)
  const profileArn = textOf(body.profileArn)
  return ok({
    accessToken,
    ...(refreshToken === undefined ? {} : { refreshToken }),
    expiresInMs: secondsToMs(body.expiresIn, assumedLifetimeMs / 1000),
    ...(profileArn === undefined ? {} : { profileArn }),
  })
}

async function post(
  deps: OidcDeps,
  region: string,
  path: string,
  body: Readonly<Record<string, unknown>>,
  signal?: AbortSignal,
): Promise<Result<Readonly<Record<string, unknown>>, OidcError>> {
  // The region becomes part of the host the secrets go to.
  if (!isRegion(region)) return err({ code: 'other', detail: 'the identity region is not an AWS region' })
  const answer = await callJson(
    deps.effects,
    {
      method: 'POST',
      url: oidcUrl(deps.settings, region) + path,
      headers: { 'content-type': 'application/json', 'user-agent': userAgent(deps.settings, 'ssooidc') },
      body,
      timeoutMs,
    },
    signal,
  )
  if (answer.type === 'answer' && answer.status === 200 && answer.json !== undefined) return ok(membersOf(answer.json))
  return err(errorOf(answer, Object.values(body)))
}

const known: readonly OidcErrorCode[] = [
  'authorization_pending',
  'slow_down',
  'expired_token',
  'access_denied',
  'invalid_grant',
  'invalid_client',
]

// The code stands in `error`; a few answers carry the exception's class name instead: InvalidGrantException.
function errorOf(answer: JsonAnswer, sent: readonly unknown[]): OidcError {
  if (answer.type === 'network') return { code: 'network', detail: answer.cause }
  const body = membersOf(answer.json)
  const className = textOf(answer.headers.get('x-amzn-errortype')) ?? textOf(body.__type)
  const code = textOf(body.error) ?? (className === undefined ? undefined : snakeOf(className))
  const description = textOf(body.error_description) ?? textOf(body.message) ?? ''
  const detail = `status ${answer.status} ${code ?? 'without a code'} ${withoutSecrets(description, sent)}`.trim()
  if (code === undefined || answer.status >= 500 || answer.status === 429 || answer.status < 400) {
    const retryAfterMs = retryAfterOf(answer.headers)
    const waits = retryAfterMs === undefined ? {} : { retryAfterMs }
    return code === 'slow_down' ? { code, detail, ...waits } : { code: 'network', detail, ...waits }
  }
  // Both name the registration.
  if (code === 'unauthorized_client') return { code: 'invalid_client', detail }
  return { code: known.find((name) => name === code) ?? 'other', detail }
}

function snakeOf(className: string): string {
  const name = (className.split('#').at(-1) ?? '').split(':')[0] ?? ''
  return name
    .replace(/(Exception|Error)$/, '')
    .replace(/(?<=[a-z])(?=[A-Z])/g, '_')
    .toLowerCase()
}

/** A provider's sentence, cut to size, with whatever we sent taken out of it. */
export function withoutSecrets(text: string, sent: readonly unknown[]): string {
  const secrets = sent.filter((value): value is string => typeof value === 'string' && value.length >= 8)
  return cutText(
    secrets.reduce((clean, secret) => clean.replaceAll(secret, '[removed]'), text),
    200,
  )
}

const unusable = (call: string): { readonly ok: false; readonly error: OidcError } =>
  err({ code: 'network', detail: `${call} answered without the members it must have` })

function secondsToMs(value: unknown, otherwiseSeconds: number): number {
  const seconds = numberOf(value)
  return Math.round((seconds !== undefined && seconds > 0 ? seconds : otherwiseSeconds) * 1000)
}
