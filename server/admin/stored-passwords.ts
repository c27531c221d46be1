import { createPasswords, type Passwords } from '../access/password.ts'
import { ownerSubject } from '../access/role.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { randomText } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { SettingsStore, Store } from '../store/store.ts'
import type { AdminLog } from './admin-log.ts'
import type { AdminDeps } from './deps.ts'
import { storedSecondFactors } from './persons.ts'

/** Holds the hash of the owner's password. */
export const passwordHashSetting = 'admin_password_hash'

/** The operator's password as the settings keep it. */
export function storedPasswords(settings: SettingsStore, cost?: { memoryCost: number; timeCost: number }): Passwords {
  return createPasswords(
    {
      load: async () => (await settings.all())[passwordHashSetting],
      save: (hash) => settings.write({ [passwordHashSetting]: hash ?? null }),
    },
    cost,
  )
}

/**
 * Sets a password from the machine itself, a random one unless given; gives it back. Its second factor is off, and everybody
 * whose password it is signed out: for the owner's that is everybody. For `claude-server password reset`, beside a running
 * server or without one.
 */
export async function resetPassword(
  deps: {
    readonly passwords: Passwords
    readonly store: Pick<Store, 'sessions' | 'operators' | 'sealedSettings'>
    readonly effects: Pick<AdminDeps['effects'], 'now'>
    readonly log: AdminLog
  },
  { password = randomText(16), user }: { readonly password?: string; readonly user?: string },
): Promise<Result<string, GatewayError>> {
  const operator = user === undefined || isOwnerName(user) ? undefined : await deps.store.operators.findByName(user)
  if (user !== undefined && !isOwnerName(user) && operator === undefined) {
    return err(gatewayError('not-found', `There is no console user named ${JSON.stringify(user)}.`, { field: 'user' }))
  }
  if (operator === undefined) {
    const changed = await deps.passwords.change(password, 'password')
    if (!changed.ok) return changed
  } else {
    const passwordHash = await deps.passwords.hash(password, 'password')
    if (!passwordHash.ok) return passwordHash
    await deps.store.operators.update(operator.id, { passwordHash: passwordHash.value })
  }
  const factors = storedSecondFactors(deps.store.sealedSettings, deps.effects.now)
  await factors.remove(operator?.id ?? ownerSubject)
  await deps.store.sessions.removeAll(operator === undefined ? {} : { subject: operator.id })
  deps.log('warn', 'password.reset', { user: operator?.name ?? ownerSubject })
  return ok(password)
}

/** Who gives this name means the owner, whose name nobody else may have. */
export const isOwnerName = (name: string): boolean => name.trim().toLowerCase() === ownerSubject
