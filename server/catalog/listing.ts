import type { GatewayError } from '../conversation/error.ts'
import type { ModelInfo } from '../conversation/model.ts'
import { ok, type Result } from '../lib/result.ts'
import { isPrefix, type ModelRules, noRules } from './mapping.ts'
import { resolveModel } from './models.ts'

/**
 * One entry of `GET /v1/models`, readable as OpenAI's and as Anthropic's object. The provider gives no release dates; both
 * times are the epoch, which Anthropic's reference names as the value for "unknown".
 */
export type ListedModel = {
  readonly id: string
  readonly object: 'model'
  readonly created: number
  readonly owned_by: string
  readonly type: 'model'
  readonly display_name: string
  readonly created_at: string
  readonly max_input_tokens: number
  readonly max_tokens: number
}

/** The body of `GET /v1/models` in both shapes at once; `has_more: false` ends every SDK's paging. */
export type ModelPage = {
  readonly object: 'list'
  readonly data: readonly ListedModel[]
  readonly has_more: false
  readonly first_id: string | null
  readonly last_id: string | null
}

/**
 * Every live id, and for Claude models also the dashed form, which is the one Anthropic's clients know. Forms with
 * `-thinking` are understood but not listed: thinking is a member of the request in both APIs, and listing them would show
 * each model twice more. Names that the operator has mapped follow. Each is described by the model that serves it; one that
 * leads nowhere is left out. Empty when no account can serve.
 */
export function listModels(available: readonly ModelInfo[], rules: ModelRules = noRules): readonly ListedModel[] {
  const entries = new Map<string, ListedModel>()
  const add = (id: string): void => {
    const resolved = entries.has(id) ? undefined : resolveModel(id, available, rules)
    if (resolved?.ok) entries.set(id, listed(id, resolved.value.model))
  }
  for (const { id } of available) {
    add(id)
    add(dashedClaude(id))
  }
  for (const { name } of rules.mappings) if (!isPrefix(name)) add(name)
  return [...entries.values()]
}

export function modelPage(available: readonly ModelInfo[], rules: ModelRules = noRules): ModelPage {
  const data = listModels(available, rules)
  return {
    object: 'list',
    data,
    has_more: false,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  }
}

/** `GET /v1/models/{id}`: whatever a request could name, under the name asked for. */
export function describeModel(
  name: string,
  available: readonly ModelInfo[],
  rules: ModelRules = noRules,
): Result<ListedModel, GatewayError> {
  const resolved = resolveModel(name, available, rules)
  return resolved.ok ? ok(listed(name, resolved.value.model)) : resolved
}

function listed(id: string, model: ModelInfo): ListedModel {
  return {
    id,
    object: 'model',
    created: 0,
    owned_by: model.id.startsWith('claude') ? 'anthropic' : 'amazon',
    type: 'model',
    display_name: model.name,
    created_at: '1970-01-01T00:00:00Z',
    max_input_tokens: model.maxInputTokens,
    max_tokens: model.maxOutputTokens,
  }
}

const dashedClaude = (id: string): string => (id.startsWith('claude') ? id.replace(/(?<=\d)\.(?=\d)/g, '-') : id)
