import type { ModelInfo } from '../conversation/model.ts'
import { claudeVersion, nameKey } from './name.ts'

/**
 * Names that no account lists but that clients send by themselves or by habit, each with the model that stands for it.
 * Everything else unknown is an error: a caller who asked for one model is not silently given another.
 */
export function standIn(key: string, available: readonly ModelInfo[]): ModelInfo | undefined {
  const wanted = claudeVersion(key)
  if (wanted === undefined) return undefined
  // Clients use a small model of their own choice for titles and the like, whatever the user chose.
  if (wanted.family === 'haiku') return newestOf('haiku', available) ?? cheapestClaude(available)
  // Sonnet 3.x is retired everywhere; the project's earlier documents promised Sonnet 4.5 for it.
  if (wanted.family === 'sonnet' && wanted.version < 400) {
    return available.find((model) => nameKey(model.id) === 'claude-sonnet-4-5') ?? newestOf('sonnet', available)
  }
  return undefined
}

export function newestOf(family: string, available: readonly ModelInfo[]): ModelInfo | undefined {
  let newest: { readonly model: ModelInfo; readonly version: number } | undefined
  for (const model of available) {
    const found = claudeVersion(nameKey(model.id))
    if (found?.family === family && (newest === undefined || found.version > newest.version)) {
      newest = { model, version: found.version }
    }
  }
  return newest?.model
}

function cheapestClaude(available: readonly ModelInfo[]): ModelInfo | undefined {
  let cheapest: ModelInfo | undefined
  for (const model of available) {
    if (claudeVersion(nameKey(model.id)) === undefined) continue
    if (cheapest === undefined || (model.rate ?? 1) < (cheapest.rate ?? 1)) cheapest = model
  }
  return cheapest
}
