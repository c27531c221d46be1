import type { ModelInfo } from '../../conversation/model.ts'
import { type Breach, type Checked, checkedOf, type Rule } from './breach.ts'
import { orderRules } from './order-rules.ts'
import { sizeRules } from './size-rules.ts'
import { toolRules } from './tool-rules.ts'
import { isObject, type JsonObject, type RequestBody } from './wire.ts'
import { wireText } from './wire-text.ts'

/** What a request says beside its messages and tools. */
const envelopeRules: readonly Rule[] = [
  {
    name: 'request-fields',
    sure: 'known',
    demands: 'What is asked of thinking, effort and length has to fit the model.',
    find: ({ body, model }) => {
      const is = misfit(body.additionalModelRequestFields, model.requestFieldsSchema)
      return is === undefined ? [] : [{ place: { in: 'thinking' }, is }]
    },
    repair: {
      does: 'left to the model’s own defaults',
      apply: ({ additionalModelRequestFields: _, ...body }) => ({ body }),
    },
  },
  {
    name: 'profile-region',
    sure: 'known',
    demands: 'The profile of the account has to be of the region that is asked.',
    find: ({ body, region }) => {
      const own = body.profileArn?.split(':')[3]
      return own === undefined || region === undefined || own === region
        ? []
        : [{ place: { in: 'account' }, is: `${own}, asked in ${region}` }]
    },
  },
  {
    name: 'null-member',
    sure: 'known',
    demands: 'No member of a request may be null.',
    find: ({ body }) => {
      const { conversationState, ...rest } = body
      const { history, currentMessage, ...state } = conversationState
      return [...Object.values(rest), ...Object.values(state)].includes(null as never)
        ? [{ place: { in: 'turns' }, is: 'null' }]
        : []
    },
  },
]

/** All there is to know of what the provider refuses without a word. Source: provider's protocol notes, request body. */
export const rules: readonly Rule[] = [...orderRules, ...toolRules, ...sizeRules, ...envelopeRules]

/** A rule that a request breaks, and where. */
export type Broken = { readonly rule: Rule; readonly breaches: readonly Breach[] }

export function brokenRules(body: RequestBody, model: ModelInfo, region?: string): readonly Broken[] {
  const checked: Checked = checkedOf(body, model, region)
  return rules.flatMap((rule) => {
    const breaches = rule.find(checked)
    return breaches.length === 0 ? [] : [{ rule, breaches }]
  })
}

export type Mended = {
  readonly body: RequestBody
  /** Of names on the wire to those they stand for. */
  readonly renamed: ReadonlyMap<string, string>
  /** The rules whose repair changed something. */
  readonly by: ReadonlySet<Rule>
}

/**
 * Repairs what can be, one rule after the other. Where a rule that is known is broken, what is only reported is left alone:
 * the refusal has its reason. Undefined: the request would go out as it was.
 */
export function mend(body: RequestBody, broken: readonly Broken[]): Mended | undefined {
  const isExplained = broken.some(({ rule }) => rule.sure === 'known')
  let mended = body
  let text = wireText(body)
  const renamed = new Map<string, string>()
  const by = new Set<Rule>()
  for (const { rule } of broken) {
    if (rule.repair === undefined || (isExplained && rule.sure === 'reported')) continue
    const repaired = rule.repair.apply(mended)
    const next = wireText(repaired.body)
    if (next === text) continue
    mended = repaired.body
    text = next
    by.add(rule)
    for (const [wire, name] of repaired.renamed ?? []) renamed.set(wire, name)
  }
  return by.size === 0 ? undefined : { body: mended, renamed, by }
}

/** How fields break the model's own schema, of which only what such schemas use is judged. */
function misfit(fields: unknown, schema: unknown, path = ''): string | undefined {
  if (fields === undefined) return undefined
  if (!isObject(schema)) return path === '' ? 'the model takes none' : undefined
  if (Array.isArray(schema.enum) && !schema.enum.includes(fields)) return `${path} is none of the model’s values`
  if (typeof fields === 'number') {
    if (typeof schema.minimum === 'number' && fields < schema.minimum) return `${path} is below ${schema.minimum}`
    if (typeof schema.maximum === 'number' && fields > schema.maximum) return `${path} is above ${schema.maximum}`
  }
  if (!isObject(fields)) return undefined
  const properties: JsonObject = isObject(schema.properties) ? schema.properties : {}
  const required = Array.isArray(schema.required) ? schema.required : []
  const missing = required.find((name) => !Object.hasOwn(fields, String(name)))
  if (missing !== undefined) return `${path}${path && '.'}${String(missing)} is missing`
  for (const [name, value] of Object.entries(fields)) {
    const inner = path === '' ? name : `${path}.${name}`
    if (!Object.hasOwn(properties, name)) {
      if (schema.additionalProperties === false) return `${inner} is not known`
      continue
    }
    const found = misfit(value, properties[name], inner)
    if (found !== undefined) return found
  }
  return undefined
}
