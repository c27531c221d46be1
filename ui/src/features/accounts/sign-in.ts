import type { SignInStart } from '../../../../server/admin/contract/sign-in.ts'
import type { PlainKey } from '../../i18n/dictionary.ts'

/** How a device sign-in can end without an account, and what helps. */
export type SignInFailure = { readonly text: PlainKey; readonly action: PlainKey; readonly tone: 'warning' | 'danger' }

const failures = {
  expired: { text: 'device.expired', action: 'device.newCode', tone: 'warning' },
  denied: { text: 'device.denied', action: 'device.tryAgain', tone: 'danger' },
  network: { text: 'device.network', action: 'device.tryAgain', tone: 'danger' },
  cancelled: { text: 'device.cancelled', action: 'device.newCode', tone: 'warning' },
  lost: { text: 'device.lost', action: 'device.newCode', tone: 'warning' },
  failed: { text: 'device.failed', action: 'device.tryAgain', tone: 'danger' },
} as const satisfies Record<string, SignInFailure>

/** An unknown cause is shown as `failed`, with the server's words as detail. */
export function signInFailure(code: string | null | undefined): SignInFailure {
  return Object.hasOwn(failures, code ?? '') ? failures[code as keyof typeof failures] : failures.failed
}

export type SignInForm = {
  readonly kind: 'builder-id' | 'identity-center'
  readonly startUrl: string
  readonly region: string
  readonly label: string
  readonly proxyId: string
}
export type SignInFaults = { readonly startUrl?: PlainKey; readonly region?: PlainKey }

export const regionPattern = /^[a-z]{2}(-[a-z]+)+-\d{1,2}$/

export function signInFaults(form: SignInForm): SignInFaults {
  if (form.kind === 'builder-id') return {}
  const url = URL.parse(form.startUrl.trim())
  return {
    ...(url?.protocol === 'https:' && url.hostname.includes('.') ? {} : { startUrl: 'device.startUrlBad' as const }),
    ...(regionPattern.test(form.region.trim()) ? {} : { region: 'add.regionBad' as const }),
  }
}

export function signInBody(form: SignInForm, accountId: string | undefined): SignInStart {
  const label = form.label.trim()
  return {
    ...(label ? { label } : {}),
    ...(form.kind === 'identity-center' ? { startUrl: form.startUrl.trim(), region: form.region.trim() } : {}),
    ...(accountId ? { accountId } : {}),
    ...(form.proxyId ? { proxyId: form.proxyId } : {}),
  }
}
