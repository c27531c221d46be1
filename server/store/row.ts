/** Members that have a value; null and undefined ones are left out, as our types want absent members. */
export function present<T extends object>(members: T): { readonly [Key in keyof T]?: NonNullable<T[Key]> } {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== null && value !== undefined),
  ) as never // the filter is what the type says
}

/** Our own JSON of a column; undefined when there is none or it is damaged. */
export function parseColumn<T>(text: string | null): T | undefined {
  if (text === null) return undefined
  try {
    return JSON.parse(text) as T
  } catch {
    return undefined
  }
}
