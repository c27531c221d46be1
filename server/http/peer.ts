import { BlockList, isIP } from 'node:net'

/** Who is at the other end. `forwarded`: a proxy stands between, so loopback means nothing. */
export type Peer = {
  readonly address: string
  readonly loopback: boolean
  readonly forwarded: boolean
  /** The client speaks HTTPS, as far as a trusted proxy says so. */
  readonly https: boolean
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
  return (request, socketAddress) => {
    const direct = plain(socketAddress ?? '')
    const { headers } = request
    const forwarded = headers.has('forwarded') || headers.has('x-forwarded-for') || headers.has('x-real-ip')
    const believed =
      trustedProxies.length > 0 && isIP(direct) !== 0 && trusted.check(direct, isIP(direct) === 6 ? 'ipv6' : 'ipv4')
    const claimed = believed ? lastUntrusted(headers.get('x-forwarded-for'), trusted) : undefined
    return {
      address: claimed ?? direct,
      loopback: direct === '::1' || direct.startsWith('127.') || (direct !== '' && direct === ownHost),
      forwarded,
      https: believed && headers.get('x-forwarded-proto')?.split(',').at(-1)?.trim() === 'https',
    }
  }
}

const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/, '')

/** The right-most address that is not one of ours: everything left of it may be made up by the client. */
function lastUntrusted(header: string | null, trusted: BlockList): string | undefined {
  const hops = (header ?? '').split(',').map((hop) => plain(hop.trim()))
  return hops.findLast((hop) => isIP(hop) !== 0 && !trusted.check(hop, isIP(hop) === 6 ? 'ipv6' : 'ipv4'))
}
