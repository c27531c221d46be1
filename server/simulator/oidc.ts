import { type Effects, randomText } from '../lib/effects.ts'
import type { SimulatedMethod } from './account.ts'
import type { AccountBook } from './account-book.ts'
import { type Answer, type Call, json } from './call.ts'
import { devicePage } from './device-page.ts'
import { shapeOf, textOf } from './shape.ts'
import type { SignIns } from './sign-ins.ts'

export type OidcDeps = {
  readonly accounts: AccountBook
  readonly signIns: SignIns
  readonly effects: Pick<Effects, 'now'>
  /** Base of the verification page. */
  readonly url: () => string
}

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'
const registrationSeconds = 90 * 86_400
const maxClients = 1000
const builderStart = 'https://view.awsapps.com/start'

const refused = (error: string, error_description: string, status = 400): Answer =>
  json({ error, error_description }, status)

/** IAM Identity Center's OIDC: register, device authorization, token, userinfo, and the page a person would see. */
export function createOidc({
  accounts,
  signIns,
  effects,
  url,
}: OidcDeps): Readonly<
  Record<
    'RegisterClient' | 'StartDeviceAuthorization' | 'CreateToken' | 'UserInfo' | 'DevicePage',
    (call: Call) => Answer
  >
> {
  const clients = new Map<string, { readonly secret: string; readonly expiresAt: number }>()
  const isClient = (clientId: string | undefined, secret: string | undefined): boolean => {
    const client = clients.get(clientId ?? '')
    if (client !== undefined) return client.secret === secret && client.expiresAt > effects.now()
    return accounts.list().some((account) => {
      const known = account.secrets()
      if (known.clientId === undefined || known.clientId !== clientId || known.clientSecret !== secret) return false
      return (known.clientExpiresAt ?? 0) > effects.now()
    })
  }

  const refresh = (clientId: string | undefined, refreshToken: string | undefined): Answer => {
    const account = accounts.byRefreshToken(refreshToken ?? '')
    // A refresh token belongs to the client it was issued to.
    if (account === undefined || account.clientId !== clientId)
      return refused('invalid_grant', 'Invalid refresh token provided')
    const secrets = account.refresh(refreshToken ?? '')
    return secrets === undefined
      ? refused('invalid_grant', 'Invalid refresh token provided')
      : tokenSet(secrets, effects.now())
  }

  const byDevice = (clientId: string, clientSecret: string, deviceCode: string): Answer => {
    const poll = signIns.poll(deviceCode, clientId)
    switch (poll.state) {
      case 'pending':
        return refused('authorization_pending', 'Authorization is still pending.')
      case 'slow-down':
        return refused('slow_down', 'Slow down.')
      case 'expired':
        return refused('expired_token', 'Device code expired.')
      case 'denied':
        return refused('access_denied', 'The user denied the request.')
      case 'unknown':
        return refused('invalid_grant', 'Invalid device code provided')
      case 'approved': {
        const { startUrl } = poll.grant
        const method: SimulatedMethod = startUrl === builderStart ? 'builder-id' : 'identity-center'
        const account = accounts.get(poll.accountId ?? '') ?? accounts.add({ method, startUrl })
        return tokenSet(account.signIn(clientId, clientSecret), effects.now())
      }
    }
  }

  return {
    RegisterClient: ({ body }) => {
      const { clientName, clientType } = shapeOf(body) ?? {}
      if (textOf(clientName) === undefined || clientType !== 'public') {
        return refused('invalid_client_metadata', 'clientName and clientType "public" are required.')
      }
      const clientId = `sim-client-${randomText(16)}`
      const clientSecret = `sim-secret-${randomText(40)}`
      const clientIdIssuedAt = Math.floor(effects.now() / 1000)
      const clientSecretExpiresAt = clientIdIssuedAt + registrationSeconds
      if (clients.size >= maxClients) clients.delete(clients.keys().next().value ?? '')
      clients.set(clientId, { secret: clientSecret, expiresAt: clientSecretExpiresAt * 1000 })
      return json({ clientId, clientSecret, clientIdIssuedAt, clientSecretExpiresAt })
    },
    StartDeviceAuthorization: ({ body }) => {
      const asked = shapeOf(body) ?? {}
      const clientId = textOf(asked.clientId)
      if (clientId === undefined || !isClient(clientId, textOf(asked.clientSecret))) return unknownClient
      const startUrl = textOf(asked.startUrl) ?? ''
      if (!/^https:\/\/[^/]+\/\S+$/.test(startUrl)) return refused('invalid_request', 'Invalid startUrl provided')
      const grant = signIns.open({ kind: 'oidc', clientId, startUrl })
      return json({
        deviceCode: grant.deviceCode,
        userCode: grant.userCode,
        verificationUri: `${url()}/device`,
        verificationUriComplete: `${url()}/device?user_code=${grant.userCode}`,
        expiresIn: signIns.expiresInSeconds,
        interval: signIns.intervalSeconds,
      })
    },
    CreateToken: ({ body }) => {
      const asked = shapeOf(body) ?? {}
      const clientId = textOf(asked.clientId)
      const secret = textOf(asked.clientSecret)
      if (clientId === undefined || secret === undefined || !isClient(clientId, secret)) return unknownClient
      if (asked.grantType === 'refresh_token') return refresh(clientId, textOf(asked.refreshToken))
      if (asked.grantType === deviceGrant) return byDevice(clientId, secret, textOf(asked.deviceCode) ?? '')
      return refused('unsupported_grant_type', 'The simulator knows device_code and refresh_token.')
    },
    UserInfo: ({ headers }) => {
      const found = accounts.byBearer((headers.get('authorization') ?? '').replace(/^Bearer /, ''))
      if (found === undefined || found.expired) return refused('invalid_token', 'Invalid token', 401)
      return json({ sub: found.account.userId, email: found.account.email })
    },
    DevicePage: ({ query }) => devicePage(query, signIns),
  }
}

const unknownClient: Answer = refused('invalid_client', 'Invalid client provided', 401)

function tokenSet(
  secrets: { readonly accessToken?: string; readonly refreshToken?: string; readonly accessExpiresAt?: number },
  now: number,
): Answer {
  return json({
    accessToken: secrets.accessToken,
    refreshToken: secrets.refreshToken,
    expiresIn: Math.round(((secrets.accessExpiresAt ?? now) - now) / 1000),
    tokenType: 'Bearer',
  })
}
