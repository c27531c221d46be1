import { BlockList, isIP } from 'node:net'
import { addressOf, isForwarded, isTrusted, readForwarded } from './forwarded.ts'

/** Who is at the other end. `forwarded`: a proxy stands between, so loopback means nothing. */
export type Peer = {
  readonly address: string
  readonly loopback: boolean
  readonly forwarded: boolean
  /** The client speaks HTTPS, as far as a trusted proxy says so. */
  readonly https: boolean
  /** The names a trusted proxy says the client asked for, outermost first; the `Host` header is not among them. */
  readonly forwardedHosts: readonly string[]
}

export type PeerOf = (request: Request, socketAddress: string | undefined) => Peer

/**
 * Forwarding headers count only when the direct peer is in `trustedProxies` (addresses or CIDR ranges). A peer that comes from
 * `ownHost`, the one address we listen on, is on this machine like one from loopback.
 */
export function createPeerOf(trustedProxies: readonly string[], ownHost?: string): PeerOf {
  const trusted = new BlockList()
  for (const entry of trustedProxies) {
    const [address = '', bits] = entry.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) trusted.addAddress(address, family)
    else trusted.addSubnet(address, Number(bits), family)
  }
  return ({ headers }, socketAddress) => {
    const direct = directAddress(socketAddress ?? '')
    const loopback = direct === '::1' || direct.startsWith('127.') || (direct !== '' && direct === ownHost)
    const forwarded = isForwarded(headers)
    if (!forwarded || !isTrusted(direct, trusted)) {
      return { address: direct, loopback, forwarded, https: false, forwardedHosts: [] }
    }
    const { address = direct, https, hosts } = readForwarded(headers, trusted)
    return { address, loopback, forwarded, https, forwardedHosts: hosts }
  }
}

/** The runtime gives whole addresses: one in digits and points is what it is already. */
const directAddress = (given: string): string => (given.includes(':') ? (addressOf(given) ?? given) : given)
