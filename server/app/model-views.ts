import type { ModelList } from '../admin/contract/models.ts'
import type { Pricing } from '../catalog/prices.ts'
import type { ModelInfo } from '../conversation/model.ts'

/** The live models as the console shows them; the default is the newest Sonnet, else the first. */
export function modelViews(models: readonly ModelInfo[], pricingOf: (modelId: string) => Pricing): ModelList['models'] {
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
    price: priceView(pricingOf(model.id)),
  }))
}

const priceView = ({ price, from }: Pricing): ModelList['models'][number]['price'] => ({
  input_usd: price.inputMicroUsd / 1_000_000,
  output_usd: price.outputMicroUsd / 1_000_000,
  from,
})
