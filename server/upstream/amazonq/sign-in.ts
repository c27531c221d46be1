import { type GatewayError, gatewayError } from '../../conversation/error.ts'
import { onBehalf } from '../../lib/effects.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import type { ControlDeps } from './control-call.ts'
import type { Access, Credentials } from './credentials.ts'
import { isRegion, regionOfArn } from './endpoint.ts'
import {
  builderIdStartUrl,
  type DeviceAuthorization,
  deviceAuthorization,
  type OidcClient,
  type OidcError,
  register,
  type Tokens,
  tokenByDeviceCode,
} from './oidc.ts'
import { chooseProfile, listProfiles } from './profiles.ts'
import { readUsage, type UsageReading } from './quota.ts'

export type SignInRequest = {
  /** Absent: Builder ID. Else the company's IAM Identity Center start URL. */
  readonly startUrl?: string
  /** Region of the identity service; needed with a company's start URL, default `us-east-1`. */
  readonly region?: string
  readonly label?: string
  readonly enabled?: boolean
  /** Sign this account in again instead of making a new one. */
  readonly accountId?: string
  /** The outbound proxy for the sign-in itself; the account keeps it. Without one, an account signs in by its own way. */
  readonly proxyId?: string
}

export type SignInStart = {
  readonly authId: string
  readonly verificationUri: string
  readonly verificationUriComplete: string
  readonly userCode: string
  readonly expiresInMs: number
  readonly intervalMs: number
}

/** `code` is set with `error`, `accountId` with `completed`. */
export type SignInState = {
  readonly status: 'pending' | 'completed' | 'error'
  readonly remainingMs: number
  /** While `pending`, once the provider has asked for fewer polls: as far apart they are now. */
  readonly slowedToMs?: number
  readonly error?: string
  readonly code?: 'denied' | 'expired' | 'network' | 'failed' | 'cancelled'
  readonly accountId?: string
}

export type SignedIn = {
  readonly credentials: Credentials
  /** What the provider says about the person; empty when it could not be asked. */
  readonly usage: UsageReading
  readonly label?: string
  readonly enabled?: boolean
  readonly accountId?: string
  readonly proxyId?: string
}

export type SignInDeps = ControlDeps & {
  /** Creates or updates the account and gives its id. Called once for each sign-in that came through. */
  readonly onSignedIn: (signedIn: SignedIn) => Promise<Result<string, GatewayError>>
  /** Sign-ins waiting for a person at once. Default 50. */
  readonly maxPending?: number
}

export type SignIns = {
  readonly start: (request: SignInRequest, signal?: AbortSignal) => Promise<Result<SignInStart, GatewayError>>
  /** Undefined when there is no such sign-in (any more). */
  readonly status: (authId: string) => SignInState | undefined
  /** Resolves when it is decided, or with the state so far when `signal` aborts; leaving ends only the waiting. */
  readonly wait: (authId: string, signal: AbortSignal) => Promise<SignInState | undefined>
  /** False when there was nothing to cancel. */
  readonly cancel: (authId: string) => boolean
  /** Cancels all of them; a clean stop calls it. */
  readonly stop: () => void
}

type Session = {
  readonly expiresAt: number
  readonly controller: AbortController
  readonly done: Promise<void>
  state: Omit<SignInState, 'remainingMs'>
  finishedAt?: number
}

const keptMs = 600_000
const slowDownMs = 5000
const maxIntervalMs = 60_000

