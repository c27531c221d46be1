import type { PlainKey } from '../../i18n/dictionary.ts'
import { type Answer, type Block, callsOf, textOf } from './answer.ts'
import type { Api, ChatSettings, Picture, Question, Turn } from './chat.ts'
import { object, parsed } from './json.ts'
import { readTools, writeTools } from './tools.ts'

export const bounds = {
  maxTokens: [1, 64_000],
  budget: [1_024, 32_000],
  temperature: [0, 1],
  system: 20_000,
} as const

export type SettingsFaults = {
  readonly [Name in 'maxTokens' | 'budget' | 'temperature' | 'system' | 'tools']?: PlainKey
}

/** Why a chat cannot be sent with these settings, each beside its field. */
export function settingsFaults(settings: ChatSettings): SettingsFaults {
  const { maxTokens, budget, temperature, thinking, api, system, tools } = settings
  const outside = (value: number, [least, most]: readonly [number, number]): boolean =>
    !Number.isFinite(value) || value < least || value > most
  const whole = (value: number, range: readonly [number, number]): boolean =>
    outside(value, range) || !Number.isInteger(value)
  const budgets = thinking && api === 'messages'
  const read = readTools(tools)
  return {
    ...(whole(maxTokens, bounds.maxTokens) ? { maxTokens: 'playground.maxTokensRange' } : {}),
    ...(budgets && whole(budget, bounds.budget)
      ? { budget: 'playground.budgetRange' }
      : budgets && budget >= maxTokens
        ? { budget: 'playground.budgetLarge' }
        : {}),
    ...(temperature !== null && outside(temperature, bounds.temperature)
      ? { temperature: 'playground.temperatureRange' }
      : {}),
    ...(system.length > bounds.system ? { system: 'playground.systemLong' } : {}),
    ...(read.ok ? {} : { tools: read.fault }),
  } as const
}

/** The body of a request as its API wants it. `settings` have no fault. */
export function bodyOf(settings: ChatSettings, model: string, turns: readonly Turn[], stream = true): object {
  const { api, system, maxTokens, temperature, thinking, budget, effort } = settings
  const read = readTools(settings.tools)
  const tools = read.ok ? writeTools(read.tools, api) : []
  // Models that think take no temperature of the caller's.
  const warmth = temperature === null || thinking ? {} : { temperature }
  const more = tools.length === 0 ? {} : { tools }
  switch (api) {
    case 'messages':
      return {
        model,
        max_tokens: maxTokens,
        ...(system === '' ? {} : { system }),
        messages: turns.flatMap(messagesTurn),
        ...warmth,
        ...(thinking ? { thinking: { type: 'enabled', budget_tokens: budget } } : {}),
        ...more,
        ...(stream ? { stream } : {}),
      }
    case 'chat':
      return {
        model,
        max_completion_tokens: maxTokens,
        messages: [...(system === '' ? [] : [{ role: 'system', content: system }]), ...turns.flatMap(chatTurn)],
        ...warmth,
        ...(thinking ? { reasoning_effort: effort } : {}),
        ...more,
        ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
      }
    case 'responses':
      return {
        model,
        max_output_tokens: maxTokens,
        ...(system === '' ? {} : { instructions: system }),
        input: turns.flatMap(responsesTurn),
        ...warmth,
        ...(thinking ? { reasoning: { effort, summary: 'auto' } } : {}),
        ...more,
        store: false,
        ...(stream ? { stream } : {}),
      }
  }
}

const urlOf = ({ type, base64 }: Picture): string => `data:${type};base64,${base64}`

function messagesTurn({ question, answer }: Turn): readonly object[] {
  const content = [
    ...question.results.map(({ id, text }) => ({ type: 'tool_result', tool_use_id: id, content: text })),
    ...question.pictures.map(({ type, base64 }) => ({
      type: 'image',
      source: { type: 'base64', media_type: type, data: base64 },
    })),
    ...texts(question),
  ]
  const asked = { role: 'user', content: isPlain(question) ? question.text : content }
  return answer === undefined ? [asked] : [asked, { role: 'assistant', content: answer.blocks.flatMap(messagesBlock) }]
}

const isPlain = ({ pictures, results }: Question): boolean => pictures.length === 0 && results.length === 0
const texts = ({ text }: Question) => (text === '' ? [] : [{ type: 'text', text }])

function messagesBlock(block: Block): readonly object[] {
  switch (block.kind) {
    case 'text':
      return [{ type: 'text', text: block.text }]
    case 'thinking':
      // Without its proof it would be refused or dropped.
      return block.signature ? [{ type: 'thinking', thinking: block.text, signature: block.signature }] : []
    case 'redacted':
      return [{ type: 'redacted_thinking', data: block.data }]
    case 'call':
      return [{ type: 'tool_use', id: block.id, name: block.name, input: object(parsed(block.input)) }]
  }
}

function chatTurn({ question, answer }: Turn): readonly object[] {
  const parts = [
    ...question.pictures.map((picture) => ({ type: 'image_url', image_url: { url: urlOf(picture) } })),
    ...texts(question),
  ]
  const asked =
    parts.length === 0 ? [] : [{ role: 'user', content: question.pictures.length === 0 ? question.text : parts }]
  return [
    ...question.results.map(({ id, text }) => ({ role: 'tool', tool_call_id: id, content: text })),
    ...asked,
    ...(answer === undefined ? [] : [chatAnswer(answer)]),
  ]
}

function chatAnswer(answer: Answer): object {
  const [text, calls] = [textOf(answer), callsOf(answer)]
  return {
    role: 'assistant',
    content: text === '' ? null : text,
    ...(calls.length === 0
      ? {}
      : {
          tool_calls: calls.map(({ id, name, input }) => ({
            id,
            type: 'function',
            function: { name, arguments: whole(input) },
          })),
        }),
  }
}

function responsesTurn({ question, answer }: Turn): readonly object[] {
  const content = [
    ...question.pictures.map((picture) => ({ type: 'input_image', image_url: urlOf(picture) })),
    ...(question.text === '' ? [] : [{ type: 'input_text', text: question.text }]),
  ]
  return [
    ...question.results.map(({ id, text }) => ({ type: 'function_call_output', call_id: id, output: text })),
    ...(content.length === 0
      ? []
      : [{ role: 'user', content: question.pictures.length === 0 ? question.text : content }]),
    ...(answer?.blocks ?? []).flatMap((block): readonly object[] => {
      if (block.kind === 'text') return [{ role: 'assistant', content: block.text }]
      if (block.kind !== 'call') return []
      return [{ type: 'function_call', call_id: block.id, name: block.name, arguments: whole(block.input) }]
    }),
  ]
}

/** Arguments that were broken off are none. */
const whole = (input: string): string => (parsed(input) === undefined ? '{}' : input)

/** Where apps send the same. */
export const publicPaths: Readonly<Record<Api, string>> = {
  messages: '/v1/messages',
  chat: '/v1/chat/completions',
  responses: '/v1/responses',
}
