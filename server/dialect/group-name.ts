/** The name the model knows a tool by: two groups may hold tools of the same name. */
export function nameForModel(name: string, namespace: string | null | undefined): string {
  if (!namespace) return name
  return namespace.endsWith('__') ? namespace + name : `${namespace}__${name}`
}
