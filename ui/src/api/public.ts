import { ApiError, faultOf } from './client.ts'

/** Asks the public API for its models, as a client with this key would; gives how many there are. Without the session's cookie. */
export async function tryKey(key: string): Promise<number> {
  let response: Response
  try {
    response = await fetch('/v1/models', { credentials: 'omit', headers: { authorization: `Bearer ${key}` } })
  } catch {
    throw new ApiError({ status: 0, code: 'UNREACHABLE', message: 'The server cannot be reached.' })
  }
  const body: unknown = await response.json().catch(() => undefined)
  if (!response.ok) throw faultOf(response.status, body, response.headers)
  const { data } = body as { readonly data?: readonly unknown[] }
  return data?.length ?? 0
}
