import type { BackupFileView, RestoreReport } from '../../../../server/admin/contract/backup.ts'
import { parseTime } from '../../lib/format.ts'

/** The parts of an installation people know by name; what else there is stands together. */
export const named = [
  ...(['accounts', 'apiKeys', 'users', 'settings', 'proxies', 'modelMappings'] as const),
  ...(['ipBlocks', 'operators', 'adminTokens', 'auditEntries', 'requests'] as const),
]
export type PlanPart = (typeof named)[number] | 'others'
/** What becomes of the rows, without the reasons. */
export type PlanChanges = Omit<NonNullable<RestoreReport['tables'][number]['changes']>, 'reasons'>
export type PlanRow = {
  readonly part: PlanPart
  readonly rows: number
  readonly replaces: number | null
  /** Undefined: nobody could look. */
  readonly changes?: PlanChanges
}

export const partOf = (table: string): PlanPart => named.find((known) => known === table) ?? 'others'

/** What becomes of each part: of those people know by name, and of the rest together. Null where that could not be read. */
export function planRows({ tables }: Pick<RestoreReport, 'tables'>): readonly PlanRow[] {
  return [...named, 'others' as const].flatMap((part): readonly PlanRow[] => {
    const own = tables.filter(({ name }) => partOf(name) === part)
    if (own.length === 0) return []
    const replaced = own.map(({ replaces }) => replaces)
    const changes = own.map((table) => table.changes)
    return [
      {
        part,
        rows: sum(own.map(({ rows }) => rows)),
        replaces: replaced.every((count) => count !== null) ? sum(replaced) : null,
        ...(changes.every((one) => one !== undefined) ? { changes: summed(changes) } : {}),
      },
    ]
  })
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

function summed(changes: readonly PlanChanges[]): PlanChanges {
  const of = (column: keyof PlanChanges): number => sum(changes.map((one) => one[column]))
  return {
    ...{ added: of('added'), changed: of('changed'), same: of('same') },
    ...{ kept: of('kept'), removed: of('removed'), invalid: of('invalid') },
  }
}

/** Why rows are left out, as far as it is told. */
export const leftOutOf = ({ tables }: Pick<RestoreReport, 'tables'>) =>
  tables.flatMap(({ name, changes }) => (changes?.reasons ?? []).map((reason) => ({ part: partOf(name), reason })))

/** When the newest was made, of whatever kind: what is counted as a copy is one. It may be younger than the page's clock, which goes by half minutes. */
export function newestOf(files: readonly Pick<BackupFileView, 'created_at'>[], now: number): number | undefined {
  const times = files.flatMap(({ created_at }) => parseTime(created_at) ?? [])
  return times.length === 0 ? undefined : Math.min(now, Math.max(...times))
}
