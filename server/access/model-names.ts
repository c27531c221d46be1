/** Longest list of models a key or a user may be held to. */
export const maxModels = 200

/** Whether a list of model names, where `*` at the end stands for any rest, has one of a model's names. Case does not count. */
export function allowsModel(list: readonly string[], names: readonly string[]): boolean {
  return names.some((name) => list.some((entry) => fits(entry.toLowerCase(), name.toLowerCase())))
}

const fits = (entry: string, name: string): boolean =>
  entry.endsWith('*') ? name.startsWith(entry.slice(0, -1)) : entry === name
