/** What a console user may: a viewer looks, an admin changes, the owner also says who may. Each may what those before it may. */
export const roles = ['viewer', 'admin', 'owner'] as const
export type Role = (typeof roles)[number]

export const isAtLeast = (role: Role, wanted: Role): boolean => roles.indexOf(role) >= roles.indexOf(wanted)

/** What an admin token may: `read` everything a viewer sees; changes by area; `write` all of them. */
export const scopes = ['read', 'accounts', 'users', 'settings', 'logs', 'write'] as const
export type Scope = (typeof scopes)[number]

export const hasScope = (held: readonly Scope[], wanted: Scope): boolean =>
  held.includes(wanted) || (wanted !== 'read' && held.includes('write'))

/** The one who knows the installation's password. Operators are told apart by their ids. */
export const ownerSubject = 'owner'
