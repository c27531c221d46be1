import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gatewayError } from '../../server/conversation/error.ts'
import type { ClassifyHttpError } from '../../server/upstream/amazonq/control-call.ts'
import type { CredentialStore, Credentials } from '../../server/upstream/amazonq/credentials.ts'
import type { AmazonQSettings } from '../../server/upstream/amazonq/endpoint.ts'

export const startAt = Date.UTC(2026, 0, 15, 12)

/** Waits for something that real loopback traffic brings about. */
export async function until(isTrue: () => boolean): Promise<void> {
  for (const end = performance.now() + 30_000; performance.now() < end; await Bun.sleep(1)) if (isTrue()) return
  throw new Error('never happened')
}

export type Seen = {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Headers
  readonly body: Record<string, unknown>
}
/** `drop` cuts the connection without an answer. */
export type Reply = Response | 'drop'
export type Route = (seen: Seen) => Reply | Promise<Reply>

export const json = (body: unknown, status = 200): Response => Response.json(body, { status })
export const oidcError = (error: string, status = 400): Response =>
  json({ error, error_description: `Described: ${error}` }, status)

/** A provider on loopback: routes by path, or by operation for RPC; everything that came is kept in `seen`. */
export function startProvider(routes: Record<string, Route>) {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const headers = new Headers(request.headers as Record<string, string>)
    const operation = headers.get('x-amz-target')?.split('.').at(-1)
    let text = ''
    for await (const chunk of request) text += chunk
    const one: Seen = {
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers,
      body: text === '' ? {} : JSON.parse(text),
    }
    seen.push(one)
    const route = routes[operation ?? url.pathname] ?? routes[url.pathname.split('/').at(-1) ?? '']
    const reply = route === undefined ? new Response('no such route', { status: 404 }) : await route(one)
    if (reply === 'drop') return void response.destroy()
    response.writeHead(reply.status, Object.fromEntries(reply.headers))
    response.end(await reply.text())
  }).listen(0, '127.0.0.1')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const settings: AmazonQSettings = {
    protocol: 'rpc',
    host: 'q',
    qUrl: `${url}/{region}`,
    oidcUrl: `${url}/oidc/{region}`,
    kiroAuthUrl: `${url}/kiro`,
    origin: 'AI_EDITOR',
    optOut: true,
    defaultRegion: 'us-east-1',
    version: '9.9.9',
    connectTimeoutMs: 5000,
    firstEventTimeoutMs: 5000,
    idleTimeoutMs: 5000,
  }
  const calls = (name: string): readonly Seen[] =>
    seen.filter((one) => one.path.endsWith(`/${name}`) || one.headers.get('x-amz-target')?.split('.').at(-1) === name)
  return { url, seen, settings, routes, calls, stop: () => server.close() }
}

/** Stands in for the shared classifier: the few rows these tests need. */
export const classify: ClassifyHttpError = (status, _headers, text) => {
  const cause = `status ${status}`
  if (status === 401 || /bearer token/i.test(text)) return gatewayError('token-rejected', 'token', { cause })
  if (/suspended/i.test(text)) return gatewayError('account-suspended', 'suspended', { cause })
  if (status === 403) return gatewayError('account-refused', 'refused', { cause })
  if (status === 400) return gatewayError('invalid-request', 'invalid', { cause })
  return gatewayError('upstream-failed', 'failed', { cause })
}

/** Credentials in memory that write down every step, and can be made to fail. */
export function createMemoryStore(initial: Record<string, Credentials>, log: string[] = []) {
  const rows = new Map(Object.entries(initial))
  const state = { failSaves: false }
  const store: CredentialStore = {
    load: async (accountId) => rows.get(accountId),
    save: async (accountId, credentials) => {
      log.push(`saving ${credentials.refreshToken}`)
      await Bun.sleep(2)
      if (state.failSaves) throw Object.assign(new Error('disk'), { code: 'SQLITE_FULL' })
      rows.set(accountId, credentials)
      log.push(`saved ${credentials.refreshToken}`)
    },
  }
  return { store, rows, state, log }
}

export const oidcCredentials = (more: Partial<Credentials> = {}): Credentials => ({
  method: 'builder-id',
  refreshToken: 'fake-refresh-1',
  clientId: 'fake-client',
  clientSecret: 'fake-client-secret',
  identityRegion: 'us-east-1',
  ...more,
})
