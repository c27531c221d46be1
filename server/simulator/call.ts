import type { Age, Failure, Protocol } from './failure.ts'
import type { Shape } from './shape.ts'

/** The operations the simulator answers; the names `enqueue` and the record use. */
export type Operation = 'GenerateAssistantResponse' | ControlOperation | SignInOperation

export type ControlOperation = 'ListAvailableModels' | 'ListAvailableProfiles' | 'GetUsageLimits' | 'InvokeMCP'

export type SignInOperation =
  | 'RegisterClient'
  | 'StartDeviceAuthorization'
  | 'CreateToken'
  | 'UserInfo'
  | 'DevicePage'
  | 'SocialLogin'
  | 'SocialToken'
  | 'SocialRefresh'
  | 'SocialLogout'
  | 'SocialDevice'
  | 'SocialPoll'

/** One request, as far as it has been read. */
export type Call = {
  readonly operation: Operation
  readonly protocol: Protocol
  readonly requestId: string
  readonly age: Age
  /** Region of the host: the first segment of the path when it is one, else the simulator's own. */
  readonly region: string
  readonly query: URLSearchParams
  readonly headers: Headers
  /** Parsed JSON; undefined when there is none or it is broken. */
  readonly body: unknown
  readonly signal: AbortSignal
}

/** What a handler gives: a failure, a JSON body, or a response of its own. */
export type Answer =
  | { readonly type: 'failure'; readonly failure: Failure; readonly rule?: string }
  | { readonly type: 'json'; readonly body: Shape; readonly status?: number }
  | { readonly type: 'response'; readonly response: Response }

export const failed = (failure: Failure, rule?: string): Answer => ({
  type: 'failure',
  failure,
  ...(rule === undefined ? {} : { rule }),
})

export const json = (body: Shape, status = 200): Answer => ({ type: 'json', body, status })

/** `client/register` -> operation; the paths of all services lie side by side on the one port. */
export const restPaths: Readonly<Record<string, Operation>> = {
  'POST /generateAssistantResponse': 'GenerateAssistantResponse',
  'POST /mcp': 'InvokeMCP',
  'GET /ListAvailableModels': 'ListAvailableModels',
  'GET /List-Available-Models': 'ListAvailableModels',
  'POST /ListAvailableProfiles': 'ListAvailableProfiles',
  'POST /List-Available-Profiles': 'ListAvailableProfiles',
  'GET /getUsageLimits': 'GetUsageLimits',
  'GET /Get-Usage-Limits': 'GetUsageLimits',
  'POST /client/register': 'RegisterClient',
  'POST /device_authorization': 'StartDeviceAuthorization',
  'POST /token': 'CreateToken',
  'GET /userinfo': 'UserInfo',
  'GET /device': 'DevicePage',
  'GET /login': 'SocialLogin',
  'POST /oauth/token': 'SocialToken',
  'POST /refreshToken': 'SocialRefresh',
  'POST /logout': 'SocialLogout',
  'POST /oauth/device/authorization': 'SocialDevice',
  'POST /oauth/device/poll': 'SocialPoll',
}

const rpcOperations = new Set<Operation>([
  'GenerateAssistantResponse',
  'ListAvailableModels',
  'ListAvailableProfiles',
  'GetUsageLimits',
  'InvokeMCP',
])

/** The operation of an `X-Amz-Target`: what stands after the last dot. */
export function rpcOperation(target: string): Operation | undefined {
  const name = target.slice(target.lastIndexOf('.') + 1) as Operation
  return rpcOperations.has(name) ? name : undefined
}

export const isSignIn = (operation: Operation): operation is SignInOperation => !rpcOperations.has(operation)
