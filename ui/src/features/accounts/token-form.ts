import type { AccountCreate } from '../../../../server/admin/contract/accounts.ts'
import type { PlainKey } from '../../i18n/dictionary.ts'
import { regionPattern } from './sign-in.ts'

export type TokenForm = {
  readonly kind: 'social' | 'oidc' | 'api-key'
  readonly refreshToken: string
  readonly apiKey: string
  readonly clientId: string
  readonly clientSecret: string
  readonly startUrl: string
  readonly region: string
  readonly label: string
  readonly proxyId: string
  readonly check: boolean
}

export const emptyToken: TokenForm = {
  kind: 'social',
  refreshToken: '',
  apiKey: '',
  clientId: '',
  clientSecret: '',
  startUrl: '',
  region: 'us-east-1',
  label: '',
  proxyId: '',
  check: true,
}

export type TokenFaults = {
  readonly [Name in 'refreshToken' | 'apiKey' | 'clientId' | 'clientSecret' | 'startUrl' | 'region']?: PlainKey
}

/** Why the form may not be sent yet; only fields of the chosen kind count. */
export function tokenFaults(form: TokenForm): TokenFaults {
  const oidc = form.kind === 'oidc'
  const startUrl = form.startUrl.trim()
  return {
    ...(form.kind !== 'api-key' && form.refreshToken.trim().length < 20
      ? { refreshToken: 'token.short' as const }
      : {}),
    ...(form.kind === 'api-key' && form.apiKey.trim() === '' ? { apiKey: 'common.required' as const } : {}),
    ...(oidc && form.clientId.trim() === '' ? { clientId: 'common.required' as const } : {}),
    ...(oidc && form.clientSecret.trim() === '' ? { clientSecret: 'common.required' as const } : {}),
    ...(oidc && startUrl && URL.parse(startUrl)?.protocol !== 'https:'
      ? { startUrl: 'device.startUrlBad' as const }
      : {}),
    ...(regionPattern.test(form.region.trim()) ? {} : { region: 'add.regionBad' as const }),
  }
}

/** A start URL makes it Identity Center; without one the client belongs to a Builder ID. */
export function tokenBody(form: TokenForm): AccountCreate {
  const label = form.label.trim()
  const startUrl = form.startUrl.trim()
  const common = {
    ...(label ? { label } : {}),
    ...(form.proxyId ? { proxyId: form.proxyId } : {}),
    region: form.region.trim(),
    check: form.check,
  }
  if (form.kind === 'api-key') return { ...common, method: 'api-key', apiKey: form.apiKey.trim() }
  const refreshToken = form.refreshToken.trim()
  if (form.kind === 'social') return { ...common, method: 'social', refreshToken }
  return {
    ...common,
    method: startUrl ? 'identity-center' : 'builder-id',
    refreshToken,
    clientId: form.clientId.trim(),
    clientSecret: form.clientSecret.trim(),
    ...(startUrl ? { startUrl } : {}),
  }
}
