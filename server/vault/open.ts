import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { err, ok, type Result } from '../lib/result.ts'
import { createKeyFile, type KeyFile, readKeyFile, removeKeyDrafts } from './key-file.ts'
import { parseMasterKey } from './master-key.ts'
import { createVault, type Vault } from './vault.ts'

/** Kept in the database beside what is sealed: which key it was, a value to try the key on, the salt of a passphrase. */
export type VaultMark = { readonly keyId: string; readonly check: Uint8Array; readonly salt: Uint8Array }

export type VaultOptions = {
  /** MASTER_KEY; goes over the file. */
  readonly masterKey?: string
  /** A key file of the operator's; must exist. */
  readonly masterKeyFile?: string
  /** Where `master.key` is looked for, and made when nothing is sealed yet. */
  readonly dataDir: string
  /** The database's mark; absent in a new one. */
  readonly mark?: VaultMark
  /** Rows the database holds sealed. Without a mark they mean that the mark was lost. */
  readonly hasSealed: boolean
  /** Make no key, whatever else is true. */
  readonly mustExist?: boolean
  /** `--new-master-key`: go on with another key although sealed rows cannot be opened. */
  readonly acceptNewKey?: boolean
}

export type OpenedVault = {
  readonly vault: Vault
  /** To be kept by the database; differs from the one given when the key is new. */
  readonly mark: VaultMark
  /** True: the key file was made by this call and must be backed up together with the database. */
  readonly created: boolean
  /** The key file in use; absent with MASTER_KEY. */
  readonly path?: string
  readonly warnings: readonly string[]
}

/** Why the vault stays closed, in words for the operator, with what can still be done. */
export type VaultFault = { readonly kind: 'bad-key' | 'wrong-key' | 'no-key' | 'unreadable'; readonly message: string }

export const keyFileName = 'master.key'
const checkContext = 'vault check'
const checkText = 'claude-server vault'

/**
 * Finds the master key and proves it on the database's mark. Fails closed: a missing or different key never leads to a
 * new one while anything is sealed, unless the operator says so.
 */
export function openVault(options: VaultOptions): Result<OpenedVault, VaultFault> {
  const found = findKey(options)
  if (!found.ok) return found
  const { source, text, file, warnings, created } = found.value
  const salt = options.mark?.salt ?? Uint8Array.from(randomBytes(16))
  const key = parseMasterKey(text, salt)
  if (!key.ok) return err({ kind: 'bad-key', message: `${source} ${key.error}.` })
  const vault = createVault(key.value)

  if (!isSealedBy(vault, options) && options.acceptNewKey !== true) {
    const why =
      options.mark === undefined ? lostMark : `The key from ${source} is not the one the saved sign-ins are sealed with`
    return err({ kind: 'wrong-key', message: `${why}. ${wayOut}` })
  }
  // The one that may make a key is alone in the folder.
  if (options.mustExist !== true && file !== undefined && options.masterKeyFile === undefined) removeKeyDrafts(file)
  const same = options.mark !== undefined && options.mark.keyId === vault.keyId && isSealedBy(vault, options)
  const mark = same && options.mark !== undefined ? options.mark : newMark(vault, salt)
  return ok({ vault, mark, created, ...(file !== undefined && { path: file }), warnings })
}

type FoundKey = {
  readonly source: string
  readonly text: string
  readonly file?: string
  readonly created: boolean
  readonly warnings: readonly string[]
}

function findKey(options: VaultOptions): Result<FoundKey, VaultFault> {
  const { masterKey, masterKeyFile, dataDir } = options
  if (masterKey !== undefined) {
    return ok({ source: 'MASTER_KEY', text: masterKey, created: false, warnings: [] })
  }
  const file = masterKeyFile ?? path.join(dataDir, keyFileName)
  const read = readKeyFile(file)
  if (!read.ok) return err({ kind: 'unreadable', message: `The master key file ${read.error}.` })
  if (read.value !== undefined) return ok(fromFile(file, read.value, false))
  if (masterKeyFile !== undefined) {
    return err({ kind: 'no-key', message: `The master key file ${file} does not exist. ${makeOne(file)}` })
  }
  const isNew = options.mark === undefined && !options.hasSealed
  if (options.mustExist === true || (!isNew && options.acceptNewKey !== true)) {
    return err({ kind: 'no-key', message: `The master key file ${file} is missing. ${wayOut}` })
  }
  const made = createKeyFile(file, randomBytes(32).toString('base64'))
  if (!made.ok) return err({ kind: 'unreadable', message: `The master key file ${made.error}.` })
  const again = readKeyFile(file)
  if (!again.ok) return err({ kind: 'unreadable', message: `The master key file ${again.error}.` })
  if (again.value === undefined) return err({ kind: 'unreadable', message: `The master key file ${file} went away.` })
  return ok(fromFile(file, again.value, made.value))
}

function fromFile(file: string, { text, warning }: KeyFile, created: boolean): FoundKey {
  return { source: file, text, file, created, warnings: warning === undefined ? [] : [warning] }
}

function isSealedBy(vault: Vault, { mark, hasSealed }: VaultOptions): boolean {
  if (mark === undefined) return !hasSealed
  const opened = vault.unseal(mark.check, checkContext)
  return opened.ok && opened.value === checkText
}

function newMark(vault: Vault, salt: Uint8Array): VaultMark {
  return { keyId: vault.keyId, check: vault.seal(checkText, checkContext), salt }
}

const lostMark = 'The database holds sealed sign-ins but no longer says which key seals them'
const wayOut =
  'Nothing was changed. Put the right key back (MASTER_KEY, MASTER_KEY_FILE, or master.key from the backup made with this ' +
  'database) and start again. If it is lost: start once with --new-master-key; the accounts then have to sign in again, ' +
  'while API keys, users, settings and request records are kept.'
const makeOne = (file: string): string =>
  `Make one with: (umask 077; head -c 32 /dev/urandom | base64 > ${file}), or leave the setting out to have one made.`
