import { Database } from 'bun:sqlite'
import { cpSync } from 'node:fs'
import { fixtureDatabase } from './fixture.ts'

/** The original's fixture with so many more rows of the request log. */
export function makeLarger(file: string, rows: number): void {
  cpSync(fixtureDatabase, file)
  const db = new Database(file)
  db.exec('PRAGMA journal_mode = DELETE')
  db.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
    INSERT INTO request_logs (id, timestamp, client_ip, method, path, endpoint_type, account_id, user_id, api_key_prefix, model, status_code,
      is_success, is_stream, input_tokens, output_tokens, duration_ms, user_agent)
    SELECT printf('more-%08d', i), '2026-11-28T15:00:00+08:00', '198.51.100.' || (i % 250), 'POST', '/v1/messages', 'claude',
      '692a3d85-c300-486c-8ac8-fecac3ca1777', NULL, 'sk-sampl...', 'claude-sonnet-4-5-20250929', 200, 1, 0, 10, 5, 7, 'curl' FROM n`)
  db.close()
}
