import { type BlockList, isIP } from 'node:net'
import { mappedIpv4 } from '../access/ip-range.ts'

/** What the proxies between the client and us say of it. Every member is their word: only a trusted peer's counts. */
export type Forwarded = {
  readonly address?: string
  readonly https: boolean
  /** The names the client asked for, outermost first. */
  readonly hosts: readonly string[]
}

/** Headers that only proxies set: whoever sends one is not, or not for sure, the machine its socket comes from. */
const proxyHeaders = [
  'x-forwarded-for',
  'forwarded',
  'x-real-ip',
  'x-forwarded-host',
  'x-forwarded-proto',
  'via',
  'cf-connecting-ip',
  'true-client-ip',
] as const

export const isForwarded = (headers: Headers): boolean => proxyHeaders.some((name) => headers.has(name))

/**
 * `X-Forwarded-*` where there is any, else `Forwarded` (RFC 7239), else `X-Real-IP`: proxies pass on what they do not know,
 * so the header that nearly all of them write goes before those a client may have made up.
 */
export function readForwarded(headers: Headers, trusted: BlockList): Forwarded {
  const elements = headers.has('x-forwarded-for') ? [] : parseForwarded(headers.get('forwarded') ?? '')
  const chain = list(headers.get('x-forwarded-for')) ?? named(elements, 'for') ?? list(headers.get('x-real-ip'))
  const protocols = list(headers.get('x-forwarded-proto')) ?? named(elements, 'proto') ?? []
  const port = headers.get('x-forwarded-port')?.trim() ?? ''
  const hosts = list(headers.get('x-forwarded-host')) ?? named(elements, 'host') ?? []
  const address = clientOf(chain ?? [], trusted)
  return {
    ...(address === undefined ? {} : { address }),
    https: protocols[0]?.toLowerCase() === 'https',
    hosts: hosts.flatMap((host) =>
      /^\d{1,5}$/.test(port) && !/:\d+$/.test(host) ? [host, `${host}:${port}`] : [host],
    ),
  }
}

/**
 * The right-most address that is not a trusted proxy: everything left of it may be made up by the client. All trusted: the
 * left-most, since then the client is one of them. Nothing left of an entry that is no address (`unknown`) is believed.
 */
function clientOf(chain: readonly string[], trusted: BlockList): string | undefined {
  let address: string | undefined
  for (const hop of chain.toReversed()) {
    const read = addressOf(hop)
    if (read === undefined) return address
    address = read
    if (!isTrusted(read, trusted)) return read
  }
  return address
}

export const isTrusted = (address: string, trusted: BlockList): boolean => {
  const version = isIP(address)
  return version !== 0 && trusted.check(address, version === 6 ? 'ipv6' : 'ipv4')
}

/** An address without port, brackets, quotes, zone and IPv6 clothing; undefined for anything else. */
export function addressOf(hop: string): string | undefined {
  const bare = hop.trim().replace(/^"(.*)"$/, '$1')
  const inner = /^\[([^\]]*)\](?::\d+)?$/.exec(bare)?.[1] ?? /^([\d.]+):\d+$/.exec(bare)?.[1] ?? bare
  const address = inner.replace(/%.*$/, '')
  return isIP(address) === 0 ? undefined : (mappedIpv4(address) ?? address)
}

function list(header: string | null): readonly string[] | undefined {
  const items = (header ?? '').split(',').map((item) => item.trim())
  return items.some((item) => item !== '') ? items : undefined
}

type Element = ReadonlyMap<string, string>

/** The elements of a `Forwarded` header, names in lower case; quoted values may hold commas and semicolons. */
function parseForwarded(header: string): readonly Element[] {
  const elements: Map<string, string>[] = [new Map()]
  for (const [, name, quoted, plain, end] of header.matchAll(
    /\s*([\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^,;\s]*))\s*([,;]?)/g,
  )) {
    elements.at(-1)?.set((name ?? '').toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '')
    if (end === ',') elements.push(new Map())
  }
  return elements
}

/** One value of each element; an element without it stays, empty, so that a chain keeps its gaps. */
function named(elements: readonly Element[], name: string): readonly string[] | undefined {
  const values = elements.map((element) => element.get(name) ?? '')
  return values.some((value) => value !== '') ? values : undefined
}
