import type { Fault } from './schema-check.ts'

/** Whether two values of a form are the same: texts, numbers, switches and lists of them. */
export function isSame(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, index) => isSame(item, other[index]))
  }
  return Object.is(one, other)
}

/** The names of the values that are not as they were at the start. */
export const changedNames = <Values extends object>(values: Values, start: Values): readonly (keyof Values)[] =>
  (Object.keys(values) as (keyof Values)[]).filter((name) => !isSame(values[name], start[name]))

/** The value that a fault or a refusal is about: its own name, else that of what it lies in. */
export function nameOf<Name extends string>(path: string, names: readonly Name[]): Name | undefined {
  const parts = path.split('.')
  for (let length = parts.length; length > 0; length--) {
    const found = names.find((name) => name === parts.slice(0, length).join('.'))
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * What is sent when a form says nothing else: texts without the blanks around them. A text left empty is left out where its
 * member may be, and so is an amount that was not typed.
 */
export function plainBody(values: object, required: readonly string[] = []): Readonly<Record<string, unknown>> {
  const entries = Object.entries(values).map(
    ([name, value]) => [name, typeof value === 'string' ? value.trim() : value] as const,
  )
  return Object.fromEntries(
    entries.filter(([name, value]) => value !== undefined && (value !== '' || required.includes(name))),
  )
}

/** The first fault of each value; those of none are left over. */
export function faultsByName<Name extends string>(
  faults: readonly Fault[],
  names: readonly Name[],
): { readonly named: ReadonlyMap<Name, Fault>; readonly others: readonly Fault[] } {
  const named = new Map<Name, Fault>()
  const others: Fault[] = []
  for (const fault of faults) {
    const name = nameOf(fault.path, names)
    if (name === undefined) others.push(fault)
    else if (!named.has(name)) named.set(name, fault)
  }
  return { named, others }
}
