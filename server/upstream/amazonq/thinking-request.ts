import type { Conversation, Effort } from '../../conversation/conversation.ts'
import type { ModelInfo } from '../../conversation/model.ts'
import { isObject, type JsonObject, numberOf } from './wire.ts'

/** How thinking is asked for: members of the request where the model has a schema for them, tags in the text elsewhere. */
export type ThinkingRequest = {
  /** `additionalModelRequestFields`; undefined when there is nothing to say. */
  readonly fields?: JsonObject
  /** For the head of the system text; the model then writes its reasoning between tags, which the decoder splits off. */
  readonly tags?: string
}

export function thinkingRequest(conversation: Conversation, model: ModelInfo): ThinkingRequest {
  if (model.requestFieldsSchema === undefined) {
    const tags = thinkingTags(conversation, model)
    return tags === undefined ? {} : { tags }
  }
  const fields = nativeFields(conversation, model.requestFieldsSchema)
  return Object.keys(fields).length === 0 ? {} : { fields }
}

const defaultBudgetTokens = 16_000

/** Source: provider's protocol notes, thinking, legacy form. */
function thinkingTags({ thinking, effort }: Conversation, model: ModelInfo): string | undefined {
  switch (thinking.type) {
    case 'unspecified':
    case 'disabled':
      return undefined
    case 'enabled': {
      const budget = Math.min(thinking.budgetTokens ?? defaultBudgetTokens, model.maxOutputTokens)
      return `<thinking_mode>enabled</thinking_mode><max_thinking_length>${budget}</max_thinking_length>`
    }
    case 'adaptive': {
      const level = nearestEffort(effort ?? 'high', ['low', 'medium', 'high'])
      return `<thinking_mode>adaptive</thinking_mode><thinking_effort>${level}</thinking_effort>`
    }
  }
}

/** Only members and values that the model's own schema has: everything else is refused. */
function nativeFields(conversation: Conversation, schema: JsonObject): JsonObject {
  const thinking = thinkingMember(conversation, memberSchema(schema, 'thinking'))
  const effort = effortOf(conversation.effort, memberSchema(schema, 'output_config', 'effort'))
  const reasoning = reasoningEffort(conversation, memberSchema(schema, 'reasoning', 'effort'))
  const maxTokens = clampedInteger(conversation.limits.maxOutputTokens, memberSchema(schema, 'max_tokens'))
  return {
    ...(thinking === undefined ? {} : { thinking }),
    ...(effort === undefined ? {} : { output_config: { effort } }),
    ...(reasoning === undefined ? {} : { reasoning: { effort: reasoning } }),
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
  }
}

function thinkingMember({ thinking }: Conversation, schema: JsonObject | undefined): JsonObject | undefined {
  const types = allowedValues(memberSchema(schema, 'type'))
  if (schema === undefined || types === undefined || thinking.type === 'unspecified') return undefined
  if (thinking.type === 'disabled') return types.includes('disabled') ? { type: 'disabled' } : undefined
  const wanted = thinking.type === 'enabled' ? ['enabled', 'adaptive'] : ['adaptive', 'enabled']
  const type = wanted.find((value) => types.includes(value))
  if (type === undefined) return undefined
  const budget =
    thinking.type === 'enabled' && type === 'enabled'
      ? clampedInteger(thinking.budgetTokens, memberSchema(schema, 'budget_tokens'))
      : undefined
  // Who asks for thinking wants to read it; some models leave the text out unless told.
  const display = allowedValues(memberSchema(schema, 'display'))?.includes('summarized')
  return {
    type,
    ...(budget === undefined ? {} : { budget_tokens: budget }),
    ...(display ? { display: 'summarized' } : {}),
  }
}

/** The newer GPT form, where no effort at all is how thinking is switched off. */
function reasoningEffort(conversation: Conversation, schema: JsonObject | undefined): string | undefined {
  if (conversation.thinking.type !== 'disabled') return effortOf(conversation.effort, schema)
  return allowedValues(schema)?.includes('none') ? 'none' : undefined
}

function effortOf(effort: Effort | undefined, schema: JsonObject | undefined): string | undefined {
  const allowed = allowedValues(schema)
  return effort === undefined || allowed === undefined ? undefined : nearestEffort(effort, allowed)
}

const efforts: readonly string[] = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max'] satisfies readonly Effort[]

/** The wanted effort, else the next lower one that is allowed, else the lowest. */
function nearestEffort(effort: Effort, allowed: readonly string[]): string | undefined {
  const known = efforts.filter((level) => allowed.includes(level))
  return known.findLast((level) => efforts.indexOf(level) <= efforts.indexOf(effort)) ?? known[0]
}

function clampedInteger(value: number | undefined, schema: JsonObject | undefined): number | undefined {
  if (value === undefined || schema === undefined) return undefined
  const floor = Math.max(numberOf(schema.minimum) ?? 1, value)
  return Math.min(numberOf(schema.maximum) ?? floor, floor)
}

/** The schema of a nested member, when the model has it. */
function memberSchema(schema: JsonObject | undefined, ...path: readonly string[]): JsonObject | undefined {
  let inner = schema
  for (const name of path) {
    const properties: unknown = inner?.properties
    const next = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined
    inner = isObject(next) ? next : undefined
  }
  return inner
}

/** The strings a schema allows, by `enum`, `const` or alternatives of these; undefined when it does not list any. */
function allowedValues(schema: JsonObject | undefined): readonly string[] | undefined {
  if (schema === undefined) return undefined
  if (Array.isArray(schema.enum)) return schema.enum.filter((value) => typeof value === 'string')
  if (typeof schema.const === 'string') return [schema.const]
  const alternatives = [schema.anyOf, schema.oneOf].filter(Array.isArray).flat()
  const values = alternatives.flatMap((entry) => (isObject(entry) ? (allowedValues(entry) ?? []) : []))
  return values.length > 0 ? values : undefined
}
