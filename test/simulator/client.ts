import { createFrameDecoder, type Frame } from '../../server/codec/eventstream.ts'
import type { SimulatedAccount } from '../../server/simulator/account.ts'
import type { Simulator } from '../../server/simulator/simulator.ts'

export type Json = Record<string, unknown>

export const user = (content: string, more: Json = {}): Json => ({
  userInputMessage: { content, origin: 'AI_EDITOR', ...more },
})
export const assistant = (content: string, more: Json = {}): Json => ({
  assistantResponseMessage: { content, ...more },
})
export const tool = (name: string, more: Json = {}): Json => ({
  toolSpecification: { name, description: `The tool ${name}`, inputSchema: { json: citySchema }, ...more },
})
export const citySchema: Json = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
export const result = (toolUseId: string, text = 'fine'): Json => ({
  toolUseId,
  content: [{ text }],
  status: 'success',
})

/** A lawful body; `message` and `state` change the current message and the conversation state. */
export function body(content: string, message: Json = {}, state: Json = {}, top: Json = {}): Json {
  return {
    conversationState: {
      conversationId: 'conversation-1',
      chatTriggerType: 'MANUAL',
      history: [],
      currentMessage: user(content, { modelId: 'claude-sonnet-4.5', ...message }),
      ...state,
    },
    ...top,
  }
}

export const headersFor = (account: SimulatedAccount, more: Record<string, string> = {}): Record<string, string> => {
  const { accessToken, apiKey } = account.secrets()
  return {
    authorization: `Bearer ${apiKey ?? accessToken}`,
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'AmazonCodeWhispererStreamingService.GenerateAssistantResponse',
    'user-agent': 'claude-server/0.0.0 test',
    'amz-sdk-invocation-id': '7c3d3a4e-7d3c-4f0e-8a54-0a4ad3c1b111',
    'amz-sdk-request': 'attempt=1; max=3',
    'x-amzn-codewhisperer-optout': 'true',
    ...(apiKey === undefined ? {} : { tokentype: 'API_KEY' }),
    ...more,
  }
}

export function ask(
  simulator: Simulator,
  account: SimulatedAccount,
  content: unknown,
  init: RequestInit = {},
): Promise<Response> {
  return fetch(`${simulator.url}/`, {
    method: 'POST',
    headers: headersFor(account),
    body: typeof content === 'string' ? content : JSON.stringify(content),
    ...init,
  })
}

/** A control-plane call by RPC. */
export function control(
  simulator: Simulator,
  account: SimulatedAccount,
  operation: string,
  members: Json = {},
): Promise<Response> {
  const target = `AmazonCodeWhispererService.${operation}`
  return ask(simulator, account, members, { headers: headersFor(account, { 'x-amz-target': target }) })
}

export function post(url: string, members: Json): Promise<Response> {
  const headers = { 'content-type': 'application/json', 'user-agent': 'claude-server/0.0.0 test' }
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(members) })
}

export const jsonOf = async (response: Response): Promise<Json> => (await response.json()) as Json

export type Event = { readonly name: string; readonly headers: Json; readonly payload: Json }

export function eventOf(frame: Frame): Event {
  const name = frame.headers[':event-type'] ?? frame.headers[':exception-type']
  const text = new TextDecoder().decode(frame.payload)
  return { name: String(name), headers: frame.headers as Json, payload: text === '' ? {} : (JSON.parse(text) as Json) }
}

/** The text of a reply. */
export const textOf = (events: readonly Event[]): string =>
  events
    .filter((event) => event.name === 'assistantResponseEvent')
    .map((event) => event.payload.content)
    .join('')

export type Read = {
  readonly events: readonly Event[]
  /** `complete`, the decoder's fault, or `reset` when the connection broke. */
  readonly end: string
}

/** Reads a body to its end, however it ends. */
export async function read(response: Response): Promise<Read> {
  const decoder = createFrameDecoder()
  const events: Event[] = []
  try {
    for await (const chunk of response.body ?? []) {
      const frames = decoder.push(chunk)
      if (!frames.ok) return { events: [...events, ...frames.error.before.map(eventOf)], end: frames.error.name }
      events.push(...frames.value.map(eventOf))
    }
  } catch {
    return { events, end: 'reset' }
  }
  const end = decoder.end()
  return { events, end: end.ok ? 'complete' : end.error.name }
}
