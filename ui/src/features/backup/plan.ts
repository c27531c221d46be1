import type { BackupFileView, RestoreReport } from '../../../../server/admin/contract/backup.ts'
import { parseTime } from '../../lib/format.ts'

/** The parts of an installation people know by name; what else there is stands together. */
export const named = [
  ...(['accounts', 'apiKeys', 'users', 'settings', 'proxies', 'modelMappings'] as const),
  ...(['ipBlocks', 'operators', 'adminTokens', 'auditEntries', 'requests'] as const),
]
export type PlanPart = (typeof named)[number] | 'others'
export type PlanRow = { readonly part: PlanPart; readonly rows: number; readonly replaces: number | null }

const isNamed = (name: string): name is (typeof named)[number] => named.some((known) => known === name)

/** How many rows of each part a restore brings, and how many it replaces; null where that could not be read. */
export function planRows({ tables }: Pick<RestoreReport, 'tables'>): readonly PlanRow[] {
  const known = named.flatMap((part): readonly PlanRow[] => {
    const table = tables.find(({ name }) => name === part)
    return table ? [{ part, rows: table.rows, replaces: table.replaces }] : []
  })
  const rest = tables.filter(({ name }) => !isNamed(name))
  if (rest.length === 0) return known
  const unread = rest.some(({ replaces }) => replaces === null)
  return [
    ...known,
    {
      part: 'others',
      rows: rest.reduce((sum, { rows }) => sum + rows, 0),
      replaces: unread ? null : rest.reduce((sum, { replaces }) => sum + (replaces ?? 0), 0),
    },
  ]
}

/** When the newest was made, of whatever kind: what is counted as a copy is one. It may be younger than the page's clock, which goes by half minutes. */
export function newestOf(files: readonly Pick<BackupFileView, 'created_at'>[], now: number): number | undefined {
  const times = files.flatMap(({ created_at }) => parseTime(created_at) ?? [])
  return times.length === 0 ? undefined : Math.min(now, Math.max(...times))
}
