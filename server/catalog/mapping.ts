import { type NameWishes, nameKey, readings } from './name.ts'

/** An operator's rule: callers who name this get that. */
export type ModelMapping = {
  readonly id: string
  /** A name, or with `*` at its end all that begin so; case makes no difference. */
  readonly name: string
  /** A model that is offered, or a name that another mapping leads on. */
  readonly target: string
  /** The only key it holds for; absent: all keys. */
  readonly keyId?: string
}

/** What the operator has set about names, as it holds for one caller. */
export type ModelRules = {
  /** Those for the caller's own key before those for all. */
  readonly mappings: readonly ModelMapping[]
  /** One model for everything; small models are left alone. */
  readonly forced?: string
}
export const noRules: ModelRules = { mappings: [] }

export const isPrefix = (name: string): boolean => name.endsWith('*')

/** Equal for two names that could not stand side by side for the same keys. */
export const mappingKey = (name: string): string =>
  isPrefix(name) ? name.trim().toLowerCase() : (readings(name)[0]?.key ?? '')

/** The rules of one key out of all mappings; of callers with none of their own the very same object each time. */
export function createRuleBook(all: readonly ModelMapping[], forced?: string) {
  const rulesOf = (mappings: readonly ModelMapping[]): ModelRules => ({
    mappings,
    ...(forced === undefined ? {} : { forced }),
  })
  const shared = all.filter(({ keyId }) => keyId === undefined)
  const ofAll = rulesOf(shared)
  const ofKey = new Map<string, ModelRules>()
  for (const id of new Set(all.flatMap(({ keyId }) => (keyId === undefined ? [] : [keyId])))) {
    ofKey.set(id, rulesOf([...all.filter(({ keyId }) => keyId === id), ...shared]))
  }
  return (keyId: string | undefined): ModelRules => (keyId === undefined ? ofAll : (ofKey.get(keyId) ?? ofAll))
}
export type RuleBook = ReturnType<typeof createRuleBook>

export type Mapped = NameWishes & { readonly mapping: ModelMapping }

/**
 * The mapping that a name meets: the key's own before those for all, a whole name before a beginning, of two beginnings the
 * longer. The name's wishes are kept: `gpt-4o-thinking` meets `gpt-4o` and asks for thinking.
 */
export function mappingFor(name: string, mappings: readonly ModelMapping[]): Mapped | undefined {
  if (mappings.length === 0) return undefined
  const own = mappings.filter(({ keyId }) => keyId !== undefined)
  const shared = mappings.filter(({ keyId }) => keyId === undefined)
  return meet(name, own) ?? meet(name, shared)
}

function meet(name: string, mappings: readonly ModelMapping[]): Mapped | undefined {
  const found = readings(name)
  for (const { key, ...wishes } of found) {
    const mapping = mappings.find((one) => !isPrefix(one.name) && mappingKey(one.name) === key)
    if (mapping !== undefined) return { mapping, ...wishes }
  }
  const literal = name.trim().toLowerCase()
  const longestFirst = mappings.filter((one) => isPrefix(one.name)).toSorted((a, b) => b.name.length - a.name.length)
  for (const mapping of longestFirst) {
    const beginning = mappingKey(mapping.name).slice(0, -1)
    const keyed = nameKey(beginning)
    const fitting = found.filter(({ key }) => key.startsWith(keyed))
    const { key: _, ...wishes } = fitting.at(-1) ?? { key: '', thinkingSuffix: false }
    if (fitting.length > 0 || literal.startsWith(beginning)) return { mapping, ...wishes }
  }
  return undefined
}
