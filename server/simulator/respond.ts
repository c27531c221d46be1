import { type Answer, failed } from './call.ts'
import { type FailureWire, failureResponse } from './failure.ts'
import { failureOf } from './fault.ts'
import type { NextAnswer, RawAnswer } from './queue.ts'
import { headersWaitMs } from './stream-fault.ts'

/**
 * An operation answered whole, under what the queue holds for it: an error or a raw answer instead; with `slow-headers` a
 * wait before it; with `reset` a broken connection instead; with any other stream fault the operation is done and its
 * answer lost on the way.
 */
export async function wholeAnswer(
  next: NextAnswer | undefined,
  perform: () => Answer,
  wait: (ms: number) => Promise<void>,
): Promise<Answer> {
  if (next?.type === 'raw') return rawAnswer(next.raw)
  if (next?.type !== 'fault') return perform()
  const failure = failureOf(next.fault)
  if (failure !== undefined) return failed(failure, `fault ${next.fault.name}`)
  const waitMs = headersWaitMs(next.fault)
  if (waitMs > 0) {
    await wait(waitMs)
    return perform()
  }
  if (next.fault.name !== 'reset') perform()
  return { type: 'response', response: new Response(asBody(brokenBody())) }
}

/** Bun takes an async iterable as a body; the DOM's types do not know that. */
export const asBody = (bytes: AsyncIterable<Uint8Array>): BodyInit => bytes as unknown as BodyInit

/** Bun breaks the connection when a body throws; thrown `undefined` is not printed. */
// biome-ignore lint/correctness/useYield: it ends before its first byte
async function* brokenBody(): AsyncGenerator<Uint8Array> {
  throw undefined
}

export function rawAnswer(raw: RawAnswer): Answer {
  const init = { status: raw.status, ...(raw.headers === undefined ? {} : { headers: raw.headers }) }
  return { type: 'response', response: new Response(raw.body ?? '', init) }
}

/** Writes an answer in the protocol's form; every one carries a request id. */
export function responseOf(answer: Answer, wire: FailureWire): Response {
  switch (answer.type) {
    case 'failure': {
      const response = failureResponse(answer.failure, wire)
      if (answer.rule !== undefined) response.headers.set('x-simulator-rule', answer.rule.replaceAll(/[^ -~]/g, '?'))
      return response
    }
    case 'json':
      return new Response(JSON.stringify(answer.body), {
        status: answer.status ?? 200,
        headers: {
          'content-type': wire.protocol === 'rpc' ? 'application/x-amz-json-1.0' : 'application/json',
          'x-amzn-requestid': wire.requestId,
        },
      })
    case 'response':
      if (!answer.response.headers.has('x-amzn-requestid'))
        answer.response.headers.set('x-amzn-requestid', wire.requestId)
      return answer.response
  }
}
