import { Database } from 'bun:sqlite'
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { type GatewayError, gatewayError } from '../../conversation/error.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import { parseCliRows } from './cli-rows.ts'
import { type ImportRead, maxImportBytes, readImport } from './import.ts'
import type { ImportItem } from './import-item.ts'
import { membersOf, parseJson } from './json-call.ts'

/** Where this machine's own clients keep their sign-ins. */
export type LocalClient = {
  readonly name: 'Kiro' | 'Kiro CLI' | 'Amazon Q CLI' | 'AWS SSO cache'
  readonly file: string
}

/** What the look-up depends on: `os.homedir()`, `process.platform`, `LOCALAPPDATA`. */
export type Home = { readonly directory: string; readonly platform: string; readonly localAppData?: string }

const kiroTokenName = 'kiro-auth-token.json'
const maxCacheFiles = 200
const maxValueBytes = 1_000_000

/** The sign-ins of other clients found on this machine; files that do not exist are left out. Reads no content. */
export async function findLocalClients(home: Home): Promise<readonly LocalClient[]> {
  const cache = path.join(home.directory, '.aws', 'sso', 'cache')
  const names = await readdir(cache).catch(() => [])
  const cached = names
    .filter((name) => /^[0-9a-f]{40}\.json$/.test(name))
    .slice(0, maxCacheFiles)
    .map((name): LocalClient => ({ name: 'AWS SSO cache', file: path.join(cache, name) }))
  const candidates: readonly LocalClient[] = [
    { name: 'Kiro', file: path.join(cache, kiroTokenName) },
    { name: 'Kiro CLI', file: path.join(dataFolder(home, 'kiro-cli', 'Kiro-Cli'), 'data.sqlite3') },
    { name: 'Amazon Q CLI', file: path.join(dataFolder(home, 'amazon-q', 'amazon-q'), 'data.sqlite3') },
    ...cached,
  ]
  const present = await Promise.all(
    candidates.map(async (client) => ((await sizeOf(client.file)) === undefined ? [] : [client])),
  )
  return present.flat()
}

/**
 * The sign-ins in one file of another client: its database, its token file (with the client registration beside it), or any
 * form `readImport` takes. A database is opened read-only and nothing is ever written back.
 */
export async function readLocalClient(file: string): Promise<Result<ImportRead, GatewayError>> {
  const size = await sizeOf(file)
  if (size === undefined) return err(unreadable('There is no such file.'))
  try {
    return (await isDatabase(file)) ? ok(ofDatabase(file, readDatabase(file))) : await readJson(file, size)
  } catch (thrown) {
    return err(unreadable('The file cannot be read.', thrown))
  }
}

/** Like `readLocalClient` for each of them, without registrations and other cache files that hold no refresh token. */
export async function readLocalClients(clients: readonly LocalClient[]): Promise<ImportRead> {
  const items: ImportItem[] = []
  const sources: ImportRead['sources'][number][] = []
  const seen = new Set<string>()
  for (const client of clients) {
    if (client.name === 'AWS SSO cache' && !(await hasRefreshToken(client.file))) continue
    const read = await readLocalClient(client.file)
    if (!read.ok) continue
    const source = sources.length
    const before = items.length
    for (const item of read.value.items) {
      // Two clients may share one sign-in; two accounts of it would take each other's tokens away.
      const token = item.ok ? item.value.credentials.refreshToken : undefined
      if (token !== undefined && seen.has(token)) continue
      if (token !== undefined) seen.add(token)
      const index = items.length
      items.push(item.ok ? ok({ ...item.value, index, source }) : err({ ...item.error, index, source }))
    }
    const form = read.value.sources[0]?.form ?? 'sign-ins'
    sources.push({ name: client.file, form, count: items.length - before })
  }
  return { sources, items }
}

const ofDatabase = (name: string, items: readonly ImportItem[]): ImportRead => ({
  sources: [{ name, form: 'command-line-client', count: items.length }],
  items,
})

function dataFolder(home: Home, name: string, windowsName: string): string {
  if (home.platform === 'darwin') return path.join(home.directory, 'Library', 'Application Support', name)
  if (home.platform !== 'win32') return path.join(home.directory, '.local', 'share', name)
  return path.join(home.localAppData ?? path.join(home.directory, 'AppData', 'Local'), windowsName)
}

async function readJson(file: string, size: number): Promise<Result<ImportRead, GatewayError>> {
  if (size > maxImportBytes) return err(unreadable(`The file has more than ${maxImportBytes} bytes.`))
  const text = await readFile(file, 'utf8')
  const hash = membersOf(parseJson(text)).clientIdHash
  const registration = typeof hash === 'string' ? await readRegistration(path.dirname(file), hash) : undefined
  return readImport([{ name: file, text }], { findRegistration: () => registration })
}

// The hash is a file's name: nothing that could lead out of the folder.
async function readRegistration(folder: string, hash: string): Promise<unknown> {
  if (!/^[0-9a-f]{16,128}$/i.test(hash)) return undefined
  const file = path.join(folder, `${hash}.json`)
  const size = await sizeOf(file)
  if (size === undefined || size > maxValueBytes) return undefined
  return parseJson(await readFile(file, 'utf8').catch(() => ''))
}

function readDatabase(file: string): readonly ImportItem[] {
  const database = new Database(file, { readonly: true })
  try {
    database.run('PRAGMA busy_timeout = 5000')
    const tables = new Set(
      database
        .query<{ name: string }, []>(`SELECT name FROM sqlite_master WHERE type = 'table'`)
        .all()
        .map(({ name }) => name),
    )
    const rowsOf = (table: string): ReadonlyMap<string, string> => {
      if (!tables.has(table)) return new Map()
      const rows = database
        .query<{ key: string; value: string | Uint8Array }, [number]>(
          `SELECT key, value FROM ${table} WHERE length(value) <= ? AND (key LIKE '%:token' OR key LIKE '%:device-registration' OR key LIKE 'auth.idc.%' OR key = 'api.codewhisperer.profile') LIMIT 100`,
        )
        .all(maxValueBytes)
      return new Map(
        rows.map(({ key, value }) => [key, typeof value === 'string' ? value : new TextDecoder().decode(value)]),
      )
    }
    return parseCliRows({ auth: rowsOf('auth_kv'), state: rowsOf('state') })
  } finally {
    database.close()
  }
}

async function isDatabase(file: string): Promise<boolean> {
  return (await Bun.file(file).slice(0, 15).text()) === 'SQLite format 3'
}

async function hasRefreshToken(file: string): Promise<boolean> {
  const size = await sizeOf(file)
  if (size === undefined || size > maxValueBytes) return false
  return typeof membersOf(parseJson(await readFile(file, 'utf8').catch(() => ''))).refreshToken === 'string'
}

async function sizeOf(file: string): Promise<number | undefined> {
  const found = await stat(file).catch(() => undefined)
  return found?.isFile() ? found.size : undefined
}

function unreadable(message: string, thrown?: unknown): GatewayError {
  const cause = thrown instanceof Error ? thrown.name : undefined
  return gatewayError('invalid-request', message, { field: 'file', ...(cause === undefined ? {} : { cause }) })
}
