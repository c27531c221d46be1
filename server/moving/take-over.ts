import type { ImportReport } from '../admin/contract/import-report.ts'
import type { Progress } from '../lib/progress.ts'
import { cutText } from '../lib/sound-text.ts'
import { adviceFor, type Circumstances } from './advice.ts'
import { importAccounts } from './import-accounts.ts'
import { importIps, importProxies } from './import-addresses.ts'
import type { ImportContext, ImportMeans } from './import-context.ts'
import { importRequests } from './import-requests.ts'
import { importSettings } from './import-settings.ts'
import { importUsers } from './import-users.ts'
import { originalTables, type Row, type Source } from './source.ts'
import { createTally, type Tally } from './tally.ts'

export type TakeOverDeps = ImportMeans & { readonly source: Source; readonly progress: Progress }

export type TakenOver = Pick<ImportReport, 'source' | 'tables' | 'otherTables' | 'advice'>

const summedAtOnce = 20_000

/** Brings everything in that the source holds, in the order in which one refers to another. */
export async function takeOver(deps: TakeOverDeps): Promise<TakenOver> {
  const { source, store, progress, ...rest } = deps
  const named = new Map(source.tables.map((table) => [table.name.toLowerCase(), table]))
  const tallies = new Map<string, Tally>()
  const tallyOf = (table: string): Tally => {
    const tally = tallies.get(table) ?? createTally(table)
    tallies.set(table, tally)
    return tally
  }
  async function* batches(name: string): AsyncGenerator<readonly Row[], void, undefined> {
    const table = named.get(name)
    if (table === undefined) return
    progress.about(`Importing ${name}`)
    for await (const rows of source.rows(table.name)) {
      yield rows
      progress.step(rows.length)
    }
    const lost = source.unreadable(table.name)
    if (lost > 0) tallyOf(name).leftOut('', 'the file is damaged there and the rows cannot be read', lost)
  }
  const context: ImportContext = {
    ...rest,
    store,
    tallyOf,
    batches,
    has: (table) => named.has(table),
    all: async (table) => {
      const rows: Row[] = []
      for await (const batch of batches(table)) rows.push(...batch)
      return rows
    },
  }

  const settings = await importSettings(context)
  await importProxies(context)
  await importIps(context)
  const accounts = await importAccounts(context)
  const users = await importUsers(context, settings.ownerKey)
  const requests = await importRequests(context, {
    ofUser: users.keyOf,
    users: users.renamed,
    accounts,
    ...settings.owner,
  })
  if (requests > 0) {
    progress.about('Adding up the request log')
    while (!(await store.rollups.catchUp(summedAtOnce))) progress.step(0)
  }
  progress.about('Imported')
  noteColumns(source, tallyOf)
  const circumstances: Circumstances = { ...settings.circumstances, source }
  return {
    source: { kind: source.kind, name: source.shown },
    tables: originalTables.filter((table) => named.has(table)).map((table) => tallyOf(table).report()),
    otherTables: source.tables
      .filter(({ name }) => !(originalTables as readonly string[]).includes(name.toLowerCase()))
      .map(({ name, rows }) => ({ name: cutText(name, 64), rows })),
    advice: [...adviceFor(circumstances)],
  }
}

/** The original's columns by table. */
export const originalColumns: Readonly<Record<string, readonly string[]>> = {
  settings: ['setting_key', 'setting_value', 'key', 'value'],
  accounts: [
    ...['id', 'label', 'clientid', 'clientsecret', 'refreshtoken', 'accesstoken', 'other', 'last_refresh_time'],
    ...['last_refresh_status', 'created_at', 'updated_at', 'enabled', 'status', 'exhausted_at', 'status_reason'],
    ...['error_count', 'success_count', 'q_user_id', 'email', 'auth_method', 'region', 'machine_id', 'password'],
    ...['username', 'usage_current', 'usage_limit', 'subscription_type', 'quota_refreshed_at', 'token_expiry'],
  ],
  users: [
    ...['id', 'name', 'email', 'api_key', 'created_at', 'updated_at', 'enabled', 'is_vip', 'daily_quota'],
    ...['monthly_quota', 'request_quota', 'rate_limit_rpm', 'total_tokens_used', 'total_requests', 'total_cost_usd'],
    ...['last_reset_daily', 'last_reset_monthly', 'notes'],
  ],
  user_token_usage: ['id', 'user_id', 'date', 'input_tokens', 'output_tokens', 'total_tokens', 'request_count'],
  request_logs: [
    ...['id', 'timestamp', 'client_ip', 'method', 'path', 'endpoint_type', 'account_id', 'user_id', 'api_key_prefix'],
    ...['model', 'original_model', 'status_code', 'is_success', 'is_stream', 'input_tokens', 'output_tokens'],
    ...['duration_ms', 'error_message', 'user_agent'],
  ],
  blocked_ips: ['ip', 'reason', 'created_at'],
  ip_configs: ['ip', 'notes', 'rate_limit_rpm', 'daily_request_limit', 'created_at', 'updated_at'],
  imported_accounts: [
    ...['id', 'original_refresh_token', 'email', 'q_user_id', 'access_token', 'new_refresh_token'],
    ...['subscription_type', 'subscription_title', 'usage_current', 'usage_limit', 'account_id', 'imported_at'],
    ...['raw_response', 'import_source'],
  ],
  proxies: ['id', 'url', 'name', 'enabled', 'weight', 'created_at', 'updated_at'],
}

/** Columns of nobody's we know stay in the original. */
function noteColumns(source: Source, tallyOf: (table: string) => Tally): void {
  for (const { name, columns: given, rows } of source.tables) {
    const known = originalColumns[name.toLowerCase()]
    if (known === undefined || rows === 0) continue
    for (const column of given.filter((one) => !known.includes(one))) {
      tallyOf(name.toLowerCase()).note(
        `the column ${cutText(column, 64)} is not known and stays in the original`,
        undefined,
        rows,
      )
    }
  }
}
