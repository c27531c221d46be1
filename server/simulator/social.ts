import { type Effects, randomText } from '../lib/effects.ts'
import type { AccountSecrets } from './account.ts'
import type { AccountBook } from './account-book.ts'
import { type Answer, type Call, failed, json } from './call.ts'
import { type Shape, shapeOf, textOf } from './shape.ts'
import type { SignIns } from './sign-ins.ts'

export type SocialDeps = {
  readonly accounts: AccountBook
  readonly signIns: SignIns
  readonly effects: Pick<Effects, 'now' | 'newUuid'>
  readonly url: () => string
}

type SocialOperation = 'SocialLogin' | 'SocialToken' | 'SocialRefresh' | 'SocialLogout' | 'SocialDevice' | 'SocialPoll'

const maxCodes = 1000
const dead: Answer = failed({ status: 401, type: 'UnauthorizedException', message: 'Invalid refresh token provided' })
const badRequest = (message: string): Answer => failed({ status: 400, type: 'BadRequestException', message })

/** The social sign-in host: browser login with PKCE, refresh, logout, device flow. */
export function createSocial({
  accounts,
  signIns,
  effects,
  url,
}: SocialDeps): Readonly<Record<SocialOperation, (call: Call) => Answer>> {
  const codes = new Map<
    string,
    { readonly redirectUri: string; readonly challenge: string; readonly provider: string }
  >()
  const providerOf = (name: string | null | undefined): 'Google' | 'Github' => (name === 'Github' ? 'Github' : 'Google')
  const signedIn = (secrets: AccountSecrets): Shape => ({
    accessToken: secrets.accessToken,
    expiresIn: Math.round(((secrets.accessExpiresAt ?? 0) - effects.now()) / 1000),
    profileArn: secrets.profileArn,
    refreshToken: secrets.refreshToken,
  })
  const socialAccount = (token: string | undefined) => {
    const account = accounts.byRefreshToken(token ?? '')
    return account?.method === 'social' ? account : undefined
  }

  return {
    // The simulator's person agrees at once: the browser goes straight back with a code.
    SocialLogin: ({ query }) => {
      const redirectUri = query.get('redirect_uri') ?? ''
      const challenge = query.get('code_challenge') ?? ''
      if (!URL.canParse(redirectUri) || challenge === '' || query.get('code_challenge_method') !== 'S256') {
        return badRequest('redirect_uri, code_challenge and code_challenge_method=S256 are required')
      }
      const code = effects.newUuid()
      if (codes.size >= maxCodes) codes.delete(codes.keys().next().value ?? '')
      codes.set(code, { redirectUri, challenge, provider: query.get('idp') ?? 'Google' })
      const back = new URL(redirectUri)
      back.searchParams.set('code', code)
      back.searchParams.set('state', query.get('state') ?? '')
      return { type: 'response', response: new Response(null, { status: 302, headers: { location: back.href } }) }
    },
    SocialToken: ({ body }) => {
      const asked = shapeOf(body) ?? {}
      const code = textOf(asked.code) ?? ''
      const known = codes.get(code)
      codes.delete(code)
      const challenge = new Bun.CryptoHasher('sha256').update(textOf(asked.code_verifier) ?? '').digest('base64url')
      if (known === undefined || known.redirectUri !== asked.redirect_uri || known.challenge !== challenge) {
        return failed({ status: 401, type: 'UnauthorizedException', message: 'Invalid code' })
      }
      const account = accounts.add({ method: 'social', provider: providerOf(known.provider) })
      return json(signedIn(account.secrets()))
    },
    SocialRefresh: ({ body }) => {
      const token = textOf(shapeOf(body)?.refreshToken)
      const secrets = socialAccount(token)?.refresh(token ?? '')
      return secrets === undefined ? dead : json(signedIn(secrets))
    },
    SocialLogout: ({ body }) => {
      const account = socialAccount(textOf(shapeOf(body)?.refreshToken))
      if (account === undefined) return dead
      account.killRefresh()
      account.expireAccess()
      return { type: 'response', response: new Response(null) }
    },
    SocialDevice: ({ body }) => {
      const asked = shapeOf(body) ?? {}
      const clientId = textOf(asked.clientId)
      const provider = textOf(asked.loginProvider)
      if (clientId === undefined || (provider !== 'Google' && provider !== 'Github')) {
        return badRequest('clientId and loginProvider (Google, Github) are required')
      }
      const grant = signIns.open({ kind: 'social', clientId, startUrl: '', provider })
      return json({
        deviceCode: grant.deviceCode,
        userCode: grant.userCode,
        verificationUri: `${url()}/device`,
        verificationUriComplete: `${url()}/device?user_code=${grant.userCode}`,
        intervalInMilliseconds: signIns.intervalSeconds * 1000,
        expiresInMilliseconds: signIns.expiresInSeconds * 1000,
      })
    },
    SocialPoll: ({ body }) => {
      const asked = shapeOf(body) ?? {}
      const poll = signIns.poll(textOf(asked.deviceCode) ?? '', textOf(asked.clientId) ?? '')
      switch (poll.state) {
        case 'approved': {
          const provider = providerOf(poll.grant.provider)
          const known = accounts.get(poll.accountId ?? '')
          const account =
            known ?? accounts.add({ method: 'social', provider, email: `${randomText(6)}@simulated.example` })
          const secrets = known === undefined ? account.secrets() : known.signIn()
          const { accessToken, refreshToken, profileArn } = secrets
          return json({ status: 'authorized', accessToken, refreshToken, profileArn, identityProvider: provider })
        }
        case 'expired':
          return json({ status: 'expired_token' })
        // This flow has no words for a denial or for impatience.
        case 'denied':
        case 'unknown':
          return json({ status: 'invalid_token' })
        case 'pending':
        case 'slow-down':
          return json({ status: 'authorization_pending' })
      }
    },
  }
}
