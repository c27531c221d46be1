import { networkInterfaces } from 'node:os'

const most = 8

/** Where other machines of the network reach a server that listens on `host`; link-local addresses need a zone, which clients do not take. */
export function lanUrlsOf(host: string, port: number, interfaces = networkInterfaces()): readonly string[] {
  const isEverywhere = host === '0.0.0.0' || host === '::' || host === '[::]'
  return Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !/^(169\.254\.|fe[89ab])/i.test(address))
    .filter(({ family, address }) => (isEverywhere ? host !== '0.0.0.0' || family === 'IPv4' : address === host))
    .toSorted((one, other) => one.family.localeCompare(other.family))
    .slice(0, most)
    .map(({ family, address }) => `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`)
}
