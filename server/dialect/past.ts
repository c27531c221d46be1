import type { Message, Part } from '../conversation/conversation.ts'
import { newestTurnStart, type TurnKind } from '../conversation/newest-turn.ts'
import type { AddNote } from '../conversation/note.ts'
import { searchIdPrefix } from '../conversation/search.ts'
import { ok } from '../lib/result.ts'
import { mergeCalls, pastCall, pastId } from './past-calls.ts'
import { createPastParts, type PastParts, type ReadPart, textOf, textParts } from './past-parts.ts'
import { checkNesting, type Decoded, isAmong, isObject, type Loose } from './validate.ts'

type Role = Message['role']

/** How a dialect tells its turns apart and reads them. `at` is the item's own path. */
export type TurnReader = {
  readonly kindOf: (item: unknown) => TurnKind
  /** Refuses what is wrong, by name. */
  readonly newest: (item: unknown, at: string) => Decoded<readonly Message[]>
  /** Takes whatever there is. */
  readonly past: (item: unknown, at: string) => readonly Message[]
}

/**
 * Every item's messages in order: the newest user turn strictly, all before it as well as it can be carried. Items before `from`
 * are passed over.
 */
export function decodeTurns(
  items: readonly unknown[],
  at: string,
  { kindOf, newest, past }: TurnReader,
  from = 0,
): Decoded<readonly Message[]> {
  const said = items.slice(from)
  const isPast = createBorder(said.map(kindOf))
  const messages: Message[] = []
  for (const [index, item] of said.entries()) {
    const path = `${at}.${from + index}`
    if (isPast(index)) {
      messages.push(...past(item, path))
      continue
    }
    const nesting = checkNesting({ [path]: item })
    if (!nesting.ok) return nesting
    const decoded = newest(item, path)
    if (!decoded.ok) return decoded
    messages.push(...decoded.value)
  }
  return ok(messages)
}

/** Whether a turn is past: before the newest one, or said by the assistant. */
export function createBorder(kinds: readonly TurnKind[]): (index: number) => boolean {
  const start = newestTurnStart(kinds)
  return (index) => index < start || kinds[index] === 'assistant'
}

/** A message of either API: they differ in what they may hold, not in what it says. */
export function kindOfMessage(message: unknown): TurnKind {
  const { role, content } = isObject(message) ? message : {}
  switch (role) {
    case 'assistant':
    case 'system':
      return role
    case 'developer':
      return 'system'
    case 'tool':
      return isObject(message) && pastId(message.tool_call_id) !== undefined ? 'results' : 'unknown'
    case 'function':
      return 'results'
    case 'user':
      return isResults(content) ? 'results' : 'user'
    default:
      return 'unknown'
  }
}

const isResults = (content: unknown): boolean =>
  Array.isArray(content) && content.length > 0 && content.every((part) => typeOf(part) === 'tool_result')
const typeOf = (part: unknown): unknown => (isObject(part) ? part.type : undefined)

export type Past = PastParts & {
  readonly message: (message: unknown, at: string) => readonly Message[]
  /** The older API's calls have no ids: the last one of a function's name, for the result that names it. */
  readonly callIdOf: (functionName: unknown) => string | undefined
}

