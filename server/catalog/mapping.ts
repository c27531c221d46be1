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

/** Mappings ready to be looked up. */
type Shelf = {
  readonly whole: ReadonlyMap<string, ModelMapping>
  /** The longest first; `keyed` is the beginning as keys are spelled. */
  readonly beginnings: readonly {
    readonly beginning: string
    readonly keyed: string
    readonly mapping: ModelMapping
  }[]
}

/** What the operator has set about names, as it holds for one caller. */
export type ModelRules = {
  readonly mappings: readonly ModelMapping[]
  /** In the order in which they are looked into: the caller's own, those for all. */
  readonly shelves: readonly Shelf[]
  /** One model for everything; small models are left alone. */
  readonly forced?: string
}
export const noRules: ModelRules = { mappings: [], shelves: [] }

export const isPrefix = (name: string): boolean => name.endsWith('*')

/** Equal for two names that could not stand side by side for the same keys. */
export const mappingKey = (name: string): string =>
  isPrefix(name) ? name.trim().toLowerCase() : (readings(name)[0]?.key ?? '')

export type RuleBook = (keyId: string | undefined) => ModelRules

/** The rules of one key out of all mappings; for callers with none of their own the very same object each time. */
export function createRuleBook(all: readonly ModelMapping[], forced?: string): RuleBook {
  const lists = new Map<string | undefined, ModelMapping[]>([[undefined, []]])
  for (const mapping of all) lists.set(mapping.keyId, [...(lists.get(mapping.keyId) ?? []), mapping])
  const shared = lists.get(undefined) ?? []
  const sharedShelf = shelve(shared)
  const more = forced === undefined ? {} : { forced }
  const ofAll: ModelRules = { mappings: shared, shelves: [sharedShelf], ...more }
  const ofKey = new Map<string | undefined, ModelRules>([[undefined, ofAll]])
  for (const [keyId, own] of lists) {
    if (keyId === undefined) continue
    ofKey.set(keyId, { mappings: [...own, ...shared], shelves: [shelve(own), sharedShelf], ...more })
  }
  return (keyId) => ofKey.get(keyId) ?? ofAll
}

function shelve(mappings: readonly ModelMapping[]): Shelf {
  const whole = new Map<string, ModelMapping>()
  for (const mapping of mappings) {
    const key = mappingKey(mapping.name)
    if (!isPrefix(mapping.name) && !whole.has(key)) whole.set(key, mapping)
  }
  const beginnings = mappings
    .filter(({ name }) => isPrefix(name))
    .map((mapping) => {
      const beginning = mappingKey(mapping.name).slice(0, -1)
      return { beginning, keyed: nameKey(beginning), mapping }
    })
    .toSorted((a, b) => b.beginning.length - a.beginning.length)
  return { whole, beginnings }
}

export type Mapped = NameWishes & { readonly mapping: ModelMapping }

/**
 * The mapping that a name meets: the key's own before those for all, a whole name before a beginning, of two beginnings the
 * longer. The name's wishes are kept: `gpt-4o-thinking` meets `gpt-4o` and asks for thinking.
 */
export function mappingFor(name: string, { mappings, shelves }: ModelRules): Mapped | undefined {
  if (mappings.length === 0) return undefined
  const literal = name.trim().toLowerCase()
  const found = readings(name)
  for (const { whole, beginnings } of shelves) {
    for (const { key, ...wishes } of found) {
      const mapping = whole.get(key)
      if (mapping !== undefined) return { mapping, ...wishes }
    }
    for (const { beginning, keyed, mapping } of beginnings) {
      const fitting = found.findLast(({ key }) => key.startsWith(keyed))
      if (fitting === undefined && !literal.startsWith(beginning)) continue
      const { key: _, ...wishes } = fitting ?? { key: '', thinkingSuffix: false }
      return { mapping, ...wishes }
    }
  }
  return undefined
}