/** Device sign-ins in memory. Each polls by itself from its start, whether or not anybody asks how it stands. */
export function createSignIns(deps: SignInDeps): SignIns {
  const { effects } = deps
  const maxPending = deps.maxPending ?? 50
  const sessions = new Map<string, Session>()
  let starting = 0

  const wayOf = ({ proxyId, accountId }: SignInRequest): ControlDeps => ({
    ...deps,
    effects: onBehalf(effects, proxyId === undefined ? accountId : `proxy:${proxyId}`),
  })

  function prune(): void {
    const now = effects.now()
    for (const [authId, session] of sessions) {
      if (session.finishedAt !== undefined && now - session.finishedAt > keptMs) sessions.delete(authId)
    }
    const finished = [...sessions].filter(([, session]) => session.finishedAt !== undefined)
    for (const [authId] of finished.slice(0, Math.max(0, finished.length - maxPending))) sessions.delete(authId)
  }

  async function start(request: SignInRequest, signal?: AbortSignal): Promise<Result<SignInStart, GatewayError>> {
    const target = targetOf(request)
    if (!target.ok) return target
    const way = wayOf(request)
    prune()
    const pending = [...sessions.values()].filter((session) => session.finishedAt === undefined).length
    if (pending + starting >= maxPending) {
      return err(gatewayError('limit-reached', `${maxPending} sign-ins are waiting already; finish or cancel one.`))
    }
    starting++
    try {
      const { startUrl, region } = target.value
      const client = await register(way, region, signal)
      if (!client.ok) return err(startFailure(client.error))
      const device = await deviceAuthorization(way, region, client.value, startUrl, signal)
      if (!device.ok) return err(startFailure(device.error))
      return ok(open(request, target.value, client.value, device.value))
    } finally {
      starting--
    }
  }

  function open(request: SignInRequest, target: Target, client: OidcClient, device: DeviceAuthorization): SignInStart {
    const { deviceCode, expiresInMs, intervalMs, ...shown } = device
    const authId = effects.newId('auth')
    const controller = new AbortController()
    const { promise: done, resolve: finish } = Promise.withResolvers<void>()
    const session: Session = {
      expiresAt: effects.now() + expiresInMs,
      controller,
      done,
      state: { status: 'pending' },
    }
    sessions.set(authId, session)
    const run = async (): Promise<Session['state']> => {
      const tokens = await poll(wayOf(request), target.region, client, device, session)
      if (!tokens.ok) return tokens.error
      return complete(request, target, client, tokens.value)
    }
    void run()
      .catch((): Session['state'] => failed('The sign-in failed unexpectedly.'))
      .then((state) => {
        session.state = state
        session.finishedAt = effects.now()
        finish()
      })
    return { authId, ...shown, expiresInMs, intervalMs }
  }

  /** Asks until the person has decided or the code has expired; what the network does meanwhile does not matter. */
  async function poll(
    way: ControlDeps,
    region: string,
    client: OidcClient,
    device: DeviceAuthorization,
    session: Session,
  ): Promise<Result<Tokens, Session['state']>> {
    const { expiresAt } = session
    const { signal } = session.controller
    let intervalMs = Math.max(1000, device.intervalMs)
    let unreachable = false
    while (true) {
      await effects.sleep(Math.min(intervalMs, Math.max(0, expiresAt - effects.now())), signal)
      if (signal.aborted) return err(cancelled)
      if (effects.now() >= expiresAt) return err(unreachable ? neverReached : expired)
      const answer = await tokenByDeviceCode(way, region, client, device.deviceCode, signal)
      // Tokens that came count even when somebody cancelled just now.
      if (answer.ok) return answer
      if (signal.aborted) return err(cancelled)
      const { code, detail } = answer.error
      unreachable = code === 'network'
      switch (code) {
        case 'slow_down':
          intervalMs = Math.min(maxIntervalMs, intervalMs + slowDownMs)
          session.state = { status: 'pending', slowedToMs: intervalMs }
          break
        case 'authorization_pending':
        case 'network':
          break
        case 'expired_token':
          return err(expired)
        case 'access_denied':
          return err(denied)
        case 'invalid_grant':
        case 'invalid_client':
        case 'other':
          return err(failed(`The sign-in service refused: ${detail}`))
      }
    }
  }

  async function complete(
    request: SignInRequest,
    { startUrl, region, method }: Target,
    client: OidcClient,
    tokens: Tokens,
  ): Promise<Session['state']> {
    const found: Credentials = {
      method,
      accessToken: tokens.accessToken,
      accessExpiresAt: effects.now() + tokens.expiresInMs,
      ...(tokens.refreshToken === undefined ? {} : { refreshToken: tokens.refreshToken }),
      ...client,
      identityRegion: region,
      startUrl,
    }
    const way = wayOf(request)
    const profileArn = method === 'identity-center' ? await profileOf(way, found, region) : undefined
    const credentials = profileArn === undefined ? found : { ...found, profileArn }
    const usage = await readUsage(way, accessOf(credentials))
    const { label, enabled, accountId, proxyId } = request
    const account = await deps.onSignedIn({
      credentials,
      usage: usage.ok ? usage.value : {},
      ...(label === undefined ? {} : { label }),
      ...(enabled === undefined ? {} : { enabled }),
      ...(accountId === undefined ? {} : { accountId }),
      ...(proxyId === undefined ? {} : { proxyId }),
    })
    return account.ok ? { status: 'completed', accountId: account.value } : failed(account.error.message)
  }

  async function profileOf(way: ControlDeps, credentials: Credentials, region: string): Promise<string | undefined> {
    const profiles = await listProfiles(way, accessOf(credentials))
    return profiles.ok ? chooseProfile(profiles.value, region)?.arn : undefined
  }

  const accessOf = ({ accessToken, method, profileArn }: Credentials): Access => ({
    token: accessToken ?? '',
    method,
    region: regionOfArn(profileArn) ?? deps.settings.defaultRegion,
    ...(profileArn === undefined ? {} : { profileArn }),
  })

  function status(authId: string): SignInState | undefined {
    prune()
    const session = sessions.get(authId)
    if (session === undefined) return undefined
    const remainingMs = session.finishedAt === undefined ? Math.max(0, session.expiresAt - effects.now()) : 0
    return { ...session.state, remainingMs }
  }

  async function wait(authId: string, signal: AbortSignal): Promise<SignInState | undefined> {
    const session = sessions.get(authId)
    if (session === undefined) return undefined
    if (!signal.aborted) {
      const { promise: left, resolve } = Promise.withResolvers<void>()
      const leave = (): void => resolve()
      signal.addEventListener('abort', leave, { once: true })
      await Promise.race([session.done, left])
      signal.removeEventListener('abort', leave)
    }
    return status(authId)
  }

  function cancel(authId: string): boolean {
    const session = sessions.get(authId)
    if (session === undefined || session.finishedAt !== undefined) return false
    session.controller.abort()
    return true
  }

  const stop = (): void => {
    for (const { controller } of sessions.values()) controller.abort()
  }

  return { start, status, wait, cancel, stop }
}

