import type { RestoreReport } from '../../../../server/admin/contract/backup.ts'

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
