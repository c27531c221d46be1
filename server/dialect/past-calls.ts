import type { Part, ToolCallPart } from '../conversation/conversation.ts'
import type { AddNote } from '../conversation/note.ts'
import { rawArguments } from '../conversation/raw-arguments.ts'
import { parseJson } from '../lib/json.ts'
import { isObject } from './validate.ts'

/** Deeper than any call's arguments; below it every later step has stack enough. */
const deepestArguments = 256

/** The arguments of a past call: an object as it is, anything else as text under one name (docs/compatibility.md). */
export function pastArguments(given: unknown, at: string, note: AddNote): ToolCallPart['input'] {
  if (given === undefined || given === null) return {}
  if (isObject(given)) return given
  const text = typeof given === 'string' ? given : JSON.stringify(given)
  if (text.trim() === '') return {}
  const parsed = typeof given === 'string' ? parseJson(given, deepestArguments) : undefined
  if (parsed?.ok && isObject(parsed.value)) return parsed.value
  if (parsed?.ok && parsed.value === null) return {}
  note({ what: 'arguments-as-text', field: at })
  return rawArguments(text)
}

/** `from`: where it stands; `at`: the whole call. */
export type GivenCall = { readonly id: unknown; readonly name: unknown; readonly input: unknown; readonly from: string }

/** A past call. Without a name there is nothing to call, so it becomes text; an id it lacks is made from its place. */
export function pastCall({ id, name, input, from }: GivenCall, at: string, note: AddNote): Part {
  const read = pastArguments(input, from, note)
  if (typeof name !== 'string' || name.trim() === '') {
    note({ what: 'content-as-text', field: at, detail: 'a tool call without a name' })
    return { type: 'text', text: `Call of a tool without a name: ${JSON.stringify(read)}` }
  }
  const known = pastId(id)
  if (known === undefined) note({ what: 'id-made', field: at })
  return { type: 'tool-call', id: known ?? `call_${at.replaceAll('.', '_')}`, name, input: read }
}

/** An id as text; numbers are sent too. */
export function pastId(id: unknown): string | undefined {
  if (typeof id === 'number') return String(id)
  return typeof id === 'string' && id !== '' ? id : undefined
}

/**
 * One call where the same one is told twice: clients that bridge two APIs send it as a block of the content and in
 * `tool_calls`, with its arguments in one place only.
 */
export function mergeCalls(parts: readonly Part[], at: string, note: AddNote): readonly Part[] {
  const merged: Part[] = []
  const places = new Map<string, number>()
  for (const part of parts) {
    const key = part.type === 'tool-call' ? `${part.id}\0${part.name}` : ''
    const place = part.type === 'tool-call' ? places.get(key) : undefined
    const known = place === undefined ? undefined : merged[place]
    if (part.type !== 'tool-call' || place === undefined || known?.type !== 'tool-call') {
      if (part.type === 'tool-call') places.set(key, merged.length)
      merged.push(part)
      continue
    }
    note({ what: 'call-merged', field: at, detail: part.name })
    if (isEmpty(known.input)) merged[place] = { ...known, input: part.input }
  }
  return merged
}

const isEmpty = (input: ToolCallPart['input']): boolean => Object.keys(input).length === 0
