import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createKeyFile } from '../../server/vault/key-file.ts'
import { parseMasterKey } from '../../server/vault/master-key.ts'
import { type OpenedVault, openVault, type VaultFault, type VaultOptions } from '../../server/vault/open.ts'

let root = ''
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'vault-'))
})
afterAll(() => rmSync(root, { recursive: true }))
const folder = (): string => mkdtempSync(path.join(root, 'd-'))

function opened(options: Partial<VaultOptions> & { dataDir: string }): OpenedVault {
  const result = openVault({ hasSealed: options.mark !== undefined, ...options })
  if (!result.ok) throw new Error(result.error.message)
  return result.value
}
function refused(options: Partial<VaultOptions> & { dataDir: string }): VaultFault {
  const result = openVault({ hasSealed: options.mark !== undefined, ...options })
  if (result.ok) throw new Error('was opened')
  return result.error
}

describe('a key file of our own', () => {
  test('is made once, for its owner alone, and used again', () => {
    const dataDir = folder()
    const first = opened({ dataDir })
    expect(first.created).toBe(true)
    expect(first.path).toBe(path.join(dataDir, 'master.key'))
    if (process.platform !== 'win32') expect(statSync(path.join(dataDir, 'master.key')).mode & 0o777).toBe(0o600)
    expect(readdirSync(dataDir)).toEqual(['master.key'])
    const second = opened({ dataDir, mark: first.mark })
    expect(second.created).toBe(false)
    expect(second.mark).toEqual(first.mark)
    expect(second.vault.unseal(first.vault.seal('x', 'y'), 'y')).toEqual({ ok: true, value: 'x' })
  })
  test('that a crash left without its mark is taken over', () => {
    const dataDir = folder()
    const first = opened({ dataDir })
    expect(opened({ dataDir }).vault.keyId).toBe(first.vault.keyId)
  })
  test('leaves no copy beside it that a killed start has made, and no other file is touched', () => {
    const dataDir = folder()
    const first = opened({ dataDir })
    writeFileSync(path.join(dataDir, 'master.key.Ab12Cd34.new'), 'a copy of the key')
    writeFileSync(path.join(dataDir, 'master.key.backup'), 'kept by hand')
    opened({ dataDir, mark: first.mark, mustExist: true })
    expect(readdirSync(dataDir)).toHaveLength(3)
    opened({ dataDir, mark: first.mark })
    expect(readdirSync(dataDir).toSorted()).toEqual(['master.key', 'master.key.backup'])
  })
  test('never replaces one that is there', () => {
    const file = path.join(folder(), 'master.key')
    expect(createKeyFile(file, 'one')).toEqual({ ok: true, value: true })
    expect(createKeyFile(file, 'two')).toEqual({ ok: true, value: false })
    expect(readFileSync(file, 'utf8')).toBe('one\n')
  })
  test('that others may read is named', () => {
    const dataDir = folder()
    const { mark } = opened({ dataDir })
    chmodSync(path.join(dataDir, 'master.key'), 0o644)
    expect(opened({ dataDir, mark }).warnings[0]).toContain('can be read by others (mode 644)')
  })
  test('cannot be made where nothing can be written', () => {
    const dataDir = folder()
    writeFileSync(path.join(dataDir, 'file'), '')
    expect(refused({ dataDir: path.join(dataDir, 'file') })).toMatchObject({ kind: 'unreadable' })
  })
})

