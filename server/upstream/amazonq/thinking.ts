import type { Conversation, Effort } from '../../conversation/conversation.ts'
import type { ModelInfo } from '../../conversation/model.ts'
import { isObject, type JsonObject } from './wire.ts'

export type Segment = { readonly kind: 'text' | 'reasoning'; readonly text: string }

const openTag = '<thinking>'
const closeTag = '</thinking>'

/**
 * Parts a reply that was asked to think in tags: `<thinking>…</thinking>` at its very beginning is reasoning, everything else
 * is text and passes unchanged, whatever it looks like. A tag may be cut anywhere between two pieces.
 */
export function createTagSplitter(): { push: (text: string) => readonly Segment[]; end: () => readonly Segment[] } {
  let stage: 'start' | 'reasoning' | 'gap' | 'text' = 'start'
  let held = ''

  const take = (text: string): readonly Segment[] => {
    held += text
    if (stage === 'start') {
      const begun = held.trimStart()
      if (begun.length < openTag.length && openTag.startsWith(begun)) return []
      if (!begun.startsWith(openTag)) {
        stage = 'text'
      } else {
        stage = 'reasoning'
        held = begun.slice(openTag.length).replace(/^\r?\n/, '')
      }
    }
    const out: Segment[] = []
    if (stage === 'reasoning') {
      const at = held.indexOf(closeTag)
      if (at < 0) {
        const keep = overlap(held, closeTag)
        const ready = held.slice(0, held.length - keep)
        held = held.slice(held.length - keep)
        return ready === '' ? [] : [{ kind: 'reasoning', text: ready }]
      }
      if (at > 0) out.push({ kind: 'reasoning', text: held.slice(0, at) })
      held = held.slice(at + closeTag.length)
      stage = 'gap'
    }
    // The blank line behind the closing tag belongs to it.
    if (stage === 'gap') {
      held = held.replace(/^[\r\n]+/, '')
      if (held === '') return out
      stage = 'text'
    }
    if (held !== '') out.push({ kind: 'text', text: held })
    held = ''
    return out
  }

  return {
    push: take,
    end: () => {
      const rest = held
      held = ''
      if (rest === '') return []
      return [{ kind: stage === 'reasoning' ? 'reasoning' : 'text', text: rest }]
    },
  }
}

/** Length of the longest end of `text` that begins `tag`. */
function overlap(text: string, tag: string): number {
  for (let length = Math.min(text.length, tag.length - 1); length > 0; length--) {
    if (text.endsWith(tag.slice(0, length))) return length
  }
  return 0
}

const wantsThinking = ({ thinking }: Conversation): boolean =>
  thinking.type === 'enabled' || thinking.type === 'adaptive'

const defaultBudget = 16_000

/** The tag form, for models without native fields; undefined when nobody asked for thinking. Source: protocol notes, 2.8. */
export function thinkingTags(conversation: Conversation, model: ModelInfo): string | undefined {
  if (!wantsThinking(conversation) || model.requestFieldsSchema !== undefined || !model.id.startsWith('claude'))
    return undefined
  const { thinking, effort } = conversation
  if (thinking.type === 'adaptive') {
    return `<thinking_mode>adaptive</thinking_mode><thinking_effort>${tagEffort(effort)}</thinking_effort>`
  }
  const budget = thinking.type === 'enabled' ? (thinking.budgetTokens ?? defaultBudget) : defaultBudget
  return `<thinking_mode>enabled</thinking_mode><max_thinking_length>${budget}</max_thinking_length>`
}

const tagEffort = (effort: Effort | undefined): string =>
  effort === undefined
    ? 'medium'
    : effort === 'minimal'
      ? 'low'
      : effort === 'xhigh' || effort === 'max'
        ? 'high'
        : effort

const effortOrder = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const

/** Native thinking, effort and limit, as far as the model's own schema has members for them; undefined when there is nothing to say. */
export function requestFields(conversation: Conversation, model: ModelInfo): JsonObject | undefined {
  const members = propertiesOf(model.requestFieldsSchema)
  const fields: Record<string, unknown> = {}
  const thinking = thinkingField(conversation, propertiesOf(members.thinking))
  if (thinking !== undefined) fields.thinking = thinking
  for (const name of ['output_config', 'reasoning']) {
    const effort = nearestEffort(conversation, enumOf(propertiesOf(members[name]).effort))
    if (effort !== undefined) fields[name] = { effort }
  }
  const { maxOutputTokens } = conversation.limits
  const limit = isObject(members.max_tokens) ? members.max_tokens : undefined
  if (limit !== undefined && maxOutputTokens !== undefined) {
    const least = typeof limit.minimum === 'number' ? limit.minimum : 1
    const most = typeof limit.maximum === 'number' ? limit.maximum : maxOutputTokens
    fields.max_tokens = Math.min(most, Math.max(least, maxOutputTokens))
  }
  return Object.keys(fields).length === 0 ? undefined : fields
}

function thinkingField(conversation: Conversation, members: JsonObject): JsonObject | undefined {
  const types = enumOf(members.type)
  const wanted = wantsThinking(conversation)
    ? ['adaptive', 'enabled']
    : conversation.thinking.type === 'disabled'
      ? ['disabled']
      : []
  const type = wanted.find((name) => types.includes(name))
  if (type === undefined) return undefined
  return type !== 'disabled' && enumOf(members.display).includes('summarized')
    ? { type, display: 'summarized' }
    : { type }
}

/** The asked effort, or the nearest step below or above that the model has. */
function nearestEffort({ effort, thinking }: Conversation, steps: readonly string[]): string | undefined {
  const asked = effort ?? (thinking.type === 'disabled' && steps.includes('none') ? 'none' : undefined)
  if (asked === undefined || steps.length === 0) return undefined
  const rank = (step: string): number => effortOrder.indexOf(step as (typeof effortOrder)[number])
  const known = steps.filter((step) => rank(step) >= 0 && (step !== 'none' || asked === 'none'))
  return known.toSorted((a, b) => Math.abs(rank(a) - rank(asked)) - Math.abs(rank(b) - rank(asked)))[0]
}

const propertiesOf = (schema: unknown): JsonObject =>
  isObject(schema) && isObject(schema.properties) ? schema.properties : {}
const enumOf = (schema: unknown): readonly string[] =>
  isObject(schema) && Array.isArray(schema.enum) ? schema.enum.filter((value) => typeof value === 'string') : []
