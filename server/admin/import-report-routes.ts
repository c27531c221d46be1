import { Elysia } from 'elysia'
import type { ImportReportView } from './contract/import-report.ts'
import type { AdminDeps } from './deps.ts'

/** What the last import of an original's database brought. */
export function importReportRoutes({ importReport }: Pick<AdminDeps, 'importReport'>) {
  return new Elysia().get('/v2/import/report', (): ImportReportView => ({ report: importReport?.() ?? null }))
}
