import type { AccountSecrets, AccountSpec } from './account.ts'
import type { SimulatorOptions } from './simulator.ts'

/**
 * An account for `--demo` and `selftest`. Give `spec` to the simulator (`startSimulator({ ...demoOptions, accounts: [spec] })`)
 * and store `credentials` as the gateway's account: a Builder ID sign-in with the OIDC client and the refresh token
 * the simulator accepts, and no access token, so that the first thing the gateway does is a refresh. `label` and `email` are
 * for display.
 *
 * `credentials`: `method`; `clientId`, `clientSecret` (the OIDC client), `clientExpiresAt` (epoch ms); `refreshToken`;
 * `identityRegion` and `startUrl` of Builder ID. Nothing in it is a secret: it opens nothing but a simulator.
 */
export function demoAccount(now: number): {
  readonly label: string
  readonly email: string
  readonly spec: AccountSpec
  readonly credentials: AccountSecrets
} {
  const client = { clientId: 'sim-client-demo', clientSecret: 'sim-secret-demo' }
  const refreshToken = 'aorSIM-demo-refresh-token'
  const email = 'demo@simulated.example'
  return {
    label: 'Demo (simulated)',
    email,
    spec: { id: 'demo', method: 'builder-id', plan: 'power', email, refreshToken, ...client },
    credentials: {
      method: 'builder-id',
      ...client,
      clientExpiresAt: now + 89 * 86_400_000,
      refreshToken,
      identityRegion: 'us-east-1',
      startUrl: 'https://view.awsapps.com/start',
    },
  }
}

/** A pace a person can watch, a device sign-in that waits for its page, and no long memory of requests. */
export const demoOptions: SimulatorOptions = { paceMs: 15, firstDelayMs: 300, keepRequests: 20 }
