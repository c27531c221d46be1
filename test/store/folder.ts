import { Database } from 'bun:sqlite'
import { test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onMysql } from '../support/database.ts'

/** Tests of what only a database in a file has. */
export const onFiles = onMysql ? undefined : test

/** A folder for one test file, with new ones inside it; `remove` at the end. */
export function createFolders(): { readonly next: () => string; readonly remove: () => void } {
  const root = mkdtempSync(path.join(tmpdir(), 'store-'))
  return {
    next: () => mkdtempSync(path.join(root, 'd-')),
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}

/** A database as the original server leaves it, in the parts that tell it apart. */
export function makeOriginal(
  file: string,
  edition: 'current' | 'old-settings' | 'accounts-only' = 'current',
): Database {
  const db = new Database(file)
  db.exec('PRAGMA journal_mode = WAL')
  if (edition !== 'accounts-only') {
    const [key, value] = edition === 'current' ? ['setting_key', 'setting_value'] : ['key', 'value']
    db.exec(`CREATE TABLE settings (${key} text, ${value} text, PRIMARY KEY (${key}))`)
    db.exec(`INSERT INTO settings VALUES ('admin_password', 'admin')`)
  }
  if (edition !== 'old-settings') {
    db.exec(
      'CREATE TABLE accounts (id text PRIMARY KEY, label text, clientId text, clientSecret text, refreshToken text)',
    )
    db.exec(`INSERT INTO accounts VALUES ('1', 'a', 'c', 's', 'r')`)
  }
  return db
}
