import type { TSchema } from '@sinclair/typebox'

/** A route as the framework knows it, with the schema its body must fit. */
export type BodyRoute = { readonly method: string; readonly path: string; readonly hooks: { readonly body?: unknown } }

/**
 * Gives a body's members the names their route knows them by. The original read them in any case (`Password`, `apikey`), and so
 * do its scripts write them. A member that is there in its own spelling is never written over.
 */
export function createSpelling(routes: () => readonly BodyRoute[]) {
  let known: ReadonlyMap<string, ReadonlyMap<string, string>> | undefined
  return (method: string, route: string, body: unknown): unknown => {
    known ??= new Map(
      routes().map(({ method: of, path, hooks }) => [`${of} ${trimmed(path)}`, namesOf(hooks.body)] as const),
    )
    const names = known.get(`${method} ${trimmed(route)}`)
    if (names === undefined || names.size === 0 || !isMembers(body)) return body
    const strange = Object.keys(body).filter((name) => isOtherCase(name, names, body))
    if (strange.length === 0) return body
    return Object.fromEntries(
      Object.entries(body).map(([name, value]) => [
        strange.includes(name) ? (names.get(name.toLowerCase()) ?? name) : name,
        value,
      ]),
    )
  }
}

function isOtherCase(name: string, names: ReadonlyMap<string, string>, body: object): boolean {
  const own = names.get(name.toLowerCase())
  return own !== undefined && own !== name && !Object.hasOwn(body, own)
}

function namesOf(schema: unknown): ReadonlyMap<string, string> {
  const { properties = {} } = isMembers(schema) ? (schema as Partial<TSchema>) : {}
  return new Map(Object.keys(properties as object).map((name) => [name.toLowerCase(), name]))
}

const trimmed = (path: string): string => path.replace(/(?<=.)\/$/, '')
const isMembers = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
