import { connect, createServer, type Socket } from 'node:net'

export type ProxyServer = {
  /** With the login, when it wants one. */
  readonly url: string
  readonly port: number
  /** `METHOD target` of every request and tunnel, in the order they came. */
  readonly targets: string[]
  /** `user:password` of each of them; empty where none was given. */
  readonly logins: string[]
  /** Lets nothing through any more, and cuts what is open; `up` undoes it. */
  readonly down: () => void
  readonly up: () => void
  /** How many came while it was down. */
  readonly refused: () => number
  readonly stop: () => void
}

/** A small real HTTP proxy on loopback: tunnels (CONNECT) and plain requests, one per connection, with or without a login. */
export async function startProxyServer(login?: {
  readonly user: string
  readonly password: string
}): Promise<ProxyServer> {
  const targets: string[] = []
  const logins: string[] = []
  const sockets = new Set<Socket>()
  let isDown = false
  let refused = 0
  const expected = login === undefined ? undefined : Buffer.from(`${login.user}:${login.password}`).toString('base64')
  const server = createServer((client) => {
    if (isDown) {
      refused++
      return void client.destroy()
    }
    sockets.add(client)
    client.on('close', () => sockets.delete(client))
    client.on('error', () => client.destroy())
    let seen = Buffer.alloc(0)
    const read = (chunk: Buffer): void => {
      seen = Buffer.concat([seen, chunk])
      const end = seen.indexOf('\r\n\r\n')
      if (end < 0) return
      client.off('data', read)
      client.pause() // what comes before the target is there must wait for it
      const [line = '', ...fields] = seen.subarray(0, end).toString('latin1').split('\r\n')
      const [method = '', where = '', version = ''] = line.split(' ')
      targets.push(`${method} ${where}`)
      const given = fields.map((field) => /^proxy-authorization: *basic +(.*)$/i.exec(field)?.[1]).find(Boolean)
      logins.push(Buffer.from(given ?? '', 'base64').toString('utf8'))
      if (expected !== undefined && given !== expected) {
        const refusal = 'HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm="x"\r\n'
        return void client.end(`${refusal}content-length: 0\r\nconnection: close\r\n\r\n`)
      }
      const plain = method === 'CONNECT' ? undefined : new URL(where)
      const port = plain === undefined ? where.split(':').at(-1) : plain.port
      const rest = seen.subarray(end + 4)
      const target = connect(Number(port), '127.0.0.1', () => {
        if (plain === undefined) client.write('HTTP/1.1 200 Connection established\r\n\r\n')
        else {
          const kept = fields.filter((field) => !/^(proxy-[\w-]+|connection):/i.test(field))
          const opening = [
            `${method} ${plain.pathname}${plain.search} ${version}`,
            ...kept,
            'connection: close',
            '',
            '',
          ]
          target.write(opening.join('\r\n'))
        }
        if (rest.length > 0) target.write(rest)
        client.pipe(target)
        // One request per connection: the answer must say so, whatever the target means to do.
        if (plain !== undefined) {
          target.once('data', (first: Buffer) => {
            const [status = '', ...more] = first.toString('latin1').split('\r\n')
            client.write([status, 'connection: close', ...more].join('\r\n'), 'latin1')
            target.pipe(client)
          })
        } else target.pipe(client)
      })
      target.on('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'))
      target.on('close', () => client.end())
      client.on('close', () => target.end())
    }
    client.on('data', read)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const who = login === undefined ? '' : `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}@`
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `http://${who}127.0.0.1:${port}`,
    port,
    targets,
    logins,
    down: () => {
      isDown = true
      cut()
    },
    up: () => {
      isDown = false
    },
    refused: () => refused,
    stop: () => {
      cut()
      server.close()
    },
  }
}
