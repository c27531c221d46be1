import { sha256Hex } from '../access/digest.ts'
import { ownerSubject } from '../access/role.ts'
import { createSecondFactors, type SecondFactors } from '../access/second-factor.ts'
import type { SessionLife } from '../access/session.ts'
import { productName } from '../config/build.ts'
import { quoted } from '../lib/command-line.ts'
import type { Effects } from '../lib/effects.ts'
import { secondFactorName } from '../store/second-factors.ts'
import type { OperatorRecord, SealedSettingsStore, SettingsStore, Store } from '../store/store.ts'
import { type Actor, owner } from './actor.ts'
import type { AdminDeps } from './deps.ts'
import { askedOf, isAtTheMachine } from './origin.ts'
import { settingIn } from './settings-table.ts'

/** What resets the password. Only who sits at the machine is told the folder. */
export function resetCommandOf({ dataDir, peerOf }: Pick<AdminDeps, 'dataDir' | 'peerOf'>, request: Request): string {
  const atHome = isAtTheMachine(peerOf(request), askedOf(request))
  return `${productName} password reset --data-dir ${atHome ? quoted(dataDir) : 'FOLDER'}`
}

/** Second factors as the store keeps them: sealed, one for each person. */
export function storedSecondFactors(sealed: SealedSettingsStore, now: () => number): SecondFactors {
  return createSecondFactors(
    {
      load: async (subject) => {
        const name = secondFactorName(subject)
        const text = await sealed.read(name)
        if (text !== undefined) return text
        // One that cannot be opened must not count as none.
        return Object.hasOwn(await sealed.shown(), name) ? 'unreadable' : undefined
      },
      save: (subject, text) =>
        sealed.write(secondFactorName(subject), text === undefined ? null : { value: text, shown: '' }),
    },
    now,
    productName,
  )
}

const hourMs = 3_600_000

/** How long sessions live, as the settings have it now. */
export async function sessionLife(settings: SettingsStore): Promise<SessionLife> {
  const stored = await settings.all()
  return {
    idleMs: Number(settingIn(stored, 'session_idle_hours')) * hourMs,
    longestMs: Number(settingIn(stored, 'session_max_hours')) * hourMs,
  }
}

export const actorOf = ({ id, name, role }: OperatorRecord): Actor => ({
  kind: 'operator',
  id,
  name,
  role,
  subject: id,
})

/** Who a session or a token acts for, unless that person is gone or switched off. */
export async function actorBySubject(store: Pick<Store, 'operators'>, subject: string): Promise<Actor | undefined> {
  if (subject === ownerSubject) return owner
  const operator = await store.operators.get(subject)
  return operator?.enabled === true ? actorOf(operator) : undefined
}

export type TokenActor = { readonly actor: Actor } | { readonly fault: string }

const touchEveryMs = 60_000

/** Who an admin token acts as. Its use is written down at most once a minute; without a peer it is only asked about. */
export async function actorByToken(
  deps: { readonly store: Pick<Store, 'operators' | 'adminTokens'>; readonly effects: Pick<Effects, 'now'> },
  text: string,
  peer: string | undefined,
): Promise<TokenActor> {
  const now = deps.effects.now()
  const token = await deps.store.adminTokens.findByHash(sha256Hex(text))
  if (token === undefined) return { fault: 'This admin token is not known; it may have been revoked.' }
  if (token.expiresAt !== undefined && token.expiresAt <= now) return { fault: 'This admin token has expired.' }
  const person = await actorBySubject(deps.store, token.subject)
  if (person === undefined) return { fault: 'The person who made this admin token may not sign in any more.' }
  if (peer !== undefined && (now - (token.lastUsedAt ?? 0) >= touchEveryMs || token.lastPeer !== peer)) {
    await deps.store.adminTokens.touch(token.id, now, peer)
  }
  return { actor: { ...person, kind: 'token', id: token.id, name: token.name, scopes: token.scopes } }
}
