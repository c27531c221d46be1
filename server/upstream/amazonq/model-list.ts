import type { GatewayError } from '../../conversation/error.ts'
import type { ModelInfo } from '../../conversation/model.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import { type ControlDeps, callControlPages } from './control-call.ts'
import type { Access } from './credentials.ts'
import { membersOf, numberOf, textOf } from './json-call.ts'

const operation = { name: 'ListAvailableModels', method: 'GET', path: '/ListAvailableModels' } as const

// Every recorded model declares its limits; these stand in for one that does not, at the small end.
const undeclaredInputTokens = 200_000
const undeclaredOutputTokens = 64_000

/** The models this account may use, all pages, in the provider's order. */
export async function listModels(
  deps: ControlDeps,
  access: Access,
): Promise<Result<readonly ModelInfo[], GatewayError>> {
  const { profileArn } = access
  const pages = await callControlPages(deps, access, access.region, operation, {
    origin: deps.settings.origin,
    profileArn,
  })
  if (!pages.ok) return err(pages.error.error)
  const models = pages.value.flatMap(({ models }) => (Array.isArray(models) ? models : [])).flatMap(modelOf)
  return ok([...new Map(models.map((model) => [model.id, model])).values()])
}

function modelOf(value: unknown): readonly ModelInfo[] {
  const model = membersOf(value)
  const id = textOf(model.modelId)
  if (id === undefined) return []
  const limits = membersOf(model.tokenLimits)
  const description = textOf(model.description)
  const rate = numberOf(model.rateMultiplier)
  const schema = membersOf(model.additionalModelRequestFieldsSchema)
  const inputs = Array.isArray(model.supportedInputTypes) ? model.supportedInputTypes : []
  return [
    {
      id,
      name: textOf(model.modelName) ?? id,
      ...(description === undefined ? {} : { description }),
      maxInputTokens: numberOf(limits.maxInputTokens) ?? undeclaredInputTokens,
      maxOutputTokens: numberOf(limits.maxOutputTokens) ?? undeclaredOutputTokens,
      acceptsImages: inputs.includes('IMAGE'),
      ...(rate === undefined ? {} : { rate }),
      ...(Object.keys(schema).length === 0 ? {} : { requestFieldsSchema: schema }),
    },
  ]
}
