import type { MetaView } from '../../../../server/admin/contract/meta.ts'
import type { PlainKey } from '../../i18n/dictionary.ts'
import type { System } from './client.ts'
import { isPrivateHost } from './private-address.ts'

export type PlaceForm = {
  /** One of those offered, or `otherAddress`. */
  readonly address: string
  /** The one that was typed. */
  readonly own: string
  readonly key: string
  /** Of a key that was just created here; empty otherwise. */
  readonly keyName: string
  /** Empty: the default. */
  readonly model: string
  readonly system: System
}

export const otherAddress = 'other'
/** Stands where a key belongs; no client takes it for one. */
export const keyPlace = 'YOUR_API_KEY'
/** While no account says what there is. */
export const exampleModel = 'claude-sonnet-4.5'

type Address = { readonly url: string; readonly from: PlainKey }

/** Where tools may reach the gateway: as this page did, as the server says, and by its other addresses. */
export function addresses(page: string, reached: MetaView['reached']): readonly Address[] {
  const all: readonly Address[] = [
    { url: page, from: 'integrations.addressHere' },
    ...(reached === undefined || reached.disbelieved
      ? []
      : [{ url: reached.url, from: 'integrations.addressServer' as const }]),
    ...(reached?.lan ?? []).map((url) => ({ url, from: 'integrations.addressLan' as const })),
  ]
  return all.filter(({ url }, index) => url !== '' && all.findIndex((other) => other.url === url) === index)
}

/** The typed address without `/v1` and what follows; undefined while it is none. */
export function ownOrigin(text: string): string | undefined {
  const url = URL.parse(text.trim())
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return undefined
  const path = url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')
  return url.origin + path
}

export const addressFault = ({ address, own }: PlaceForm): PlainKey | undefined =>
  address === otherAddress && own.trim() !== '' && ownOrigin(own) === undefined ? 'integrations.addressBad' : undefined

export const originOf = ({ address, own }: PlaceForm, page: string): string =>
  address === otherAddress ? (ownOrigin(own) ?? 'https://gateway.example.com') : address || page

/** Cursor's servers must get there: a public name, and HTTPS. */
export function isOutOfReach(origin: string): boolean {
  const url = URL.parse(origin)
  return url === null || url.protocol !== 'https:' || isPrivateHost(url.hostname)
}

/** A key goes over a network in the clear. */
export function isOpenOnTheWay(origin: string): boolean {
  const url = URL.parse(origin)
  return url?.protocol === 'http:' && !isPrivateHost(url.hostname)
}
