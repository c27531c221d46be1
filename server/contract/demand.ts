import type { Conversation, Message } from '../conversation/conversation.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { calledName, searchIdPrefix } from '../conversation/search.ts'
import { strictTools } from '../conversation/strict-tools.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Opening } from './json-text.ts'
import type { Asker, SchemaFault } from './judging.ts'
import type { Judge, SchemaJudges } from './schema-judges.ts'

/** What a caller demands of the reply, and how the model is asked for it. */
export type Demand = {
  /** As the model gets it. */
  readonly conversation: Conversation
  /** The answer's text shall be a JSON value. */
  readonly value?: ValueDemand
  readonly calls: CallDemand
  /** The reply is wanted whole: nothing goes out before it is judged. */
  readonly isWhole: boolean
}

export type ValueDemand = {
  readonly judge: Judge
  readonly opening: Opening
  readonly isStrict: boolean
  /** The tool of ours that the model is asked to give its answer by. */
  readonly by?: string
}

export type CallDemand = {
  /** At least one call: of this tool, or of any. `orSearch`: a search of the web will do. */
  readonly forced?: { readonly name?: string; readonly orSearch?: boolean }
  /** Calls of these are held until they are known to fit. */
  readonly strict: ReadonlyMap<string, Judge>
  /** Declared and allowed: calls of no others go on. The provider is told of more, those that the history names. */
  readonly offered: ReadonlySet<string>
  /** The model is told of no tool, none of earlier turns either: what it calls then is nothing it waits for. */
  readonly knowsNone: boolean
  /** A tool's name as the caller may read it. */
  readonly nameOf: (name: string) => string
}

/** The model answers by a call of it. */
export const answerTool = 'give_answer'

/** Where the model knows of any tool it may call one that it was not to call. */
export const demandsAnything = ({ output, tools, alsoDeclared = [], search, messages }: Conversation): boolean =>
  output.type !== 'text' || tools.length + alsoDeclared.length > 0 || search !== undefined || messages.some(hasCall)

const hasCall = ({ parts }: Message): boolean => parts.some(({ type }) => type === 'tool-call')

/** A stop sequence would cut a JSON value in two, and what is left of it is no answer. */
const unstopped = (asked: Conversation): Conversation =>
  asked.limits.stop.length === 0 ? asked : { ...asked, limits: { ...asked.limits, stop: [] } }

/** Reads what is demanded; a schema that is none is the caller's to correct. */
export async function readDemand(
  asked: Conversation,
  judges: SchemaJudges,
  asker?: Asker,
): Promise<Result<Demand, GatewayError>> {
  const strict = new Map<string, Judge>()
  for (const { name, schema, strict: demand } of strictTools(asked)) {
    const judge = await judges.of(schema, asker)
    if (!judge.ok) return invalid(demand.at, judge.error)
    strict.set(name, judge.value)
  }
  const { toolChoice, output, alsoDeclared = [] } = asked
  const knowsNone = !demandsAnything(asked)
  const isForced = asked.tools.length > 0 && (toolChoice.type === 'any' || toolChoice.type === 'tool')
  const calls: CallDemand = {
    // Behind a search the model answers, and an answer by a schema would not be held to it.
    ...(isForced && {
      forced: toolChoice.type === 'tool' ? { name: toolChoice.name } : { orSearch: output.type === 'text' },
    }),
    strict,
    offered: new Set(toolChoice.type === 'none' ? [] : [...asked.tools.map(({ name }) => name), ...alsoDeclared]),
    knowsNone,
    nameOf: knowsNone || hasSearched(asked) ? calledName : (name) => name,
  }
  const common = { calls, isWhole: !asked.stream }
  // A reply that has to call a tool gives no answer yet.
  if (output.type === 'text') return ok({ ...common, conversation: asked })
  if (output.type === 'json') {
    const conversation: Conversation = isForced ? { ...asked, output: { type: 'text' } } : unstopped(asked)
    const value = { judge: isObject, opening: '{', isStrict: false } as const
    return ok({ ...common, conversation, ...(!isForced && { value }) })
  }
  const judge = await judges.of(output.schema, asker)
  if (!judge.ok) return invalid(output.at ?? 'schema', judge.error)
  if (isForced) return ok({ ...common, conversation: { ...asked, output: { type: 'text' } } })
  const opening = openingOf(output.schema)
  const value = { judge: judge.value, opening, isStrict: output.strict === true }
  const mayCall = (asked.tools.length > 0 || asked.search !== undefined) && toolChoice.type !== 'none'
  // Beside tools that the model may call or leave, a forced one of ours would keep it from them: there it is told in words.
  if (mayCall || opening !== '{') return ok({ ...common, conversation: unstopped(asked), value })
  const conversation = byTool(unstopped(asked), output)
  return ok({ ...common, conversation, value: { ...value, by: answerTool } })
}

/** The model knows of our tool from searches of earlier turns, and the caller has another name for it. */
const hasSearched = ({ messages }: Conversation): boolean =>
  messages.some(({ parts }) => parts.some((part) => part.type === 'tool-call' && part.id.startsWith(searchIdPrefix)))

type OutputSchema = Extract<Conversation['output'], { type: 'json-schema' }>

function byTool(asked: Conversation, { schema, name, at }: OutputSchema): Conversation {
  const called = name === undefined ? '' : ` It is called ${JSON.stringify(name)}.`
  const description = `Gives the answer of this turn. Its input is the whole answer.${called} The input has to be valid against this JSON Schema, every word of it:\n${JSON.stringify(schema)}`
  return {
    ...asked,
    tools: [{ name: answerTool, description, schema, ...(at !== undefined && { at }) }],
    limits: { ...asked.limits, answerTool },
    toolChoice: { type: 'tool', name: answerTool },
    parallelToolCalls: false,
    output: { type: 'text' },
  }
}

function invalid(at: string, { path, problem, isBusy }: SchemaFault): Result<never, GatewayError> {
  const field = path === '' ? at : `${at}.${path}`
  const message = `${field}: ${problem}`
  return err(isBusy === true ? notItsTurn(message, field) : gatewayError('invalid-request', message, { field }))
}

/** What is to be judged may be sound: too much else waits for the same. */
export const notItsTurn = (message: string, field?: string): GatewayError =>
  gatewayError('model-overloaded', message, { retryAfterMs: busyRetryMs, ...(field !== undefined && { field }) })
const busyRetryMs = 10_000

const isObject: Judge = (values) =>
  values.map((value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? [] : ['#: must be a JSON object'],
  )

/** With what the value has to begin, as far as the schema says so at once. */
function openingOf({ type, properties }: Readonly<Record<string, unknown>>): Opening {
  if (type === 'object' || (type === undefined && properties !== undefined)) return '{'
  return type === 'array' ? '[' : 'any'
}
