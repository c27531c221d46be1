import type { Message, Part } from '../../conversation/conversation.ts'
import type { TurnKind } from '../../conversation/newest-turn.ts'
import type { AddNote } from '../../conversation/note.ts'
import { nameForModel } from '../group-name.ts'
import { decodePart } from '../openai-content.ts'
import { createPast, kindOfMessage } from '../past.ts'
import { pastCall, pastId } from '../past-calls.ts'
import { textOf } from '../past-parts.ts'
import { isAmong, isObject, type Loose } from '../validate.ts'
import { freeformMember } from './names.ts'

/** A message may leave its type out, and so may a reference. */
export function kindOf(item: Loose): unknown {
  if (item.type != null) return item.type
  if (item.role != null) return 'message'
  return item.id == null ? undefined : 'item_reference'
}

/** On which side of the conversation an item stands. What is neither's goes along with its neighbours. */
export function turnKindOf(item: unknown): TurnKind {
  if (!isObject(item)) return 'unknown'
  const kind = kindOf(item)
  if (kind === 'message') return isAmong(item.role, ['tool', 'function']) ? 'unknown' : kindOfMessage(item)
  if (typeof kind !== 'string') return 'unknown'
  if (kind.endsWith('_call_output')) return 'results'
  return kind.endsWith('_call') || kind === 'reasoning' ? 'assistant' : 'system'
}

/** Reads past items that cannot be read strictly, as well as they can be. */
export function createPastItems(note: AddNote): (item: unknown, at: string) => readonly Message[] {
  const past = createPast(decodePart, note)

  function result(item: Loose, at: string): Message {
    const given =
      Array.isArray(item.output) || typeof item.output === 'string' ? item.output : textOf(item.output ?? '')
    return {
      role: 'user',
      parts: past.toolResult(pastId(item.call_id ?? item.id), given, `${at}.output`, item.status === 'failed'),
    }
  }

  function call(item: Loose, at: string, member: string): Message {
    const name = typeof item.name === 'string' ? nameForModel(item.name, namespaceOf(item)) : undefined
    const given = item[member]
    const input = member === 'input' ? { [freeformMember]: textOf(given ?? '') } : given
    return said(pastCall({ id: item.call_id ?? item.id, name, input, from: `${at}.${member}` }, at, note))
  }

  return (item, at) => {
    if (!isObject(item)) return past.message(item, at)
    const kind = kindOf(item)
    switch (kind) {
      case 'function_call':
        return [call(item, at, 'arguments')]
      case 'custom_tool_call':
        return [call(item, at, 'input')]
      case 'local_shell_call':
      case 'shell_call':
      case 'apply_patch_call': {
        const name = kind.replace(/_call$/, '')
        const input = item.action ?? item.operation
        return [said(pastCall({ id: item.call_id ?? item.id, name, input, from: at }, at, note))]
      }
      case 'reasoning':
        note({ what: 'part-left-out', field: at, detail: 'reasoning that cannot be read' })
        return []
      default:
        return typeof kind === 'string' && kind.endsWith('_call_output') ? [result(item, at)] : past.message(item, at)
    }
  }
}

const namespaceOf = ({ namespace }: Loose): string | undefined =>
  typeof namespace === 'string' ? namespace : undefined
const said = (part: Part): Message => ({ role: 'assistant', parts: [part] })
