import { isInternalKey } from '../access/console-key.ts'
import { hashPassword } from '../access/password.ts'
import type { ImportReport } from '../admin/contract/import-report.ts'
import { createProgress } from '../lib/progress.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Store } from '../store/store.ts'
import type { MoveOptions } from './move-in.ts'
import { reportPath, saveReport } from './report.ts'
import type { Source } from './source.ts'
import { takeOver } from './take-over.ts'

/** In the settings of a database that was imported into: `running`, then `done`. */
const markSetting = 'original_import'

/** `anew`: an import was cut short, and what it had brought has to go first. */
export type Readiness = 'empty' | 'anew' | 'in-use'

/** Whether an original may be imported into a store: never where anything is already. */
export async function readinessOf(store: Store): Promise<Readiness> {
  const settings = await store.settings.all()
  if (settings[markSetting] === 'running') return 'anew'
  if (Object.keys(settings).length > 0) return 'in-use'
  const [accounts, users, keys, proxies, requests] = await Promise.all([
    store.accounts.list(),
    store.users.list(),
    store.keys.list(),
    store.proxies.list(),
    store.requests.page({}, { limit: 1 }),
  ])
  const held = keys.filter((key) => !isInternalKey(key))
  const rows = accounts.length + users.length + held.length + proxies.length + requests.rows.length
  return rows === 0 ? 'empty' : 'in-use'
}

/**
 * Imports into a database that cannot be exchanged as a whole, one on a server: a mark says that it is under way, so that one that
 * was cut short is undone and begun anew. The caller has seen that the store is not in use.
 */
export async function moveInto(
  source: Source,
  store: Store,
  { dataDir, maxInFlight, effects, view }: Pick<MoveOptions, 'dataDir' | 'maxInFlight' | 'effects' | 'view'>,
): Promise<Result<ImportReport, string>> {
  const readiness = await readinessOf(store)
  if (readiness === 'in-use') return err('This gateway is in use already; an import needs an empty database there.')
  if (readiness === 'anew') await clear(store)
  const startedAt = effects.now()
  await store.settings.write({ [markSetting]: 'running' })
  const total = source.tables.reduce((sum, { rows }) => sum + rows, 0)
  const progress = createProgress(view, { what: 'Importing', total, unit: 'rows' })
  try {
    const deps = { source, store, now: startedAt, newId: effects.newId, hashPassword, maxInFlight, progress }
    const taken = await takeOver({ ...deps, isNew: true })
    const at = new Date(startedAt).toISOString()
    const report = { at, durationMs: effects.now() - startedAt, dryRun: false, ...taken, keptAs: null }
    saveReport(reportPath(dataDir, at), report)
    await store.settings.write({ [markSetting]: 'done' })
    return ok(report)
  } finally {
    progress.end()
  }
}

/** Everything an import brings. */
async function clear(store: Store): Promise<void> {
  for (const { account } of await store.accounts.list()) await store.accounts.remove(account.id)
  for (const { id } of await store.users.list()) await store.users.remove(id)
  for (const { id } of await store.keys.list()) await store.keys.remove(id)
  for (const { id } of await store.proxies.list()) await store.proxies.remove(id)
  await store.ips.unblock((await store.ips.blocks()).map(({ range }) => range))
  for (const { ip } of await store.ips.configs()) await store.ips.removeConfig(ip)
  await store.requests.clear()
  await store.rollups.clear()
  for (const name of Object.keys(await store.sealedSettings.shown())) await store.sealedSettings.write(name, null)
  const names = Object.keys(await store.settings.all()).filter((name) => name !== markSetting)
  await store.settings.write(Object.fromEntries(names.map((name) => [name, null])))
}
