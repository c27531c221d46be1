import { count, eq } from 'drizzle-orm'
import type { CredentialStore, Credentials } from '../upstream/amazonq/credentials.ts'
import type { Vault } from '../vault/vault.ts'
import type { Db, Engine, Statement } from './engine/engine.ts'
import { parseColumn } from './row.ts'

/** Tells that an account's credentials cannot be opened; once for each account until they are saved again. */
export type OnUnreadable = (accountId: string, reason: string) => void

type Deps = {
  readonly engine: Engine
  readonly vault: Vault
  readonly now: () => number
  readonly onUnreadable: OnUnreadable
}

export const credentialsContext = (accountId: string): string => `credentials of ${accountId}`

export function createCredentialStore({ engine, vault, now, onUnreadable }: Deps): CredentialStore {
  const { accounts, credentials, deletedItems } = engine.tables
  const reported = new Set<string>()
  const report = (accountId: string, reason: string): undefined => {
    if (!reported.has(accountId)) onUnreadable(accountId, reason)
    reported.add(accountId)
    return undefined
  }
  return {
    load: async (accountId) => {
      const rows = await engine.read((db) =>
        db.select({ sealed: credentials.sealed }).from(credentials).where(eq(credentials.accountId, accountId)),
      )
      const sealed = rows[0]?.sealed
      if (sealed === undefined) return undefined
      const opened = vault.unseal(sealed, credentialsContext(accountId))
      if (!opened.ok) return report(accountId, opened.error.message)
      return parseColumn<Credentials>(opened.value) ?? report(accountId, 'the sealed value is not what was saved')
    },
    save: async (accountId, value) => {
      const exists = await engine.read((db) =>
        db.select({ id: accounts.id }).from(accounts).where(eq(accounts.id, accountId)),
      )
      if (exists.length === 0) {
        // Deleted while a refresh was on its way: who restores it needs the tokens that are good now. Where nothing is left to
        // keep them for, nothing is kept.
        const sealed = seal(vault, accountId, value)
        await engine.atomic(
          (db) => [db.update(deletedItems).set({ credentials: sealed }).where(eq(deletedItems.id, accountId))],
          { durable: true },
        )
        return
      }
      await engine.atomic((db) => [saveCredentials({ engine, vault }, db, accountId, value, now())], { durable: true })
      reported.delete(accountId)
    },
  }
}

/** Writes or replaces one account's sealed credentials. */
export function saveCredentials(
  { engine, vault }: Pick<Deps, 'engine' | 'vault'>,
  db: Db,
  accountId: string,
  value: Credentials,
  updatedAt: number,
): Statement {
  const { credentials } = engine.tables
  const set = { sealed: seal(vault, accountId, value), updatedAt }
  return db.upsert(credentials, { accountId, ...set }, { target: credentials.accountId, set })
}

const seal = (vault: Vault, accountId: string, value: Credentials): Buffer =>
  Buffer.from(vault.seal(JSON.stringify(value), credentialsContext(accountId)))

/** How many accounts have sealed credentials, and what was deleted and can come back. */
export async function countSealed(engine: Engine): Promise<number> {
  const { credentials, deletedItems } = engine.tables
  const kept = await engine.read((db) => db.select({ rows: count() }).from(credentials))
  const deleted = await engine.read((db) => db.select({ rows: count() }).from(deletedItems))
  return (kept[0]?.rows ?? 0) + (deleted[0]?.rows ?? 0)
}
