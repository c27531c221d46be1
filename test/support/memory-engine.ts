import { Database } from 'bun:sqlite'
import { drizzle } from 'drizzle-orm/bun-sqlite'
import { migrate, readMigrations } from '../../server/store/engine/migrate.ts'
import type { Engine } from '../../server/store/engine/sqlite.ts'

const migrations = readMigrations()

/** The real tables in memory: for repositories whose queries are the point. */
export function memoryEngine(): Engine & { readonly client: Database } {
  const client = new Database(':memory:')
  migrate(client, migrations, 0)
  const db = drizzle({ client })
  return {
    client,
    path: ':memory:',
    read: async (query) => query(db) as never, // its own type, without the promise
    atomic: async (build) =>
      client.transaction(() =>
        build(db).map((statement) => (statement.run() as { readonly changes: number }).changes),
      )(),
    describe: () => ({ engine: 'SQLite', version: '', path: ':memory:', writable: true }),
    close: () => client.close(),
  }
}
