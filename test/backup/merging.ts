import { createHash } from 'node:crypto'
import type { RestoreReport } from '../../server/admin/contract/backup.ts'

export type Row = Readonly<Record<string, unknown>>
type Change = (table: string, row: Row) => readonly Row[]

/** The same backup with other rows: each becomes those that `change` gives for it, and `more` come behind those of their tables. */
export function rewritten(text: string, change: Change, more: Readonly<Record<string, readonly Row[]>> = {}): string {
  const [header = '', ...lines] = text.trim().split('\n')
  const rows = lines.slice(0, -1).map((line) => JSON.parse(line) as [string, Row])
  const tables = Object.keys((JSON.parse(header) as { readonly tables: object }).tables)
  const out = tables.flatMap((table) =>
    [...rows.filter(([name]) => name === table).flatMap(([, row]) => change(table, row)), ...(more[table] ?? [])].map(
      (row) => JSON.stringify([table, row]),
    ),
  )
  const hash = createHash('sha256')
  for (const line of out) hash.update(`${line}\n`)
  return [header, ...out, JSON.stringify({ rows: out.length, sha256: hash.digest('hex') })].join('\n')
}

/** Numbers from 0 up to 1, the same for one seed. */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0
    return state / 2 ** 32
  }
}

const named: Readonly<Record<string, string>> = {
  ...{ accounts: 'label', users: 'name', apiKeys: 'name', proxies: 'name', modelMappings: 'target' },
  ...{ ipBlocks: 'reason', ipConfigs: 'notes', settings: 'value', operators: 'name', adminTokens: 'name' },
}
/** Nothing refers to their rows. */
const leaves = new Set([
  'settings',
  'credentials',
  'usageCounters',
  'modelMappings',
  'ipBlocks',
  'visitors',
  'requests',
])
const owned = ['accountId', 'userId', 'keyId', 'requestId'] as const

/**
 * A backup that differs from what it was made of at random: things are missing with all that is theirs, have another name, or
 * another id wherever it stands; some are only in it.
 */
export function varied(text: string, seed: number): string {
  const random = randomOf(seed)
  const rows = text
    .trim()
    .split('\n')
    .slice(1, -1)
    .map((line) => JSON.parse(line) as [string, Row])
  const ids = rows.filter(([table]) => table in named).flatMap(([, { id }]) => (typeof id === 'string' ? [id] : []))
  const gone = new Set(ids.filter(() => random() < 0.2))
  for (const [table, row] of rows) if (table === 'apiKeys' && gone.has(String(row.userId))) gone.add(String(row.id))
  const moved = new Map(ids.filter(() => random() < 0.3).map((id) => [id, `${id}x`]))
  const isTheirs = (row: Row): boolean =>
    gone.has(String(row.id)) || owned.some((member) => gone.has(String(row[member])))
  let changedText = rewritten(
    text,
    (table, row) => {
      if (isTheirs(row) || (leaves.has(table) && random() < 0.05)) return []
      const member = named[table]
      return member !== undefined && random() < 0.3 ? [{ ...row, [member]: `${row[member]} changed` }] : [row]
    },
    {
      users: rows
        .filter(([table]) => table === 'users')
        .slice(0, 2)
        .map(([, row], index) => ({ ...row, id: `usr_new${index}`, name: `new ${index}`, email: null })),
    },
  )
  for (const [id, other] of moved) changedText = changedText.replaceAll(JSON.stringify(id).slice(1, -1), other)
  return rewritten(changedText, (_, row) => [row])
}

/** What must be true of the numbers of a restore, whatever is in it. */
export function faultsOf({ mode, tables }: RestoreReport, before: Counts, after: Counts): readonly string[] {
  return tables.flatMap(({ name, rows, replaces, changes }) => {
    if (changes === undefined) return [`${name}: nothing is counted`]
    const { added, changed, same, kept, removed, invalid } = changes
    // The restore itself is noted, and the end of the log sealed anew.
    const noted = name === 'auditEntries' ? 1 : 0
    const facts: readonly (readonly [string, number, number])[] = [
      ['in the backup', rows, added + changed + same + kept + invalid],
      ['here', replaces ?? -1, before[name] ?? 0],
      ['afterwards', after[name] ?? 0, (mode === 'merge' ? (before[name] ?? 0) + added : rows) + noted],
      ['removed', mode === 'merge' ? removed : changed + same + removed, mode === 'merge' ? 0 : (before[name] ?? 0)],
    ]
    return facts.filter(([, is, must]) => is !== must).map(([what, is, must]) => `${name} ${what}: ${is}, not ${must}`)
  })
}

export type Counts = Readonly<Record<string, number>>
export const countsOf = (content: Readonly<Record<string, readonly unknown[]>>): Counts =>
  Object.fromEntries(Object.entries(content).map(([name, rows]) => [name, rows.length]))

export const changesOf = (report: RestoreReport, name: string) =>
  report.tables.find((table) => table.name === name)?.changes
