import type { AccountCreate, TokenImportItem } from '../../../../server/admin/contract/accounts.ts'

/**
 * What was found in pasted text or files. `tokens` are signed in by the server one by one; `accounts` are rows of an export
 * and are stored as they are. `skipped` counts entries without a refresh token.
 */
export type ImportFound = {
  readonly tokens: readonly TokenImportItem[]
  readonly accounts: readonly AccountCreate[]
  readonly skipped: number
}
export type ImportFault = 'import.badJson' | 'import.nothing' | 'import.tooLarge'
export type ImportParsed =
  | { readonly ok: true; readonly value: ImportFound }
  | { readonly ok: false; readonly error: ImportFault }

export const importLimits = { bytes: 10 * 1024 * 1024, items: 5_000 } as const

type Entry = Readonly<Record<string, unknown>>
type Registration = { readonly clientId: string; readonly clientSecret: string }

/** Reads every text (the pasted one, or one per file) and merges what belongs together. */
export function parseImport(texts: readonly string[]): ImportParsed {
  const filled = texts.map((text) => text.trim()).filter((text) => text !== '')
  if (filled.reduce((sum, text) => sum + text.length, 0) > importLimits.bytes) return fault('import.tooLarge')
  const entries: Entry[] = []
  for (const text of filled) {
    const found = entriesOf(text)
    if (!found) return fault('import.badJson')
    entries.push(...found)
  }
  if (entries.length > importLimits.items) return fault('import.tooLarge')

  // A file of the SSO cache holds either a token or the client registration it belongs to.
  const registrations = entries.filter((entry) => !token(entry)).flatMap((entry) => registration(entry) ?? [])
  const withToken = entries.filter(token)
  if (withToken.length === 0) return fault('import.nothing')
  const only = registrations.length === 1 ? registrations[0] : undefined
  const tokens: TokenImportItem[] = []
  const accounts: AccountCreate[] = []
  for (const entry of withToken) {
    if (isExportRow(entry)) accounts.push(exportRow(entry))
    else tokens.push(tokenItem(entry, registration(entry) ?? (isSocial(entry) ? undefined : only)))
  }
  const skipped = entries.length - withToken.length - registrations.length
  return { ok: true, value: { tokens, accounts, skipped } }
}

const fault = (error: ImportFault): ImportParsed => ({ ok: false, error })

function entriesOf(text: string): readonly Entry[] | undefined {
  if (!/^[[{]/.test(text)) {
    const lines = text.split(/\r?\n/).map((line) => line.trim())
    return lines
      .filter((line) => line !== '')
      .map((line) => ({ refreshToken: /^\S{20,}$/.test(line) ? line : undefined }))
  }
  try {
    return flatten(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Arrays, single objects and wrappers such as `{"accounts": […]}`; plain strings are refresh tokens. */
function flatten(value: unknown): readonly Entry[] {
  if (Array.isArray(value)) return value.flatMap(flatten)
  if (typeof value === 'string') return [{ refreshToken: value }]
  if (typeof value !== 'object' || value === null) return [{}]
  const entry = value as Entry
  const list = entry.accounts ?? entry.items
  if (Array.isArray(list)) return list.flatMap(flatten)
  return [entry]
}

/** The first of the spellings that holds a text. */
function text(entry: Entry, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = entry[name]
    if (typeof value === 'string' && value.trim() !== '') return value.trim()
  }
  return undefined
}

const token = (entry: Entry): string | undefined => text(entry, 'refreshToken', 'refresh_token')

function registration(entry: Entry): Registration | undefined {
  const clientId = text(entry, 'clientId', 'client_id')
  const clientSecret = text(entry, 'clientSecret', 'client_secret')
  return clientId && clientSecret ? { clientId, clientSecret } : undefined
}

const isSocial = (entry: Entry): boolean =>
  /social|google|github/i.test(text(entry, 'authMethod', 'auth_method', 'provider') ?? '')

/** Export rows carry the counters; their sign-in was checked when they were first added. */
const isExportRow = (entry: Entry): boolean =>
  registration(entry) !== undefined &&
  ['errorCount', 'error_count', 'successCount', 'success_count'].some((name) => name in entry)

function exportRow(entry: Entry): AccountCreate {
  const number = (...names: readonly string[]): number | undefined =>
    names.map((name) => entry[name]).find((value) => typeof value === 'number' && Number.isInteger(value)) as
      | number
      | undefined
  return compact({
    label: text(entry, 'label'),
    ...registration(entry),
    refreshToken: token(entry),
    accessToken: text(entry, 'accessToken', 'access_token'),
    region: text(entry, 'region'),
    enabled: typeof entry.enabled === 'boolean' ? entry.enabled : undefined,
    errorCount: number('errorCount', 'error_count'),
    successCount: number('successCount', 'success_count'),
  })
}

function tokenItem(entry: Entry, client: Registration | undefined): TokenImportItem {
  return compact({
    ...client,
    refreshToken: token(entry) ?? '',
    accessToken: text(entry, 'accessToken', 'access_token'),
    email: text(entry, 'email'),
    label: text(entry, 'label', 'name'),
    region: text(entry, 'region'),
  })
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

function compact<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Defined<T>
}
