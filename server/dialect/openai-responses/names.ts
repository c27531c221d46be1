/** A tool as the caller declared it; the model knows it by one name. */
export type Origin = {
  readonly kind: 'function' | 'custom'
  readonly name: string
  /** The group it was declared in, which has to come back with every call. */
  readonly namespace?: string
}

/** By the name the model knows. */
export type ToolNames = ReadonlyMap<string, Origin>

/** A call by a name that nobody declared goes back as it came. */
export const originOf = (name: string, names: ToolNames): Origin => names.get(name) ?? { kind: 'function', name }

/** The one member of a freeform tool's input, which the model fills with the raw text. */
export const freeformMember = 'input'
