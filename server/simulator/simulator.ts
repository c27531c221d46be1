import { type Effects, realEffects } from '../lib/effects.ts'
import type { Account, AccountSpec, SideCall, SimulatedAccount } from './account.ts'
import { type AccountControl, createAccountBook, standingFault } from './account-book.ts'
import { type AssistantDeps, assist, type ReplyOptions } from './assistant.ts'
import {
  type Answer,
  type Call,
  type ControlOperation,
  failed,
  isSignIn,
  type Operation,
  restPaths,
  rpcOperation,
} from './call.ts'
import { bearerRefused, listModels, listProfiles, usageLimits } from './control-plane.ts'
import { type Age, type FailureWire, malformed } from './failure.ts'
import { asFault, failureOf } from './fault.ts'
import { invokeMcp } from './mcp.ts'
import { createOidc } from './oidc.ts'
import { createQueue, type NextAnswer, type Queued, type QueueTarget } from './queue.ts'
import {
  createRecorder,
  headersWithoutBearer,
  maxRecordedBody,
  type RecordedRequest,
  withoutSecrets,
} from './record.ts'
import { rawAnswer, responseOf, wholeAnswer } from './respond.ts'
import { shapeOf, textOf } from './shape.ts'
import { createSignIns, type SignInControl, type SignInOptions } from './sign-ins.ts'
import { createSignatures } from './signature.ts'
import { createSocial } from './social.ts'
import { headerBreach, tokenTypeBreach } from './strict.ts'

export type SimulatorOptions = ReplyOptions & {
  /** Default 0: any free one. */
  readonly port?: number
  /** `/some/path` in front of every path; default none. */
  readonly basePath?: string
  /** Region of a URL that names none; `…/eu-central-1/…` is that region's host. Default `us-east-1`. */
  readonly region?: string
  /** Default `runtime-2026-08`. */
  readonly age?: Age
  /** Checks the headers our own client must send; default true. */
  readonly strict?: boolean
  /** What a user-agent must start with in strict mode; default `claude-server/`. */
  readonly clientName?: string
  readonly signIn?: SignInOptions
  readonly accounts?: readonly AccountSpec[]
  /** How many requests are kept for `requests`; default 256. */
  readonly keepRequests?: number
  readonly effects?: Pick<Effects, 'now' | 'sleep' | 'random' | 'newUuid'>
}

export type Counters = {
  readonly requests: number
  readonly openStreams: number
  readonly peakStreams: number
  /** Bodies that ended normally (faults of the script included). */
  readonly finishedStreams: number
  /** Bodies the client left before their end. */
  readonly abortedStreams: number
  readonly refreshes: number
  readonly refusedRefreshes: number
}

export type Simulator = {
  /** Base URL without a trailing slash: the q, OIDC and social host in one. */
  readonly url: string
  readonly port: number
  readonly accounts: AccountControl
  readonly signIns: SignInControl
  /** What the next matching requests meet; see queue.ts. Tools in `script` replies are not checked against the request. */
  readonly enqueue: (item: Queued, target?: QueueTarget) => void
  readonly clearQueue: () => void
  /** The newest requests, oldest first. */
  readonly requests: () => readonly RecordedRequest[]
  readonly counters: () => Counters
  /** Breaks what is still open. */
  readonly stop: () => Promise<void>
}

