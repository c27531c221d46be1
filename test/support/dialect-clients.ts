import { framesOf } from './grammar.ts'

// What a test asks in words of its own, and how each client API says it. A new dialect adds one entry; the scenarios of
// the conformance suite then hold for it too.

export type Asked = {
  readonly text: string
  /** Functions of one member `path`. */
  readonly tools?: readonly string[]
  readonly thinks?: boolean
  readonly maxTokens?: number
  readonly stop?: string
  readonly stream: boolean
  /** The round before: its answer as the API gave it, and what the calls in it brought. */
  readonly before?: { readonly answer: Answer; readonly results: readonly string[] }
}
export type Call = { readonly id: string; readonly name: string; readonly input: unknown }
export type Answer = {
  readonly text: string
  readonly reasoning: string
  readonly calls: readonly Call[]
  readonly end: 'end' | 'calls' | 'limit' | 'stop' | 'refused' | 'failed'
  readonly inputTokens: number
  readonly outputTokens: number
  readonly error?: string
  /** What goes back in the next round, in the API's own form. */
  readonly said: unknown
}
export type DialectClient = {
  readonly name: string
  readonly path: string
  /** Undefined when the API has no way to say it. */
  readonly request: (asked: Asked) => object | undefined
  readonly readWhole: (body: Json) => Answer
  readonly readStream: (sse: string) => Answer
  /** How an idle stream shows that it lives. */
  readonly keepAlive: RegExp
}

type Json = Readonly<Record<string, unknown>>
const model = 'claude-sonnet-4.5'
const thinkingModel = 'claude-opus-4.7'
const schema = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] }
const list = (value: unknown): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : [])
const parsed = (text: unknown): unknown => JSON.parse(String(text))
const dataOf = (sse: string): readonly Json[] =>
  framesOf(sse)
    .filter(({ data }) => data !== '[DONE]')
    .map(({ data }) => JSON.parse(data) as Json)
const pick = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown> | null | undefined)?.[key], value)
const broken = (error: unknown): Answer => ({
  text: '',
  reasoning: '',
  calls: [],
  end: 'failed',
  inputTokens: 0,
  outputTokens: 0,
  error: String(error),
  said: undefined,
})

const anthropicEnds: Readonly<Record<string, Answer['end']>> = {
  end_turn: 'end',
  tool_use: 'calls',
  max_tokens: 'limit',
  stop_sequence: 'stop',
  refusal: 'refused',
}

const anthropic: DialectClient = {
  name: 'anthropic',
  path: '/v1/messages',
  keepAlive: /^event: ping$/m,
  request: ({ text, tools, thinks, maxTokens, stop, stream, before }) => ({
    model: thinks ? thinkingModel : model,
    max_tokens: maxTokens ?? 8_000,
    stream,
    ...(tools && { tools: tools.map((name) => ({ name, description: name, input_schema: schema })) }),
    ...(thinks && { thinking: { type: 'enabled', budget_tokens: 2_000 } }),
    ...(stop !== undefined && { stop_sequences: [stop] }),
    messages: [
      { role: 'user', content: text },
      ...(before === undefined
        ? []
        : [
            { role: 'assistant', content: before.answer.said },
            {
              role: 'user',
              content: before.answer.calls.map(({ id }, index) => ({
                type: 'tool_result',
                tool_use_id: id,
                content: before.results[index],
              })),
            },
          ]),
    ],
  }),
  readWhole: (body) => {
    const blocks = list(body.content)
    const textOf = (type: string, member: string): string =>
      blocks.map((block) => (block.type === type ? String(block[member]) : '')).join('')
    return {
      text: textOf('text', 'text'),
      reasoning: textOf('thinking', 'thinking'),
      calls: blocks.flatMap((block) =>
        block.type === 'tool_use' ? [{ id: String(block.id), name: String(block.name), input: block.input }] : [],
      ),
      end: anthropicEnds[String(body.stop_reason)] ?? 'failed',
      inputTokens: Number(pick(body, 'usage', 'input_tokens')),
      outputTokens: Number(pick(body, 'usage', 'output_tokens')),
      said: body.content,
    }
  },
  readStream: (sse) => {
    const blocks: Record<string, unknown>[] = []
    const jsons: string[] = []
    let ending: Json = {}
    let usage: Json = {}
    for (const data of dataOf(sse)) {
      const index = Number(data.index)
      if (data.type === 'error') return broken(pick(data, 'error', 'message'))
      if (data.type === 'message_start') usage = pick(data, 'message', 'usage') as Json
      if (data.type === 'content_block_start') blocks.push({ ...(data.content_block as Json) })
      if (data.type === 'message_delta') ending = { ...(data.delta as Json), usage: data.usage }
      if (data.type !== 'content_block_delta') continue
      const delta = data.delta as Json
      const block = blocks[index] ?? {}
      if (delta.type === 'text_delta') block.text = String(block.text) + delta.text
      if (delta.type === 'thinking_delta') block.thinking = String(block.thinking) + delta.thinking
      if (delta.type === 'signature_delta') block.signature = delta.signature
      if (delta.type === 'input_json_delta') jsons[index] = (jsons[index] ?? '') + delta.partial_json
    }
    const content = blocks.map((block, index) =>
      block.type === 'tool_use' ? { ...block, input: parsed(jsons[index]) } : block,
    )
    return anthropic.readWhole({ content, ...ending, usage: { ...usage, ...(ending.usage as Json) } })
  },
}

const chatEnds: Readonly<Record<string, Answer['end']>> = {
  stop: 'end',
  tool_calls: 'calls',
  length: 'limit',
  content_filter: 'refused',
}

