import type { ProxyCreate, ProxyUpdate, ProxyView } from '../../../../server/admin/contract/proxies.ts'
import type { PlainKey } from '../../i18n/dictionary.ts'

export type ProxyForm = {
  readonly url: string
  readonly name: string
  readonly weight: string
  readonly enabled: boolean
}
export type ProxyFaults = { readonly [Name in 'url' | 'name' | 'weight']?: PlainKey }
type Known = Pick<ProxyView, 'url' | 'name' | 'weight' | 'enabled' | 'state'>

/** What the server shows for a password. */
const dots = '••••'

/** An address that can no longer be opened must be typed again, so it is not offered as a start. */
export const startForm = (proxy: Known | undefined): ProxyForm => ({
  url: proxy === undefined || proxy.state === 'unreadable' ? '' : proxy.url,
  name: proxy?.name ?? '',
  weight: String(proxy?.weight ?? 1),
  enabled: proxy?.enabled ?? true,
})

/** `{session}`, or a % that begins no escape, stands for the session of an account, and is as good as a word. */
const withoutSessions = (text: string): string =>
  text.replaceAll('{session}', 'session').replace(/%(?![0-9a-f]{2})/gi, 'session')

/** Why an address may not be sent; `shown`: the one the server gave, which sent back means unchanged. The server has the last word. */
export function proxyUrlFault(given: string, shown: string | undefined): PlainKey | undefined {
  const url = given.trim()
  if (url === '') return 'common.required'
  if (url === shown) return undefined
  if (url.includes(dots)) return 'proxies.url.masked'
  if (url.length > 500) return 'proxies.url.long'
  if (/[\s\p{Cc}]/u.test(url)) return 'proxies.url.spaces'
  const rest = /^(?:https?|socks5h?):\/\/(.*)$/i.exec(withoutSessions(url))?.[1]
  if (rest === undefined) return 'proxies.url.scheme'
  const end = rest.search(/[/?#]/)
  const authority = end < 0 ? rest : rest.slice(0, end)
  if (end >= 0 && rest.slice(end) !== '/') return 'proxies.url.path'
  const at = authority.lastIndexOf('@')
  const [, host = '', port = ''] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(authority.slice(at + 1)) ?? []
  if (host === '' || Number(port) < 1 || Number(port) > 65_535) return 'proxies.url.place'
  if (URL.parse(`http://${host}:${port}/`) === null) return 'proxies.url.place'
  return at < 0 || isLogin(authority.slice(0, at)) ? undefined : 'proxies.url.login'
}

/** `user` or `user:password`. */
function isLogin(text: string): boolean {
  const colon = text.indexOf(':')
  const parts = colon < 0 ? [text] : [text.slice(0, colon), text.slice(colon + 1)]
  try {
    const [user = '', password = ''] = parts.map(decodeURIComponent)
    const fits = (part: string): boolean => new TextEncoder().encode(part).length <= 255 && !/\p{Cc}/u.test(part)
    return user !== '' && !user.includes(':') && fits(user) && fits(password)
  } catch {
    return false
  }
}

export function proxyFaults(form: ProxyForm, proxy: Known | undefined): ProxyFaults {
  const url = proxyUrlFault(form.url, proxy === undefined || proxy.state === 'unreadable' ? undefined : proxy.url)
  const weight = Number(form.weight)
  return {
    ...(url === undefined ? {} : { url }),
    ...(form.name.trim().length > 100 ? { name: 'proxies.nameLong' as const } : {}),
    ...(form.weight.trim() !== '' && Number.isInteger(weight) && weight >= 1 && weight <= 100
      ? {}
      : { weight: 'proxies.weightBad' as const }),
  }
}

export function proxyBody(form: ProxyForm): ProxyCreate {
  const name = form.name.trim()
  return { url: form.url.trim(), ...(name ? { name } : {}), weight: Number(form.weight), enabled: form.enabled }
}

/** What differs from `proxy`; undefined when nothing does. A name left empty becomes host and port again. */
export function proxyChanges(form: ProxyForm, proxy: Known): ProxyUpdate | undefined {
  const { url, weight, enabled } = proxyBody(form)
  const name = form.name.trim()
  const changes: ProxyUpdate = {
    ...(url === proxy.url ? {} : { url }),
    ...(name === proxy.name ? {} : { name }),
    ...(weight === undefined || weight === proxy.weight ? {} : { weight }),
    ...(enabled === undefined || enabled === proxy.enabled ? {} : { enabled }),
  }
  return Object.keys(changes).length === 0 ? undefined : changes
}
