import type { ProxyView } from '../../../../server/admin/contract/proxies.ts'
import type { PlainKey, Translate } from '../../i18n/dictionary.ts'

export type ProxyStatus = 'off' | ProxyView['state']

/** What counts first: an address that cannot be opened, then the operator's switch, then the last look. */
export function proxyStatus({ enabled, state }: Pick<ProxyView, 'enabled' | 'state'>): ProxyStatus {
  if (state === 'unreadable') return 'unreadable'
  return enabled ? state : 'off'
}

export const statusTone = {
  up: 'success',
  down: 'danger',
  unchecked: 'neutral',
  off: 'neutral',
  unreadable: 'danger',
} as const satisfies Record<ProxyStatus, string>

// Codes as the runtime and the gateway give them (server/egress); the first that fits.
const reasons: readonly (readonly [RegExp, PlainKey])[] = [
  [/^unreadable$/, 'proxies.reason.unreadable'],
  [/timeout|timedout/i, 'proxies.reason.timeout'],
  [/PROXY_AUTH|^status 407$/i, 'proxies.reason.login'],
  [/REFUSED|FailedToOpenSocket/i, 'proxies.reason.refused'],
  [/NOTFOUND|EAI_|DNS/i, 'proxies.reason.host'],
  // Of a tunnel only its failure is known, not at which end.
  [/ERR_PROXY_TUNNEL|ERR_SOCKS/i, 'proxies.reason.tunnel'],
  [/^status 50\d$/i, 'proxies.reason.beyond'],
  [/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO/i, 'proxies.reason.certificate'],
  [/RESET|CLOSED|EPIPE|HANG/i, 'proxies.reason.cut'],
]

/** Why a look failed, in plain words; one we do not know keeps its code. */
export function reasonText(reason: string, t: Translate): string {
  const key = reasons.find(([pattern]) => pattern.test(reason))?.[1]
  return key === undefined ? t('proxies.reason.other', { code: reason }) : t(key)
}
