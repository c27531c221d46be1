import type { SimulatedMethod } from './account.ts'
import { type Call, isSignIn } from './call.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i

/** Pages a browser opens; nothing is asked of its headers. */
const forBrowsers = new Set(['DevicePage', 'SocialLogin'])

/** A header that our own client must send and did not, or sent wrongly; undefined when all is well. */
export function headerBreach(call: Call, isGet: boolean, clientName: string): string | undefined {
  if (forBrowsers.has(call.operation)) return undefined
  const { headers } = call
  if (!(headers.get('user-agent') ?? '').startsWith(clientName)) return `user-agent does not start with ${clientName}`
  const type = (headers.get('content-type') ?? '').split(';', 1)[0]
  const wanted = call.protocol === 'rpc' ? 'application/x-amz-json-1.0' : 'application/json'
  if (!isGet && type !== wanted) return `content-type is not ${wanted}`
  if (isSignIn(call.operation)) return undefined
  if (!uuid.test(headers.get('amz-sdk-invocation-id') ?? '')) return 'amz-sdk-invocation-id is not a UUID v4'
  if (!/^attempt=\d+; max=\d+$/.test(headers.get('amz-sdk-request') ?? '')) return 'amz-sdk-request has not its form'
  if (!/^(?:true|false)$/.test(headers.get('x-amzn-codewhisperer-optout') ?? '')) {
    return 'x-amzn-codewhisperer-optout is neither true nor false'
  }
  return undefined
}

/** API keys announce themselves; nobody else may. */
export function tokenTypeBreach(headers: Headers, method: SimulatedMethod): string | undefined {
  const type = headers.get('tokentype')
  if (method === 'api-key') return type === 'API_KEY' ? undefined : 'tokentype is not API_KEY'
  return type === null ? undefined : 'tokentype is sent without an API key'
}
