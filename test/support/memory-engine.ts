import { Database } from 'bun:sqlite'
import type { Engine } from '../../server/store/engine/engine.ts'
import { migrate, readMigrations } from '../../server/store/engine/migrate.ts'
import { createEngine } from '../../server/store/engine/sqlite.ts'

const migrations = readMigrations()

/** The real tables in memory: for repositories whose queries are the point. */
export function memoryEngine(): Engine & { readonly client: Database } {
  const client = new Database(':memory:')
  migrate(client, migrations, 0)
  return { ...createEngine(':memory:', client, client), client }
}
