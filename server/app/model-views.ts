import type { ModelList } from '../admin/contract/models.ts'
import type { ModelInfo } from '../conversation/model.ts'

/** The live models as the console shows them; the default is the newest Sonnet, else the first. */
export function modelViews(models: readonly ModelInfo[]): ModelList['models'] {
  const preferred =
    models.filter(({ id }) => id.includes('sonnet')).toSorted((a, b) => b.id.localeCompare(a.id))[0] ?? models[0]
  return models.map((model) => ({
    id: model.id,
    name: model.name,
    description: model.description ?? '',
    default: model.id === preferred?.id,
    thinking: model.requestFieldsSchema !== undefined || model.id.startsWith('claude'),
    maxInputTokens: model.maxInputTokens,
    maxOutputTokens: model.maxOutputTokens,
    images: model.acceptsImages,
  }))
}
