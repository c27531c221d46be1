import type { RequestView } from '../../server/admin/contract/logs.ts'
import { listOf, type Shape, shapeOf, textOf } from '../../server/simulator/shape.ts'
import type { Gateway } from '../support/gateway.ts'

/** One request as the provider got it, cut to what a client decides. */
export type Asked = {
  /** Of the current message; in a conversation's first turn the system prompt stands before it. */
  readonly text: string
  readonly tools: readonly string[]
  readonly results: readonly string[]
  /** Base64, of the whole conversation. */
  readonly images: readonly string[]
  /** Texts of the turns before, in order. */
  readonly earlier: readonly string[]
}

/** What gateway and provider have seen since it was made. */
export type Witness = {
  readonly asked: () => readonly Asked[]
  /** The gateway's request log, oldest first; waits for `atLeast` entries, as they are written a little later. */
  readonly logged: (atLeast: number) => Promise<readonly RequestView[]>
}

export function watchGateway(gateway: Gateway): Witness {
  const chats = () =>
    gateway.simulator.requests().filter((request) => request.operation === 'GenerateAssistantResponse')
  const rows = async (): Promise<readonly RequestView[]> =>
    (await gateway.admin('GET', '/v2/logs?limit=1000')).logs as readonly RequestView[]
  const chatsBefore = chats().length
  const since = new Date().toISOString()
  return {
    asked: () =>
      chats()
        .slice(chatsBefore)
        .map((request) => readAsked(shapeOf(request.body) ?? {})),
    logged: async (atLeast) => {
      for (let tries = 0; ; tries++) {
        const found = (await rows()).filter((row) => row.timestamp >= since)
        if (found.length >= atLeast) return found.toReversed()
        if (tries === 100) throw new Error(`the log has ${found.length} new entries, not ${atLeast}`)
        await Bun.sleep(50)
      }
    },
  }
}

function readAsked(body: Shape): Asked {
  const state = shapeOf(body.conversationState) ?? {}
  const current = shapeOf(shapeOf(state.currentMessage)?.userInputMessage) ?? {}
  const earlier = listOf(state.history).map(
    (turn) => shapeOf(shapeOf(turn)?.userInputMessage) ?? shapeOf(shapeOf(turn)?.assistantResponseMessage) ?? {},
  )
  const context = shapeOf(current.userInputMessageContext)
  return {
    text: textOf(current.content) ?? '',
    tools: listOf(context?.tools).map((tool) => textOf(shapeOf(shapeOf(tool)?.toolSpecification)?.name) ?? ''),
    results: listOf(context?.toolResults).map((result) => JSON.stringify(shapeOf(result)?.content)),
    images: [...earlier, current].flatMap((turn) =>
      listOf(turn.images).map((image) => textOf(shapeOf(shapeOf(image)?.source)?.bytes) ?? ''),
    ),
    earlier: earlier.map((turn) => textOf(turn.content) ?? ''),
  }
}