const expired = { status: 'error', code: 'expired', error: 'The code expired before it was confirmed.' } as const
const denied = { status: 'error', code: 'denied', error: 'The request was denied in the browser.' } as const
const cancelled = { status: 'error', code: 'cancelled', error: 'The sign-in was cancelled.' } as const
const neverReached = { status: 'error', code: 'network', error: 'The sign-in service could not be reached.' } as const
const failed = (error: string): Session['state'] => ({ status: 'error', code: 'failed', error })

type Target = {
  readonly startUrl: string
  readonly region: string
  readonly method: 'builder-id' | 'identity-center'
}

function targetOf({ startUrl, region }: SignInRequest): Result<Target, GatewayError> {
  const identityRegion = region ?? 'us-east-1'
  if (!isRegion(identityRegion)) {
    return err(gatewayError('invalid-request', 'Not an AWS region, e.g. us-east-1.', { field: 'region' }))
  }
  const plain = (startUrl ?? builderIdStartUrl).trim().replace(/[/#]+$/, '')
  if (plain === builderIdStartUrl) return ok({ startUrl: plain, region: 'us-east-1', method: 'builder-id' })
  if (plain.length > 500 || !URL.canParse(plain) || new URL(plain).protocol !== 'https:') {
    return err(
      gatewayError('invalid-request', 'Not a start URL, e.g. https://name.awsapps.com/start.', { field: 'startUrl' }),
    )
  }
  if (region === undefined) {
    const message = 'The region of the IAM Identity Center is needed with a start URL.'
    return err(gatewayError('invalid-request', message, { field: 'region' }))
  }
  return ok({ startUrl: plain, region: identityRegion, method: 'identity-center' })
}

// A refusal at the start is about what was asked for: a start URL or region the service does not know.
function startFailure({ code, detail }: OidcError): GatewayError {
  return code === 'network'
    ? gatewayError('upstream-unreachable', 'The sign-in service could not be reached.', { cause: detail })
    : gatewayError('invalid-request', `The sign-in service refused to start: ${detail}`, { cause: detail })
}
