import type { Effects } from '../lib/effects.ts'
import type { Account } from './account.ts'
import { standingFault } from './account-book.ts'
import { answer } from './brain.ts'
import { type Answer, type Call, failed } from './call.ts'
import { errorFaults, type Fault, failureOf } from './fault.ts'
import { framesOf } from './frames.ts'
import { readPrompt } from './prompt.ts'
import type { NextAnswer } from './queue.ts'
import { spentFault } from './quota.ts'
import { asBody } from './respond.ts'
import { textOf } from './shape.ts'
import type { Signatures } from './signature.ts'
import type { Script } from './step.ts'
import { streamBody, type WriteMode } from './stream.ts'
import { headersWaitMs, piecesUnder, scriptUnder } from './stream-fault.ts'
import { type Checked, validate } from './validate.ts'

export type ReplyOptions = {
  /** Default: on RPC always in the older age, every other time in the newer; never on REST. */
  readonly initialResponse?: boolean
  /** Rotates the order of frame headers; default in the newer age. */
  readonly variedHeaders?: boolean
  /** `metadataEvent` carries `tokenUsage`; default false, as measured. */
  readonly tokenUsage?: boolean
  /** Milliseconds before each content frame of an automatic reply; default 0. */
  readonly paceMs?: number
  /** Milliseconds before the answer starts; default 0. */
  readonly firstDelayMs?: number
  /** Default `frame`. */
  readonly write?: WriteMode
}

export type AssistantDeps = {
  readonly options: ReplyOptions
  readonly signatures: Signatures
  readonly effects: Pick<Effects, 'sleep' | 'newUuid'>
  readonly nextNumber: () => number
  /** Called when a body starts; the returned function when it ends. */
  readonly openStream: (account: Account) => (aborted: boolean) => void
}

/** Answers GenerateAssistantResponse for an account whose bearer is good. `next` is what the queue holds for it. */
export async function assist(
  call: Call,
  account: Account,
  next: NextAnswer | undefined,
  deps: AssistantDeps,
): Promise<Answer> {
  const fault = next?.type === 'fault' ? next.fault : standingFault(account)
  const refusal = fault === undefined ? undefined : failureOf(fault)
  const isInTime = account.takeTurn()
  if (refusal !== undefined) return failed(refusal, `fault ${fault?.name}`)
  if (!isInTime) return failed(errorFaults.rate, 'over requestsPerMinute')
  const spent = spentFault(account.quota())
  if (spent !== undefined) return failed(failureOf({ name: spent }) ?? errorFaults['monthly-limit'], 'nothing left')

  const checked = validate(call.body, {
    region: call.region,
    age: call.age,
    models: account.modelsIn(call.region),
    isOwnSignature: deps.signatures.isOwn,
    isOwnRedaction: deps.signatures.isOwnRedaction,
    old: account.switches().refuses ?? [],
  })
  if ('rule' in checked) return failed(checked.failure, checked.rule)
  const arn = textOf(checked.body.profileArn)
  const { requiresProfile } = account.switches()
  if (arn === undefined && requiresProfile !== false) {
    const wanting = requiresProfile === 'chat' ? 'profile-required-403' : 'profile-required'
    return failed(errorFaults[wanting], 'profileArn is required')
  }
  if (
    arn !== undefined &&
    account.method !== 'builder-id' &&
    account.profileArn !== undefined &&
    arn !== account.profileArn
  ) {
    return failed(errorFaults.forbidden, "profileArn is another account's")
  }
  if (next?.type === 'script') return reply(call, account, checked, next.script, undefined, undefined, deps)
  const { script, told } = answer(readPrompt(checked), checked.model)
  const toldRefusal = told.fault === undefined ? undefined : failureOf(told.fault)
  if (toldRefusal !== undefined) return failed(toldRefusal, `fault ${told.fault?.name}`)
  return reply(call, account, checked, script, fault ?? told.fault, told.paceMs ?? deps.options.paceMs, deps)
}

async function reply(
  call: Call,
  account: Account,
  checked: Checked,
  script: Script,
  fault: Fault | undefined,
  paceMs: number | undefined,
  deps: AssistantDeps,
): Promise<Answer> {
  const { options, signatures, effects } = deps
  const age = script.age ?? call.age
  const number = deps.nextNumber()
  const frames = framesOf(
    scriptUnder(account.switches().sendsAccounting ? script : { ...script, closing: false }, fault),
    {
      age,
      model: checked.model,
      inputTokens: checked.inputTokens,
      initialResponse:
        call.protocol === 'rpc' && (options.initialResponse ?? (age === 'q-2026-05' || number % 2 === 0)),
      variedHeaders: options.variedHeaders ?? age !== 'q-2026-05',
      tokenUsage: options.tokenUsage ?? false,
      paceMs: paceMs ?? 0,
      number,
      sign: signatures.sign,
      redact: signatures.redact,
      onCharge: account.charge,
    },
    fault,
  )
  const wait = (options.firstDelayMs ?? 0) + headersWaitMs(fault)
  if (wait > 0) await effects.sleep(wait, call.signal)
  account.count((counts) => ({ ...counts, replies: counts.replies + 1 }))
  let close: (aborted: boolean) => void = () => {}
  const watch = {
    onOpen: () => {
      close = deps.openStream(account)
    },
    onClose: (aborted: boolean) => close(aborted),
  }
  const body = streamBody(piecesUnder(frames, fault), options.write ?? 'frame', watch, effects, call.signal)
  const headers = {
    'content-type': 'application/vnd.amazon.eventstream',
    'cache-control': 'no-cache',
    'x-amzn-requestid': call.requestId,
    ...(call.protocol === 'rest' ? { 'x-amzn-codewhisperer-conversation-id': conversationOf(checked, effects) } : {}),
  }
  return { type: 'response', response: new Response(asBody(body), { headers }) }
}

function conversationOf(checked: Checked, effects: Pick<Effects, 'newUuid'>): string {
  const state = checked.body.conversationState as { readonly conversationId?: unknown }
  return textOf(state.conversationId) ?? effects.newUuid()
}
