import { createServer, type Server, type Socket } from 'node:net'
import type { SocksProxy } from 'socks'
import { randomText } from '../lib/effects.ts'

export type SocksBridge = {
  /**
   * An `http://` proxy address, usable by this process only, that leads through the SOCKS proxy. The same for the same URL. `of`: the
   * address as it was set, when this is it for one session.
   */
  readonly addressFor: (socksUrl: string, of?: string) => Promise<string>
  /** Forgets all but these, as they were set; what runs through them goes on. */
  readonly keepOnly: (socksUrls: readonly string[]) => void
  readonly close: () => Promise<void>
}

/** On the bridge's own answers, which are not the target's: what went wrong. */
export const bridgeFaultHeader = 'x-bridge-fault'
const maxHeadBytes = 64 * 1024
const connectTimeoutMs = 30_000
/** One for each account where an address has sessions; the oldest is made anew when it is needed again. */
const mostWays = 20_000

/**
 * Bun's fetch speaks to HTTP proxies only. This is a proxy on loopback that passes each connection on through a SOCKS5
 * proxy; it asks for a secret of its own, so that nobody else on the machine can borrow the way out.
 */
export function createSocksBridge(): SocksBridge {
  const ways = new Map<string, { readonly secret: string; readonly proxy: SocksProxy; readonly of: string }>()
  const bySecret = new Map<string, SocksProxy>()
  const sockets = new Set<Socket>()
  let listening: Promise<{ readonly server: Server; readonly port: number }> | undefined

  const wayOf = (head: string): SocksProxy | undefined => {
    const basic = /^proxy-authorization: *basic +([\w+/=]+) *$/im.exec(head)?.[1] ?? ''
    const secret = Buffer.from(basic, 'base64').toString('utf8').split(':')[1]
    return bySecret.get(secret ?? '')
  }

  const forget = (socksUrl: string): void => {
    bySecret.delete(ways.get(socksUrl)?.secret ?? '')
    ways.delete(socksUrl)
  }

  const hold = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  }

  async function serve(client: Socket, head: string, rest: Buffer): Promise<void> {
    const proxy = wayOf(head)
    if (proxy === undefined) return void client.end(refusal('407 Proxy Authentication Required', 'ERR_PROXY_AUTH'))
    const target = targetOf(head)
    if (target === undefined) return void client.end(refusal('400 Bad Request', 'ERR_PROXY'))
    try {
      const { SocksClient } = await import('socks')
      const { socket } = await SocksClient.createConnection({
        proxy,
        command: 'connect',
        destination: { host: target.host, port: target.port },
        timeout: connectTimeoutMs,
      })
      hold(socket)
      // Who has left meanwhile closes nothing any more.
      if (client.destroyed) return void socket.destroy()
      if (target.opening === undefined) client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      else socket.write(target.opening)
      if (rest.length > 0) socket.write(rest)
      client.on('close', () => socket.end())
      socket.on('close', () => client.end())
      client.pipe(socket)
      if (target.opening === undefined) socket.pipe(client)
      else pipeLastAnswer(socket, client)
    } catch {
      client.end(refusal('502 Bad Gateway', 'ERR_SOCKS'))
    }
  }

  const listen = (): Promise<{ readonly server: Server; readonly port: number }> =>
    new Promise((resolve, reject) => {
      const server = createServer((client) => {
        hold(client)
        let seen = Buffer.alloc(0)
        const read = (chunk: Buffer): void => {
          seen = Buffer.concat([seen, chunk])
          const end = seen.indexOf('\r\n\r\n')
          if (end < 0) {
            if (seen.length > maxHeadBytes) client.destroy()
            return
          }
          client.off('data', read)
          client.pause()
          void serve(client, seen.subarray(0, end).toString('latin1'), seen.subarray(end + 4))
        }
        client.on('data', read)
      })
      server.on('error', reject)
      server.listen(0, '127.0.0.1', () => {
        const address = server.address()
        resolve({ server, port: typeof address === 'object' && address !== null ? address.port : 0 })
      })
    })

  return {
    addressFor: async (socksUrl, of = socksUrl) => {
      listening ??= listen()
      const { port } = await listening
      let way = ways.get(socksUrl)
      if (way === undefined) {
        way = { secret: randomText(32), proxy: socksProxyOf(socksUrl), of }
        ways.set(socksUrl, way)
        bySecret.set(way.secret, way.proxy)
        for (const oldest of ways.keys()) {
          if (ways.size <= mostWays) break
          forget(oldest)
        }
      }
      return `http://way:${way.secret}@127.0.0.1:${port}`
    },
    keepOnly: (socksUrls) => {
      const kept = new Set(socksUrls)
      for (const [known, { of }] of ways) if (!kept.has(of)) forget(known)
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      const open = await listening
      await new Promise<void>((resolve) => (open === undefined ? resolve() : open.server.close(() => resolve())))
    },
  }
}

const refusal = (status: string, fault: string): string =>
  `HTTP/1.1 ${status}\r\n${bridgeFaultHeader}: ${fault}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`

/**
 * Passes the answer on and says that the connection ends with it: the target may keep its own open, but the next request of
 * this client may be for another target.
 */
function pipeLastAnswer(socket: Socket, client: Socket): void {
  let seen = Buffer.alloc(0)
  const read = (chunk: Buffer): void => {
    seen = Buffer.concat([seen, chunk])
    const end = seen.indexOf('\r\n\r\n')
    if (end < 0 && seen.length <= maxHeadBytes) return
    socket.off('data', read)
    const [line = '', ...fields] = seen.subarray(0, end).toString('latin1').split('\r\n')
    const kept = fields.filter((field) => !/^(connection|keep-alive):/i.test(field))
    client.write([line, ...kept, 'connection: close', '', ''].join('\r\n'), 'latin1')
    client.write(seen.subarray(end + 4))
    socket.pipe(client)
  }
  socket.on('data', read)
}

function socksProxyOf(socksUrl: string): SocksProxy {
  const { hostname, port, username, password } = new URL(socksUrl)
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? 1080 : Number(port),
    type: 5,
    ...(username === '' ? {} : { userId: decodeURIComponent(username), password: decodeURIComponent(password) }),
  }
}

/** Where the client wants to go. `opening`: for a plain request, its head as the target expects it. */
function targetOf(
  head: string,
): { readonly host: string; readonly port: number; readonly opening?: string } | undefined {
  const [line = '', ...fields] = head.split('\r\n')
  const [method = '', where = '', version = ''] = line.split(' ')
  if (method === 'CONNECT') {
    const [, host = '', port = ''] = /^(.+):(\d+)$/.exec(where) ?? []
    return host === '' ? undefined : { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) }
  }
  const url = URL.parse(where)
  if (url === null || url.protocol !== 'http:') return undefined
  // One request per connection: a second one might be for another host.
  const kept = fields.filter((field) => !/^(proxy-[\w-]+|connection):/i.test(field))
  const opening = [`${method} ${url.pathname}${url.search} ${version}`, ...kept, 'connection: close', '', ''].join(
    '\r\n',
  )
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: url.port === '' ? 80 : Number(url.port), opening }
}
