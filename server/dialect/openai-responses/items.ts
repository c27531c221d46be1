import type { Static } from '@sinclair/typebox'
import type { Message, Part, ToolCallPart, ToolResultPart } from '../../conversation/conversation.ts'
import { type AddNote, addNoNote } from '../../conversation/note.ts'
import { ok } from '../../lib/result.ts'
import { decodeArguments, joinTurns } from '../calls.ts'
import { summaryLead } from '../compaction-request.ts'
import { nameForModel } from '../group-name.ts'
import { decodeContent, decodeResultContent } from '../openai-content.ts'
import { createBorder } from '../past.ts'
import { checkNesting, createValidator, type Decoded, isAmong, isObject, refuse } from '../validate.ts'
import type { OutputItem } from './form.ts'
import { freeformMember } from './names.ts'
import { createPastItems, kindOf, turnKindOf } from './past-items.ts'
import { openReasoning } from './sealed-reasoning.ts'
import { Item, items } from './wire.ts'

type AnyItem = Static<typeof Item>

/** What stands behind items that only name their content. */
export type ItemSources = {
  /** An item of an earlier answer or its request that is still kept; `given`: this conversation has it already. */
  readonly findItem: (id: string) => OutputItem | 'given' | undefined
  /** The summary in a compaction item that we sealed. */
  readonly openSummary: (sealed: string) => string | undefined
}

/** For callers of whom nothing is kept. */
export const noSources: ItemSources = { findItem: () => undefined, openSummary: () => undefined }

export type Turns = {
  readonly messages: readonly Message[]
  readonly tools: readonly LaterTool[]
}

/** A definition that came in the course of the conversation; not checked yet. */
export type LaterTool = { readonly tool: unknown; readonly at: string; readonly isPast: boolean }

const read = {
  item: createValidator(Item),
  message: createValidator(items.message),
  reasoning: createValidator(items.reasoning),
  functionCall: createValidator(items.functionCall),
  customCall: createValidator(items.customCall),
  output: createValidator(items.output),
  clientCall: createValidator(items.clientCall),
  clientOutput: createValidator(items.clientOutput),
  shellOutput: createValidator(items.shellOutput),
  compaction: createValidator(items.compaction),
  moreTools: createValidator(items.moreTools),
} as const

/**
 * `input` as messages: an assistant's turn is spread over several items. Kinds of item we do not know are left out. What is
 * wrong in past turns is carried as well as it can be.
 */
export function decodeInput(
  input: string | readonly unknown[],
  at: string,
  sources: ItemSources,
  note: AddNote = addNoNote,
): Decoded<Turns> {
  if (typeof input === 'string') {
    return ok({ messages: [{ role: 'user', parts: input === '' ? [] : [{ type: 'text', text: input }] }], tools: [] })
  }
  const turns: Message[] = []
  const tools: LaterTool[] = []
  const isPast = createBorder(input.map(turnKindOf))
  const past = createPastItems(note)
  for (const [index, entry] of input.entries()) {
    const path = `${at}.${index}`
    const item = read.item(entry, path)
    if (item.ok && bringsTools(item.value)) {
      const more = read.moreTools(entry, path)
      if (more.ok)
        tools.push(
          ...(more.value.tools ?? []).map((tool, at) => ({ tool, at: `${path}.tools.${at}`, isPast: isPast(index) })),
        )
      else if (!isPast(index)) return more
      else note({ what: 'part-left-out', field: path, detail: 'tools that cannot be read' })
      continue
    }
    const nesting = isPast(index) ? ok(entry) : checkNesting({ [path]: entry })
    if (!nesting.ok) return nesting
    const decoded = item.ok ? decodeItem(item.value, path, sources) : item
    if (decoded.ok) {
      if (decoded.value !== undefined) turns.push(decoded.value)
    } else if (!isPast(index) || standsForMore(entry)) return decoded
    else turns.push(...past(entry, path))
  }
  return ok({ messages: joinTurns(turns), tools })
}

/** Without it the conversation would be another: a part of it is kept elsewhere, and was not found. */
const standsForMore = (entry: unknown): boolean =>
  isObject(entry) &&
  (isAmong(entry.type, ['item_reference', 'compaction', 'compaction_summary']) ||
    (kindOf(entry) === 'item_reference' && Object.keys(entry).every((name) => name === 'id' || name === 'type')))

const bringsTools = ({ type }: AnyItem): boolean => type === 'additional_tools' || type === 'tool_search_output'

