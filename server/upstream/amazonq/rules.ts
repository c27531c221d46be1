import type { ModelInfo } from '../../conversation/model.ts'
import type { Steps } from '../../lib/slices.ts'
import { type Breach, type Rule, turnsIn } from './breach.ts'
import { orderRules } from './order-rules.ts'
import { sizeRules } from './size-rules.ts'
import { schemaBreaches, schemaRepairs, toolRules } from './tool-rules.ts'
import { isObject, type JsonObject, type RequestBody } from './wire.ts'

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

export type LookedThrough = {
  readonly broken: readonly Broken[]
  /** False: there was too much to look at, and what stands further back is not known. */
  readonly isWhole: boolean
}

/** Names and parts of schemas and inputs that are looked at, of one request; beyond them no request has a chance. */
const mostLookedAt = 300_000

export function* brokenRules(body: RequestBody, model: ModelInfo, region?: string): Steps<LookedThrough> {
  const look = { left: mostLookedAt }
  const turns = turnsIn(body)
  const schemas = yield* schemaBreaches(body, look)
  const checked = { body, model, turns, schemas, look, ...(region === undefined ? {} : { region }) }
  const broken: Broken[] = []
  for (const rule of rules) {
    const found = rule.find(checked)
    const breaches = Array.isArray(found) ? found : yield* found as Steps<readonly Breach[]>
    if (breaches.length > 0) broken.push({ rule, breaches })
    yield turns.length
  }
  return { broken, isWhole: look.left > 0 }
}

/** A repair goes through all messages. */
const repairWeight = 5_000

export type Mended = {
  readonly body: RequestBody
  /** Of names on the wire to those they stand for. */
  readonly renamed: ReadonlyMap<string, string>
  /** The rules whose repair changed something. */
  readonly by: ReadonlySet<Rule>
}

/**
 * Repairs what can be, one rule after the other. Where a rule that is known is broken, what is only reported is left alone:
 * the refusal has its reason. Schemas that were not looked through are left alone too. Undefined: the request would go out as
 * it was.
 */
export function* mend(body: RequestBody, { broken, isWhole }: LookedThrough): Steps<Mended | undefined> {
  const isExplained = broken.some(({ rule }) => rule.sure === 'known')
  let mended = body
  const renamed = new Map<string, string>()
  const by = new Set<Rule>()
  for (const { rule } of broken) {
    if (rule.repair === undefined || (isExplained && rule.sure === 'reported')) continue
    if (!isWhole && schemaRepairs.has(rule)) continue
    const applied = rule.repair.apply(mended)
    const repaired = 'body' in applied ? applied : yield* applied
    yield repairWeight
    if (repaired.body === mended || Bun.deepEquals(repaired.body, mended)) continue
    mended = repaired.body
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
