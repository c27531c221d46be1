import { err, ok, type Result } from '../lib/result.ts'
import { cutText } from '../lib/sound-text.ts'
import { batchRows, type Row, type Source } from './source.ts'
import { originalColumns } from './take-over.ts'

/** The parts of a backup the original made; those that are there replace what is here. */
export const backupSections = [
  'accounts',
  'settings',
  'blocked_ips',
  'users',
  'user_token_usage',
  'imported_accounts',
] as const
export type BackupSection = (typeof backupSections)[number]

export type BackupSource = { readonly source: Source; readonly sections: ReadonlySet<BackupSection> }

/**
 * The original's backup as the database it was made of. Its members may be spelled in either way the original takes. Refused whole
 * where a part is not what it must be, and where nothing is in it (the original then deleted everything, D-03).
 */
export function readOriginalBackup(value: unknown, shown: string): Result<BackupSource, string> {
  if (!isObject(value)) return err('it is no JSON object')
  const { backup_version: version } = value
  if (version !== undefined && version !== 1 && version !== 2) return err('backup_version must be 1 or 2')
  const tables = new Map<BackupSection, readonly Row[]>()
  for (const section of backupSections) {
    const given = value[section]
    if (given === undefined) continue
    const rows = section === 'settings' ? settingRows(given) : listRows(section, given)
    if (typeof rows === 'string') return err(rows)
    tables.set(section, rows)
  }
  if (tables.size === 0) {
    return err(`it holds none of what a backup is made of (${backupSections.join(', ')})`)
  }
  if ([...tables.values()].every((rows) => rows.length === 0)) {
    return err('all of its parts are empty: it would only delete what is here')
  }
  const source: Source = {
    kind: 'backup',
    shown,
    tables: [...tables].map(([name, rows]) => ({
      name,
      columns: [...new Set(rows.flatMap((row) => Object.keys(row)))],
      rows: rows.length,
    })),
    rows: async function* (table) {
      const rows = tables.get(table as BackupSection) ?? []
      for (let at = 0; at < rows.length; at += batchRows) yield rows.slice(at, at + batchRows)
    },
    unreadable: () => 0,
    close: async () => {},
  }
  return ok({ source, sections: new Set(tables.keys()) })
}

function listRows(section: BackupSection, given: unknown): readonly Row[] | string {
  if (given === null) return []
  if (!Array.isArray(given)) return `${section} must be a list`
  const columns = new Map((originalColumns[section] ?? []).map((column) => [plain(column), column]))
  const rows: Row[] = []
  for (const [index, item] of given.entries()) {
    if (!isObject(item)) return `${section}[${index}] must be an object`
    const row: Record<string, unknown> = {}
    for (const [member, cell] of Object.entries(item)) {
      if (typeof cell === 'object' && cell !== null && member !== 'other')
        return `${section}[${index}].${cutText(member, 64)} must be a text, a number, a switch or null`
      if (typeof cell === 'string' && cell.includes('••••'))
        return `${section}[${index}].${cutText(member, 64)} is masked: such an export tells what there is, and cannot be restored`
      const text = typeof cell === 'object' && cell !== null ? JSON.stringify(cell) : cell
      row[columns.get(plain(member)) ?? member.toLowerCase()] = text
    }
    rows.push(row)
  }
  return rows
}

function settingRows(given: unknown): readonly Row[] | string {
  if (given === null) return []
  if (!isObject(given)) return 'settings must be an object'
  const rows: Row[] = []
  for (const [name, value] of Object.entries(given)) {
    const key = settingName(name)
    if (typeof value === 'string' && value.includes('••••'))
      return `settings.${cutText(name, 64)} is masked: such an export tells what there is, and cannot be restored`
    if (typeof value === 'object' && value !== null && key !== 'blocked_ips')
      return `settings.${cutText(name, 64)} must be a text, a number, a switch or null`
    rows.push({ key, value: value === null ? null : typeof value === 'object' ? JSON.stringify(value) : String(value) })
  }
  return rows
}

/** `enableIPRateLimit` is `enable_ip_rate_limit`. */
const settingName = (name: string): string =>
  name.includes('_')
    ? name.toLowerCase()
    : name
        .replaceAll('IPs', 'Ips')
        .replaceAll('IP', 'Ip')
        .replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

const plain = (name: string): string => name.replaceAll('_', '').toLowerCase()
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