function decodeItem(item: AnyItem, at: string, sources: ItemSources): Decoded<Message | undefined> {
  switch (kindOf(item)) {
    case 'message':
      return decodeMessage(item, at)
    case 'reasoning': {
      const reasoning = read.reasoning(item, at)
      if (!reasoning.ok) return reasoning
      const part = openReasoning(reasoning.value.encrypted_content ?? '')
      return ok(part === undefined ? undefined : said(part))
    }
    case 'function_call': {
      const call = read.functionCall(item, at)
      if (!call.ok) return call
      const input = decodeArguments(call.value.arguments, `${at}.arguments`)
      return input.ok ? decodeCall(call.value, at, input.value) : input
    }
    case 'custom_tool_call': {
      const call = read.customCall(item, at)
      return call.ok ? decodeCall(call.value, at, { [freeformMember]: call.value.input ?? '' }) : call
    }
    case 'function_call_output':
    case 'custom_tool_call_output': {
      const output = read.output(item, at)
      return output.ok ? decodeOutput(output.value, at) : output
    }
    case 'local_shell_call':
    case 'shell_call':
    case 'apply_patch_call': {
      const call = read.clientCall(item, at)
      if (!call.ok) return call
      const { call_id, id, action, operation } = call.value
      const name = (item.type ?? '').replace(/_call$/, '')
      return decodeCall({ call_id: call_id ?? id, name }, at, (action ?? operation ?? {}) as ToolCallPart['input'])
    }
    case 'local_shell_call_output':
    case 'apply_patch_call_output': {
      const output = read.clientOutput(item, at)
      if (!output.ok) return output
      const { call_id, id, status, output: content } = output.value
      return decodeOutput({ call_id: call_id ?? id, output: content ?? status }, at, status === 'failed')
    }
    case 'shell_call_output': {
      const output = read.shellOutput(item, at)
      if (!output.ok) return output
      return decodeOutput({ call_id: output.value.call_id, output: shellText(output.value.output) }, at)
    }
    case 'compaction':
    case 'compaction_summary':
      return decodeCompaction(item, at, sources)
    case 'item_reference': {
      const found = item.id ? sources.findItem(item.id) : undefined
      if (found === undefined) return refuse(`${at}.id`, 'names no item of an answer that is still kept')
      if (found === 'given') return ok(undefined)
      const kept = read.item(found, at)
      return kept.ok ? decodeItem(kept.value, at, { ...sources, findItem: () => undefined }) : kept
    }
    default:
      return ok(undefined)
  }
}

function decodeMessage(item: AnyItem, at: string): Decoded<Message> {
  const message = read.message(item, at)
  if (!message.ok) return message
  const role = message.value.role === 'developer' ? 'system' : message.value.role
  const parts = decodeContent(message.value.content, `${at}.content`, role)
  return parts.ok ? ok({ role, parts: parts.value }) : parts
}

type CallEntry = {
  readonly call_id?: string | null | undefined
  readonly name?: string | null
  readonly namespace?: string | null
}

function decodeCall(call: CallEntry, at: string, input: ToolCallPart['input']): Decoded<Message> {
  if (!call.call_id) return refuse(`${at}.call_id`, 'is required')
  if (!call.name) return refuse(`${at}.name`, 'is required')
  return ok(said({ type: 'tool-call', id: call.call_id, name: nameForModel(call.name, call.namespace), input }))
}

type OutputEntry = {
  readonly call_id?: string | null | undefined
  readonly output?: Static<typeof items.output>['output']
}

function decodeOutput({ call_id: callId, output }: OutputEntry, at: string, isError = false): Decoded<Message> {
  if (!callId) return refuse(`${at}.call_id`, 'is required')
  const parts = decodeResultContent(output, `${at}.output`)
  if (!parts.ok) return parts
  const result: ToolResultPart = { type: 'tool-result', callId, parts: parts.value, isError }
  return ok({ role: 'user', parts: [result] })
}

// The summary stands for the turns before it; the provider has no other form for it.
function decodeCompaction(item: AnyItem, at: string, sources: ItemSources): Decoded<Message> {
  const compaction = read.compaction(item, at)
  if (!compaction.ok) return compaction
  const summary = sources.openSummary(compaction.value.encrypted_content)
  if (summary === undefined) {
    return refuse(
      `${at}.encrypted_content`,
      'cannot be opened: this gateway did not make it, or its master key changed',
    )
  }
  return ok({ role: 'user', parts: [{ type: 'text', text: `${summaryLead}\n\n${summary}` }] })
}

type ShellOutput = Static<typeof items.shellOutput>['output']

const shellText = (output: ShellOutput): string =>
  output
    .map(({ stdout, stderr, outcome }) => {
      const end = outcome?.type === 'timeout' ? 'timed out' : `exit code ${outcome?.exit_code ?? 0}`
      return [stdout, stderr, `(${end})`].filter(Boolean).join('\n')
    })
    .join('\n\n')

const said = (part: Part): Message => ({ role: 'assistant', parts: [part] })
