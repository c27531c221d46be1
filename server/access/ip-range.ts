import { BlockList, isIP } from 'node:net'

/** `address` in its one written form; for a range its first one. */
export type IpRange = {
  readonly address: string
  readonly bits: number
  readonly family: 'ipv4' | 'ipv6'
}

/** An address or a CIDR range, IPv4 or IPv6; an IPv4 one in IPv6 clothing counts as IPv4. Undefined for anything else. */
export function parseRange(text: string): IpRange | undefined {
  const [, given = '', length] = /^\s*([^/\s]+)(?:\/(\d{1,3}))?\s*$/.exec(text) ?? []
  const bare = given.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '')
  const mapped = mappedIpv4(bare)
  const version = isIP(mapped ?? bare)
  if (version === 0) return undefined
  const most = version === 4 ? 32 : 128
  const bits = length === undefined ? most : Number(length) - (mapped === undefined ? 0 : 96)
  if (bits < 0 || bits > most) return undefined
  const groups = version === 4 ? ipv4Groups(mapped ?? bare) : ipv6Groups(bare)
  const size = version === 4 ? 8 : 16
  const first = groups.map((group, at) => {
    const kept = Math.min(size, Math.max(0, bits - at * size))
    return kept === 0 ? 0 : Math.floor(group / 2 ** (size - kept)) * 2 ** (size - kept)
  })
  const address = version === 4 ? first.join('.') : shortIpv6(first)
  return { address, bits, family: version === 4 ? 'ipv4' : 'ipv6' }
}

/** A range as it is kept: `192.0.2.7/32`. */
export const rangeText = ({ address, bits }: IpRange): string => `${address}/${bits}`

/** A single address has no length to show. */
export const shownRange = ({ address, bits, family }: IpRange): string =>
  bits === (family === 'ipv4' ? 32 : 128) ? address : `${address}/${bits}`

/** As blocking sees it: an IPv6 range may hold IPv4 addresses too, in their IPv6 clothing. */
export function isWithin(address: string, { address: first, bits, family }: IpRange): boolean {
  const parsed = parseRange(address)
  if (parsed === undefined) return false
  const list = new BlockList()
  list.addSubnet(first, bits, family)
  return list.check(parsed.address, parsed.family)
}

export const isLoopback = (address: string): boolean =>
  address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.')

/** Whether a range holds any address of this machine itself, also in IPv6 clothing. */
export function touchesLoopback(range: IpRange): boolean {
  if (range.address.startsWith('127.') || isWithin('127.0.0.1', range) || isWithin('::1', range)) return true
  if (range.family === 'ipv4') return false
  const list = new BlockList()
  list.addSubnet(range.address, range.bits, 'ipv6')
  return list.check('::ffff:7f00:1', 'ipv6')
}

/** The IPv4 address that an IPv6 one stands for (`::ffff:192.0.2.1`, `::ffff:c000:201`); undefined for any other. */
export function mappedIpv4(address: string): string | undefined {
  if (isIP(address) !== 6) return undefined
  const groups = ipv6Groups(address)
  if (groups.slice(0, 5).some((group) => group !== 0) || groups[5] !== 0xffff) return undefined
  return groups
    .slice(6)
    .flatMap((group) => [Math.floor(group / 256), group % 256])
    .join('.')
}

const ipv4Groups = (text: string): readonly number[] => text.split('.').map(Number)

function ipv6Groups(text: string): readonly number[] {
  const plain = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((group) => group.toString(16)).join(':'),
  )
  const [head = '', tail] = plain.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : new Array<string>(8 - left.length - right.length).fill('0')
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16))
}

/** RFC 5952: lower case, the longest run of zeros left out. */
const shortIpv6 = (groups: readonly number[]): string =>
  new URL(`http://[${groups.map((group) => group.toString(16)).join(':')}]`).hostname.slice(1, -1)
