/** Members of a request; `against`: of the one it is compared with; `field`: what a refusal names. */
export type Sample = { readonly given: object; readonly against?: object; readonly field?: string }
/** By the first column of a table's row. */
export type Samples = Readonly<Record<string, readonly Sample[]>>

export const schema = { type: 'object', properties: { a: { type: 'string' } } }

export const of = (...bodies: readonly object[]): readonly Sample[] => bodies.map((given) => ({ given }))
/** Each is a member of the request. */
export const members = (...names: readonly string[]): readonly Sample[] =>
  of(...names.map((name) => ({ [name]: { a: 1 } })))
/** Each is refused by the name of its only member. */
export const refused = (...bodies: readonly object[]): readonly Sample[] =>
  bodies.map((given) => ({ given, field: Object.keys(given).join() }))
/** What each body adds to the one before all of them. */
export const beyond = (against: object, ...bodies: readonly object[]): readonly Sample[] =>
  bodies.map((given) => ({ given, against }))

export const user = (content: unknown) => ({ role: 'user', content })
export const messages = (...list: readonly unknown[]) => ({ messages: list })