/** Starts the provider's simulator on 127.0.0.1: data and control plane, OIDC and social sign-in on one port. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const effects = options.effects ?? realEffects
  const age = options.age ?? 'runtime-2026-08'
  const basePath = (options.basePath ?? '').replace(/\/+$/, '')
  const accounts = createAccountBook(effects)
  const signIns = createSignIns(options.signIn ?? {}, effects)
  const queue = createQueue()
  const recorder = createRecorder(options.keepRequests ?? 256)
  let url = ''
  const signInDeps = { accounts, signIns, effects, url: () => url }
  const signInHandlers = { ...createOidc(signInDeps), ...createSocial(signInDeps) }
  let counters = { requests: 0, openStreams: 0, peakStreams: 0, finishedStreams: 0, abortedStreams: 0 }
  let replies = 0
  const assistant: AssistantDeps = {
    options,
    signatures: createSignatures(),
    effects,
    nextNumber: () => replies++,
    openStream: (account) => {
      const opened = <T extends { readonly openStreams: number; readonly peakStreams: number }>(count: T): T => {
        const openStreams = count.openStreams + 1
        return { ...count, openStreams, peakStreams: Math.max(count.peakStreams, openStreams) }
      }
      counters = opened(counters)
      account.count(opened)
      return (aborted) => {
        const closed = <T extends { readonly openStreams: number; readonly abortedStreams: number }>(count: T): T => ({
          ...count,
          openStreams: count.openStreams - 1,
          abortedStreams: count.abortedStreams + (aborted ? 1 : 0),
        })
        counters = { ...closed(counters), finishedStreams: counters.finishedStreams + (aborted ? 0 : 1) }
        account.count(closed)
      }
    },
  }

  const handle = async (request: Request): Promise<Response> => {
    counters = { ...counters, requests: counters.requests + 1 }
    const where = placeOf(request, basePath, options.region ?? 'us-east-1')
    const target = request.headers.get('x-amz-target')
    const isRpc = where.path === '/' && request.method === 'POST' && target !== null
    const operation = isRpc ? rpcOperation(target) : restPaths[`${request.method} ${where.path}`]
    const bearer = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '')?.[1]
    const found = bearer === undefined ? undefined : accounts.byBearer(bearer)
    const text = request.method === 'POST' ? await request.text() : ''
    const body = parse(text)
    const requestId = effects.newUuid()
    const wire: FailureWire = {
      protocol: isRpc ? 'rpc' : 'rest',
      age: found?.account.switches().age ?? age,
      requestId,
    }
    let answer: Answer = unknownOperation
    if (operation !== undefined) {
      const { signal, headers } = request
      const call: Call = { operation, ...wire, region: where.region, query: where.query, headers, body, signal }
      answer = await answerCall(call, found, text !== '' && body === undefined, request.method === 'GET')
    }
    const response = responseOf(answer, wire)
    recorder.add({
      at: effects.now(),
      requestId,
      operation,
      protocol: wire.protocol,
      method: request.method,
      path: where.path + (where.query.size > 0 ? `?${where.query}` : ''),
      region: where.region,
      headers: headersWithoutBearer(request.headers),
      hasBearer: bearer !== undefined,
      body:
        text.length > maxRecordedBody
          ? undefined
          : operation !== undefined && isSignIn(operation)
            ? withoutSecrets(body)
            : body,
      bodyBytes: Buffer.byteLength(text),
      accountId: found?.account.id,
      status: response.status,
      rule: answer.type === 'failure' ? answer.rule : undefined,
    })
    return response
  }

  const answerCall = async (
    call: Call,
    found: { readonly account: Account; readonly expired: boolean } | undefined,
    isBroken: boolean,
    isGet: boolean,
  ): Promise<Answer> => {
    const breach =
      options.strict === false ? undefined : headerBreach(call, isGet, options.clientName ?? 'claude-server/')
    if (breach !== undefined) return notOurs(breach)
    const { operation } = call
    const wait = (ms: number): Promise<void> => effects.sleep(ms, call.signal)
    if (isSignIn(operation)) {
      const account = accounts.byRefreshToken(textOf(shapeOf(call.body)?.refreshToken) ?? '')
      return wholeAnswer(
        queue.take(operation, account?.id) ?? standingOf(account, operation),
        () => signInHandlers[operation](call),
        wait,
      )
    }
    if (found === undefined || found.expired) return bearerRefused
    const { account } = found
    const typeBreach = options.strict === false ? undefined : tokenTypeBreach(call.headers, account.method)
    if (typeBreach !== undefined) return notOurs(typeBreach)
    if (isBroken) return failed({ ...malformed, type: 'SerializationException' }, 'the body is not JSON')
    const next = queue.take(operation, account.id)
    if (operation === 'GenerateAssistantResponse') {
      return next?.type === 'raw' ? rawAnswer(next.raw) : assist(call, account, next, assistant)
    }
    return wholeAnswer(
      next ?? standingOf(account, operation),
      () => controlAnswer(operation, call, account, effects.now()),
      wait,
    )
  }

  const server = Bun.serve({ hostname: '127.0.0.1', port: options.port ?? 0, idleTimeout: 0, fetch: handle })
  const port = server.port ?? 0
  url = `http://127.0.0.1:${port}${basePath}`
  for (const spec of options.accounts ?? []) accounts.add(spec)
  return {
    url,
    port,
    accounts: { add: (spec): SimulatedAccount => accounts.add(spec), get: accounts.get, list: accounts.list },
    signIns: { pending: signIns.pending, approve: signIns.approve, deny: signIns.deny },
    enqueue: queue.add,
    clearQueue: queue.clear,
    requests: recorder.list,
    counters: () => ({ ...counters, ...accounts.totals() }),
    stop: () => server.stop(true),
  }
}

const unknownOperation = failed(
  { status: 404, type: 'UnknownOperationException', message: 'Unknown operation.' },
  'no such operation',
)

/** Not the service's words: it may not mind, but our client would not be the one we mean to be. */
const notOurs = (breach: string): Answer =>
  failed({ status: 400, type: 'SimulatorException', message: `Simulator (strict): ${breach}.` }, breach)

function placeOf(
  request: Request,
  basePath: string,
  ownRegion: string,
): { readonly path: string; readonly region: string; readonly query: URLSearchParams } {
  const { pathname, searchParams } = new URL(request.url)
  const isInside = basePath === '' || pathname === basePath || pathname.startsWith(`${basePath}/`)
  const inner = isInside ? pathname.slice(basePath.length) : '/outside'
  const region = /^\/([a-z]{2}(?:-[a-z]+)+-\d)(?=\/|$)/.exec(inner)
  const path = region === null ? inner : inner.slice(region[0].length)
  return { path: path === '' ? '/' : path, region: region?.[1] ?? ownRegion, query: searchParams }
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

function controlAnswer(operation: ControlOperation, call: Call, account: Account, now: number): Answer {
  const refusal = standingRefusal(call, account)
  if (refusal !== undefined) return refusal
  switch (operation) {
    case 'ListAvailableModels':
      return listModels(call, account)
    case 'ListAvailableProfiles':
      return listProfiles(call, account)
    case 'GetUsageLimits':
      return usageLimits(call, account, now)
    case 'InvokeMCP':
      return invokeMcp(call, now)
  }
}

/** What one of an account's calls beside conversations meets every time. */
function standingOf(account: Account | undefined, operation: Operation): NextAnswer | undefined {
  const fault = account?.switches().calls?.[operation as SideCall]
  return fault === undefined ? undefined : { type: 'fault', fault: asFault(fault) }
}

/** Token faults and suspension are met by every operation but GetUsageLimits, which a suspended account may still ask. */
function standingRefusal(call: Call, account: Account): Answer | undefined {
  const fault = standingFault(account)
  if (fault === undefined) return undefined
  const isToken = fault.name.startsWith('token-') || fault.name === 'feature-gate'
  const isSuspended = fault.name.startsWith('suspended') && call.operation !== 'GetUsageLimits'
  const failure = isToken || isSuspended ? failureOf(fault) : undefined
  return failure === undefined ? undefined : failed(failure, `fault ${fault.name}`)
}
