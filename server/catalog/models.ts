import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { ModelInfo } from '../conversation/model.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { cutText } from '../lib/sound-text.ts'
import { type ModelMapping, type ModelRules, mappingFor, noRules } from './mapping.ts'
import { type NameWishes, nameKey, readings } from './name.ts'
import { similarity } from './similar.ts'
import { newestOf, type SuccessionReason, successorOf } from './successor.ts'

/** Why another model serves than the one named. */
export type StandInReason = SuccessionReason | 'mapped' | 'forced'

/** The name's wishes are for thinking (`claude-sonnet-4.5-thinking`) and an effort (`claude-4.5-opus-high`). */
export type ResolvedModel = NameWishes & {
  readonly model: ModelInfo
  /** Absent: it is the model named. */
  readonly because?: StandInReason
  /** The mapping that was met first. */
  readonly mapping?: ModelMapping
}

/**
 * The model a caller means, among the union of the accounts' live lists. What the operator has set comes first: one model
 * for everything, then the mappings. Case, dots or dashes, a date, the spellings of other vendors and the order of family and
 * version make no difference; a Claude name that is not offered follows the rule of `successorOf`. Unknown:
 * `model-not-found` with up to three near names; an empty list: `no-account`.
 */
export function resolveModel(
  name: string,
  available: readonly ModelInfo[],
  rules: ModelRules = noRules,
): Result<ResolvedModel, GatewayError> {
  if (available.length === 0) {
    return err(gatewayError('no-account', 'No account can serve models yet.'))
  }
  const { forced } = rules
  if (forced !== undefined && !/haiku/i.test(name)) {
    const found = follow(forced, available, rules)
    if (!found.ok) return err(misled('The setting forceModel', forced))
    const asked = offered(name, available)
    const { model } = found.value
    const because = asked?.model.id === model.id ? {} : { because: 'forced' as const }
    return ok({ model, ...joined(asked ?? readings(name).at(-1), found.value), ...because })
  }
  const mapped = mappingFor(name, rules)
  if (mapped !== undefined) {
    const { mapping } = mapped
    const found = follow(mapping.target, available, rules, [mapping.id])
    if (!found.ok) return err(misled(`The mapping '${mapping.name}'`, mapping.target))
    return ok({ model: found.value.model, ...joined(mapped, found.value), because: 'mapped', mapping })
  }
  const found = offered(name, available) ?? succeeding(name, available)
  return found === undefined ? err(unknownModel(name, available)) : ok(found)
}

function offered(name: string, available: readonly ModelInfo[]): ResolvedModel | undefined {
  const byKey = new Map(available.map((model) => [nameKey(model.id), model] as const))
  for (const { key, ...wishes } of readings(name)) {
    const model = byKey.get(key)
    if (model) return { model, ...wishes }
  }
  return undefined
}

function succeeding(name: string, available: readonly ModelInfo[]): ResolvedModel | undefined {
  for (const { key, ...wishes } of readings(name)) {
    const successor = successorOf(key, available)
    if (successor) return { ...successor, ...wishes }
  }
  return undefined
}

/**
 * Where a target leads: to an offered model first, so that `*` may lead to one; else on through other mappings, of which
 * `met` were met before; else by the rule for Claude names.
 */
export function follow(
  target: string,
  available: readonly ModelInfo[],
  rules: ModelRules,
  met: readonly string[] = [],
): Result<ResolvedModel, 'unknown' | 'circle'> {
  const found = offered(target, available)
  if (found !== undefined) return ok(found)
  const next = mappingFor(target, rules)
  const isCircle = next !== undefined && met.includes(next.mapping.id)
  if (next !== undefined && !isCircle) {
    const end = follow(next.mapping.target, available, rules, [...met, next.mapping.id])
    return end.ok ? ok({ ...end.value, ...joined(next, end.value) }) : end
  }
  const successor = succeeding(target, available)
  if (successor !== undefined) return ok(successor)
  return err(isCircle ? 'circle' : 'unknown')
}

/** What the caller's name says outranks what the operator's says. */
function joined(asked: NameWishes | undefined, found: NameWishes): NameWishes {
  const effort = asked?.effort ?? found.effort
  return {
    thinkingSuffix: found.thinkingSuffix || asked?.thinkingSuffix === true,
    ...(effort === undefined ? {} : { effort }),
  }
}

const misled = (rule: string, target: string): GatewayError =>
  gatewayError('model-not-found', `${rule} leads to '${target}', which no account offers.`, { field: 'model' })

function unknownModel(name: string, available: readonly ModelInfo[]): GatewayError {
  const near = nearNames(name, available)
  const shown = name.length > 100 ? `${cutText(name, 100)}…` : name
  const hint = near.length === 0 ? '' : ` Near names: ${near.join(', ')}.`
  const advice = " To use it all the same, map it on the console's Models page."
  return gatewayError(
    'model-not-found',
    `The model '${shown}' does not exist or no account offers it.${hint}${advice}`,
    {
      field: 'model',
    },
  )
}

/** Up to three live ids: those that look like `name`, then the provider's own choice and the newest Sonnet and Opus. */
export function nearNames(name: string, available: readonly ModelInfo[]): readonly string[] {
  const key = readings(name.slice(0, 100)).at(-1)?.key ?? ''
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
