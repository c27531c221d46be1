import { type AddressInfo, createServer } from 'node:net'

/** Takes every connection on loopback and never says a word. */
export async function startMutePeer(): Promise<{ readonly port: number; readonly stop: () => void }> {
  const server = createServer((socket) => socket.on('error', () => undefined))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, stop: () => void server.close() }
}
