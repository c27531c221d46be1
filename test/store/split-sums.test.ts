import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { migrate, readMigrations } from '../../server/store/engine/migrate.ts'
import { createEngine } from '../../server/store/engine/sqlite.ts'
import { dayMs, hourMs } from '../../server/store/periods.ts'
import type { RequestFilter } from '../../server/store/request-filter.ts'
import { createRollupStore } from '../../server/store/rollups.ts'

const start = Date.UTC(2026, 10, 20)
const now = start + 3 * dayMs
const sums = `count(*), sum(error_kind IS NOT NULL), sum(input_tokens), sum(output_tokens), 0, 0, 0, 0, sum(duration_ms)`

test('sums made before they lay in the order of subjects are all there after the update, and of two subjects too', async () => {
  const client = new Database(':memory:')
  const migrations = readMigrations()
  const place = migrations.findIndex(({ name }) => name.endsWith('_split_sums'))
  expect(place).toBeGreaterThan(0)
  migrate(client, migrations.slice(0, place), 0)
  for (let turn = 0; turn < 300; turn++) {
    client
      .query(
        `INSERT INTO requests (id, at, dialect, key_id, account_id, model, upstream_model, stream, status, error_kind, duration_ms,
          input_tokens, input_source, output_tokens, output_source, peer, user_agent, route)
         VALUES (?, ?, 'anthropic', ?, ?, 'm', 'opus', 1, 200, ?, 5, ?, 'x', 2, 'x', '192.0.2.1', '', '[]')`,
      )
      .run(`r${turn}`, start + turn * 600_000, `key_${turn % 3}`, `acc_${turn % 4}`, turn % 5 ? null : 'timeout', turn)
  }
  // As they were: with and without details in one table; the last ten rows are in no sums yet.
  for (const [grain, kind, subject] of [
    [hourMs, 'all', `''`],
    [dayMs, 'all', `''`],
    [hourMs, 'key', 'key_id'],
    [dayMs, 'key', 'key_id'],
  ] as const) {
    const where = `FROM requests WHERE seq <= 290`
    const period = `at - at % ${grain}`
    client.exec(
      `INSERT INTO request_rollups SELECT ${grain}, '${kind}', 0, ${period}, ${subject}, '', '', 0, '', ${sums} ${where} GROUP BY 4, 5`,
    )
    if (kind === 'key' && grain === hourMs) continue
    client.exec(
      `INSERT INTO request_rollups SELECT ${grain}, '${kind}', 1, ${period}, ${subject}, upstream_model, dialect, status, coalesce(error_kind, 'ok'), ${sums} ${where} GROUP BY 4, 5, 6, 7, 8, 9`,
    )
  }
  client.exec('INSERT INTO rollup_marks (id, seq) VALUES (1, 290)')
  migrate(client, migrations, 0)
  const engine = createEngine(':memory:', client, client)
  const rollups = createRollupStore(
    engine,
    () => now,
    async () => {},
  )
  expect(await rollups.catchUp()).toBe(true)
  const told = async (filter: RequestFilter) => {
    const { total, outcomes } = await rollups.read(filter, { from: start, to: now, series: hourMs })
    return [total.requests, total.failures, total.inputTokens, outcomes.get('timeout') ?? 0]
  }
  expect(await told({})).toEqual([300, 60, 44_850, 60])
  expect(await told({ isSuccess: false })).toEqual([60, 60, 8_850, 60])
  expect(await told({ keyId: 'key_1' })).toEqual([100, 20, 14_950, 20])
  expect(await told({ keyId: 'key_1', errorKind: 'timeout' })).toEqual([20, 20, 3_050, 20])
  const pair = Array.from({ length: 300 }, (_, turn) => turn).filter((turn) => turn % 3 === 1 && turn % 4 === 2)
  const failed = pair.filter((turn) => turn % 5 === 0).length
  const tokens = pair.reduce((sum, turn) => sum + turn, 0)
  expect(await told({ keyId: 'key_1', accountId: 'acc_2' })).toEqual([pair.length, failed, tokens, failed])
  await engine.close()
})

test('both tables of sums have no row numbers: what is read together lies together', () => {
  const client = new Database(':memory:')
  migrate(client, readMigrations(), 0)
  for (const table of ['request_rollups', 'split_rollups', 'latency_rollups']) {
    const [row] = client
      .query<{ readonly sql: string }, [string]>('SELECT sql FROM sqlite_master WHERE name = ?')
      .all(table)
    expect(row?.sql).toMatch(/WITHOUT ROWID$/)
  }
  client.close()
})