/** Reads the past turns of one request. `readPart` is how its dialect reads a part strictly. */
export function createPast(readPart: ReadPart, note: AddNote): Past {
  const parts = createPastParts(readPart, note)
  const legacyIds = new Map<unknown, string>()

  function message(given: unknown, at: string): readonly Message[] {
    if (given === undefined || given === null) return []
    if (!isObject(given)) {
      note({ what: 'role-corrected', field: at })
      return [{ role: 'user', parts: textParts(textOf(given)) }]
    }
    const role = roleOf(given)
    if (role !== knownRole(given.role)) note({ what: 'role-corrected', field: `${at}.role` })
    if (role === 'results') {
      const callId = pastId(given.tool_call_id) ?? legacyIds.get(given.name)
      return [{ role: 'user', parts: parts.toolResult(callId, given.content, `${at}.content`) }]
    }
    const content = parts.content(given.content, `${at}.content`)
    const refusal = typeof given.refusal === 'string' ? textParts(given.refusal) : []
    const all = mergeCalls([...content, ...refusal, ...calls(given, at)], at, note)
    // What has neither a role nor anything to say is no turn.
    if (all.length === 0 && knownRole(given.role) === undefined) return []
    return sides(role, all, at, note)
  }

  function calls(given: Loose, at: string): readonly Part[] {
    const list = listOf(given.tool_calls)
    const found = list.map((call, index) => toolCall(call, `${at}.tool_calls.${index}`))
    if (!isObject(given.function_call)) return found
    const { name, arguments: input } = given.function_call
    const id = `call_${at.replace('.', '_')}`
    legacyIds.set(name, id)
    return [...found, pastCall({ id, name, input, from: `${at}.function_call.arguments` }, `${at}.function_call`, note)]
  }

  function toolCall(call: unknown, at: string): Part {
    if (!isObject(call)) return pastCall({ id: undefined, name: undefined, input: call, from: at }, at, note)
    if (isObject(call.custom)) {
      const { name, input } = call.custom
      return pastCall(
        { id: call.id, name, input: { input: textOf(input ?? '') }, from: `${at}.custom.input` },
        at,
        note,
      )
    }
    const { name, arguments: input } = isObject(call.function) ? call.function : call
    return pastCall({ id: call.id, name, input, from: `${at}.function.arguments` }, at, note)
  }

  return { ...parts, message, callIdOf: (name) => legacyIds.get(name) }
}

const listOf = (value: unknown): readonly unknown[] =>
  value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]

function knownRole(role: unknown): Role | 'results' | undefined {
  if (role === 'tool') return 'results'
  const kind = kindOfMessage({ role })
  return kind === 'unknown' ? undefined : kind
}

/** Whose turn it is; where the role does not say so, by what is in it. */
function roleOf(message: Loose): Role | 'results' {
  const known = knownRole(typeof message.role === 'string' ? message.role.trim().toLowerCase() : undefined)
  if (known !== undefined) return known
  const speaks = ['tool_use', 'thinking', 'redacted_thinking']
  const blocks = Array.isArray(message.content) ? message.content.map(typeOf) : []
  if (isAmong(message.role, ['model', 'ai', 'bot'])) return 'assistant'
  if (message.tool_calls != null || message.function_call != null) return 'assistant'
  if (blocks.some((type) => typeof type === 'string' && speaks.includes(type))) return 'assistant'
  return message.tool_call_id == null ? 'user' : 'results'
}

/** Calls are the assistant's, results and pictures the user's: what stands on the other side gets a message of its own. */
function sides(role: Role, parts: readonly Part[], at: string, note: AddNote): readonly Message[] {
  const astray = parts.filter((part) => sideOf(part, role) !== role)
  if (astray.length === 0) return [{ role, parts }]
  // A search the server ran stands with its result in one message of this API; nothing is wrong about that.
  if (!astray.every(isSearchResult)) note({ what: 'role-corrected', field: `${at}.content` })
  const messages: { readonly role: Role; readonly parts: Part[] }[] = []
  for (const part of parts) {
    const side = sideOf(part, role)
    const last = messages.at(-1)
    if (last?.role === side) last.parts.push(part)
    else messages.push({ role: side, parts: [part] })
  }
  return messages
}

const isSearchResult = (part: Part): boolean => part.type === 'tool-result' && part.callId.startsWith(searchIdPrefix)

function sideOf(part: Part, role: Role): Role {
  switch (part.type) {
    case 'text':
      return role
    case 'image':
    case 'document':
    case 'remote':
    case 'tool-result':
      return 'user'
    case 'tool-call':
    case 'reasoning':
    case 'redacted-reasoning':
      return 'assistant'
  }
}
