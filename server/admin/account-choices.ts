import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { AccountChoices } from './contract/accounts.ts'
import type { AdminDeps } from './deps.ts'
import { routeView } from './log-view.ts'

/** Requests of the log that are looked into. */
const lookedAt = 200
const shown = 20
/** A route names no more candidates than this, in the order looked at (server/pool/survey.ts). */
const mostNamed = 64

/** How an account stood towards the newest requests that looked for one, and how it stands this moment. */
export async function accountChoices(
  { store, standing }: Pick<AdminDeps, 'store' | 'standing'>,
  id: string,
): Promise<Result<AccountChoices, GatewayError>> {
  const record = await store.accounts.get(id)
  if (record === undefined) return err(gatewayError('not-found', 'There is no account with this id.'))
  const { rows } = await store.requests.page({ from: record.account.createdAt }, { limit: lookedAt })
  const verdicts: Record<string, number> = {}
  const recent: AccountChoices['recent'] = []
  let count = 0
  let since: number | undefined
  for (const row of rows) {
    const { considered, by } = routeView(row.route)
    if (considered.length === 0) continue
    const own = considered.find(({ accountId }) => accountId === id)
    // Those that a key may not use are no candidates.
    const verdict = own?.verdict ?? (considered.length < mostNamed ? 'outside' : 'unnamed')
    count++
    since = row.at
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1
    if (recent.length < shown) {
      const about = { request_id: row.id, timestamp: new Date(row.at).toISOString(), model: row.model, verdict }
      recent.push({ ...about, ...(by === undefined ? {} : { by }) })
    }
  }
  const models = (await store.accounts.loadModels(id)).get(id)?.models ?? []
  const model = models[0]?.id ?? null
  return ok({
    now: { verdict: standing?.(id, model ?? '') ?? null, model },
    looked_at: count,
    since: since === undefined ? null : new Date(since).toISOString(),
    verdicts,
    recent,
  })
}