const openaiChat: DialectClient = {
  name: 'openai-chat',
  path: '/v1/chat/completions',
  keepAlive: /^: keep-alive$/m,
  request: ({ text, tools, thinks, maxTokens, stop, stream, before }) => ({
    model: thinks ? thinkingModel : model,
    stream,
    ...(stream && { stream_options: { include_usage: true } }),
    ...(tools && {
      tools: tools.map((name) => ({ type: 'function', function: { name, description: name, parameters: schema } })),
    }),
    ...(thinks && { reasoning_effort: 'high' }),
    ...(maxTokens !== undefined && { max_completion_tokens: maxTokens }),
    ...(stop !== undefined && { stop }),
    messages: [
      { role: 'user', content: text },
      ...(before === undefined
        ? []
        : [
            before.answer.said,
            ...before.answer.calls.map(({ id }, index) => ({
              role: 'tool',
              tool_call_id: id,
              content: before.results[index],
            })),
          ]),
    ],
  }),
  readWhole: (body) => {
    const choice = list(body.choices)[0]
    const message = choice?.message as Json
    return {
      text: String(message.content ?? ''),
      reasoning: String(message.reasoning_content ?? ''),
      calls: list(message.tool_calls).map((call) => ({
        id: String(call.id),
        name: String(pick(call, 'function', 'name')),
        input: parsed(pick(call, 'function', 'arguments')),
      })),
      end: chatEnds[String(choice?.finish_reason)] ?? 'failed',
      inputTokens: Number(pick(body, 'usage', 'prompt_tokens')),
      outputTokens: Number(pick(body, 'usage', 'completion_tokens')),
      said: message,
    }
  },
  readStream: (sse) => {
    const message: Record<string, string> = { role: 'assistant', content: '', reasoning_content: '' }
    const calls: { id: unknown; type: unknown; function: { name: unknown; arguments: string } }[] = []
    let reason: unknown
    let usage: unknown
    for (const data of dataOf(sse)) {
      if ('error' in data) return broken(pick(data, 'error', 'message'))
      if (data.usage) usage = data.usage
      const choice = list(data.choices)[0]
      const delta = (choice?.delta ?? {}) as Json
      reason = choice?.finish_reason ?? reason
      message.content += String(delta.content ?? '')
      message.reasoning_content += String(delta.reasoning_content ?? '')
      for (const part of list(delta.tool_calls)) {
        const fragment = String(pick(part, 'function', 'arguments'))
        const call = calls[Number(part.index)]
        if (call === undefined) {
          const name = pick(part, 'function', 'name')
          calls.push({ id: part.id, type: part.type, function: { name, arguments: fragment } })
        } else call.function.arguments += fragment
      }
    }
    const whole = { ...message, ...(calls.length > 0 && { tool_calls: calls }) }
    return openaiChat.readWhole({ choices: [{ message: whole, finish_reason: reason }], usage })
  },
}

const openaiResponses: DialectClient = {
  name: 'openai-responses',
  path: '/v1/responses',
  keepAlive: /^event: keepalive$/m,
  request: ({ text, tools, thinks, maxTokens, stop, stream, before }) =>
    stop !== undefined
      ? undefined
      : {
          model: thinks ? thinkingModel : model,
          stream,
          store: false,
          include: ['reasoning.encrypted_content'],
          ...(tools && {
            tools: tools.map((name) => ({
              type: 'function',
              name,
              description: name,
              parameters: schema,
              strict: null,
            })),
          }),
          ...(thinks && { reasoning: { effort: 'high', summary: 'auto' } }),
          ...(maxTokens !== undefined && { max_output_tokens: maxTokens }),
          input: [
            { role: 'user', content: text },
            ...(before === undefined
              ? []
              : [
                  ...list(before.answer.said),
                  ...before.answer.calls.map(({ id }, index) => ({
                    type: 'function_call_output',
                    call_id: id,
                    output: before.results[index],
                  })),
                ]),
          ],
        },
  readWhole: (body) => {
    const items = list(body.output)
    const texts = (type: string, member: string): string =>
      items
        .filter((item) => item.type === type)
        .flatMap((item) => list(item[member]).map((part) => String(part.text)))
        .join('')
    const calls = items.flatMap((item) =>
      item.type === 'function_call'
        ? [{ id: String(item.call_id), name: String(item.name), input: parsed(item.arguments) }]
        : [],
    )
    const reasons: Readonly<Record<string, Answer['end']>> = { max_output_tokens: 'limit', content_filter: 'refused' }
    const complete = calls.length > 0 ? 'calls' : 'end'
    const end = body.status === 'completed' ? complete : reasons[String(pick(body, 'incomplete_details', 'reason'))]
    return {
      text: texts('message', 'content'),
      reasoning: texts('reasoning', 'summary'),
      calls,
      end: end ?? 'failed',
      inputTokens: Number(pick(body, 'usage', 'input_tokens')),
      outputTokens: Number(pick(body, 'usage', 'output_tokens')),
      said: body.output,
    }
  },
  // By the deltas: what the last event repeats has to be what they said.
  readStream: (sse) => {
    let text = ''
    let reasoning = ''
    let last: Json = {}
    for (const data of dataOf(sse)) {
      if (data.type === 'response.output_text.delta') text += data.delta
      if (data.type === 'response.reasoning_summary_text.delta') reasoning += data.delta
      if ('response' in data) last = data.response as Json
    }
    if (last.status === 'failed') return broken(pick(last, 'error', 'message'))
    return { ...openaiResponses.readWhole(last), text, reasoning }
  },
}

export const dialectClients: readonly DialectClient[] = [anthropic, openaiChat, openaiResponses]
