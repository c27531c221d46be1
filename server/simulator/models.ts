import type { Shape } from './shape.ts'

export type Plan = 'free' | 'pro' | 'pro-plus' | 'power'

export type SimulatedModel = {
  readonly id: string
  readonly name: string
  readonly rate: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly images: boolean
  /** Fewest tokens of a cache checkpoint; undefined: no prompt caching. */
  readonly cacheTokens?: number
  /** Schema of `additionalModelRequestFields`; a model without one takes none. */
  readonly fields?: Shape
  /** Regions that offer it; undefined: all. */
  readonly regions?: readonly string[]
}

const object = (properties: Shape, required?: readonly string[]): Shape => ({
  type: 'object',
  properties,
  ...(required === undefined ? {} : { required }),
  additionalProperties: false,
})

function claudeFields(maxTokens: number, efforts: readonly string[], thinkingTypes: readonly string[]): Shape {
  return object({
    thinking: object(
      {
        type: { type: 'string', enum: thinkingTypes },
        display: { type: 'string', enum: ['summarized', 'omitted'] },
      },
      ['type'],
    ),
    output_config: object({ effort: { type: 'string', enum: efforts } }),
    max_tokens: { type: 'integer', minimum: 1024, maximum: maxTokens },
  })
}

const efforts46 = ['low', 'medium', 'high', 'max']
const efforts47 = ['low', 'medium', 'high', 'xhigh', 'max']
const switchable = ['adaptive', 'disabled']
const gptFields = object({
  reasoning: object({ effort: { type: 'string', enum: ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] } }),
})

type Row = readonly [
  id: string,
  name: string,
  rate: number,
  inputTokens: number,
  outputTokens: number,
  images: boolean,
  cacheTokens: number | undefined,
  fields?: Shape,
  regions?: readonly string[],
]

const million = 1_000_000
// Source: the provider's protocol notes, 7.1 (a full answer of 2026-05) and 7.2 (seen later; output limits partly guessed there).
const rows: readonly Row[] = [
  ['auto', 'Auto', 1, million, 64_000, true, 1024],
  [
    'claude-opus-5.5',
    'Claude Opus 5.5',
    2,
    million,
    128_000,
    true,
    4096,
    claudeFields(128_000, efforts47, ['adaptive']),
  ],
  [
    'claude-sonnet-5.5',
    'Claude Sonnet 5.5',
    1.3,
    million,
    64_000,
    true,
    1024,
    claudeFields(64_000, efforts47, ['adaptive', 'between_tools']),
  ],
  ['claude-opus-5', 'Claude Opus 5', 2.2, million, 128_000, true, 4096, claudeFields(128_000, efforts47, switchable)],
  ['claude-sonnet-5', 'Claude Sonnet 5', 1.3, million, 64_000, true, 1024, claudeFields(64_000, efforts47, switchable)],
  [
    'claude-opus-4.8',
    'Claude Opus 4.8',
    2.2,
    million,
    128_000,
    true,
    4096,
    claudeFields(128_000, efforts47, switchable),
  ],
  [
    'claude-opus-4.7',
    'Claude Opus 4.7',
    2.2,
    million,
    128_000,
    true,
    4096,
    claudeFields(128_000, efforts47, switchable),
  ],
  ['claude-opus-4.6', 'Claude Opus 4.6', 2.2, million, 64_000, true, 4096, claudeFields(64_000, efforts46, switchable)],
  [
    'claude-sonnet-4.6',
    'Claude Sonnet 4.6',
    1.3,
    million,
    64_000,
    true,
    1024,
    claudeFields(64_000, efforts46, switchable),
  ],
  ['claude-opus-4.5', 'Claude Opus 4.5', 2.2, 200_000, 64_000, true, 4096],
  ['claude-sonnet-4.5', 'Claude Sonnet 4.5', 1.3, 200_000, 64_000, true, 1024],
  ['claude-sonnet-4', 'Claude Sonnet 4', 1.3, 200_000, 64_000, true, 1024],
  ['claude-haiku-4.5', 'Claude Haiku 4.5', 0.4, 200_000, 64_000, true, 4096],
  ['gpt-5.6-sol', 'GPT-5.6 Sol', 4.4, million, 128_000, true, 1024, gptFields, ['us-east-1']],
  ['gpt-5.6-terra', 'GPT-5.6 Terra', 2.2, million, 128_000, true, 1024, gptFields, ['us-east-1']],
  ['gpt-5.6-luna', 'GPT-5.6 Luna', 1.1, million, 128_000, true, 1024, gptFields, ['us-east-1']],
  ['deepseek-3.2', 'DeepSeek 3.2', 0.25, 164_000, 64_000, true, undefined],
  ['minimax-m2.5', 'MiniMax M2.5', 0.25, 196_000, 64_000, false, undefined],
  ['minimax-m2.1', 'MiniMax M2.1', 0.15, 196_000, 64_000, true, undefined],
  ['glm-5', 'GLM-5', 0.5, 200_000, 64_000, false, undefined],
  ['qwen3-coder-next', 'Qwen3 Coder Next', 0.05, 256_000, 64_000, true, undefined],
]

export const allModels: readonly SimulatedModel[] = rows.map(
  ([id, name, rate, inputTokens, outputTokens, images, cacheTokens, fields, regions]) => ({
    id,
    name,
    rate,
    inputTokens,
    outputTokens,
    images,
    ...(cacheTokens === undefined ? {} : { cacheTokens }),
    ...(fields === undefined ? {} : { fields }),
    ...(regions === undefined ? {} : { regions }),
  }),
)

/** The free plan has no Opus and no GPT; the paid ones have everything their region offers. */
export function modelsOf(plan: Plan, region: string): readonly SimulatedModel[] {
  return allModels.filter(
    (model) =>
      (model.regions === undefined || model.regions.includes(region)) &&
      (plan !== 'free' || !/^(claude-opus|gpt-)/.test(model.id)),
  )
}

/** One entry of ListAvailableModels. */
export function modelWire(model: SimulatedModel): Shape {
  return {
    modelId: model.id,
    modelName: model.name,
    description: `${model.name}, as the simulator plays it`,
    rateMultiplier: model.rate,
    rateUnit: 'Credit',
    tokenLimits: { maxInputTokens: model.inputTokens, maxOutputTokens: model.outputTokens },
    supportedInputTypes: model.images ? ['TEXT', 'IMAGE'] : ['TEXT'],
    promptCaching:
      model.cacheTokens === undefined
        ? { supportsPromptCaching: false }
        : {
            supportsPromptCaching: true,
            minimumTokensPerCacheCheckpoint: model.cacheTokens,
            maximumCacheCheckpointsPerRequest: 4,
          },
    ...(model.fields === undefined ? {} : { additionalModelRequestFieldsSchema: model.fields }),
  }
}
