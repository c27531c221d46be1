import type { Role, Scope } from '../access/role.ts'

/** Who does something: the owner by the one password, an operator by name, a token of theirs, the command line. */
export type Actor = {
  readonly kind: 'owner' | 'operator' | 'token' | 'command-line'
  readonly id: string
  readonly name: string
  readonly role: Role
  /** Whose power it is: `owner`, or an operator's id. */
  readonly subject: string
  /** What a token may; absent: everything its role may. */
  readonly scopes?: readonly Scope[]
}

/** How a request was let in: by nothing (it needs none), a session's cookie, the password or a token as a bearer, the control token. */
export type Entry =
  | { readonly by: 'nobody' }
  | { readonly by: 'session'; readonly sessionId: string; readonly actor: Actor }
  | { readonly by: 'password' | 'token' | 'control' | 'itself'; readonly actor: Actor }

export const owner: Actor = { kind: 'owner', id: 'owner', name: 'owner', role: 'owner', subject: 'owner' }
export const commandLine: Actor = { ...owner, kind: 'command-line', id: 'command-line', name: 'command line' }

/** The gate has let nobody else come here. */
export function actorIn(entry: Entry | undefined): Actor {
  if (entry === undefined || entry.by === 'nobody') throw new Error('a route was reached around the gate')
  return entry.actor
}
