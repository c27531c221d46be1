import type { Effort } from '../conversation/conversation.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { ModelInfo } from '../conversation/model.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { newestOf, standIn } from './aliases.ts'
import { nameKey, readings } from './name.ts'
import { similarity } from './similar.ts'

export type ResolvedModel = {
  readonly model: ModelInfo
  /** The name asked for thinking: `claude-sonnet-4.5-thinking`. */
  readonly thinkingSuffix: boolean
  /** The name asked for an effort: `claude-4.5-opus-high`. */
  readonly effort?: Effort
}

/**
 * The model a caller means, among the union of the accounts' live lists. Case, dots or dashes, a date, `-latest`, `[1m]`
 * and the order of family and version make no difference. Unknown: `model-not-found` with up to three near names; an empty
 * list: `no-account`, since nothing is known about any model.
 */
export function resolveModel(name: string, available: readonly ModelInfo[]): Result<ResolvedModel, GatewayError> {
  if (available.length === 0) {
    return err(gatewayError('no-account', 'No account can serve models yet: none has a model list.'))
  }
  const byKey = new Map(available.map((model) => [nameKey(model.id), model] as const))
  const found = readings(name)
  for (const { key, ...wishes } of found) {
    const model = byKey.get(key)
    if (model) return ok({ model, ...wishes })
  }
  for (const { key, ...wishes } of found) {
    const model = standIn(key, available)
    if (model) return ok({ model, ...wishes })
  }
  return err(unknownModel(name, available))
}

function unknownModel(name: string, available: readonly ModelInfo[]): GatewayError {
  const near = nearNames(name, available)
  const shown = name.length > 100 ? `${name.slice(0, 100)}…` : name
  const hint = near.length === 0 ? '' : ` Near names: ${near.join(', ')}.`
  return gatewayError('model-not-found', `The model '${shown}' does not exist or no account offers it.${hint}`, {
    field: 'model',
  })
}

/** Up to three live ids: those that look like `name`, then the provider's own choice and the newest Sonnet and Opus. */
export function nearNames(name: string, available: readonly ModelInfo[]): readonly string[] {
  const key = nameKey(name.trim().slice(0, 100))
  const near = [...new Set(available.map((model) => model.id))]
    .map((id) => ({ id, score: similarity(key, nameKey(id)) }))
    .filter(({ score }) => score >= 0.4)
    .sort((a, b) => b.score - a.score || a.id.localeCompare(b.id))
    .slice(0, 3)
    .map(({ id }) => id)
  const usual = [
    available.find((model) => model.id === 'auto'),
    newestOf('sonnet', available),
    newestOf('opus', available),
    ...available,
  ].flatMap((model) => (model ? [model.id] : []))
  return [...new Set([...near, ...usual])].slice(0, 3)
}
