import { type Answer, type Call, callsOf, textOf } from './answer.ts'

export const apis = ['messages', 'chat', 'responses'] as const
export type Api = (typeof apis)[number]
/** As their makers call them, in every language. */
export const apiNames: Readonly<Record<Api, string>> = {
  messages: 'Messages',
  chat: 'Chat Completions',
  responses: 'Responses',
}
export const efforts = ['low', 'medium', 'high'] as const
export type Effort = (typeof efforts)[number]

export type ChatSettings = {
  readonly api: Api
  /** Empty: the default one. */
  readonly model: string
  readonly system: string
  readonly maxTokens: number
  /** Null: the model's own. */
  readonly temperature: number | null
  readonly thinking: boolean
  /** Tokens, in Messages. */
  readonly budget: number
  /** In the other two. */
  readonly effort: Effort
  /** JSON as it was typed. */
  readonly tools: string
  /** The one account that may answer; empty: any. */
  readonly account: string
}

export type Picture = { readonly name: string; readonly type: string; readonly base64: string }
export type CallResult = { readonly id: string; readonly text: string }
export type Question = {
  readonly text: string
  readonly pictures: readonly Picture[]
  /** What the tools that the answer before called gave. */
  readonly results: readonly CallResult[]
}
/** A question, and every answer it got; `shown` is the one the chat goes on from. */
export type Exchange = {
  readonly id: string
  readonly question: Question
  readonly answers: readonly Answer[]
  readonly shown: number
}
export type Chat = {
  readonly id: string
  readonly title: string
  readonly createdAt: number
  readonly updatedAt: number
  readonly settings: ChatSettings
  readonly exchanges: readonly Exchange[]
}
export type Turn = { readonly question: Question; readonly answer?: Answer }

export const defaultSettings: ChatSettings = {
  api: 'messages',
  model: '',
  system: '',
  maxTokens: 4096,
  temperature: null,
  thinking: false,
  budget: 2048,
  effort: 'medium',
  tools: '',
  account: '',
}

export const shownAnswer = ({ answers, shown }: Exchange): Answer | undefined => answers[shown]

const longestTitle = 30

/** A chat is called by its first words. */
export function titleOf({ text, pictures }: Question): string {
  const line = text.trim().replace(/\s+/g, ' ')
  if (line === '') return pictures[0]?.name ?? ''
  const characters = [...line]
  return characters.length <= longestTitle ? line : `${characters.slice(0, longestTitle).join('').trimEnd()}…`
}

/** What is sent along: an API refuses a question without an answer before the next one, so those are left out. */
export function history(exchanges: readonly Exchange[]): readonly Turn[] {
  return exchanges.flatMap((exchange) => {
    const answer = shownAnswer(exchange)
    if (answer === undefined || answer.fault !== undefined) return []
    const isEmpty = textOf(answer) === '' && callsOf(answer).length === 0
    return isEmpty ? [] : [{ question: exchange.question, answer }]
  })
}

/** The calls of the last answer that wait for a result. */
export function openCalls(exchanges: readonly Exchange[]) {
  const last = exchanges.at(-1)
  const answer = last && shownAnswer(last)
  return answer === undefined || answer.endedAt === undefined || answer.fault !== undefined ? [] : callsOf(answer)
}

/** The calls a question gives results of, by the names their tools have in the answers before it; of one that is gone there is no name. */
export function answeredCalls({ question }: Exchange, before: readonly Exchange[]): readonly Call[] {
  const known = new Map(before.flatMap(({ answers }) => answers.flatMap(callsOf)).map((call) => [call.id, call]))
  return question.results.map(({ id }) => known.get(id) ?? { kind: 'call', id, name: '', input: '' })
}

/** Not `crypto.randomUUID`: on plain HTTP from another machine there is none. */
export function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(9))].map((byte) => byte.toString(36).padStart(2, '0')).join('')
}

/** The chat as Markdown, to be kept elsewhere. */
export function asMarkdown(chat: Pick<Chat, 'title' | 'exchanges'>, words: { you: string; answer: string }): string {
  const parts = chat.exchanges.flatMap((exchange) => {
    const answer = shownAnswer(exchange)
    const { text, results } = exchange.question
    const asked = [...results.map((result) => `> ${result.text.replaceAll('\n', '\n> ')}`), text].filter(Boolean)
    const calls = answer === undefined ? [] : callsOf(answer).map((call) => `\`${call.name}(${call.input})\``)
    return [
      `## ${words.you}\n\n${asked.join('\n\n')}`,
      `## ${words.answer}\n\n${[answer === undefined ? '' : textOf(answer), ...calls].filter(Boolean).join('\n\n')}`,
    ]
  })
  return `${[`# ${chat.title}`, ...parts].join('\n\n').trim()}\n`
}
