import type {
  Conversation,
  ImagePart,
  Message,
  Part,
  ReasoningPart,
  RedactedReasoningPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from '../../conversation/conversation.ts'
import { toolUseId } from './tool-names.ts'

/** A turn of the strict alternation the provider wants. Ids are already in the provider's shape. */
export type UserTurn = {
  readonly role: 'user'
  readonly texts: readonly string[]
  readonly images: readonly ImagePart[]
  readonly results: readonly TurnResult[]
}
export type AssistantTurn = {
  readonly role: 'assistant'
  readonly texts: readonly string[]
  readonly calls: readonly TurnCall[]
  readonly reasoning?: ReasoningPart | RedactedReasoningPart
}
export type Turn = UserTurn | AssistantTurn
export type TurnCall = { readonly id: string; readonly name: string; readonly input: ToolCallPart['input'] }
export type TurnResult = { readonly id: string; readonly text: string; readonly isError: boolean }

const emptyUser: UserTurn = { role: 'user', texts: [], images: [], results: [] }

/** What the official client fills in for a call nobody answered. Source: protocol notes, 2.9. */
const unanswered = 'Tool use was cancelled by the user'
const imagesOnly = 'See the images of this message.'

/**
 * The conversation as alternating turns, user first and user last: neighbours of one role merged, system messages where they
 * stood as user text, every call answered once in the next turn and in the calls' order, answers to nothing as text.
 */
export function alternate(conversation: Conversation): readonly Turn[] {
  const turns = merged(conversation.messages.map(turnOf))
  const first = turns[0]
  const whole = first === undefined || first.role === 'assistant' ? [emptyUser, ...turns] : turns
  const ended = whole.at(-1)?.role === 'assistant' ? [...whole, emptyUser] : whole
  return answered(ended)
}

function turnOf({ role, parts }: Message): Turn {
  if (role === 'assistant') {
    const reasoning = parts.findLast((part) => part.type === 'reasoning' || part.type === 'redacted-reasoning')
    return {
      role: 'assistant',
      texts: textsOf(parts),
      calls: parts.filter((part) => part.type === 'tool-call').map(({ id, name, input }) => ({ id, name, input })),
      ...(reasoning === undefined ? {} : { reasoning }),
    }
  }
  const results = parts.filter((part) => part.type === 'tool-result')
  return {
    role: 'user',
    texts: textsOf(parts),
    images: [...results.flatMap(imagesOf), ...parts.filter((part) => part.type === 'image')],
    results: results.map((part) => ({ id: part.callId, text: resultText(part), isError: part.isError })),
  }
}

const textsOf = (parts: readonly Part[]): readonly string[] =>
  parts.filter((part): part is TextPart => part.type === 'text' && part.text !== '').map(({ text }) => text)

const imagesOf = ({ parts }: ToolResultPart): readonly ImagePart[] => parts.filter((part) => part.type === 'image')

/** The provider takes text in a result; its images go to the message that carries it, in the order of the results. */
function resultText(part: ToolResultPart): string {
  const text = part.parts
    .filter((inner): inner is TextPart => inner.type === 'text')
    .map((inner) => inner.text)
    .join('\n')
  return text === '' && imagesOf(part).length > 0 ? imagesOnly : text
}

function merged(turns: readonly Turn[]): readonly Turn[] {
  const out: Turn[] = []
  for (const turn of turns) {
    const last = out.at(-1)
    if (last?.role === 'user' && turn.role === 'user') {
      out[out.length - 1] = {
        role: 'user',
        texts: [...last.texts, ...turn.texts],
        images: [...last.images, ...turn.images],
        results: [...last.results, ...turn.results],
      }
    } else if (last?.role === 'assistant' && turn.role === 'assistant') {
      const reasoning = turn.reasoning ?? last.reasoning
      out[out.length - 1] = {
        role: 'assistant',
        texts: [...last.texts, ...turn.texts],
        calls: [...last.calls, ...turn.calls],
        ...(reasoning === undefined ? {} : { reasoning }),
      }
    } else out.push(turn)
  }
  return out
}

/** Matches results to the calls of the turn before; ids become the provider's, the same for a call and its result. */
function answered(turns: readonly Turn[]): readonly Turn[] {
  const seen = new Map<string, number>()
  let open: readonly { readonly from: string; readonly id: string }[] = []
  return turns.map((turn) => {
    if (turn.role === 'assistant') {
      const calls = turn.calls.map((call) => {
        const occurrence = seen.get(call.id) ?? 0
        seen.set(call.id, occurrence + 1)
        return { from: call.id, call: { ...call, id: toolUseId(call.id, occurrence) } }
      })
      open = calls.map(({ from, call }) => ({ from, id: call.id }))
      return { ...turn, calls: calls.map(({ call }) => call) }
    }
    const left = [...turn.results]
    const results = open.map(({ from, id }) => {
      const at = left.findIndex((result) => result.id === from)
      const [result] = at < 0 ? [] : left.splice(at, 1)
      return { id, text: result?.text ?? unanswered, isError: result?.isError ?? true }
    })
    const known = new Set(open.map(({ from }) => from))
    const orphans = left.filter(({ id }) => !known.has(id)).map(({ text }) => `Tool result: ${text}`)
    open = []
    return { ...turn, results, texts: [...orphans, ...turn.texts] }
  })
}
