/** The list of models of the benchmarks' provider. */
export const benchModels = {
  models: [
    {
      modelId: 'claude-sonnet-4.5',
      modelName: 'Claude Sonnet 4.5',
      description: 'bench',
      rateMultiplier: 1.3,
      rateUnit: 'Credit',
      tokenLimits: { maxInputTokens: 200_000, maxOutputTokens: 64_000 },
      supportedInputTypes: ['TEXT', 'IMAGE'],
    },
  ],
  defaultModel: { modelId: 'claude-sonnet-4.5' },
}
