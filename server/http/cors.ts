import { clientEdgeHeaders, edgeHeaders } from './edge-headers.ts'
import { exposedHeaders } from './exposed-headers.ts'

/** Which pages of other origins may call the client APIs and read their answers. */
export type Cors = {
  /** The answer to the question a browser asks ahead of the call. */
  readonly preflight: (request: Request) => Response
  /** Puts an answer, which was made for everybody, right for who asked. */
  readonly settle: (request: Request, response: Response) => Response
}

const asked = {
  'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
  'access-control-allow-headers':
    'authorization, content-type, x-api-key, anthropic-version, anthropic-beta, anthropic-dangerous-direct-browser-access, *',
  'access-control-max-age': '86400',
}

/** What every answer of the client APIs says: the key in the request decides, not the page, and cookies mean nothing there. */
export const openToAll = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': exposedHeaders,
} as const

/** `origins`: pages such as `https://app.example.com`; `*` among them: all; none: no page but the gateway's own. */
export function createCors(origins: readonly string[]): Cors {
  if (origins.includes('*')) {
    return {
      preflight: () => answer({ 'access-control-allow-origin': '*', ...asked }),
      settle: (_request, response) => response,
    }
  }
  const allowed = new Set(origins.map((origin) => URL.parse(origin)?.origin ?? origin))
  const originOf = ({ headers }: Request): string | undefined => {
    const origin = headers.get('origin')
    return origin !== null && allowed.has(origin) ? origin : undefined
  }
  return {
    preflight: (request) => {
      const origin = originOf(request)
      return answer({ vary: 'Origin', ...(origin && { 'access-control-allow-origin': origin, ...asked }) })
    },
    settle: (request, response) => {
      const { headers } = response
      const origin = originOf(request)
      headers.append('vary', 'Origin')
      if (origin !== undefined) headers.set('access-control-allow-origin', origin)
      else for (const name of Object.keys(openToAll)) headers.delete(name)
      return response
    },
  }
}

/** Closes an answer that was made for everybody to pages of other origins, as all of the admin API is. */
export function closed(response: Response): Response {
  for (const name of Object.keys(openToAll)) response.headers.delete(name)
  for (const [name, value] of Object.entries(edgeHeaders)) response.headers.set(name, value)
  return response
}

const answer = (headers: Readonly<Record<string, string>>): Response =>
  new Response(null, { status: 204, headers: { ...clientEdgeHeaders, ...headers } })