describe('a lost or different key', () => {
  const wayOut = /--new-master-key; the accounts then have to sign in again, while API keys, users, settings .* kept/
  test('missing file: closed, nothing made', () => {
    const { mark } = opened({ dataDir: folder() })
    const dataDir = folder()
    const fault = refused({ dataDir, mark })
    expect(fault.kind).toBe('no-key')
    expect(fault.message).toMatch(wayOut)
    expect(readdirSync(dataDir)).toEqual([])
  })
  test('missing file while rows are sealed without a mark: closed', () => {
    const dataDir = folder()
    expect(refused({ dataDir, hasSealed: true }).kind).toBe('no-key')
    expect(readdirSync(dataDir)).toEqual([])
  })
  test('another file, another MASTER_KEY: closed, and the key is not repeated', () => {
    const { mark } = opened({ dataDir: folder() })
    const other = folder()
    opened({ dataDir: other })
    expect(refused({ dataDir: other, mark }).message).toMatch(wayOut)
    const masterKey = 'another passphrase, long enough'
    const fault = refused({ dataDir: folder(), mark, masterKey })
    expect(fault.kind).toBe('wrong-key')
    expect(fault.message).not.toContain(masterKey)
  })
  test('the operator may go on with a new one', () => {
    const old = opened({ dataDir: folder() })
    const dataDir = folder()
    const fresh = opened({ dataDir, mark: old.mark, acceptNewKey: true })
    expect(fresh.created).toBe(true)
    expect(fresh.mark.keyId).not.toBe(old.mark.keyId)
    expect(fresh.vault.unseal(old.vault.seal('x', 'y'), 'y').ok).toBe(false)
    expect(opened({ dataDir, mark: fresh.mark }).vault.keyId).toBe(fresh.vault.keyId)
  })
  test('a mark that was tampered with does not open', () => {
    const dataDir = folder()
    const { mark } = opened({ dataDir })
    const check = Uint8Array.from(mark.check)
    check[40] = (check[40] ?? 0) ^ 1
    expect(refused({ dataDir, mark: { ...mark, check } }).kind).toBe('wrong-key')
  })
})

describe('a key of the operator’s', () => {
  const key = randomBytes(32)
  const keys: readonly (readonly [name: string, text: string])[] = [
    ['64 hex digits', key.toString('hex')],
    ['upper-case hex', key.toString('hex').toUpperCase()],
    ['base64', key.toString('base64')],
    ['URL-safe base64 without padding', key.toString('base64url')],
    ['with blanks around it', `  ${key.toString('hex')}\n`],
  ]
  test.each(keys)('%s gives the same 32 bytes', (_, text) => {
    expect(parseMasterKey(text, new Uint8Array(16))).toEqual({ ok: true, value: Uint8Array.from(key) })
  })
  test('a passphrase is stretched with the salt in the mark', () => {
    const masterKey = 'correct horse battery staple'
    const first = opened({ dataDir: folder(), masterKey })
    expect(first.path).toBeUndefined()
    expect(opened({ dataDir: folder(), masterKey, mark: first.mark }).vault.keyId).toBe(first.vault.keyId)
    expect(opened({ dataDir: folder(), masterKey }).vault.keyId).not.toBe(first.vault.keyId)
  })
  test('a short one is refused with what is expected', () => {
    const fault = refused({ dataDir: folder(), masterKey: 'too short' })
    expect(fault.kind).toBe('bad-key')
    expect(fault.message).toStartWith('MASTER_KEY needs 32 bytes as 64 hex digits or base64, or a passphrase')
  })
  test('MASTER_KEY goes over the file', () => {
    const dataDir = folder()
    writeFileSync(path.join(dataDir, 'k'), randomBytes(32).toString('hex'))
    const { vault } = opened({ dataDir, masterKey: key.toString('hex'), masterKeyFile: path.join(dataDir, 'k') })
    expect(vault.keyId).toBe(opened({ dataDir, masterKey: key.toString('base64') }).vault.keyId)
    expect(readdirSync(dataDir)).toEqual(['k'])
  })
  test('a file may hold text or the raw bytes', () => {
    const dataDir = folder()
    const raw = Buffer.from(key)
    raw[0] = 0xff
    writeFileSync(path.join(dataDir, 'raw'), raw)
    writeFileSync(path.join(dataDir, 'text'), `${raw.toString('base64')}\n`)
    const ids = ['raw', 'text'].map((name) => opened({ dataDir, masterKeyFile: path.join(dataDir, name) }).vault.keyId)
    expect(ids[0]).toBe(ids[1] ?? '')
  })
  test('a file that was named must be there and not be empty', () => {
    const dataDir = folder()
    const missing = refused({ dataDir, masterKeyFile: path.join(dataDir, 'none') })
    expect(missing.kind).toBe('no-key')
    expect(missing.message).toContain('does not exist')
    writeFileSync(path.join(dataDir, 'empty'), '\n')
    expect(refused({ dataDir, masterKeyFile: path.join(dataDir, 'empty') }).message).toContain('is empty')
  })
})
