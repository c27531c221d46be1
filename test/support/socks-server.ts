import { connect, createServer, type Socket } from 'node:net'

export type SocksServer = {
  readonly url: string
  /** `host:port` of every connection asked for. */
  readonly targets: string[]
  readonly logins: string[]
  readonly stop: () => void
}

/** A small real SOCKS5 server on loopback (RFC 1928, 1929). Every name it is asked for leads to 127.0.0.1. */
export async function startSocksServer(login?: {
  /** Absent: whoever comes. */
  readonly user?: string
  readonly password: string
}): Promise<SocksServer> {
  const targets: string[] = []
  const logins: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    sockets.add(client)
    client.on('error', () => client.destroy())
    let stage: 'hello' | 'login' | 'request' | 'open' = 'hello'
    client.on('data', (data: Buffer) => {
      if (stage === 'hello') {
        stage = login === undefined ? 'request' : 'login'
        client.write(Buffer.from([5, login === undefined ? 0 : 2]))
      } else if (stage === 'login') {
        const user = data.subarray(2, 2 + (data[1] ?? 0)).toString()
        const password = data.subarray(3 + (data[1] ?? 0)).toString()
        logins.push(user)
        const good = user === (login?.user ?? user) && password === login?.password
        client.write(Buffer.from([1, good ? 0 : 1]))
        if (good) stage = 'request'
        else client.end()
      } else if (stage === 'request') {
        stage = 'open'
        const named = data[3] === 3
        const length = named ? (data[4] ?? 0) + 1 : 4
        const host = named ? data.subarray(5, 4 + length).toString() : [...data.subarray(4, 8)].join('.')
        const port = data.readUInt16BE(4 + length)
        targets.push(`${host}:${port}`)
        const target = connect(port, '127.0.0.1', () => {
          client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
          client.pipe(target)
          target.pipe(client)
        })
        target.on('error', () => client.end(Buffer.from([5, 5, 0, 1, 0, 0, 0, 0, 0, 0])))
        target.on('close', () => client.end())
        client.on('close', () => target.end())
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const who = login === undefined ? '' : `${login.user ?? '{session}'}:${login.password}@`
  return {
    url: `socks5://${who}127.0.0.1:${port}`,
    targets,
    logins,
    stop: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
